//! Branches: work beside `main` that nobody sees until it is published, and what may be published as it is.
//!
//! What a lake should hold is always told by another one: the environment `anew`, in which the project is run from the
//! beginning, on `main`, with the same files.

mod deaths;
mod diffs;
mod life;
mod publishing;
mod refusals;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Said, headwater, ok};
use crate::project::Project;

const ORDERS: &str = "\
connector: files
location: data
streams:
  - table: raw.orders
    path: orders/*.csv
    mode: new_files
    on_bad_row: reject
    columns: { id: { type: bigint }, region: { type: string }, amount: { type: int } }
    checks:
      - not_null: { columns: amount, severity: quarantine }
      - unique: id
  - table: raw.regions
    path: regions.csv
    mode: full
    columns: { region: { type: string }, name: { type: string } }
    checks: [ { unique: region } ]
";

const VIEW: &str = "/*---\nmaterialize: view\nchecks: [ { not_null: [cents] } ]\n---*/\n\
    select id, region, cast(amount as bigint) * 100 as cents from raw.orders\n";

const FACTS: &str = "/*---\nchecks:\n  - unique: id\n  - relationships: { column: region, to: raw.regions.region }\n---*/\n\
    select o.id, o.region, r.name, o.cents from staging.orders o join raw.regions r on r.region = o.region\n";

const TOTALS: &str = "/*---\nchecks: [ { unique: name } ]\n---*/\n\
    select name, count(*) as orders, sum(cents) as cents from marts.facts group by name\n";

/// Edited: another figure in a column, and another column.
const NEW_TOTALS: &str = "/*---\nchecks: [ { unique: name } ]\n---*/\n\
    select name, count(*) as orders, sum(cents) * 2 as cents, max(id) as newest from marts.facts group by name\n";

const NAMES: &str = "select upper(name) as loud from raw.regions\n";

/// Every row of what stands at the beginning, without times and the identifiers of runs.
const DUMP: &str = "\
select 'orders' as place, concat_ws('|', cast(id as varchar), region, cast(amount as varchar)) as what from raw.orders
union all select 'quarantine', concat_ws('|', cast(id as varchar), region, _check) from raw.orders__quarantine
union all select 'rejected', _raw from raw.orders__rejected
union all select 'regions', concat_ws('|', region, name) from raw.regions
union all select 'view', concat_ws('|', cast(id as varchar), region, cast(cents as varchar)) from staging.orders
union all select 'facts', concat_ws('|', cast(id as varchar), region, name, cast(cents as varchar)) from marts.facts
union all select 'totals', concat_ws('|', name, cast(orders as varchar), cast(cents as varchar)) from marts.totals
order by place, what";

/// A source that appends, with rows to set aside and rows that cannot be read; one that is loaded whole; a view, and two
/// tables, one on top of the other.
fn orders() -> Project {
    let project = Project::empty()
        .with(
            "headwater.yml",
            "name: shop\nenvironments:\n  dev: { default: true, lake: ./lake }\n  anew: { lake: ./anew }\n",
        )
        .with("sources/orders.yml", ORDERS)
        .with("data/regions.csv", "region,name\nn,North\ns,South\ne,East\n")
        .with("models/staging/orders.sql", VIEW)
        .with("models/marts/facts.sql", FACTS)
        .with("models/marts/totals.sql", TOTALS);
    arrives(&project, 1);
    project
}

/// A file of orders comes in: good ones, one without an amount, one that cannot be read.
fn arrives(project: &Project, batch: u32) {
    let mut text = "id,region,amount\n".to_owned();
    for row in 0..9 {
        let _ = writeln!(text, "{},{},{}", batch * 100 + row, ["n", "s", "e"][row as usize % 3], row + batch);
    }
    let _ = writeln!(text, "{},n,\n{},s,many", batch * 100 + 50, batch * 100 + 51);
    project.write(&format!("data/orders/{batch}.csv"), text);
}

/// Edits a model, and adds one that reads nothing of the orders.
fn edit(project: &Project) {
    project.write("models/marts/totals.sql", NEW_TOTALS);
    project.write("models/marts/names.sql", NAMES);
}

fn undo_edit(project: &Project) {
    project.write("models/marts/totals.sql", TOTALS);
    fs::remove_file(project.path().join("models/marts/names.sql")).unwrap();
}

/// What a lake, a branch or a snapshot holds.
#[track_caller]
fn dump(project: &Project, options: &[&str]) -> String {
    ok(project.path(), &[&["query", DUMP, "--format", "csv"], options].concat())
}

/// What a lake in which all of it is built from the beginning holds.
#[track_caller]
fn built_anew(project: &Project) -> String {
    let _ = fs::remove_dir_all(project.path().join("anew"));
    ok(project.path(), &["run", "--env", "anew"]);
    dump(project, &["--env", "anew"])
}

/// Every file of the lake but the catalogue and the staging areas.
fn files(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path.ends_with("_headwater") => {}
                true => walk(&path, found),
                false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&project.lake(), &mut found);
    found
}

/// What everybody sees of `main`: every byte of its tables, their logs, its snapshots.
struct Main {
    files: BTreeMap<PathBuf, Vec<u8>>,
    told: [String; 3],
}

impl Main {
    fn look(project: &Project) -> Self {
        Self { files: files(project), told: Self::told(project) }
    }

    fn told(project: &Project) -> [String; 3] {
        let ask = |arguments: &[&str]| ok(project.path(), &[arguments, &["--json"]].concat());
        [ask(&["history"]), ask(&["show"]), ask(&["query", DUMP])]
    }

    /// Asserts that all of it is as it was, byte for byte. There may be more data files, which no published log names.
    #[track_caller]
    fn assert_untouched(&self, project: &Project) {
        assert_eq!(self.told, Self::told(project));
        let now = files(project);
        for (path, bytes) in &self.files {
            assert!(now.get(path) == Some(bytes), "{} is another", path.display());
        }
        for path in now.keys().filter(|path| !self.files.contains_key(*path)) {
            let in_log = path.components().any(|part| part.as_os_str() == "_delta_log");
            assert!(!in_log && path.extension().is_some_and(|e| e == "parquet"), "{} is new", path.display());
        }
    }
}

/// Runs the program, which dies when it passes a point; false when it came to its end.
#[track_caller]
fn dies_at(project: &Project, arguments: &[&str], point: &str) -> bool {
    let output = headwater(project.path()).args(arguments).env("HEADWATER_CRASH_AT", point).output().unwrap();
    let died = output.status.code().is_none();
    let said = Said::from(output);
    assert!(died || said.code == Some(0), "{arguments:?} at {point}: {said:?}");
    died
}
