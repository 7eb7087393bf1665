//! Going back and cleaning up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::Int64Array;
use headwater_sdk::Relation;
use headwater_sdk::connector::LoadPosition;
use headwater_sdk::engine::{Engine, KeepSet, Staged, WriteMode};

use crate::fixture::{Fixture, batch, name, source};

fn numbers(values: Vec<i64>) -> arrow::array::RecordBatch {
    batch(vec![("n", Arc::new(Int64Array::from(values)))])
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
    assert_eq!(lake.data_files("raw/a").len(), 6);

    let keep = KeepSet {
        versions: [(name("raw.a"), BTreeSet::from([1]))].into(),
        branches: BTreeMap::from([(live.clone(), None)]),
        tables: BTreeSet::from([name("raw.a"), name("raw.b")]),
    };
    let would = lake.engine.vacuum(&keep, true).await.unwrap();
    assert_eq!((would.files, would.branches, lake.data_files("raw/a").len()), (3, 1, 6), "a dry run removes nothing");
    let report = lake.engine.vacuum(&keep, false).await.unwrap();
    assert_eq!(report, would);
    assert_eq!(lake.data_files("raw/a").len(), 3, "version 1, the newest version, and the live branch's");
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
        request.position = Some(LoadPosition::known(serde_json::json!({ "upto": n })));
        let staged = opened.stage(request).await.unwrap();
        lake.publish(&branch, &staged).await;
    }
    let log = lake.folder.path().join("lake/raw/a/_delta_log");
    std::fs::write(log.join(format!("{:020}.json", 2)), r#"{"commitInfo":{"operation":"OPTIMIZE"}}"#).unwrap();
    let table = name("raw.a");
    assert_eq!(
        lake.engine.position(&table, &Relation::Table { version: 0 }).await.unwrap(),
        Some(serde_json::json!({ "upto": 1 }))
    );
    assert_eq!(
        lake.engine.position(&table, &Relation::Table { version: 2 }).await.unwrap(),
        Some(serde_json::json!({ "upto": 2 }))
    );
    assert_eq!(lake.engine.position(&name("raw.z"), &Relation::Table { version: 0 }).await.unwrap(), None);
}

/// Puts a commit that another engine might have made: the only file of `raw.a` gets a deletion vector.
fn delete_rows(lake: &Fixture, version: u64, vector: &str) {
    let log = lake.path().join("raw/a/_delta_log");
    let first = std::fs::read_to_string(log.join(format!("{:020}.json", 0))).unwrap();
    let add = first.lines().find(|line| line.starts_with(r#"{"add""#)).unwrap();
    let mut action: serde_json::Value = serde_json::from_str(add).unwrap();
    let path = action["add"]["path"].clone();
    action["add"]["deletionVector"] = serde_json::from_str(vector).unwrap();
    let features = r#"["deletionVectors"]"#;
    let lines = [
        format!(
            r#"{{"protocol":{{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":{features},"writerFeatures":{features}}}}}"#
        ),
        format!(r#"{{"remove":{{"path":{path},"dataChange":true,"deletionTimestamp":1}}}}"#),
        action.to_string(),
    ];
    std::fs::write(log.join(format!("{version:020}.json")), lines.join("\n")).unwrap();
}

/// The vector is kept in the log (Delta protocol, "Deletion Vector Format": magic number, bitmaps as RoaringFormatSpec
/// writes them, Z85) and holds the rows 3, 4, 7, 11, 18 and 29.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_another_engine_deleted_come_back() {
    let mut lake = Fixture::new();
    lake.load("raw.a", numbers((0..100).collect()), WriteMode::Replace, vec![]).await;
    delete_rows(
        &lake,
        1,
        r#"{"storageType":"i","pathOrInlineDv":"^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L","sizeInBytes":44,"cardinality":6}"#,
    );
    lake.relations.insert(name("raw.a"), Relation::Table { version: 1 });
    let rows = "select count(*), sum(n) from raw.a";
    assert_eq!(lake.rows(rows).await, "| 94 | 4878 |");
    let (branch, opened) = lake.branch().await;
    let restored = opened.stage_restore(&name("raw.a"), 0).await.unwrap();
    lake.publish(&branch, &Staged { tables: vec![restored], ..Staged::default() }).await;
    assert_eq!(lake.rows(rows).await, "| 100 | 4950 |");
}

#[tokio::test(flavor = "multi_thread")]
async fn vacuum_keeps_the_files_of_deletion_vectors() {
    let mut lake = Fixture::new();
    lake.load("raw.a", numbers(vec![1, 2]), WriteMode::Replace, vec![]).await;
    let folder = lake.path().join("raw/a");
    let [used, unused] = ["d2c639aa-8816-431a-aaf6-d3fe2512ff61", "00000000-8816-431a-aaf6-d3fe2512ff61"]
        .map(|uuid| folder.join(format!("ab/deletion_vector_{uuid}.bin")));
    std::fs::create_dir(folder.join("ab")).unwrap();
    std::fs::write(&used, "only its name matters here").unwrap();
    std::fs::write(&unused, "").unwrap();
    delete_rows(
        &lake,
        1,
        r#"{"storageType":"u","pathOrInlineDv":"ab^-aqEH.-t@S}K{vb[*k^","offset":4,"sizeInBytes":40,"cardinality":1}"#,
    );
    let keep = KeepSet { tables: BTreeSet::from([name("raw.a")]), ..KeepSet::default() };
    assert_eq!(lake.engine.vacuum(&keep, false).await.unwrap().files, 1);
    assert!(used.exists() && !unused.exists());
}

/// What a version's files are, by the log's own rules and from its beginning: the paths that were added and not removed since.
fn files_at(log: &std::path::Path, version: u64) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for commit in 0..=version {
        let text = std::fs::read_to_string(log.join(format!("{commit:020}.json"))).unwrap();
        let actions: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let path = |action: &serde_json::Value, kind: &str| action[kind]["path"].as_str().map(str::to_owned);
        for gone in actions.iter().filter_map(|action| path(action, "remove")) {
            files.remove(&gone);
        }
        files.extend(actions.iter().filter_map(|action| path(action, "add")));
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn vacuum_keeps_the_files_of_any_set_of_versions() {
    let mut lake = Fixture::new();
    for (n, mode) in [
        (1, WriteMode::Replace),
        (2, WriteMode::Append),
        (3, WriteMode::Append),
        (4, WriteMode::Replace),
        (5, WriteMode::Append),
        (6, WriteMode::Replace),
        (7, WriteMode::Append),
    ] {
        lake.load("raw.a", numbers(vec![n]), mode, vec![]).await;
    }
    let (branch, opened) = lake.branch().await;
    // Files of version 2 are there again.
    let restored = opened.stage_restore(&name("raw.a"), 2).await.unwrap();
    lake.publish(&branch, &Staged { tables: vec![restored], ..Staged::default() }).await;
    let log = lake.path().join("raw/a/_delta_log");
    let all = lake.data_files("raw/a").len() as u64;
    for set in 0_u32..1 << 7 {
        let versions: BTreeSet<u64> = (0..7).filter(|version| set & (1 << version) != 0).collect();
        let used: BTreeSet<String> = versions.iter().chain([&7]).flat_map(|version| files_at(&log, *version)).collect();
        let keep = KeepSet {
            versions: [(name("raw.a"), versions.clone())].into(),
            tables: BTreeSet::from([name("raw.a")]),
            ..KeepSet::default()
        };
        let would = lake.engine.vacuum(&keep, true).await.unwrap();
        assert_eq!(would.files, all - used.len() as u64, "{versions:?}");
    }
}
