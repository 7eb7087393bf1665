//! Loads whose rows take the place of others by a key, against a map in memory that the same changes are made to.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int8Array, Int64Array, RecordBatch, StringArray};
use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::Result;
use headwater_sdk::check::{CheckCount, Probe, Severity};
use headwater_sdk::connector::{Changes, Delivery, LoadPosition, Operation, ReadPart, RejectedRow, SourceBatch};
use headwater_sdk::engine::{Engine, Refresh, StageInput, Staged, WriteMode};
use headwater_sdk::progress::Progress;

use crate::fixture::{Fixture, batch, check, name};
use crate::generated::tape::{Bytes, Tape};
use crate::generated::{random, setting};

/// Keys that changes are about.
const KEYS: usize = 12;
const WORLDS: u64 = 60;
const LOADS: usize = 6;

type Row = (Option<i64>, Option<String>);

#[derive(Debug, Clone)]
enum Change {
    Upsert(i64, Row),
    /// The text stays as it was.
    Number(i64, Option<i64>),
    Delete(i64),
    Truncate,
}

/// Changes as a part of a source, in batches.
struct Part(Vec<SourceBatch>);

impl ReadPart for Part {
    fn name(&self) -> &str {
        "changes"
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn read(self: Box<Self>, _: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        futures::stream::iter(self.0.into_iter().map(Ok)).boxed()
    }
}

/// The rows of changes: the columns `id`, `n` and `text`.
fn rows(changes: &[Change]) -> RecordBatch {
    let row = |change: &Change| match change {
        Change::Upsert(id, (n, text)) => (Some(*id), *n, text.clone()),
        Change::Number(id, n) => (Some(*id), *n, None),
        Change::Delete(id) => (Some(*id), None, None),
        Change::Truncate => (None, None, None),
    };
    let rows: Vec<_> = changes.iter().map(row).collect();
    let ids: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>());
    let numbers: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>());
    let texts: ArrayRef = Arc::new(rows.iter().map(|row| row.2.clone()).collect::<StringArray>());
    batch(vec![("id", ids), ("n", numbers), ("text", texts)])
}

fn source_batch(changes: &[Change]) -> SourceBatch {
    let operation = |change: &Change| match change {
        Change::Upsert(..) | Change::Number(..) => Operation::Upsert as i8,
        Change::Delete(_) => Operation::Delete as i8,
        Change::Truncate => Operation::Truncate as i8,
    };
    let kept = |change: &Change| matches!(change, Change::Number(..)).then_some(&[0b100_u8][..]);
    let changed = Changes {
        operations: changes.iter().map(|change| Some(operation(change))).collect::<Int8Array>(),
        kept: Some(changes.iter().map(kept).collect::<BinaryArray>()),
    };
    SourceBatch { changes: Some(changed), ..SourceBatch::new(rows(changes), Vec::new()) }
}

fn input(batches: Vec<SourceBatch>, delivery: fn(Vec<String>) -> Delivery, checks: Vec<CheckCount>) -> StageInput {
    let schema = rows(&[]).schema();
    let parts: Vec<Box<dyn ReadPart>> = vec![Box::new(Part(batches))];
    StageInput::Source { schema, parts, delivery: delivery(vec!["id".to_owned()]), checks }
}

fn changes(key: Vec<String>) -> Delivery {
    Delivery::Changes { key }
}

fn repeats(key: Vec<String>) -> Delivery {
    Delivery::Repeats { key }
}

fn upserts(key: Vec<String>) -> Delivery {
    Delivery::Upserts { key }
}

fn latest(key: Vec<String>) -> Delivery {
    Delivery::Latest { key }
}

/// Makes the same change to the map.
fn apply(table: &mut BTreeMap<i64, Row>, change: &Change) {
    match change {
        Change::Upsert(id, row) => drop(table.insert(*id, row.clone())),
        Change::Number(id, n) => table.get_mut(id).unwrap().0 = *n,
        Change::Delete(id) => drop(table.remove(id)),
        Change::Truncate => table.clear(),
    }
}

fn generate(tape: &mut Tape<'_>, table: &BTreeMap<i64, Row>) -> Change {
    let id = tape.pick(KEYS) as i64;
    let n = tape.chance(80).then(|| tape.pick(5) as i64);
    match tape.pick(100) {
        0..3 => Change::Truncate,
        3..25 => Change::Delete(id),
        25..50 if table.contains_key(&id) => Change::Number(id, n),
        _ => Change::Upsert(id, (n, tape.chance(80).then(|| format!("text {}", tape.pick(4))))),
    }
}

