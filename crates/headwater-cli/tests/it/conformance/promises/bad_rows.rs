//! Rows that cannot be read.

use serde_json::Value;

use crate::conformance::bench::{Bench, Kit};
use crate::conformance::kits::Spoils;
use crate::conformance::table::Change;
use crate::project::assert_told;

macro_rules! bad_rows {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; bad_rows:
            a_row_that_cannot_be_read_is_set_aside_told_and_counted
            a_load_that_is_to_fail_at_a_bad_row_names_it_and_publishes_nothing
            a_row_that_was_put_right_is_read
        }
    };
}
pub(crate) use bad_rows;

macro_rules! bad_increments {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; bad_rows: a_bad_row_of_an_increment_is_set_aside_once }
    };
}
pub(crate) use bad_increments;

/// A system whose prices are numbers, as the project says.
fn bench<K: Spoils>(mode: &'static str, more: &str) -> Bench<K> {
    let mut bench = Bench::<K>::of(K::spoilable(20), mode, more);
    bench.declared = vec![("price".to_owned(), "double")];
    bench.describe();
    bench
}

/// All other rows are there.
#[track_caller]
fn assert_all_but<K: Kit>(bench: &Bench<K>, id: i64) {
    let others: Vec<Value> = bench.table.objects().into_iter().filter(|row| row["id"] != id).collect();
    assert_eq!(bench.rows(), others);
}

/// With the column's name in the reason.
pub(crate) fn a_row_that_cannot_be_read_is_set_aside_told_and_counted<K: Spoils>() {
    let bench = bench::<K>("full", "");
    bench.kit.spoil(&bench.table, 4);
    let said = bench.say(&["run"]).exits(0);
    assert!(said.out.contains("1 source row unreadable: headwater query"), "{}", said.out);
    assert_all_but(&bench, 4);
    assert_eq!(bench.set_aside(), "1");
    let reason = bench.query("select _reason from raw.items__rejected");
    assert!(reason.contains("'day'") || reason.contains("'price'"), "{reason}");
    let report = bench.say(&["run-info", "--json"]).exits(0).json();
    assert_eq!(report["tasks"][0]["staged"]["rejected"], 1, "{report}");
}

/// What was published before stays, and there is a way out.
pub(crate) fn a_load_that_is_to_fail_at_a_bad_row_names_it_and_publishes_nothing<K: Spoils>() {
    let mut bench = bench::<K>("full", "on_bad_row: fail");
    bench.run();
    let before = bench.rows();
    bench.kit.spoil(&bench.table, 4);
    let said = bench.say(&["run"]).exits(1);
    assert_told(&said, "HW0309", &["on_bad_row: reject"]);
    let text = format!("{}{}", said.out, said.err);
    assert!(text.contains("'day'") || text.contains("'price'"), "{text}");
    assert_eq!(bench.rows(), before);
    bench.more = "on_bad_row: reject".to_owned();
    bench.describe();
    let said = bench.run();
    assert_eq!((&said["state"], &said["rejected"]), (&"published".into(), &1.into()), "{said}");
    assert_all_but(&bench, 4);
}

/// Nothing of it is left among those that were set aside.
pub(crate) fn a_row_that_was_put_right_is_read<K: Spoils>() {
    let bench = bench::<K>("full", "");
    bench.kit.spoil(&bench.table, 4);
    assert_eq!(bench.run()["rejected"], 1);
    bench.kit.hold(&bench.table);
    assert_eq!(bench.run()["rejected"], 0);
    bench.assert_same();
    assert_eq!(bench.set_aside(), "0");
}

/// The position moves on past it.
pub(crate) fn a_bad_row_of_an_increment_is_set_aside_once<K: Spoils>() {
    let mut bench = bench::<K>("incremental", "");
    bench.run();
    let mut next = |id: i64| {
        let mut row = bench.table.rows[0].clone();
        (row[0], row[3]) = (id.into(), id.into());
        bench.change(&[Change::Insert(row)]);
    };
    next(21);
    next(22);
    bench.kit.spoil(&bench.table, 21);
    let said = bench.run();
    assert_eq!((&said["state"], &said["rejected"]), (&"published".into(), &1.into()), "{said}");
    assert_all_but(&bench, 21);
    bench.run();
    assert_all_but(&bench, 21);
    assert_eq!(bench.set_aside(), "1");
}
