//! What a lake in an object store promises, whichever service the store is of.

use std::process::{Command, Stdio};

use crate::program::Said;
use crate::project::{Project, assert_told};

const ORDERS: (&str, &str) = ("2026-01.csv", "id,amount\n1,10\n2,20\n");

/// A bucket or container that is really there.
pub(crate) trait Bucket {
    /// Its URL.
    const URL: &'static str;
    /// What nobody may see.
    const SECRET: &'static str;

    /// The environment's `storage`, in YAML.
    fn storage() -> String;

    /// Puts files into the folder `in` below a prefix.
    fn put(prefix: &str, files: &[(&str, &str)]);

    /// The names of what is there below a prefix, a line each.
    fn names(prefix: &str) -> String;

    /// The program, with what it needs to get in.
    fn program(project: &Project) -> Command;

    /// What the program says.
    fn say(project: &Project, arguments: &[&str]) -> Said {
        Self::program(project).args(arguments).output().unwrap().into()
    }
}

/// A project whose source and lake are below a prefix.
pub(crate) fn project_on<B: Bucket>(prefix: &str, catalog: &str) -> Project {
    let (url, storage) = (B::URL, B::storage());
    Project::empty()
        .with(
            "headwater.yml",
            format!(
                "name: shop\nenvironments:\n  dev: {{ default: true, lake: \"{url}/{prefix}/lake\", catalog: {catalog}, storage: {storage} }}\n"
            ),
        )
        .with(
            "sources/orders.yml",
            format!(
                "connector: files\nlocation: {url}/{prefix}/in\nstreams:\n  - table: raw.orders\n    \
                 path: '*.csv'\n    mode: new_files\n    columns: {{ id: {{ type: int }}, amount: {{ type: int }} }}\n"
            ),
        )
}

#[track_caller]
fn total<B: Bucket>(project: &Project) -> String {
    let said = B::say(project, &["query", "select total, orders from marts.total"]).exits(0);
    said.out.lines().nth(1).unwrap().to_owned()
}

/// New files are added, older snapshots are gone back to, and what is needed no more is removed.
#[track_caller]
pub(crate) fn publishes_and_answers<B: Bucket>() {
    B::put("whole", &[ORDERS, ("2026 02.csv", "id,amount\n3,30\nx,40\n")]);
    let project = project_on::<B>("whole", "./catalog.db")
        .with("models/marts/total.sql", "select sum(amount) as total, count(*) as orders from raw.orders\n");
    let said = B::say(&project, &["run"]).exits(0);
    assert!(said.out.contains("published snapshot 1") && said.out.contains("1 source row unreadable"), "{}", said.out);
    assert_eq!(total::<B>(&project), "60,3");
    let rejected = B::say(&project, &["query", "select _file, _line, _raw from raw.orders__rejected"]).exits(0);
    assert_eq!(rejected.out, format!("_file,_line,_raw\n{}/whole/in/2026 02.csv,3,\"x,40\"\n", B::URL));
    let there = B::names("whole/lake/");
    for table in ["raw/orders", "raw/orders__rejected", "marts/total"] {
        let folder = format!("whole/lake/{table}/");
        assert!(there.contains(&format!("{folder}_delta_log/00000000000000000000.json")), "{table}: {there}");
        let is_data = |name: &str| name.starts_with(&folder) && name.ends_with(".parquet");
        assert!(there.lines().any(is_data), "{table}: {there}");
    }
    assert!(!there.contains("_headwater/branches"), "no staging area is left: {there}");
    assert!(!project.lake().exists() && project.path().join("catalog.db").is_file());
    let nothing = B::say(&project, &["run"]).exits(0);
    assert!(nothing.out.contains("nothing to publish"), "{}", nothing.out);
    B::put("whole", &[("2026-03.csv", "id,amount\n5,50\n")]);
    let report = B::say(&project, &["run", "--json"]).exits(0).json();
    assert_eq!((&report["snapshot"], &report["assets"][0]["rows_in"]), (&2.into(), &1.into()));
    assert_eq!(total::<B>(&project), "110,4");
    let old = B::say(&project, &["query", "select total from marts.total", "--as-of", "1"]).exits(0);
    assert_eq!(old.out, "total\n60\n");
    assert_eq!(B::say(&project, &["history", "--json"]).exits(0).json().as_array().unwrap().len(), 2);
    B::say(&project, &["rollback", "1"]).exits(0);
    assert_eq!(total::<B>(&project), "60,3");
    let vacuum = B::say(&project, &["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0"]).exits(0);
    assert!(vacuum.out.starts_with("removed "), "{}", vacuum.out);
    assert_eq!(total::<B>(&project), "60,3");
    let said = B::say(&project, &["run", "-vvv", "--full-refresh"]).exits(0);
    assert!(!format!("{}{}", said.out, said.err).contains(B::SECRET), "in the log");
}

/// Two machines with catalogues of their own publish into one lake: of two that put the same version one wins. Where one was quick enough to be
/// seen by the other, that one's version comes after it. No commit ever takes the place of another.
#[track_caller]
pub(crate) fn of_two_that_publish_the_same_version_one_wins<B: Bucket>() {
    let mut conflicts = 0;
    for round in 0..20 {
        let prefix = format!("conflict{round}");
        B::put(&prefix, &[ORDERS]);
        let projects = ["./catalog.db", "./other.db"].map(|catalog| project_on::<B>(&prefix, catalog));
        let start = |project: &Project| {
            let mut command = B::program(project);
            command.args(["run", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running = projects.each_ref().map(start);
        let said = running.map(|running| Said::from(running.wait_with_output().unwrap()));
        let (winners, losers): (Vec<_>, Vec<_>) =
            projects.iter().zip(&said).partition(|(_, said)| said.code == Some(0));
        let sum = ["query", "select sum(amount) as total from raw.orders"];
        for (project, lost) in &losers {
            let report = lost.json();
            assert_eq!(report["error"]["code"], "HW0915", "{lost:?}");
            assert!(report["snapshot"].is_null(), "{lost:?}");
            assert_told(&B::say(project, &sum).exits(2), "HW0806", &[]);
        }
        let log = B::names(&format!("{prefix}/lake/raw/orders/_delta_log/"));
        assert!(!winners.is_empty() && log.lines().count() == winners.len(), "a commit for each winner: {log}");
        assert_eq!(B::say(winners[0].0, &sum).exits(0).out, "total\n30\n");
        conflicts += losers.len();
        if conflicts == 3 {
            return;
        }
    }
    panic!("two runs have put the same version {conflicts} times in 20 rounds");
}
