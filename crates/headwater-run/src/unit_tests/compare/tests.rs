//! What has to hold of comparing rows, whatever they are.

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::{Cell, Row, compare_rows, is_equal};

fn text(text: &str) -> Cell {
    Cell::of_text(Some(text))
}

fn row(texts: &[&str]) -> Row {
    texts.iter().map(|text| self::text(text)).collect()
}

/// Rows of three columns with few values, so that many are equal or nearly so.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let cell = prop_oneof![Just(None), Just(Some("a")), Just(Some("b"))].prop_map(Cell::of_text);
    let double = prop_oneof![Just(0.0), Just(1.0), Just(1.0 + 5e-10), Just(2.0), Just(1e300), Just(f64::NAN)];
    let row = (cell.clone(), cell, double.prop_map(Cell::of_double)).prop_map(|(a, b, c)| vec![a, b, c]);
    prop::collection::vec(row, 0..12)
}

proptest! {
    #[test]
    fn a_permutation_always_passes(pair in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))) {
        let (expected, actual) = pair;
        prop_assert!(compare_rows(&expected, &actual, false).is_none());
        let in_place = expected.iter().zip(&actual).all(|(one, other)| is_equal(one, other));
        prop_assert_eq!(compare_rows(&expected, &actual, true).is_none(), in_place);
    }

    #[test]
    fn one_changed_cell_always_fails(
        pair in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        at: Index,
        column in 0..3usize,
    ) {
        let (expected, mut actual) = pair;
        prop_assume!(!actual.is_empty());
        let changed = at.index(actual.len());
        actual[changed][column] = if column == 2 { Cell::of_double(17.0) } else { text("z") };
        let diff = compare_rows(&expected, &actual, false).unwrap();
        // Nothing is lost or told twice.
        prop_assert_eq!(diff.equal + diff.different.len() + diff.missing.len(), expected.len());
        prop_assert_eq!(diff.equal + diff.different.len() + diff.unexpected.len(), actual.len());
        prop_assert_eq!((diff.different.len() + diff.missing.len(), diff.order_only), (1, false));
        for different in &diff.different {
            prop_assert!(different.differs.contains(&true));
        }
    }

    #[test]
    fn lost_rows_are_told(
        pair in rows().prop_flat_map(|rows| {
            let count = 0..=rows.len();
            (Just(rows.clone()), count.prop_flat_map(move |count| subsequence(rows.clone(), count)))
        }),
    ) {
        let (expected, actual) = pair;
        let diff = compare_rows(&expected, &actual, false);
        prop_assert_eq!(diff.map_or(0, |diff| diff.missing.len()), expected.len() - actual.len());
    }
}

#[test]
fn rows_pair_up_by_what_is_rarest_among_them() {
    let expected = [row(&["1", "x", "3"]), row(&["2", "x", "3"]), row(&["9", "y", "7"])];
    let actual = [row(&["2", "y", "4"]), row(&["1", "y", "3"]), row(&["8", "x", "5"])];
    let diff = compare_rows(&expected, &actual, false).unwrap();
    let keys: Vec<_> = diff.different.iter().map(|d| (d.expected[0].clone(), d.actual[0].clone())).collect();
    assert_eq!(keys, [(Some("1".into()), Some("1".into())), (Some("2".into()), Some("2".into()))]);
    assert_eq!(diff.different[0].differs, [false, true, false]);
    assert_eq!((diff.missing.len(), diff.unexpected.len(), diff.equal), (1, 1, 0));
}

#[test]
fn the_only_row_is_meant_to_be_the_only_one_expected() {
    let diff = compare_rows(&[row(&["1", "x"])], &[row(&["2", "y"])], false).unwrap();
    assert_eq!((diff.different.len(), diff.missing.len(), diff.unexpected.len()), (1, 0, 0));
    let diff =
        compare_rows(&[row(&["1", "x"]), row(&["3", "z"])], &[row(&["2", "y"]), row(&["3", "z"])], false).unwrap();
    assert_eq!((diff.different.len(), diff.missing.len(), diff.unexpected.len()), (0, 1, 1));
}

#[test]
fn rounding_does_not_count_and_anything_else_does() {
    let passes = |one: f64, other: f64| {
        compare_rows(&[vec![Cell::of_double(one)]], &[vec![Cell::of_double(other)]], false).is_none()
    };
    assert!(passes(0.1 + 0.2, 0.3) && passes(0.0, 1e-17) && passes(-0.0, 0.0) && passes(f64::NAN, f64::NAN));
    assert!(passes(1e20, 1e20 + 1e10) && passes(f64::INFINITY, f64::INFINITY));
    assert!(
        !passes(1.0, 1.000_001) && !passes(0.0, 1e-9) && !passes(f64::INFINITY, f64::MAX) && !passes(1.0, f64::NAN)
    );
}

#[test]
fn rows_without_columns_are_counted() {
    assert!(compare_rows(&[vec![], vec![]], &[vec![], vec![]], false).is_none());
    let diff = compare_rows(&[vec![], vec![]], &[vec![]], false).unwrap();
    assert_eq!((diff.missing.len(), diff.unexpected.len(), diff.equal), (1, 0, 1));
}

#[test]
fn null_is_no_text() {
    assert!(compare_rows(&[vec![Cell::of_text(None)]], &[vec![text("null")]], false).is_some());
    assert!(compare_rows(&[vec![Cell::of_text(None)]], &[vec![text("")]], false).is_some());
}