fn shown(table: &BTreeMap<i64, Row>) -> String {
    let row = |(id, (n, text)): (&i64, &Row)| {
        let n = n.map_or_else(String::new, |n| format!(" {n}"));
        let text = text.as_ref().map_or_else(String::new, |text| format!(" {text}"));
        format!("| {id} |{n} |{text} |")
    };
    table.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// Loads and publishes; what was staged.
async fn load(lake: &mut Fixture, input: StageInput, mode: WriteMode) -> Result<Staged> {
    let unique = check("unique", Severity::Error, Probe::Unique { columns: vec!["id".to_owned()] });
    let (branch, opened) = lake.branch().await;
    let mut request = lake.request("raw.t", input, mode, vec![unique]);
    request.keep_rejected = true;
    let position = LoadPosition::default();
    position.set(serde_json::json!({ "run": branch }), false);
    request.position = Some(position);
    let staged = opened.stage(request).await?;
    lake.publish(&branch, &staged).await;
    Ok(staged)
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_lead_where_they_lead_in_a_map() {
    let first = setting("KEYED_SEED", 1);
    let (mut replaced, mut emptied, mut nothing) = (0, 0, 0);
    for seed in first..first + setting("KEYED_WORLDS", WORLDS) {
        let bytes = Bytes::random(&mut random(seed, 4), 4000);
        let mut tape = Tape::new(&bytes);
        let (mut lake, mut table) = (Fixture::new(), BTreeMap::new());
        let mut seen = Vec::new();
        for number in 0..LOADS {
            let (mut batches, mut all) = (Vec::new(), Vec::new());
            for _ in 0..tape.pick(4) {
                let mut some = Vec::new();
                for _ in 0..tape.pick(10) + 1 {
                    let change = generate(&mut tape, &table);
                    apply(&mut table, &change);
                    some.push(change);
                }
                batches.push(source_batch(&some));
                all.extend(some);
            }
            let mode = if number == 0 { WriteMode::Replace } else { WriteMode::Append };
            let delivery = if tape.chance(50) { changes } else { repeats };
            let staged = load(&mut lake, input(batches, delivery, seen.clone()), mode).await;
            let staged = staged.unwrap_or_else(|error| panic!("KEYED_SEED={seed}, load {number}: {error:?}: {all:?}"));
            match staged.refresh {
                Some(Refresh::Nothing) => nothing += 1,
                _ if all.iter().any(|change| matches!(change, Change::Truncate)) => emptied += 1,
                _ => replaced += 1,
            }
            seen = staged.checks.iter().map(CheckCount::of).collect();
            let found = lake.rows("select id, n, text from raw.t order by id").await;
            assert_eq!(found, shown(&table), "KEYED_SEED={seed}, load {number}: {all:?}");
            let rows = lake.rows("select count(*) from raw.t").await;
            assert_eq!(rows, format!("| {} |", table.len()), "KEYED_SEED={seed}, load {number}: {all:?}");
            assert_eq!(staged.checks[0].failing, 0, "KEYED_SEED={seed}, load {number}");
        }
    }
    println!("{replaced} replaced, {emptied} emptied, {nothing} without a change");
    assert!(replaced > 0 && emptied > 0 && nothing > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_come_as_they_were_are_not_written() {
    let mut lake = Fixture::new();
    let row = |id, n| Change::Upsert(id, (Some(n), Some("text".to_owned())));
    let one = |rows: &[Change]| SourceBatch::new(self::rows(rows), Vec::new());
    load(&mut lake, input(vec![one(&[row(1, 1), row(2, 2)])], upserts, vec![]), WriteMode::Replace).await.unwrap();
    let again = input(vec![one(&[row(2, 2)])], upserts, vec![]);
    let staged = load(&mut lake, again, WriteMode::Append).await.unwrap();
    assert_eq!((staged.refresh, staged.tables.len(), staged.rows_in), (Some(Refresh::Nothing), 0, 1));
    let some = input(vec![one(&[row(1, 5)]), one(&[row(2, 2), row(3, 3)])], upserts, vec![]);
    let staged = load(&mut lake, some, WriteMode::Append).await.unwrap();
    let Some(Refresh::Changes { added, replaced, deleted, same, .. }) = staged.refresh else { panic!("{staged:?}") };
    assert_eq!((added, replaced, deleted, same), (1, 1, 0, 1));
    assert_eq!(lake.rows("select id, n from raw.t order by id").await, "| 1 | 5 |\n| 2 | 2 |\n| 3 | 3 |");
    // The same of changes that may repeat what is there: the last one of a key counts.
    let changed = |rows: &[Change]| input(vec![source_batch(rows)], repeats, vec![]);
    let staged = load(&mut lake, changed(&[row(2, 9), row(3, 3), row(2, 2)]), WriteMode::Append).await.unwrap();
    assert_eq!((staged.refresh, staged.tables.len()), (Some(Refresh::Nothing), 0));
    let staged = load(&mut lake, changed(&[row(2, 2), row(3, 4), Change::Delete(1)]), WriteMode::Append).await.unwrap();
    let Some(Refresh::Changes { added, replaced, deleted, same, .. }) = staged.refresh else { panic!("{staged:?}") };
    assert_eq!((added, replaced, deleted, same), (0, 1, 1, 1));
    assert_eq!(lake.rows("select id, n from raw.t order by id").await, "| 2 | 2 |\n| 3 | 4 |");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_rows_with_one_key_the_latest_counts() {
    let mut lake = Fixture::new();
    let row = |id, n| Change::Upsert(id, (Some(n), None));
    let batch = |rows: &[Change]| SourceBatch::new(self::rows(rows), Vec::new());
    let first = vec![batch(&[row(1, 1), row(2, 2), row(1, 3)]), batch(&[row(3, 3), row(2, 4)])];
    load(&mut lake, input(first, latest, vec![]), WriteMode::Replace).await.unwrap();
    assert_eq!(lake.rows("select id, n from raw.t order by id").await, "| 1 | 3 |\n| 2 | 4 |\n| 3 | 3 |");
    // One is another, one is as it was in the end, one is as it was.
    let second = vec![batch(&[row(1, 5), row(2, 9)]), batch(&[row(2, 4), row(3, 3)])];
    let staged = load(&mut lake, input(second, latest, vec![]), WriteMode::Append).await.unwrap();
    let Some(Refresh::Changes { added, replaced, deleted, same, .. }) = staged.refresh else { panic!("{staged:?}") };
    assert_eq!((added, replaced, deleted, same), (0, 1, 0, 2));
    assert_eq!(lake.rows("select id, n from raw.t order by id").await, "| 1 | 5 |\n| 2 | 4 |\n| 3 | 3 |");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_key_of_its_own_is_refused() {
    let mut lake = Fixture::new();
    let row = |id| Change::Upsert(id, (Some(1), None));
    let one = |rows: &[Change]| SourceBatch::new(self::rows(rows), Vec::new());
    load(&mut lake, input(vec![one(&[row(1)])], upserts, vec![]), WriteMode::Replace).await.unwrap();
    let twice = input(vec![one(&[row(2)]), one(&[row(2)])], upserts, vec![]);
    let error = load(&mut lake, twice, WriteMode::Append).await.unwrap_err();
    assert_eq!((error.code, error.message.contains("id = 2")), ("HW0638", true), "{error:?}");
    let null = input(vec![one(&[Change::Truncate])], upserts, vec![]);
    assert_eq!(load(&mut lake, null, WriteMode::Append).await.unwrap_err().code, "HW0638");
    let unknown = input(vec![source_batch(&[Change::Number(7, Some(1))])], changes, vec![]);
    let error = load(&mut lake, unknown, WriteMode::Append).await.unwrap_err();
    assert_eq!((error.code, error.message.contains("id = 7")), ("HW0639", true), "{error:?}");
    assert_eq!(lake.rows("select id from raw.t").await, "| 1 |", "nothing of it is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_position_is_kept_with_rows_that_were_set_aside() {
    let mut lake = Fixture::new();
    let row = |id| Change::Upsert(id, (Some(1), None));
    load(&mut lake, input(vec![source_batch(&[row(1)])], changes, vec![]), WriteMode::Replace).await.unwrap();
    let bad = RejectedRow { file: "t".into(), line: 1, reason: "odd".into(), raw: "?".into() };
    let batch = SourceBatch { rejected: vec![bad], ..source_batch(&[]) };
    let staged = load(&mut lake, input(vec![batch], changes, vec![]), WriteMode::Append).await.unwrap();
    assert_eq!((staged.rejected, staged.rows_in, staged.refresh), (1, 1, Some(Refresh::Nothing)));
    assert_eq!(lake.rows("select _reason from raw.t__rejected").await, "| odd |");
    let relation = lake.relations[&name("raw.t")].clone();
    let position = lake.engine.position(&name("raw.t"), &relation).await.unwrap();
    assert_eq!(position, Some(serde_json::json!({ "run": "run-2" })));
}
