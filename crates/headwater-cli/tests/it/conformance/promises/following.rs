//! The mode `cdc`: what the system says has changed.

use super::loads::some;
use super::{be_killed_and_go_on, die_and_go_on};
use crate::conformance::bench::{Bench, Kit, Notices};
use crate::conformance::kits::Spoils;
use crate::conformance::table::{Change, Table, item};
use crate::project::assert_told;

macro_rules! following {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; following:
            rows_come_change_and_go
            nothing_is_done_where_nothing_has_happened
            many_changes_of_a_row_leave_its_last_state
            another_policy_of_bad_rows_reads_no_change_again
            changes_that_die_are_taken_up_again
            changes_that_are_killed_are_taken_up_again
        }
    };
}
pub(crate) use following;

macro_rules! bad_changes {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; following: one_bad_change_does_not_block_what_follows }
    };
}
pub(crate) use bad_changes;

fn followed<K: Kit>(table: Table) -> Bench<K> {
    let bench = Bench::of(table, "cdc", "key: [id]");
    bench.run();
    bench.assert_same();
    bench
}

/// Each kind of change, alone and together.
pub(crate) fn rows_come_change_and_go<K: Kit>() {
    let mut bench = followed::<K>(Table::items(20));
    for changes in [
        vec![Change::Insert(item(21, 21))],
        vec![Change::Update(item(5, 500))],
        vec![Change::Delete(7)],
        vec![Change::Insert(item(7, 700)), Change::Update(item(6, 600)), Change::Delete(8), Change::Delete(21)],
    ] {
        bench.change(&changes);
        bench.run();
        bench.assert_same();
    }
}

pub(crate) fn nothing_is_done_where_nothing_has_happened<K: Kit>() {
    let mut bench = followed::<K>(Table::items(20));
    bench.run();
    bench.change(&[Change::Delete(7)]);
    bench.run();
    let said = bench.run();
    // What happens to others may have to be read to know that it is not about the table.
    if K::NOTICES == Notices::Changes {
        assert_eq!(said["state"], "up_to_date", "{said}");
    }
    assert_eq!((&said["rows_in"], &said["rows_out"]), (&0.into(), &0.into()), "{said}");
    bench.assert_same();
}

/// In order, within one load.
pub(crate) fn many_changes_of_a_row_leave_its_last_state<K: Kit>() {
    let mut bench = followed::<K>(Table::items(20));
    bench.change(&[
        Change::Update(item(1, 100)),
        Change::Update(item(1, 101)),
        Change::Delete(2),
        Change::Insert(item(2, 102)),
        Change::Insert(item(30, 103)),
        Change::Update(item(30, 104)),
        Change::Delete(30),
        Change::Delete(3),
    ]);
    bench.run();
    bench.assert_same();
}

/// As of increments.
pub(crate) fn another_policy_of_bad_rows_reads_no_change_again<K: Kit>() {
    let mut bench = followed::<K>(Table::items(20));
    for (id, policy) in [(21, "fail"), (22, "reject")] {
        bench.more = format!("key: [id]\non_bad_row: {policy}");
        bench.describe();
        bench.change(&[Change::Insert(item(id, id))]);
        assert!(bench.run()["rows_in"].as_u64().unwrap() < 10, "{policy}");
        bench.assert_same();
    }
}

/// `on_bad_row: fail` stops at a bad change, says which it is, and how to get past it; that way works, and loses nothing of the rest.
pub(crate) fn one_bad_change_does_not_block_what_follows<K: Spoils>() {
    let mut bench = Bench::<K>::of(K::spoilable(20), "cdc", "key: [id]\non_bad_row: fail");
    bench.run();
    bench.kit.spoil(&bench.table, 4);
    let mut other = bench.table.rows[6].clone();
    other[1] = "another name".into();
    bench.change(&[Change::Update(other)]);
    for _ in 0..2 {
        let said = bench.say(&["run"]).exits(1);
        assert_told(&said, "HW0309", &["on_bad_row: reject"]);
        assert_eq!(bench.query("select count(*) from raw.items where name = 'another name'"), "0");
    }
    bench.more = "key: [id]\non_bad_row: reject".to_owned();
    bench.describe();
    let said = bench.run();
    assert_eq!((&said["state"], &said["rejected"]), (&"published".into(), &1.into()), "{said}");
    assert_eq!(bench.set_aside(), "1");
    assert_eq!(bench.query("select count(*) from raw.items where name = 'another name'"), "1");
}

/// Exactly once.
pub(crate) fn changes_that_die_are_taken_up_again<K: Kit>() {
    let mut bench = followed::<K>(Table::items(40));
    die_and_go_on(&mut bench, |round| some(round, 100));
}

/// The same, where it is not asked at which point.
pub(crate) fn changes_that_are_killed_are_taken_up_again<K: Kit>() {
    let mut bench = followed::<K>(Table::items(500));
    be_killed_and_go_on(&mut bench, |round| some(round, 1000));
}
