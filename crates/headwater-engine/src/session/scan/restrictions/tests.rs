//! Filters as the optimiser leaves them, and the shares that they ask for against counts.

use datafusion::logical_expr::{col, lit};

use super::*;

/// A file of a hundred rows, with bounds or none.
fn file(bounds: Option<(i64, i64)>) -> FileBounds {
    FileBounds { rows: 100, bounds: bounds.map(|(least, most)| (ScalarValue::from(least), ScalarValue::from(most))) }
}

/// What filters ask for of a table of two files, 0 to 99 and 100 to 199 in every column.
fn asked(filters: &[Expr]) -> Vec<(String, Asked)> {
    let all = restrictions(filters, |_| vec![file(Some((0, 99))), file(Some((100, 199)))]);
    all.into_iter().map(|restriction| (restriction.column, restriction.asked)).collect()
}

/// The share that one filter asks for.
fn share_of(filter: &Expr) -> f64 {
    match asked(std::slice::from_ref(filter)).as_slice() {
        [(_, Asked::Range { share: Some(share) })] => *share,
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_are_counted() {
    let values = |column: &str, count| vec![(column.to_owned(), Asked::Values(count))];
    assert_eq!(asked(&[col("a").eq(lit(5_i64))]), values("a", 1));
    assert_eq!(asked(&[lit(5_i64).eq(col("a"))]), values("a", 1));
    assert_eq!(asked(&[col("a").in_list(vec![lit(1_i64), lit(2_i64), lit(3_i64)], false)]), values("a", 3));
    assert_eq!(asked(&[col("a").eq(lit(5_i64)).or(col("a").eq(lit(7_i64)))]), values("a", 2));
    assert_eq!(asked(&[col("a").eq(lit("x")), col("a").in_list(vec![lit("x"), lit("y")], false)]), values("a", 1));
    assert_eq!(asked(&[col("a").eq(lit(5_i64)).and(col("a").eq(lit(7_i64)))]), values("a", 0), "nothing is both");
    assert_eq!(asked(&[col("done")]), values("done", 1));
    assert_eq!(asked(&[Expr::Not(Box::new(col("done")))]), values("done", 1));
}

#[test]
fn ranges_ask_for_a_share() {
    // As many as there are whole numbers among the two hundred.
    for (filter, count) in [
        (col("a").lt(lit(20_i64)), 20),
        (col("a").lt_eq(lit(20_i64)), 21),
        (lit(180_i64).lt(col("a")), 19),
        (col("a").gt_eq(lit(180_i64)), 20),
        (col("a").between(lit(90_i64), lit(109_i64)), 20),
        (col("a").gt(lit(90_i64)).and(col("a").lt(lit(100_i64))), 9),
        (col("a").gt(lit(500_i64)), 0),
        (col("a").lt(lit(10_i64)).or(col("a").gt_eq(lit(190_i64))), 20),
        (col("a").lt(lit(500_i64)), 200),
    ] {
        let counted = f64::from(count) / 200.0;
        let share = share_of(&filter);
        assert!((share - counted).abs() < 1e-9, "{filter}: {share} is not {counted}");
    }
}

#[test]
fn half_open_days_are_whole_days() {
    let day = |days| lit(ScalarValue::Date32(Some(days)));
    let year = |_: &str| {
        let bounds = (ScalarValue::Date32(Some(20_000)), ScalarValue::Date32(Some(20_364)));
        vec![FileBounds { rows: 10, bounds: Some(bounds) }]
    };
    let found = restrictions(&[col("d").gt_eq(day(20_031)), col("d").lt(day(20_059))], year);
    let [Restriction { asked: Asked::Range { share: Some(share) }, .. }] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert!((share - 28.0 / 365.0).abs() < 1e-9, "{share}");
}

#[test]
fn what_the_files_do_not_tell_is_not_made_up() {
    let unknown = |filter: Expr, files: Vec<FileBounds>| {
        let found = restrictions(&[filter], move |_| {
            files.iter().map(|f| FileBounds { rows: f.rows, bounds: f.bounds.clone() }).collect()
        });
        assert!(matches!(found.as_slice(), [Restriction { asked: Asked::Range { share: None }, .. }]), "{found:?}");
    };
    unknown(col("a").lt(lit(5_i64)), vec![file(Some((0, 9))), file(None)]);
    unknown(col("a").lt(lit(5_i64)), Vec::new());
    let texts = FileBounds { rows: 5, bounds: Some((ScalarValue::from("a"), ScalarValue::from("z"))) };
    unknown(col("a").lt(lit("m")), vec![texts]);
}

#[test]
fn what_nothing_can_be_skipped_by_restricts_nothing() {
    for filter in [
        col("a").not_eq(lit(5_i64)),
        col("a").eq(col("b")),
        (col("a") + lit(1_i64)).eq(lit(5_i64)),
        col("a").eq(lit(5_i64)).or(col("b").eq(lit(5_i64))),
        col("a").is_null(),
        col("a").like(lit("%x%")),
        col("a").in_list(vec![lit(1_i64)], true),
        col("a").eq(lit(ScalarValue::Int64(None))),
    ] {
        assert_eq!(asked(std::slice::from_ref(&filter)), [], "{filter}");
    }
}
