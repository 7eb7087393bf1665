//! The lake that the tests torment, in three states, and what may be seen in each.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::delta;
use super::process::{Process, Trap};
use crate::program::{Said, copy_folder, ok, say};

/// Every table that the project leads to, side tables included. The view `staging.events` is none.
pub(super) const TABLES: [&str; 8] = [
    "raw.events",
    "raw.events__quarantine",
    "raw.events__rejected",
    "raw.regions",
    "marts.facts",
    "marts.totals",
    "marts.shares",
    "marts.ledger",
];

/// Every row of every table and of the view, without times and the identifiers of runs.
const DUMP: &str = "
select 'events' as place, concat_ws('|', cast(id as varchar), cast(batch as varchar), region, coalesce(cast(amount as varchar), '-')) as what from raw.events
union all select 'quarantine', concat_ws('|', cast(id as varchar), cast(batch as varchar), region, coalesce(cast(amount as varchar), '-'), _check) from raw.events__quarantine
union all select 'rejected', concat_ws('|', cast(_line as varchar), _raw) from raw.events__rejected
union all select 'regions', concat_ws('|', region, name, cast(batch as varchar)) from raw.regions
union all select 'view', concat_ws('|', cast(id as varchar), cast(batch as varchar), region, cast(cents as varchar)) from staging.events
union all select 'facts', concat_ws('|', cast(id as varchar), cast(batch as varchar), name, cast(cents as varchar)) from marts.facts
union all select 'totals', concat_ws('|', name, cast(batch as varchar), cast(events as varchar), cast(cents as varchar)) from marts.totals
union all select 'shares', concat_ws('|', name, cast(batch as varchar), cast(permille as varchar)) from marts.shares
union all select 'ledger', concat_ws('|', kind, cast(batch as varchar), cast(rows as varchar)) from marts.ledger
order by place, what";

const EVENTS: &str = "\
connector: files
location: data
streams:
  - table: raw.events
    path: events/*.csv
    mode: new_files
    on_bad_row: reject
    columns:
      id: { type: bigint }
      batch: { type: int }
      region: { type: string }
      amount: { type: int }
    checks:
      - not_null: { columns: amount, severity: quarantine }
      - not_null: [id, batch, region]
      - unique: id
";

const REGIONS: &str = "\
connector: files
location: data
streams:
  - table: raw.regions
    path: regions.csv
    on_bad_row: fail
    mode: full
    columns: { region: { type: string }, name: { type: string }, batch: { type: int } }
    checks:
      - unique: region
";

const MODELS: [(&str, &str); 5] = [
    (
        "staging/events",
        "/*---\nmaterialize: view\nchecks:\n  - not_null: [cents]\n---*/\n\
         select id, batch, region, cast(amount as bigint) * 100 as cents from raw.events\n",
    ),
    (
        "marts/facts",
        "/*---\nmaterialize: table\nchecks:\n  - unique: id\n  - relationships: { column: region, to: raw.regions.region }\n---*/\n\
         select e.id, r.batch, r.region, r.name, e.cents from staging.events e join raw.regions r on r.region = e.region\n",
    ),
    (
        "marts/totals",
        "/*---\nmaterialize: table\nchecks:\n  - unique: name\n---*/\n\
         select name, max(batch) as batch, count(*) as events, sum(cents) as cents from marts.facts group by name\n",
    ),
    (
        "marts/shares",
        "/*---\nmaterialize: table\n---*/\n\
         select name, batch, cents * 1000 / sum(cents) over () as permille from marts.totals\n",
    ),
    (
        "marts/ledger",
        "/*---\nmaterialize: table\n---*/\n\
         select 'facts' as kind, max(batch) as batch, count(*) as rows from marts.facts\n\
         union all select 'shares', max(batch), count(*) from marts.shares\n\
         union all select 'events', max(batch), count(*) from staging.events\n",
    ),
];

/// A state of the lake, by what the next `run` has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was ever published; the first batch waits.
    Empty,
    /// Snapshot 1 holds the first batch; the second one waits.
    Loaded,
    /// Snapshot 2 holds both; nothing waits.
    Done,
}

/// A project with its lake.
pub(super) struct Lake {
    dir: TempDir,
}

impl Lake {
    /// A new copy of the lake in a state.
    pub(super) fn at(stage: Stage) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy_folder(REFERENCE.of(stage), dir.path(), &[]);
        Self { dir }
    }

    pub(super) fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn lake(&self) -> PathBuf {
        self.dir.path().join("lake")
    }

    pub(super) fn say(&self, arguments: &[&str]) -> Said {
        say(self.folder(), arguments)
    }

    pub(super) fn start(&self, arguments: &[&str], trap: Trap<'_>) -> Process {
        Process::start(self.folder(), arguments, trap)
    }

    /// The contents of everything that is published; `None` when nothing is.
    pub(super) fn contents(&self) -> Option<String> {
        contents(self.folder())
    }
}

