//! Systems that are out of reach, and secrets.

use std::path::Path;

use crate::conformance::bench::Bench;
use crate::conformance::kits::{Hides, KeepsSecrets, SECRET};
use crate::conformance::table::Table;
use crate::program::Said;
use crate::project::assert_told;

macro_rules! reach {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; reach:
            a_system_out_of_reach_is_told_and_nothing_is_published
            a_system_that_went_out_of_reach_leaves_what_is_published
        }
    };
}
pub(crate) use reach;

macro_rules! secrets {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; reach: secrets_are_neither_shown_nor_kept }
    };
}
pub(crate) use secrets;

#[track_caller]
fn assert_silent(said: &Said) {
    assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "a secret:\n{}\n{}", said.out, said.err);
}

/// The environment is to blame: exit code 3.
pub(crate) fn a_system_out_of_reach_is_told_and_nothing_is_published<K: Hides>() {
    let bench = Bench::<K>::new(Table::items(20));
    for hidden in bench.kit.hidden() {
        let stream = hidden.stream.clone().unwrap_or_else(|| bench.kit.stream(&bench.table, "full"));
        bench.describe_as(&hidden.source, &stream);
        let say = |arguments: &[&str]| -> Said {
            let said: Said = bench.command(arguments).envs(hidden.environment.clone()).output().unwrap().into();
            assert_silent(&said);
            said.exits(3)
        };
        assert_told(&say(&["run"]), hidden.code, &["sources/it.yml:"]);
        let json = say(&["run", "--json"]).json();
        assert_eq!(json["error"]["code"], hidden.code, "{json}");
        assert_told(&say(&["check"]), hidden.code, &["sources/it.yml:"]);
        say(&["source", "check"]);
        say(&["source", "preview", "raw.items"]);
        assert!(bench.say(&["query", "select 1 from raw.items"]).code != Some(0), "nothing is published");
    }
    assert_eq!(holding(bench.kit.project().path(), SECRET), Vec::<String>::new());
}

/// The load fails, as any that fails: exit code 1.
pub(crate) fn a_system_that_went_out_of_reach_leaves_what_is_published<K: Hides>() {
    let bench = Bench::<K>::new(Table::items(20));
    bench.run();
    for hidden in bench.kit.hidden() {
        let stream = hidden.stream.clone().unwrap_or_else(|| bench.kit.stream(&bench.table, "full"));
        bench.describe_as(&hidden.source, &stream);
        let said: Said = bench.command(&["run"]).envs(hidden.environment.clone()).output().unwrap().into();
        assert_silent(&said);
        assert_told(&said.exits(1), hidden.code, &[]);
        bench.describe();
        bench.assert_same();
        assert_silent(&bench.say(&["run-info", "--json"]));
    }
    bench.run();
    bench.assert_same();
    assert_eq!(holding(bench.kit.project().path(), SECRET), Vec::<String>::new());
}

/// Wherever something is written or said.
pub(crate) fn secrets_are_neither_shown_nor_kept<K: KeepsSecrets>() {
    let bench = Bench::<K>::new(Table::items(20));
    let source = bench.kit.with_secret();
    bench.describe_as(&source, &bench.kit.stream(&bench.table, "full"));
    for arguments in [
        &["run"][..],
        &["run", "--json", "--full-refresh"],
        &["plan", "--json"],
        &["run-info", "--json"],
        &["show", "raw.items", "--json"],
        &["source", "check"],
        &["source", "preview", "raw.items"],
        &["lineage", "raw.items", "--json"],
    ] {
        let said: Said = bench.command(arguments).env("SHOP_SECRET", SECRET).output().unwrap().into();
        assert_silent(&said);
        said.exits(0);
    }
    assert_eq!(holding(bench.kit.project().path(), SECRET), Vec::<String>::new());
    bench.describe();
    bench.assert_same();
}

/// The files below a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if std::fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}
