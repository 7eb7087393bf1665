//! Looking at a source without loading it, and writing one from what there is.

use crate::conformance::bench::{Bench, Kit};
use crate::conformance::kits::Discovers;
use crate::conformance::table::Table;
use crate::project::assert_told;

macro_rules! looking {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; looking:
            a_source_that_can_be_read_is_said_to_be
            a_preview_shows_rows_and_loads_nothing
            a_plan_says_what_a_run_does
        }
    };
}
pub(crate) use looking;

macro_rules! discovery {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; looking: a_source_is_written_from_what_there_is_and_runs }
    };
}
pub(crate) use discovery;

macro_rules! no_discovery {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; looking: a_system_that_cannot_tell_what_it_has_says_so }
    };
}
pub(crate) use no_discovery;

pub(crate) fn a_source_that_can_be_read_is_said_to_be<K: Kit>() {
    let bench = Bench::<K>::new(Table::items(20));
    let said = bench.say(&["source", "check"]).exits(0);
    assert!(said.out.contains("sources/it.yml") && said.out.contains("raw.items: can be read"), "{}", said.out);
    assert!(said.out.contains("4 columns"), "{}", said.out);
    let said = bench.say(&["source", "check", "--json"]).exits(0).json();
    assert!(said["findings"].as_array().unwrap().iter().all(|finding| finding["standing"] != "trouble"), "{said}");
}

/// In the types that the table gets.
pub(crate) fn a_preview_shows_rows_and_loads_nothing<K: Kit>() {
    let bench = Bench::<K>::new(Table::of_every_kind());
    let said = bench.say(&["source", "preview", "raw.items", "-n", "3", "--json"]).exits(0).json();
    assert_eq!(said["rows"].as_array().unwrap().len(), 3, "{said}");
    for (name, kind) in &bench.table.columns {
        let columns = said["columns"].as_array().unwrap();
        let column = columns.iter().find(|column| column["name"] == name.as_str()).unwrap();
        assert_eq!(column["type"], kind.lake(), "{said}");
    }
    assert!(bench.say(&["query", "select 1 from raw.items"]).code != Some(0), "nothing is published");
    bench.run();
    bench.assert_same();
}

/// Before it does it, and nothing is done by saying so.
pub(crate) fn a_plan_says_what_a_run_does<K: Kit>() {
    let bench = Bench::<K>::new(Table::items(20));
    let plan = bench.say(&["plan"]).exits(0);
    assert!(plan.out.contains("raw.items") && plan.out.contains("new"), "{}", plan.out);
    assert!(bench.say(&["query", "select 1 from raw.items"]).code != Some(0), "nothing is published");
    bench.run();
    bench.assert_same();
}

/// The names that the system has, the columns in the lake's types, and a file that runs as it is written.
pub(crate) fn a_source_is_written_from_what_there_is_and_runs<K: Discovers>() {
    let bench = Bench::<K>::new(Table::items(20));
    std::fs::remove_file(bench.kit.project().path().join("sources/it.yml")).unwrap();
    let keys = bench.kit.keys();
    let mut add = vec!["source", "add", K::NAME, "--name", "found"];
    add.extend(keys.iter().map(String::as_str));
    let said = bench.say(&[&add[..], &["--dry-run", "--json"]].concat()).exits(0).json();
    let found = bench.kit.found(&bench.table);
    let stream = said["streams"].as_array().unwrap().iter().find(|stream| stream["name"] == found.as_str());
    let stream = stream.unwrap_or_else(|| panic!("no {found} in {said}"));
    for (name, kind) in &bench.table.columns {
        let columns = stream["columns"].as_array().unwrap();
        let column = columns.iter().find(|column| column["name"] == name.as_str()).unwrap();
        assert_eq!(column["type"], kind.lake(), "{said}");
    }
    assert!(!bench.kit.project().path().join("sources/found.yml").exists());
    bench.say(&add).exits(0);
    let again = bench.say(&add).exits(2);
    assert_told(&again, "HW0823", &["is there already"]);
    bench.run();
    bench.assert_same();
}

pub(crate) fn a_system_that_cannot_tell_what_it_has_says_so<K: Kit>() {
    let bench = Bench::<K>::new(Table::items(1));
    let source = bench.kit.source();
    // What is no text has to be JSON.
    let plain = source.lines().filter(|line| !line.contains('{'));
    let keys: Vec<String> = plain.map(|line| line.replacen(": ", "=", 1)).collect();
    let mut add = vec!["source", "add", K::NAME, "--name", "found"];
    add.extend(keys.iter().map(String::as_str));
    assert_told(&bench.say(&add).exits(2), "HW0823", &["cannot tell what there is", "headwater schema"]);
}
