//! The mode `incremental`: rows past a cursor.

use super::loads::{found, more};
use super::{be_killed_and_go_on, die_and_go_on};
use crate::conformance::bench::{Bench, Kit};
use crate::conformance::table::{Change, Table, item};

macro_rules! incremental {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; incremental:
            only_what_has_come_since_is_taken_up
            rows_that_changed_take_the_place_of_those_with_their_key
            rows_that_are_gone_stay_until_all_is_read_again
            another_policy_of_bad_rows_reads_no_increment_again
            an_increment_that_dies_is_done_again
            an_increment_that_is_killed_is_done_again
        }
    };
}
pub(crate) use incremental;

/// Rows behind the greatest value, and those once; a run that finds none leaves everything as it is.
pub(crate) fn only_what_has_come_since_is_taken_up<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "incremental", "");
    assert_eq!(bench.run()["rows_in"], 20);
    bench.assert_same();
    for round in 0..2 {
        bench.change(&more(round, 21));
        let said = bench.run();
        // What has the greatest value of the last load may come once more.
        assert!((2..=3).contains(&said["rows_in"].as_u64().unwrap()), "{said}");
        bench.assert_same();
        bench.run();
        bench.assert_same();
    }
}

/// A row whose cursor has moved is the one of its key from then on.
pub(crate) fn rows_that_changed_take_the_place_of_those_with_their_key<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "incremental", "key: [id]");
    bench.run();
    for round in 0..2 {
        bench.change(&[
            Change::Update(item(5 + round, 100 + round * 10)),
            Change::Insert(item(21 + round, 101 + round * 10)),
        ]);
        bench.run();
        bench.assert_same();
    }
}

/// A source that is read on says nothing of rows that are gone: `--full-refresh` does.
pub(crate) fn rows_that_are_gone_stay_until_all_is_read_again<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "incremental", "");
    bench.run();
    bench.change(&[Change::Delete(3), Change::Insert(item(21, 21))]);
    bench.run();
    let rows = bench.rows();
    assert!(rows.len() == 21 && found(&rows, 3).is_some(), "{rows:?}");
    bench.say(&["run", "--full-refresh"]).exits(0);
    bench.assert_same();
}

/// The rows that are loaded are the same, whatever becomes of those that cannot be read: none is read again, and none that the source has no more is lost.
pub(crate) fn another_policy_of_bad_rows_reads_no_increment_again<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "incremental", "");
    bench.run();
    bench.change(&[Change::Delete(3)]);
    for policy in ["fail", "reject"] {
        bench.more = format!("on_bad_row: {policy}");
        bench.describe();
        let id = 21 + i64::from(policy == "reject");
        bench.change(&[Change::Insert(item(id, id))]);
        let said = bench.run();
        assert!(said["rows_in"].as_u64().unwrap() <= 2, "{policy}: {said}");
        assert!(found(&bench.rows(), 3).is_some(), "{policy}");
    }
}

/// Rows and position move together.
pub(crate) fn an_increment_that_dies_is_done_again<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "incremental", "");
    bench.run();
    die_and_go_on(&mut bench, |round| more(round, 100));
}

/// The same, where it is not asked at which point.
pub(crate) fn an_increment_that_is_killed_is_done_again<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(500), "incremental", "");
    be_killed_and_go_on(&mut bench, |round| {
        let from = 1000 * (i64::try_from(round).unwrap() + 1);
        (from..from + 500).map(|id| Change::Insert(item(id, id))).collect()
    });
}
