//! Going back and cleaning up.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::Int64Array;
use headwater_sdk::Relation;
use headwater_sdk::engine::{Engine, KeepSet, Staged, WriteMode};

use super::fixture::{Fixture, batch, name, source};

fn numbers(values: Vec<i64>) -> arrow::array::RecordBatch {
    batch(vec![("n", Arc::new(Int64Array::from(values)))])
}

fn data_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "parquet")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_is_a_new_version_with_the_old_rows() {
    let mut lake = Fixture::new();
    lake.load("raw.a", numbers(vec![1, 2]), WriteMode::Replace, vec![]).await;
    lake.load("raw.a", numbers(vec![9]), WriteMode::Replace, vec![]).await;
    let (branch, opened) = lake.branch().await;
    let restored = opened.stage_restore(&name("raw.a"), 0).await.unwrap();
    assert_eq!((restored.base, restored.version, restored.rows), (Some(1), 2, Some(2)));
    lake.publish(&branch, &Staged { tables: vec![restored], ..Staged::default() }).await;
    assert_eq!(lake.rows("select n from raw.a order by n").await, "| 1 |\n| 2 |");
    let (_, opened) = lake.branch().await;
    assert_eq!(opened.stage_restore(&name("raw.a"), 17).await.unwrap_err().code, "HW0617");
}

#[tokio::test(flavor = "multi_thread")]
async fn vacuum_removes_what_nothing_refers_to_and_nothing_else() {
    let mut lake = Fixture::new();
    for n in 1..=3 {
        lake.load("raw.a", numbers(vec![n]), WriteMode::Replace, vec![]).await;
    }
    let folder = lake.folder.path().join("lake/raw/a");
    std::fs::write(folder.join("part-orphan.parquet"), b"left by a writer that died").unwrap();
    let (live, opened) = lake.branch().await;
    let request = lake.request("raw.a", source(vec![numbers(vec![4])]), WriteMode::Append, vec![]);
    let staged = opened.stage(request).await.unwrap();
    let (dead, opened) = lake.branch().await;
    let request = lake.request("raw.a", source(vec![numbers(vec![5])]), WriteMode::Append, vec![]);
    opened.stage(request).await.unwrap();
    assert_eq!(data_files(&folder), 6);

    let keep = KeepSet {
        versions: [(name("raw.a"), BTreeSet::from([1]))].into(),
        branches: BTreeSet::from([live.clone()]),
        tables: BTreeSet::from([name("raw.a"), name("raw.b")]),
    };
    let would = lake.engine.vacuum(&keep, true).await.unwrap();
    assert_eq!((would.files, would.branches, data_files(&folder)), (3, 1, 6), "a dry run removes nothing");
    let report = lake.engine.vacuum(&keep, false).await.unwrap();
    assert_eq!(report, would);
    assert_eq!(data_files(&folder), 3, "version 1, the newest version, and the live branch's");
    assert!(!lake.folder.path().join("lake/_headwater/branches").join(dead).exists());

    lake.publish(&live, &staged).await;
    assert_eq!(lake.rows("select sum(n) from raw.a").await, "| 7 |");
    lake.relations.insert(name("raw.a"), Relation::Table { version: 1 });
    assert_eq!(lake.rows("select n from raw.a").await, "| 2 |", "a kept version stays readable");
    let (_, opened) = lake.branch().await;
    assert_eq!(opened.stage_restore(&name("raw.a"), 0).await.unwrap_err().code, "HW0618");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_lives_in_the_commit_of_its_rows() {
    let mut lake = Fixture::new();
    for n in 1..=2 {
        let (branch, opened) = lake.branch().await;
        let mut request = lake.request("raw.a", source(vec![numbers(vec![n])]), WriteMode::Append, vec![]);
        request.position = Some(serde_json::json!({ "upto": n }));
        let staged = opened.stage(request).await.unwrap();
        lake.publish(&branch, &staged).await;
    }
    let log = lake.folder.path().join("lake/raw/a/_delta_log");
    std::fs::write(log.join(format!("{:020}.json", 2)), r#"{"commitInfo":{"operation":"OPTIMIZE"}}"#).unwrap();
    let table = name("raw.a");
    assert_eq!(lake.engine.position(&table, 0).await.unwrap(), Some(serde_json::json!({ "upto": 1 })));
    assert_eq!(lake.engine.position(&table, 2).await.unwrap(), Some(serde_json::json!({ "upto": 2 })));
    assert_eq!(lake.engine.position(&name("raw.z"), 0).await.unwrap(), None);
}
