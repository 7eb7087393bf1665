//! Streams that read a part of a table.

use crate::conformance::bench::{Bench, Kit};
use crate::conformance::table::{Change, Table, item};

macro_rules! excluding {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; choosing: columns_that_are_left_out_are_not_read }
    };
}
pub(crate) use excluding;

macro_rules! conditions {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; choosing:
            rows_that_a_condition_does_not_hold_for_are_not_read
            a_condition_goes_with_an_increment
        }
    };
}
pub(crate) use conditions;

/// Also where the table has them from before: then they are gone, as the policy of drift says.
pub(crate) fn columns_that_are_left_out_are_not_read<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "full", "exclude: [name]");
    bench.run();
    bench.table = Table::items(20).without("name");
    bench.assert_same();
    assert_eq!(bench.columns().len(), 3);
}

pub(crate) fn rows_that_a_condition_does_not_hold_for_are_not_read<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "full", "where: price > 2 and name <> 'item 15'");
    let said = bench.run();
    // A fourth of the number is the price.
    bench.table.rows.retain(|row| row[0].as_i64().unwrap() > 8 && row[0] != 15);
    assert_eq!(said["rows_in"], bench.table.rows.len(), "{said}");
    bench.assert_same();
}

pub(crate) fn a_condition_goes_with_an_increment<K: Kit>() {
    let mut bench = Bench::<K>::of(Table::items(20), "incremental", "where: price > 2 or id = 1");
    bench.run();
    bench.change(&[
        Change::Insert(item(21, 21)),
        Change::Insert(vec![22.into(), "item 22".into(), 0.5.into(), 22.into()]),
    ]);
    bench.run();
    bench.table.rows.retain(|row| row[2].as_f64().unwrap() > 2.0 || row[0] == 1);
    bench.assert_same();
}
