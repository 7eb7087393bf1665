//! What is wrong in a project, or is not there.

use crate::conformance::bench::{Bench, Kit};
use crate::conformance::table::Table;
use crate::project::assert_told;

macro_rules! mistakes {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; mistakes:
            a_table_that_went_fails_its_load_and_stays_as_it_was
            misspelt_keys_are_told_with_the_nearest_one
            modes_that_it_has_not_are_refused_with_those_that_it_has
        }
    };
}
pub(crate) use mistakes;

macro_rules! missing {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; mistakes: a_table_that_is_not_there_is_told_with_its_place }
    };
}
pub(crate) use missing;

/// Nothing is published, and a person finds the line.
pub(crate) fn a_table_that_is_not_there_is_told_with_its_place<K: Kit>() {
    let bench = Bench::<K>::new(Table::items(20));
    let nowhere = Table { name: "itemz".to_owned(), ..Table::items(0) };
    bench.describe_as(&bench.kit.source(), &bench.kit.stream(&nowhere, "full"));
    let said = bench.say(&["run"]).exits(2);
    assert_told(&said, K::MISSING, &["itemz", "sources/it.yml:"]);
    // Without a run, too.
    assert_told(&bench.say(&["check"]).exits(2), K::MISSING, &["itemz", "sources/it.yml:"]);
    let checked = bench.say(&["source", "check"]).exits(3);
    assert!(checked.out.contains("itemz") && checked.out.contains("help:"), "{}", checked.out);
    assert!(bench.say(&["query", "select 1 from raw.items"]).code != Some(0), "nothing is published");
}

/// What was published stays.
pub(crate) fn a_table_that_went_fails_its_load_and_stays_as_it_was<K: Kit>() {
    let bench = Bench::<K>::new(Table::items(20));
    bench.run();
    bench.kit.drop(&bench.table);
    let said = bench.say(&["run"]).exits(1);
    assert_told(&said, K::MISSING, &["items"]);
    bench.assert_same();
    bench.kit.hold(&bench.table);
    bench.run();
    bench.assert_same();
}

/// Of the source, and of the stream.
pub(crate) fn misspelt_keys_are_told_with_the_nearest_one<K: Kit>() {
    let bench = Bench::<K>::new(Table::items(1));
    let (source, stream) = (bench.kit.source(), bench.kit.stream(&bench.table, "full"));
    let misspelt = |text: &str| {
        let (key, rest) = text.split_once(':').unwrap();
        (key.to_owned(), format!("{}:{rest}", &key[..key.len() - 1]))
    };
    let (key, wrong) = misspelt(&source);
    bench.describe_as(&wrong, &stream);
    let told = |key: &str, line: usize| {
        let said = bench.say(&["check"]).exits(2);
        assert_told(&said, "HW0110", &[&format!("did you mean '{key}'"), &format!("sources/it.yml:{line}:")]);
    };
    told(&key, 2);
    let (key, wrong) = misspelt(&stream);
    bench.describe_as(&source, &wrong);
    told(&key, 4 + source.lines().count());
}

/// So that what a kit has no promises of, its connector does not have.
pub(crate) fn modes_that_it_has_not_are_refused_with_those_that_it_has<K: Kit>() {
    let mut bench = Bench::<K>::new(Table::items(1));
    let has = crate::conformance::modes_of(K::NAME);
    for mode in crate::conformance::MODES {
        bench.mode = mode;
        bench.more = if mode == "cdc" { "key: [id]".to_owned() } else { String::new() };
        bench.describe();
        let said = bench.say(&["check"]);
        if has.contains(&mode) {
            said.exits(0);
        } else {
            assert_told(&said.exits(2), "HW0121", &[&format!("it can read in {}\n", has.join(", "))]);
        }
    }
}
