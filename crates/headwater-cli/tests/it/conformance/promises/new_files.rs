//! The mode `new_files`: what has been added, each file once.

use super::loads::{found, more};
use super::{be_killed_and_go_on, die_and_go_on};
use crate::conformance::bench::{Bench, Kit};
use crate::conformance::table::{Change, Table, item};
use crate::project::assert_told;

macro_rules! new_files {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; new_files:
            what_is_added_is_taken_up_once
            a_place_that_is_gone_is_told_and_what_is_loaded_stays
            another_policy_of_bad_rows_reads_no_file_again
            a_load_of_what_is_new_that_dies_is_done_again
            a_load_of_what_is_new_that_is_killed_is_done_again
        }
    };
}
pub(crate) use new_files;

/// What was added since, and nothing else.
pub(crate) fn what_is_added_is_taken_up_once<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "new_files", "");
    assert_eq!(bench.run()["rows_in"], 20);
    for round in 0..2 {
        bench.change(&more(round, 21));
        assert_eq!(bench.run()["rows_in"], 2);
        bench.assert_same();
        assert_eq!(bench.run()["state"], "up_to_date");
        bench.assert_same();
    }
}

/// Nothing new is one thing, nothing there any more another.
pub(crate) fn a_place_that_is_gone_is_told_and_what_is_loaded_stays<K: Kit>() {
    let bench = Bench::<K>::of(Table::items(20), "new_files", "");
    bench.run();
    bench.kit.drop(&bench.table);
    let said = bench.say(&["run"]).exits(1);
    assert_told(&said, K::MISSING, &["items"]);
    bench.assert_same();
    bench.kit.hold(&bench.table);
}

/// As of increments.
pub(crate) fn another_policy_of_bad_rows_reads_no_file_again<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "new_files", "");
    bench.run();
    for (id, policy) in [(21, "fail"), (22, "reject")] {
        bench.more = format!("on_bad_row: {policy}");
        bench.describe();
        bench.change(&[Change::Insert(item(id, id))]);
        assert_eq!(bench.run()["rows_in"], 1, "{policy}");
        assert!(found(&bench.rows(), id).is_some(), "{policy}");
    }
    bench.assert_same();
}

/// Rows and position move together.
pub(crate) fn a_load_of_what_is_new_that_dies_is_done_again<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "new_files", "");
    bench.run();
    die_and_go_on(&mut bench, |round| more(round, 100));
}

/// The same, where it is not asked at which point.
pub(crate) fn a_load_of_what_is_new_that_is_killed_is_done_again<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(500), "new_files", "");
    be_killed_and_go_on(&mut bench, |round| more(round, 1000));
}
