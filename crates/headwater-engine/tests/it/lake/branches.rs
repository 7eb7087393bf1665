//! Branches: nothing staged is visible, publishing is put-if-absent and idempotent, others' commits are found.

use std::sync::Arc;

use arrow::array::{Int32Array, Int64Array, StringArray};
use headwater_sdk::check::{Probe, Severity};
use headwater_sdk::engine::{Branch, Engine, Past, PublishOutcome, StageInput, WriteMode};
use headwater_sdk::method::Method;
use headwater_sdk::{Relation, Relations, RunId};

use crate::fixture::{Fixture, batch, check, name, rows, source};

fn numbers(values: Vec<i64>) -> arrow::array::RecordBatch {
    batch(vec![("n", Arc::new(Int64Array::from(values)))])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_staged_is_seen_on_the_branch_only() {
    let mut lake = Fixture::new();
    lake.load("raw.a", numbers(vec![1, 2]), WriteMode::Replace, vec![]).await;
    let (branch, opened) = lake.branch().await;
    let request = lake.request("raw.a", source(vec![numbers(vec![3])]), WriteMode::Append, vec![]);
    let staged = opened.stage(request).await.unwrap();
    assert_eq!((staged.rows_in, staged.rows_out, staged.tables[0].rows), (1, 1, Some(3)));

    assert_eq!(lake.rows("select sum(n) from raw.a").await, "| 3 |");
    assert_eq!(lake.engine.head_version(&name("raw.a")).await.unwrap(), Some(0), "the published log must not move");
    let mut on_branch = lake.relations.clone();
    on_branch
        .insert(name("raw.a"), Relation::Staged { branch: branch.clone(), base: Some(0), version: 1, below: None });
    assert_eq!(rows(&lake.engine, &on_branch, "select sum(n) from raw.a").await, "| 6 |");

    lake.publish(&branch, &staged).await;
    assert_eq!(lake.rows("select sum(n) from raw.a").await, "| 6 |");
    let before = Relations::from([(name("raw.a"), Relation::Table { version: 0 })]);
    assert_eq!(rows(&lake.engine, &before, "select sum(n) from raw.a").await, "| 3 |", "old versions stay readable");
}

#[tokio::test(flavor = "multi_thread")]
async fn models_read_what_the_run_has_staged() {
    let mut lake = Fixture::new();
    let (branch, opened) = lake.branch().await;
    let request = lake.request("raw.a", source(vec![numbers((0..10_000).collect())]), WriteMode::Replace, vec![]);
    let raw = opened.stage(request).await.unwrap();
    lake.relations
        .insert(name("raw.a"), Relation::Staged { branch: branch.clone(), base: None, version: 0, below: None });
    lake.relations.insert(name("staging.a"), Relation::View { sql: "select n, n % 7 as k from raw.a".into() });
    let sql = "select k, count(*) as c, cast('x' as varchar) as s from staging.a group by k";
    let request = lake.request(
        "marts.a",
        StageInput::Query { sql: sql.into(), since: None, method: Method::Whole.into() },
        WriteMode::Replace,
        vec![],
    );
    let mart = opened.stage(request).await.unwrap();
    assert_eq!((mart.rows_in, mart.rows_out), (10_000, 7));
    assert_eq!(mart.tables[0].files, 1, "a small table is one file");
    lake.publish(&branch, &raw).await;
    // The branch's staging area is gone with the first publish of this fixture: stage again on a new one.
    let (branch, opened) = lake.branch().await;
    let request = lake.request(
        "marts.a",
        StageInput::Query { sql: sql.into(), since: None, method: Method::Whole.into() },
        WriteMode::Replace,
        vec![],
    );
    let mart = opened.stage(request).await.unwrap();
    lake.publish(&branch, &mart).await;
    assert_eq!(lake.rows("select sum(c), count(*), min(s) from marts.a").await, "| 10000 | 7 | x |");
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_twice_is_publishing_once() {
    let lake = Fixture::new();
    let (branch, opened) = lake.branch().await;
    let request = lake.request("raw.a", source(vec![numbers(vec![1])]), WriteMode::Replace, vec![]);
    let staged = opened.stage(request).await.unwrap();
    for _ in 0..3 {
        assert_eq!(
            lake.engine.publish(&lake.run(), &branch, None, &staged.tables).await.unwrap(),
            PublishOutcome::Done
        );
    }
    assert_eq!(lake.engine.head_version(&name("raw.a")).await.unwrap(), Some(0));
    assert!(!opened.holds(&staged.tables[0]).await.unwrap(), "its base has moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_commit_makes_the_branch_stale_and_undoes_what_was_put() {
    let mut lake = Fixture::new();
    lake.load("raw.a", numbers(vec![1]), WriteMode::Replace, vec![]).await;
    lake.load("raw.b", numbers(vec![1]), WriteMode::Replace, vec![]).await;
    let (branch, opened) = lake.branch().await;
    let mut tables = vec![];
    for table in ["raw.a", "raw.b"] {
        let request = lake.request(table, source(vec![numbers(vec![2])]), WriteMode::Append, vec![]);
        tables.extend(opened.stage(request).await.unwrap().tables);
    }
    // Another engine commits to raw.b, and a first publish had died after raw.a's commit was put.
    let log = |table: &str| lake.folder.path().join("lake/raw").join(table).join("_delta_log");
    std::fs::write(log("b").join(format!("{:020}.json", 1)), r#"{"commitInfo":{"operation":"WRITE"}}"#).unwrap();
    let staged = lake.folder.path().join("lake/_headwater/branches").join(&branch).join("raw/a/_delta_log");
    let commit = format!("{:020}.json", 1);
    std::fs::copy(staged.join(&commit), log("a").join(&commit)).unwrap();

    let outcome = lake.engine.publish(&lake.run(), &branch, None, &tables).await.unwrap();
    assert_eq!(outcome, PublishOutcome::Stale { tables: vec![name("raw.b")] });
    assert_eq!(lake.engine.head_version(&name("raw.a")).await.unwrap(), Some(1), "taken back by who holds the lease");
    for _ in 0..2 {
        lake.engine.unpublish(&lake.run(), &branch, None, &tables).await.unwrap();
    }
    let head = |version| Relations::from([(name("raw.a"), Relation::Table { version })]);
    assert_eq!(lake.engine.head_version(&name("raw.a")).await.unwrap(), Some(2), "undone by a RESTORE commit");
    assert_eq!(rows(&lake.engine, &head(2), "select sum(n) from raw.a").await, "| 1 |");

    // The next run builds on top of the foreign commit.
    let (branch, opened) = lake.branch().await;
    let request = lake.request("raw.b", source(vec![numbers(vec![5])]), WriteMode::Append, vec![]);
    let again = opened.stage(request).await.unwrap();
    assert_eq!((again.tables[0].base, again.notes.len()), (Some(1), 1));
    lake.publish(&branch, &again).await;
    assert_eq!(lake.rows("select sum(n) from raw.b").await, "| 6 |");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staged_table_without_its_files_is_not_held() {
    let mut lake = Fixture::new();
    lake.load("raw.a", numbers(vec![1]), WriteMode::Replace, vec![]).await;
    let (_, opened) = lake.branch().await;
    let before = lake.data_files("raw/a");
    let request = lake.request("raw.a", source(vec![numbers(vec![2])]), WriteMode::Append, vec![]);
    let staged = opened.stage(request).await.unwrap().tables.remove(0);
    assert!(opened.holds(&staged).await.unwrap());
    let new: Vec<_> = lake.data_files("raw/a").into_iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(new.len(), 1);
    std::fs::remove_file(&new[0]).unwrap();
    assert!(!opened.holds(&staged).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_may_be_added_and_replaced() {
    let mut lake = Fixture::new();
    lake.load("raw.a", numbers(vec![1]), WriteMode::Replace, vec![]).await;
    let wider =
        batch(vec![("n", Arc::new(Int64Array::from(vec![2]))), ("s", Arc::new(StringArray::from(vec![Some("new")])))]);
    lake.load("raw.a", wider, WriteMode::Append, vec![]).await;
    assert_eq!(lake.rows("select n, s from raw.a order by n").await, "| 1 | |\n| 2 | new |");
    let other = batch(vec![("t", Arc::new(StringArray::from(vec!["only"])))]);
    lake.load("raw.a", other, WriteMode::Replace, vec![]).await;
    assert_eq!(lake.rows("select * from raw.a").await, "| only |");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wider_type_writes_the_rows_that_were_there_again() {
    let mut lake = Fixture::new();
    let checks = || vec![check("small", Severity::Quarantine, Probe::Row { fails_when: "n = 99".into() })];
    let narrow = batch(vec![("n", Arc::new(Int32Array::from(vec![1, 2, 99])))]);
    lake.load("raw.a", narrow, WriteMode::Append, checks()).await;
    let wide = batch(vec![
        ("n", Arc::new(Int64Array::from(vec![5_000_000_000]))),
        ("s", Arc::new(StringArray::from(vec!["new"]))),
    ]);
    let staged = lake.load("raw.a", wide, WriteMode::Append, checks()).await;
    assert_eq!((staged.rows_in, staged.rows_out, staged.tables[0].rows), (1, 1, Some(3)));
    assert_eq!(lake.rows("select n, s from raw.a order by n").await, "| 1 | |\n| 2 | |\n| 5000000000 | new |");
    assert_eq!(lake.rows("select n, s, _check from raw.a__quarantine").await, "| 99 | | small |");
    // No file of the new versions holds the narrow type.
    for (table, files) in [("a", 2), ("a__quarantine", 1)] {
        let folder = lake.path().join("raw").join(table);
        let log = std::fs::read_to_string(folder.join("_delta_log/00000000000000000001.json")).unwrap();
        let actions: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(actions.iter().filter(|action| action.get("remove").is_some()).count(), 1, "{table}");
        let adds: Vec<_> = actions.iter().filter_map(|action| action.get("add")).collect();
        assert_eq!(adds.len(), files, "{table}");
        for add in adds {
            let file = std::fs::File::open(folder.join(add["path"].as_str().unwrap())).unwrap();
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            assert_eq!(reader.schema().field_with_name("n").unwrap().data_type(), &arrow::datatypes::DataType::Int64);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_change_something_are_refused() {
    let mut lake = Fixture::new();
    lake.load("raw.a", numbers(vec![1]), WriteMode::Replace, vec![]).await;
    for sql in [
        "insert into raw.a values (2)",
        "delete from raw.a",
        "update raw.a set n = 3",
        "drop table raw.a",
        "create table raw.z as select 1",
        "create view raw.z as select 1",
        "create external table raw.z stored as csv location '/etc/passwd'",
        "copy raw.a to '/tmp/headwater-must-not-exist.csv'",
        "copy (select 1) to '/tmp/headwater-must-not-exist.csv'",
        "set datafusion.execution.batch_size = 1",
        "explain analyze insert into raw.a values (2)",
    ] {
        let refused = lake.engine.query(&lake.relations, &Past::new(), sql).await;
        assert!(refused.is_err(), "{sql} must be refused");
    }
    assert!(!std::path::Path::new("/tmp/headwater-must-not-exist.csv").exists());
    assert_eq!(lake.rows("select * from raw.a").await, "| 1 |");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_leaves_nothing_on_the_branch() {
    let lake = Fixture::new();
    let (branch, opened) = lake.branch().await;
    let sql = "select cast(s as bigint) as n from (values ('1'), ('x')) t(s)";
    let request = lake.request(
        "marts.a",
        StageInput::Query { sql: sql.into(), since: None, method: Method::Whole.into() },
        WriteMode::Replace,
        vec![],
    );
    let error = opened.stage(request).await.unwrap_err();
    assert_eq!(error.code, "HW0555", "{}", error.full_message());
    let run = RunId::from_text("01jd0000000000000000000099");
    let other: Arc<dyn Branch> = lake.engine.open_branch(&branch, None, &run).await.unwrap();
    let request = lake.request("marts.a", source(vec![numbers(vec![1])]), WriteMode::Replace, vec![]);
    assert_eq!(other.stage(request).await.unwrap().tables[0].version, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sorts_and_joins_spill_under_a_small_memory_limit() {
    let mut lake = Fixture::new();
    lake.engine = crate::fixture::open(lake.folder.path(), 64 << 20);
    let many = "select value as n, value * 7 % 4000037 as k from generate_series(1, 4000000) t(value)";
    lake.build("raw.a", many, vec![]).await;
    // Either side of the join alone is as large as the limit, and so is what is sorted.
    let sql = "select a.n, a.k, b.n as m from raw.a a join raw.a b on a.k = b.k order by a.k desc";
    let staged = lake.build("marts.a", sql, vec![]).await;
    assert_eq!(staged.rows_out, 4_000_000);
    assert_eq!(
        lake.rows("select sum(n), sum(m), count(*) from marts.a").await,
        "| 8000002000000 | 8000002000000 | 4000000 |"
    );
}