fn contents(folder: &Path) -> Option<String> {
    let said = say(folder, &["query", DUMP, "--format", "csv"]);
    match said.code {
        Some(0) => Some(said.out),
        Some(2) if said.err.contains("HW0806") => None,
        _ => panic!("a reader was refused: {said:?}"),
    }
}

/// The rows of every table as direct readers count them.
pub(super) type Rows = [Option<u64>; TABLES.len()];

pub(super) fn count_rows(lake: &Path) -> Rows {
    TABLES.map(|table| delta::newest(lake, table).map(|newest| newest.rows))
}

/// What there is to be seen in a state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct View {
    /// Through Headwater.
    pub(super) contents: Option<String>,
    /// Without it.
    pub(super) rows: Rows,
}

impl View {
    /// The first lines that only one of two contents has: the whole would fill pages.
    pub(super) fn differences(&self, seen: Option<&String>) -> String {
        let lines = |text: Option<&String>| text.map_or(Vec::new(), |text| text.lines().map(str::to_owned).collect());
        let (wanted, seen) = (lines(self.contents.as_ref()), lines(seen));
        let only = |these: &[String], those: &[String]| {
            let only: Vec<&String> = these.iter().filter(|line| !those.contains(line)).take(5).collect();
            format!("{only:?}")
        };
        let (counts, missing) = (format!("{} lines for {}", seen.len(), wanted.len()), only(&wanted, &seen));
        format!("{counts}\nmissing: {missing}\ntoo many: {}", only(&seen, &wanted))
    }
}

/// The lakes that nothing happened to.
pub(super) struct Reference {
    _root: TempDir,
    empty: PathBuf,
    loaded: PathBuf,
    done: PathBuf,
    /// What there is to be seen after the first and after the second batch.
    pub(super) first: View,
    pub(super) second: View,
    /// How long the first and the second run took.
    pub(super) first_run: Duration,
    pub(super) second_run: Duration,
}

impl Reference {
    fn of(&self, stage: Stage) -> &Path {
        match stage {
            Stage::Empty => &self.empty,
            Stage::Loaded => &self.loaded,
            Stage::Done => &self.done,
        }
    }

    fn make() -> Self {
        let root = tempfile::tempdir().unwrap();
        let [empty, loaded, done] = ["empty", "loaded", "done"].map(|name| root.path().join(name));
        write_project(&empty);
        write_batch(&empty, 1);
        copy_folder(&empty, &loaded, &[]);
        let (first, first_run) = run_and_look(&loaded);
        write_batch(&loaded, 2);
        copy_folder(&loaded, &done, &[]);
        let (second, second_run) = run_and_look(&done);
        for (place, table) in TABLES.iter().enumerate() {
            assert!(first.rows[place].is_some(), "{table} is not there");
            let versions = [&loaded, &done].map(|lake| delta::newest(&lake.join("lake"), table).unwrap().version);
            assert!(versions[0] < versions[1], "the second batch does not change {table}");
        }
        let (old, new) = (first.contents.as_ref().unwrap(), second.contents.as_ref().unwrap());
        assert!(old.lines().count() > 100 && new.lines().count() > 200, "{new}");
        Self { _root: root, empty, loaded, done, first, second, first_run, second_run }
    }
}

pub(super) static REFERENCE: LazyLock<Reference> = LazyLock::new(Reference::make);

fn run_and_look(folder: &Path) -> (View, Duration) {
    let start = Instant::now();
    ok(folder, &["run"]);
    let took = start.elapsed();
    (View { contents: contents(folder), rows: count_rows(&folder.join("lake")) }, took)
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn write_project(folder: &Path) {
    write(&folder.join("headwater.yml"), "name: tormented\n\nenvironments:\n  dev: { default: true, lake: ./lake }\n");
    write(&folder.join("sources/events.yml"), EVENTS);
    write(&folder.join("sources/regions.yml"), REGIONS);
    for (name, sql) in MODELS {
        write(&folder.join(format!("models/{name}.sql")), sql);
    }
}

/// Two files of events (with a row that cannot be read and one without an amount) and the whole list of regions.
fn write_batch(folder: &Path, batch: u32) {
    const REGIONS: [&str; 4] = ["north", "east", "south", "west"];
    for part in 0..2 {
        let mut text = "id,batch,region,amount\n".to_owned();
        for row in 0..40 {
            let id = batch * 1000 + part * 100 + row;
            let _ = writeln!(text, "{id},{batch},{},{}", REGIONS[id as usize % 4], id * 7 % 50 + batch);
        }
        let id = batch * 1000 + part * 100 + 50;
        let _ = writeln!(text, "{id},{batch},north,");
        let _ = writeln!(text, "{id},{batch},south,many");
        write(&folder.join(format!("data/events/{batch}-{part}.csv")), &text);
    }
    let mut text = "region,name,batch\n".to_owned();
    for region in REGIONS {
        let _ = writeln!(text, "{region},The {region} in {batch},{batch}");
    }
    write(&folder.join("data/regions.csv"), &text);
}
