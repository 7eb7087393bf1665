//! What a refresh leaves in the log, and what readers make of it.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use headwater_sdk::engine::{ClusterOrder, Refresh, WriteMode};

use super::world::World;
use crate::fixture::batch;

fn numbers(ids: &[i64], values: &[Option<i64>]) -> arrow::array::RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
    batch(vec![("id", ids), ("n", Arc::new(Int64Array::from(values.to_vec())))])
}

const SQL: &str = "select id, max(n) as n from raw.n group by id";

/// Of a file with deleted rows the log counts the nulls of all rows: once as many as there were rows left made the file
/// look like one of nulls alone, and conditions left it out.
#[tokio::test(flavor = "multi_thread")]
async fn deleted_rows_do_not_make_a_file_look_empty() {
    let mut world = World::new();
    let values = [Some(1), Some(2), Some(3), None, None, None, None, None];
    world.lake.load("raw.n", numbers(&[1, 2, 3, 4, 5, 6, 7, 8], &values), WriteMode::Append, vec![]).await;
    world.refresh("m.n", SQL, vec![]).await.unwrap();
    // Three of eight rows go: five are left, and five nulls were written.
    world.lake.load("raw.n", numbers(&[4, 5, 6], &[Some(9), Some(9), Some(9)]), WriteMode::Append, vec![]).await;
    let staged = world.refresh("m.n", SQL, vec![]).await.unwrap();
    let columns = vec!["id".to_owned()];
    assert_eq!(staged.refresh, Some(Refresh::Keys { columns, keys: 3, deleted: 3 }));
    assert_eq!(
        world.rows_of("select id from m.n where n is not null and n < 9").await.unwrap(),
        ["| 1 |", "| 2 |", "| 3 |"]
    );
    assert_eq!(world.rows_of("select count(*) from m.n where n is null").await.unwrap(), ["| 2 |"]);
    world.verify("m.n", SQL, staged.refresh.as_ref()).await.unwrap();
}

/// A table that is written whole, and is the same but for a row, has changed by that row.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_only_written_again_are_no_change() {
    let mut world = World::new();
    let ids: Vec<i64> = (1..=20).collect();
    let values: Vec<Option<i64>> = ids.iter().map(|id| Some(id % 5)).collect();
    world.lake.load("raw.n", numbers(&ids, &values), WriteMode::Replace, vec![]).await;
    world.refresh("m.n", SQL, vec![]).await.unwrap();
    world.lake.load("raw.n", numbers(&ids, &values), WriteMode::Replace, vec![]).await;
    assert_eq!(world.refresh("m.n", SQL, vec![]).await.unwrap().refresh, Some(Refresh::Nothing));
    // Of which nothing but the number is looked at.
    const COUNT: &str = "select count(*) as rows from raw.n";
    world.refresh("m.count", COUNT, vec![]).await.unwrap();
    world.lake.load("raw.n", numbers(&ids[..18], &values[..18]), WriteMode::Replace, vec![]).await;
    world.refresh("m.count", COUNT, vec![]).await.unwrap();
    world.verify("m.count", COUNT, None).await.unwrap();
    world.lake.load("raw.n", numbers(&ids, &values), WriteMode::Replace, vec![]).await;
    world.refresh("m.n", SQL, vec![]).await.unwrap();
    let mut other = values.clone();
    other[6] = None;
    world.lake.load("raw.n", numbers(&ids, &other), WriteMode::Replace, vec![]).await;
    let staged = world.refresh("m.n", SQL, vec![]).await.unwrap();
    let columns = vec!["id".to_owned()];
    assert_eq!(staged.refresh, Some(Refresh::Keys { columns, keys: 1, deleted: 1 }));
    world.verify("m.n", SQL, staged.refresh.as_ref()).await.unwrap();
}

/// A table that was appended to, compacted, appended to again and lost rows after: what a reader that knows the first version
/// is told is exactly that.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_compacted_with_new_rows_still_tells_which_are_new() {
    const SQL: &str = "select id, n * 2 as w from raw.n";
    let mut world = World::new();
    let append = |ids: std::ops::Range<i64>| {
        let ids: Vec<i64> = ids.collect();
        numbers(&ids, &ids.iter().map(|id| Some(*id)).collect::<Vec<_>>())
    };
    world.lake.load("raw.n", append(0..50), WriteMode::Replace, vec![]).await;
    world.refresh("m.n", SQL, vec![]).await.unwrap();
    world.lake.load("raw.n", append(50..53), WriteMode::Append, vec![]).await;
    assert!(world.compact("raw.n", &[], ClusterOrder::Sort).await.unwrap());
    world.lake.load("raw.n", append(53..55), WriteMode::Append, vec![]).await;
    assert!(world.compact("raw.n", &["n"], ClusterOrder::Sort).await.unwrap());
    let staged = world.refresh("m.n", SQL, vec![]).await.unwrap();
    assert_eq!((staged.refresh, staged.rows_in, staged.rows_out), (Some(Refresh::Append), 5, 5));
    world.verify("m.n", SQL, None).await.unwrap();
    assert!(world.compact("m.n", &[], ClusterOrder::Sort).await.unwrap());
    assert_eq!(world.refresh("m.n", SQL, vec![]).await.unwrap().refresh, Some(Refresh::Nothing));
    assert!(!world.compact("m.n", &[], ClusterOrder::Sort).await.unwrap(), "there is one file");
    world.verify("m.n", SQL, None).await.unwrap();
}
