//! Loads of all there is.

use serde_json::{Value, json};

use super::{be_killed_and_go_on, die_and_go_on};
use crate::conformance::bench::{Bench, Kit, Notices};
use crate::conformance::table::{Change, Kind, Table, item};

macro_rules! loads {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; loads:
            a_full_load_takes_up_all_rows_as_they_are
            a_second_run_changes_nothing
            what_has_changed_is_taken_up
            a_table_without_rows_has_its_columns
            names_are_any_text
            declared_columns_have_the_type_that_is_declared
            a_load_that_dies_is_done_again
            a_load_that_is_killed_is_done_again
        }
    };
}
pub(crate) use loads;

/// Every value and every null, in the types that the lake has for them.
pub(crate) fn a_full_load_takes_up_all_rows_as_they_are<K: Kit>() {
    let bench = Bench::<K>::new(Table::of_every_kind());
    let said = bench.run();
    assert_eq!((&said["state"], &said["rows_in"]), (&"published".into(), &4.into()), "{said}");
    bench.assert_same();
    let expected: Vec<(String, String)> =
        bench.table.columns.iter().map(|(name, kind)| (name.clone(), kind.lake().to_owned())).collect();
    let mut found = bench.columns();
    // A system that keeps no order of columns has them in one of its own.
    found.sort_by_key(|(name, _)| expected.iter().position(|(other, _)| other == name));
    assert_eq!(found, expected);
}

/// A run after which nothing has changed does nothing, or what it did before.
pub(crate) fn a_second_run_changes_nothing<K: Kit>() {
    let bench = Bench::<K>::new(Table::items(20));
    if K::NOTICES == Notices::ChangesLater {
        std::thread::sleep(std::time::Duration::from_millis(2100));
    }
    bench.run();
    let said = bench.run();
    match K::NOTICES {
        Notices::Changes | Notices::ChangesLater => assert_eq!(said["state"], "up_to_date", "{said}"),
        Notices::ChangesAround => {}
        Notices::Nothing => assert_eq!((&said["state"], &said["rows_in"]), (&"published".into(), &20.into()), "{said}"),
    }
    bench.assert_same();
}

/// Rows that came, changed and went.
pub(crate) fn what_has_changed_is_taken_up<K: Kit>() {
    let mut bench = Bench::<K>::new(Table::items(20));
    bench.run();
    bench.change(&[Change::Insert(item(21, 21)), Change::Update(item(5, 500)), Change::Delete(7)]);
    let said = bench.run();
    assert_eq!(said["state"], "published", "{said}");
    bench.assert_same();
}

/// Columns are what the project says of them, where the system cannot tell; rows come later.
pub(crate) fn a_table_without_rows_has_its_columns<K: Kit>() {
    let mut bench = Bench::<K>::new(Table::items(0));
    bench.declared = bench.table.columns.iter().map(|(name, kind)| (name.clone(), kind.lake())).collect();
    bench.describe();
    bench.run();
    bench.assert_same();
    assert_eq!(bench.columns().len(), 4);
    bench.change(&[Change::Insert(item(1, 1)), Change::Insert(item(2, 2))]);
    bench.run();
    bench.assert_same();
}

/// Quotes, blanks, other letters and words of SQL in names of tables and of columns.
pub(crate) fn names_are_any_text<K: Kit>() {
    let columns =
        [("id", Kind::Integer), ("select", Kind::Text), ("größe in cm", Kind::Double), ("it's \"so\"", Kind::Text)];
    let row = |id: i64| vec![json!(id), json!("from"), json!(1.5), json!("a")];
    let mut bench = Bench::<K>::new(Table::new(K::odd_name(), &columns, vec![row(1), row(2)]));
    bench.run();
    bench.assert_same();
    bench.change(&[Change::Insert(row(3))]);
    bench.run();
    bench.assert_same();
}

/// A type that loses nothing is taken as it is declared: here a text for a number.
pub(crate) fn declared_columns_have_the_type_that_is_declared<K: Kit>() {
    let mut bench = Bench::<K>::new(Table::items(20));
    bench.declared = vec![("id".to_owned(), "bigint"), ("changed".to_owned(), "string")];
    bench.describe();
    bench.run();
    let columns = bench.columns();
    let declared = columns.iter().find(|(name, _)| name == "changed").unwrap();
    assert_eq!(declared.1, "string");
    assert_eq!(bench.query("select changed from raw.items where id = 7"), "7");
}

/// Nothing is lost, nothing comes twice, whatever dies when.
pub(crate) fn a_load_that_dies_is_done_again<K: Kit>() {
    let mut bench = Bench::<K>::new(Table::items(20));
    die_and_go_on(&mut bench, |round| some(round, 100));
}

/// The same, where it is not asked at which point.
pub(crate) fn a_load_that_is_killed_is_done_again<K: Kit>() {
    let mut bench = Bench::<K>::new(Table::items(1000));
    be_killed_and_go_on(&mut bench, |round| some(round, 2000));
}

/// A row that comes, one that changes, one that goes.
pub(crate) fn some(round: usize, from: i64) -> Vec<Change> {
    let round = i64::try_from(round).unwrap();
    vec![
        Change::Insert(item(from + round, from + round * 2)),
        Change::Update(item(round + 1, from + round * 2 + 1)),
        Change::Delete(round + 10),
    ]
}

/// Only rows that come.
pub(crate) fn more(round: usize, from: i64) -> Vec<Change> {
    let first = from + i64::try_from(round).unwrap() * 2;
    [first, first + 1].into_iter().map(|id| Change::Insert(item(id, id))).collect()
}

/// What the lake says of a row, as [`Bench::rows`] has it.
pub(crate) fn found(rows: &[Value], id: i64) -> Option<&Value> {
    rows.iter().find(|row| row["id"] == id)
}
