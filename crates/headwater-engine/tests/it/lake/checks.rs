//! Checks: what one pass tells, what a second look tells, and what becomes of failing rows.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use headwater_sdk::check::{CheckResult, Probe, Severity, Threshold, Verdict};
use headwater_sdk::connector::{Delivery, RejectedRow};
use headwater_sdk::engine::{AuditViewRequest, StageInput, WriteMode};

use crate::fixture::{Fixture, Rows, batch, check, name};

fn people() -> RecordBatch {
    batch(vec![
        ("id", Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(2), None, Some(5)]))),
        ("age", Arc::new(Int64Array::from(vec![Some(30), Some(-4), Some(200), Some(40), None]))),
        ("dept", Arc::new(StringArray::from(vec![Some("a"), Some("b"), Some("zz"), Some("a"), None]))),
    ])
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn out_of_range() -> Probe {
    Probe::Row { fails_when: r#""age" < 0 OR "age" > 150"#.into() }
}

fn verdict(results: &[CheckResult], name: &str) -> (Verdict, u64, u64) {
    let result = results.iter().find(|r| r.check.name == name).unwrap();
    (result.verdict, result.failing, result.checked)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_pass_tells_rows_nulls_counts_and_freshness() {
    let lake = Fixture::new();
    let (_, opened) = lake.branch().await;
    let mut tolerant = check("tolerant", Severity::Error, out_of_range());
    tolerant.threshold = Threshold::Percent(40.0);
    let mut adults = check("adults", Severity::Error, Probe::NotNull { columns: columns(&["id"]) });
    adults.filter = Some("age < 35".into());
    let checks = vec![
        check("range", Severity::Warn, out_of_range()),
        tolerant,
        check("id", Severity::Error, Probe::NotNull { columns: columns(&["id"]) }),
        adults,
        check("five", Severity::Error, Probe::RowCount { min: Some(5), max: Some(5) }),
        check("six", Severity::Error, Probe::RowCount { min: Some(6), max: None }),
    ];
    let request = lake.request("raw.p", crate::fixture::source(vec![people()]), WriteMode::Replace, checks);
    let staged = opened.stage(request).await.unwrap();
    let results = &staged.checks;
    assert_eq!(verdict(results, "range"), (Verdict::Warned, 2, 5));
    assert_eq!(verdict(results, "tolerant"), (Verdict::Passed, 2, 5));
    assert_eq!(verdict(results, "id"), (Verdict::Failed, 1, 5));
    assert_eq!(verdict(results, "adults"), (Verdict::Passed, 0, 2), "where limits the rows looked at");
    assert_eq!((verdict(results, "five").0, verdict(results, "six").0), (Verdict::Passed, Verdict::Failed));
    assert_eq!(results[0].sample[0], serde_json::json!({"id": 2, "age": -4, "dept": "b"}));
    assert_eq!(staged.bytes_audited, 0, "one-pass checks read nothing again");
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantined_rows_are_set_aside_before_other_checks_look() {
    let mut lake = Fixture::new();
    let checks = vec![
        check("no nulls", Severity::Error, Probe::Row { fails_when: "age > 150".into() }),
        check("range", Severity::Quarantine, out_of_range()),
        check("id", Severity::Quarantine, Probe::NotNull { columns: columns(&["id"]) }),
    ];
    let staged = lake.load("raw.p", people(), WriteMode::Replace, checks.clone()).await;
    assert_eq!(verdict(&staged.checks, "no nulls"), (Verdict::Passed, 0, 2));
    assert_eq!(verdict(&staged.checks, "range"), (Verdict::Quarantined, 2, 5));
    assert_eq!((staged.rows_in, staged.rows_out, staged.quarantined), (5, 2, 3));
    assert_eq!(lake.rows("select id from raw.p order by id").await, "| 1 |\n| 5 |");
    let set_aside = lake.rows("select age, _check, _reason from raw.p__quarantine order by age").await;
    assert_eq!(
        set_aside,
        "| -4 | range | fails when \"age\" < 0 OR \"age\" > 150 |\n| 40 | id | null in id |\n\
         | 200 | range | fails when \"age\" < 0 OR \"age\" > 150 |"
    );
    // A clean load empties the quarantine, since it mirrors what its table leaves out.
    let clean = people().slice(0, 1);
    lake.load("raw.p", clean, WriteMode::Replace, checks).await;
    assert_eq!(lake.rows("select count(*) from raw.p__quarantine").await, "| 0 |");
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_and_dangling_references_need_a_second_look() {
    let mut lake = Fixture::new();
    let departments = batch(vec![("key", Arc::new(StringArray::from(vec!["a", "b"])))]);
    lake.load("raw.d", departments, WriteMode::Replace, vec![]).await;
    let unique = Probe::Unique { columns: columns(&["id"]) };
    let known = Probe::References { columns: columns(&["dept"]), to: name("raw.d"), to_columns: columns(&["key"]) };
    let query = Probe::Query { sql: "select * from raw.p where age is null".into() };
    let checks = vec![
        check("unique", Severity::Warn, unique.clone()),
        check("known", Severity::Error, known.clone()),
        check("ages", Severity::Warn, query),
    ];
    let staged = lake.load("raw.p", people(), WriteMode::Replace, checks).await;
    assert_eq!(verdict(&staged.checks, "unique"), (Verdict::Warned, 2, 5));
    assert_eq!(staged.checks[0].sample, vec![serde_json::json!({"id": 2, "rows": 2})]);
    assert_eq!(verdict(&staged.checks, "known"), (Verdict::Failed, 1, 5));
    assert_eq!(staged.checks[1].sample, vec![serde_json::json!({"dept": "zz", "rows": 1})]);
    assert_eq!(verdict(&staged.checks, "ages"), (Verdict::Warned, 1, 1));
    assert!(staged.bytes_audited > 0);

    let checks = vec![check("unique", Severity::Quarantine, unique), check("known", Severity::Quarantine, known)];
    let staged = lake.load("raw.q", people(), WriteMode::Replace, checks).await;
    assert_eq!((staged.rows_out, staged.quarantined), (3, 2));
    assert_eq!(lake.rows("select age from raw.q order by age").await, "| 30 |\n| 40 |\n| |");
    let set_aside = lake.rows("select age, _check from raw.q__quarantine order by age").await;
    assert_eq!(set_aside, "| -4 | unique |\n| 200 | unique |");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_never_sets_published_rows_aside() {
    let mut lake = Fixture::new();
    let ids = |ids: Vec<i64>| batch(vec![("id", Arc::new(Int64Array::from(ids)))]);
    let unique = || vec![check("unique", Severity::Quarantine, Probe::Unique { columns: columns(&["id"]) })];
    lake.load("raw.p", ids(vec![1, 2]), WriteMode::Append, unique()).await;
    let staged = lake.load("raw.p", ids(vec![2, 3]), WriteMode::Append, unique()).await;
    assert_eq!((staged.rows_out, staged.quarantined, staged.tables[0].rows), (1, 1, Some(3)));
    assert_eq!(lake.rows("select id from raw.p order by id").await, "| 1 |\n| 2 |\n| 3 |");
    assert_eq!(lake.rows("select id from raw.p__quarantine").await, "| 2 |");
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_are_kept_with_their_place() {
    let mut lake = Fixture::new();
    let (branch, opened) = lake.branch().await;
    let bad = RejectedRow { file: "a.csv".into(), line: 7, reason: "no number".into(), raw: "x,y".into() };
    let input = StageInput::Source {
        schema: people().schema(),
        parts: vec![Box::new(Rows(vec![people()], vec![bad]))],
        delivery: Delivery::Rows,
        checks: Vec::new(),
    };
    let mut request = lake.request("raw.p", input, WriteMode::Append, vec![]);
    request.keep_rejected = true;
    let staged = opened.stage(request).await.unwrap();
    assert_eq!((staged.rows_in, staged.rows_out, staged.rejected), (6, 5, 1));
    lake.publish(&branch, &staged).await;
    let rejected = lake.rows("select _file, _line, _reason, _raw from raw.p__rejected").await;
    assert_eq!(rejected, "| a.csv | 7 | no number | x,y |");
}

#[tokio::test(flavor = "multi_thread")]
async fn freshness_is_judged_at_the_time_of_the_run() {
    let mut lake = Fixture::new();
    let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
    let times = TimestampMicrosecondArray::from(vec![Some(now - 7_200_000_000), None]).with_timezone("UTC");
    let rows = batch(vec![("at", Arc::new(times))]);
    let fresh = |hours: u64| Probe::Freshness { column: "at".into(), max_age_seconds: hours * 3600 };
    let checks = vec![check("3h", Severity::Error, fresh(3)), check("1h", Severity::Warn, fresh(1))];
    let staged = lake.load("raw.t", rows, WriteMode::Replace, checks).await;
    assert_eq!((staged.checks[0].verdict, staged.checks[1].verdict), (Verdict::Passed, Verdict::Warned));
    assert!(staged.checks[0].observed.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_audited_without_being_written() {
    let mut lake = Fixture::new();
    lake.load("raw.p", people(), WriteMode::Replace, vec![]).await;
    let (_, opened) = lake.branch().await;
    let request = AuditViewRequest {
        view: name("staging.p"),
        sql: "select id, age + 1 as age from raw.p".into(),
        checks: vec![
            check("range", Severity::Error, out_of_range()),
            check("unique", Severity::Error, Probe::Unique { columns: columns(&["id"]) }),
        ],
        relations: lake.relations.clone(),
        progress: Arc::default(),
    };
    let staged = opened.audit_view(request).await.unwrap();
    assert_eq!(verdict(&staged.checks, "range"), (Verdict::Failed, 2, 5));
    assert_eq!(verdict(&staged.checks, "unique"), (Verdict::Failed, 2, 5));
    assert!(staged.tables.is_empty());
}

/// Checks on one column of texts are counted as if each row were looked at, whatever texts there are.
#[tokio::test(flavor = "multi_thread")]
async fn checks_on_texts_count_rows() {
    let mut lake = Fixture::new();
    let short = |row: usize| (row % 7 != 3).then(|| format!("t{}", row % 40));
    let mixed = |row: usize| {
        (!row.is_multiple_of(5))
            .then(|| if row == 9_001 { "far longer than a view".into() } else { format!("{}", row % 11) })
    };
    let many = |row: usize| Some(format!("key {row}"));
    let rows = 100_000;
    let column = |text: &dyn Fn(usize) -> Option<String>| (0..rows).map(text).collect::<Vec<_>>();
    let texts = [column(&short), column(&mixed), column(&many)];
    let table = batch(vec![
        ("short", Arc::new(StringArray::from(texts[0].clone()))),
        ("mixed", Arc::new(StringArray::from(texts[1].clone()))),
        ("many", Arc::new(StringArray::from(texts[2].clone()))),
    ]);
    let mut checks = Vec::new();
    for column in ["short", "mixed", "many"] {
        for (what, fails_when) in [
            ("long", format!("character_length({column}) > 2")),
            ("listed", format!("{column} NOT IN ('t1', 't2', '3', 'key 77')")),
            ("odd", format!("NOT regexp_like({column}, '[13579]$')")),
            ("missing", format!("{column} IS NULL")),
        ] {
            checks.push(check(&format!("{what} {column}"), Severity::Warn, Probe::Row { fails_when }));
        }
    }
    let staged = lake.load("raw.t", table, WriteMode::Replace, checks.clone()).await;
    let view = AuditViewRequest {
        view: name("staging.t"),
        // A literal can never be null.
        sql: "select short, mixed, many, 'here' as place from raw.t".into(),
        checks: [checks, vec![check("place", Severity::Warn, Probe::Row { fails_when: "place <> 'here'".into() })]]
            .concat(),
        relations: lake.relations.clone(),
        progress: Arc::default(),
    };
    let audited = lake.branch().await.1.audit_view(view).await.unwrap();
    assert_eq!(verdict(&audited.checks, "place"), (Verdict::Passed, 0, rows as u64));
    for (column, texts) in ["short", "mixed", "many"].into_iter().zip(&texts) {
        let count = |fails: &dyn Fn(&str) -> bool| texts.iter().flatten().filter(|text| fails(text)).count() as u64;
        let listed = |text: &str| ["t1", "t2", "3", "key 77"].contains(&text);
        for (what, expected) in [
            ("long", count(&|text| text.chars().count() > 2)),
            ("listed", count(&|text| !listed(text))),
            ("odd", count(&|text| !text.ends_with(['1', '3', '5', '7', '9']))),
            ("missing", texts.iter().filter(|text| text.is_none()).count() as u64),
        ] {
            for results in [&staged.checks, &audited.checks] {
                let (_, failing, checked) = verdict(results, &format!("{what} {column}"));
                assert_eq!((failing, checked), (expected, rows as u64), "{what} {column}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_of_the_rows_that_where_chooses() {
    let mut lake = Fixture::new();
    let departments = batch(vec![("key", Arc::new(StringArray::from(vec!["a", "b"])))]);
    lake.load("raw.d", departments, WriteMode::Replace, vec![]).await;
    let known = Probe::References { columns: columns(&["dept"]), to: name("raw.d"), to_columns: columns(&["key"]) };
    let unique = Probe::Unique { columns: columns(&["id"]) };
    // Three rows have an age above 20, one of them an unknown department; two of four share an id.
    let checks = [(&known, 40.0), (&known, 30.0), (&unique, 50.0), (&unique, 49.0)].map(|(probe, percent)| {
        let mut check = check(&format!("{percent}"), Severity::Error, probe.clone());
        check.filter = Some(if matches!(probe, Probe::Unique { .. }) { "age is not null" } else { "age > 20" }.into());
        check.threshold = Threshold::Percent(percent);
        check
    });
    let mut count = check("count", Severity::Error, Probe::RowCount { min: Some(3), max: Some(3) });
    count.filter = Some("age > 20".into());
    let checks = checks.into_iter().chain([count]).collect();
    let staged = lake.load("raw.p", people(), WriteMode::Replace, checks).await;
    assert_eq!(verdict(&staged.checks, "40"), (Verdict::Passed, 1, 3));
    assert_eq!(verdict(&staged.checks, "30"), (Verdict::Failed, 1, 3));
    assert_eq!(verdict(&staged.checks, "50"), (Verdict::Passed, 2, 4));
    assert_eq!(verdict(&staged.checks, "49"), (Verdict::Failed, 2, 4));
    assert_eq!(verdict(&staged.checks, "count"), (Verdict::Passed, 0, 3));
    assert_eq!(staged.checks[4].observed.as_deref(), Some("3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_of_a_view_are_of_all_its_rows() {
    let mut lake = Fixture::new();
    let departments = batch(vec![("key", Arc::new(StringArray::from(vec!["a", "b"])))]);
    lake.load("raw.d", departments, WriteMode::Replace, vec![]).await;
    lake.load("raw.p", people(), WriteMode::Replace, vec![]).await;
    let known = Probe::References { columns: columns(&["dept"]), to: name("raw.d"), to_columns: columns(&["key"]) };
    let mut known = check("known", Severity::Error, known);
    known.threshold = Threshold::Percent(20.0);
    let (_, opened) = lake.branch().await;
    let request = AuditViewRequest {
        view: name("staging.p"),
        sql: "select * from raw.p".into(),
        checks: vec![known],
        relations: lake.relations.clone(),
        progress: Arc::default(),
    };
    let staged = opened.audit_view(request).await.unwrap();
    assert_eq!(verdict(&staged.checks, "known"), (Verdict::Passed, 1, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_a_second_look_sets_aside_count_for_no_other_check() {
    let mut lake = Fixture::new();
    let checks = || {
        vec![
            check("unique", Severity::Quarantine, Probe::Unique { columns: columns(&["id"]) }),
            check("range", Severity::Error, out_of_range()),
            check("id", Severity::Error, Probe::NotNull { columns: columns(&["dept"]) }),
        ]
    };
    // Both rows that are out of range have the id 2.
    let staged = lake.load("raw.p", people(), WriteMode::Replace, checks()).await;
    assert_eq!(staged.quarantined, 2);
    assert_eq!(verdict(&staged.checks, "range"), (Verdict::Passed, 0, 3));
    assert_eq!(verdict(&staged.checks, "id"), (Verdict::Failed, 1, 3));
}

/// Batches that are wholly within the bounds are not looked at row by row: whatever the batches, the counts are the same.
#[tokio::test(flavor = "multi_thread")]
async fn comparisons_with_constants_count_the_same_batch_by_batch() {
    let rows = |n: Vec<Option<i64>>, x: Vec<Option<f64>>| {
        batch(vec![("n", Arc::new(Int64Array::from(n))), ("x", Arc::new(Float64Array::from(x)))])
    };
    let batches = vec![
        rows(vec![Some(1), Some(10)], vec![Some(0.0), Some(1.0)]),
        rows(vec![None, None], vec![None, Some(f64::NAN)]),
        rows(vec![Some(0), Some(11), None], vec![Some(0.5), Some(2.0), None]),
    ];
    let lake = Fixture::new();
    for (predicate, failing) in [
        ("n < 1", 1),
        ("n <= 1", 2),
        ("n > 10", 1),
        ("n >= 10", 2),
        ("n < 1 or n > 10", 2),
        ("n < 1 or x > 1.5", 3),
        ("n < -5 or n > 50", 0),
        ("x > 5.0", 1),
        ("n > null", 0),
    ] {
        for input in [batches.clone(), vec![arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap()]] {
            let checks = vec![check("bounds", Severity::Warn, Probe::Row { fails_when: predicate.into() })];
            let (_, opened) = lake.branch().await;
            let request = lake.request("raw.p", crate::fixture::source(input), WriteMode::Replace, checks);
            let staged = opened.stage(request).await.unwrap();
            let verdict = if failing == 0 { Verdict::Passed } else { Verdict::Warned };
            assert_eq!(self::verdict(&staged.checks, "bounds"), (verdict, failing, 7), "{predicate}");
        }
    }
}

/// Integers that lie close together are judged once each, also those that no row has; the counts are those of the rows.
#[tokio::test(flavor = "multi_thread")]
async fn checks_on_integers_count_rows() {
    let first: Vec<Option<i64>> = (0..5_000).map(|n| (n % 7 != 0).then_some(n % 60)).collect();
    let second: Vec<Option<i64>> = vec![Some(-7), None, Some(61), Some(3)];
    let wide: Vec<Option<i64>> = vec![Some(i64::MIN), Some(61), Some(i64::MAX), None];
    let lake = Fixture::new();
    for (predicate, fails) in [
        ("n % 10 = 1", (|n| n.is_some_and(|n| n % 10 == 1)) as fn(Option<i64>) -> bool),
        ("n = 61", |n| n == Some(61)),
        ("coalesce(n, 61) = 61", |n| n.is_none_or(|n| n == 61)),
        ("n in (3, -7)", |n| n.is_some_and(|n| n == 3 || n == -7)),
        // No row has a -3, which would be a division by zero.
        ("10 / (n + 3) >= 3", |n| n.is_some_and(|n| 10 / (n + 3) >= 3)),
    ] {
        for narrow in [false, true] {
            let all =
                [first.clone(), second.clone(), if narrow { vec![None, None] } else { wide.clone() }, first.clone()];
            if predicate.contains('/') && !narrow {
                continue;
            }
            let column = |values: &Vec<Option<i64>>| -> ArrayRef {
                match narrow {
                    false => Arc::new(Int64Array::from(values.clone())),
                    true => Arc::new(values.iter().map(|n| n.map(|n| n as i32)).collect::<Int32Array>()),
                }
            };
            let batches = all.iter().map(|values| batch(vec![("n", column(values))])).collect();
            let expected = all.iter().flatten().filter(|n| fails(**n)).count() as u64;
            let checks = vec![
                check("some", Severity::Warn, Probe::Row { fails_when: predicate.into() }),
                check("none", Severity::Warn, Probe::Row { fails_when: "n % 100 = 99".into() }),
            ];
            let (_, opened) = lake.branch().await;
            let request = lake.request("raw.p", crate::fixture::source(batches), WriteMode::Replace, checks);
            let staged = opened.stage(request).await.unwrap();
            let rows = all.iter().map(Vec::len).sum::<usize>() as u64;
            assert_eq!(verdict(&staged.checks, "some"), (Verdict::Warned, expected, rows), "{predicate}, {narrow}");
            assert_eq!(verdict(&staged.checks, "none"), (Verdict::Passed, 0, rows), "{predicate}, {narrow}");
        }
    }
}
