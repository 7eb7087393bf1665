//! Comparing a table with itself: as two snapshots, or a snapshot and a branch, have it.
//!
//! Both sides become tables of one session, and the answer is a query over them: a full join on the key, or, without one,
//! a count of equal rows. Joins and groups spill, so that memory does not grow with the tables. Where both sides are
//! versions of one log, files that both have are left out: their rows are the same.

mod outgoing;
mod sides;
mod sql;

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use headwater_sdk::engine::{ChangedRow, ColumnChange, CompareRequest, Comparison, RowSamples};
use headwater_sdk::{Blame, Error, Result};
use serde_json::Value;

use crate::Lake;
use crate::session::{Session, small_answer};
use crate::stage::sample_row;
pub(crate) use outgoing::outgoing;
use sides::Sides;
pub(crate) use sides::count;
use sql::Keyed;

/// See [`headwater_sdk::engine::Engine::compare`].
pub(crate) async fn compare(lake: &Arc<Lake>, request: &CompareRequest) -> Result<Comparison> {
    let sides = Sides::open(lake, request).await?;
    let mut found = Comparison { rows: sides.rows, ..Comparison::default() };
    for key in &request.key {
        if !sides.common.contains(key) {
            let message = format!("{} has no column {key} of the same type on both sides", request.table);
            return Err(Error::new("HW0636", Blame::Project, message)
                .help("name other columns with --key, or compare whole rows with --rows"));
        }
    }
    let Some(session) = &sides.session else { return Ok(found) };
    if request.key.is_empty() {
        by_rows(session, &sides, request, &mut found).await?;
    } else {
        by_key(session, &sides, request, &mut found).await?;
    }
    Ok(found)
}

async fn by_key(session: &Session, sides: &Sides, request: &CompareRequest, found: &mut Comparison) -> Result<()> {
    for side in [sql::BEFORE, sql::AFTER] {
        let twice = number(session, &sql::keys_given_twice(side, &request.key)).await?;
        if twice > 0 {
            let key = request.key.join(", ");
            let message = format!("{twice} values of the key ({key}) come more than once in {}", request.table);
            return Err(Error::new("HW0637", Blame::Data, message)
                .help("name other columns with --key, or compare whole rows with --rows"));
        }
    }
    let values: Vec<_> = sides.comparable.iter().filter(|value| !request.key.contains(&value.name)).cloned().collect();
    let keyed = Keyed { key: &request.key, values: &values };
    let counts = rows(session, &keyed.counts()).await?;
    let count = |place: usize| counts.first().map_or(0, |batch| integer(batch, place));
    (found.added, found.removed, found.changed) = (count(0), count(1), count(2));
    found.columns = values
        .iter()
        .enumerate()
        .map(|(place, value)| ColumnChange { name: value.name.clone(), changed: count(3 + place) })
        .collect();
    found.samples = RowSamples {
        added: sampled(session, &keyed.added(&sides.after_columns, request.sample)).await?,
        removed: sampled(session, &keyed.removed(&sides.before_columns, request.sample)).await?,
        changed: changed(session, &keyed, request.sample).await?,
    };
    Ok(())
}

async fn by_rows(session: &Session, sides: &Sides, request: &CompareRequest, found: &mut Comparison) -> Result<()> {
    if sides.common.is_empty() {
        return Ok(());
    }
    let counts = rows(session, &sql::row_counts(&sides.common)).await?;
    let count = |place: usize| counts.first().map_or(0, |batch| integer(batch, place));
    (found.added, found.removed) = (count(0), count(1));
    found.samples = RowSamples {
        added: sampled(session, &sql::rows_gained(&sides.common, request.sample)).await?,
        removed: sampled(session, &sql::rows_lost(&sides.common, request.sample)).await?,
        changed: Vec::new(),
    };
    Ok(())
}

async fn rows(session: &Session, sql: &str) -> Result<Vec<RecordBatch>> {
    small_answer(session, &session.plan(sql).await?).await
}

async fn number(session: &Session, sql: &str) -> Result<u64> {
    Ok(rows(session, sql).await?.first().map_or(0, |batch| integer(batch, 0)))
}

/// A count in the first row; nulls count nothing.
fn integer(batch: &RecordBatch, place: usize) -> u64 {
    let column = batch.column(place);
    let counted = column.as_primitive_opt::<Int64Type>().filter(|values| !values.is_empty() && !values.is_null(0));
    counted.map_or(0, |values| u64::try_from(values.value(0)).unwrap_or(0))
}

async fn sampled(session: &Session, sql: &str) -> Result<Vec<Value>> {
    let batches = rows(session, sql).await?;
    Ok(batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| sample_row(batch, row))).collect())
}

async fn changed(session: &Session, keyed: &Keyed<'_>, most: usize) -> Result<Vec<ChangedRow>> {
    if keyed.values.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for batch in rows(session, &keyed.changed(most)).await? {
        for row in 0..batch.num_rows() {
            let Value::Object(mut cells) = sample_row(&batch, row) else { continue };
            let mut take = |name: &str| cells.remove(name).unwrap_or(Value::Null);
            let key = (0..keyed.key.len()).map(|place| take(&sql::key_name(place))).collect::<Vec<_>>();
            let key = keyed.key.iter().cloned().zip(key).collect();
            let mut columns = Vec::new();
            for (place, value) in keyed.values.iter().enumerate() {
                let (before, after) = (take(&sql::before_name(place)), take(&sql::after_name(place)));
                if take(&sql::differs_name(place)) == Value::Bool(true) {
                    columns.push((value.name.clone(), before, after));
                }
            }
            found.push(ChangedRow { key: Value::Object(key), columns });
        }
    }
    Ok(found)
}
