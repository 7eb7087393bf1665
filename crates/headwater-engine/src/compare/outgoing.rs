//! Rows to be delivered: all of a table, those that it has gained, or what has changed of it by its key.

use std::sync::Arc;

use arrow::array::{AsArray, Int8Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::connector::Operation;
use headwater_sdk::destination::{Outgoing, What};
use headwater_sdk::engine::{CompareRequest, OutgoingRequest, OutgoingRows};
use headwater_sdk::{BatchStream, Blame, Error, Relations, Result};

use super::sides::{Sides, named, whole};
use super::sql::{AFTER, BEFORE, Out};
use crate::Lake;
use crate::session::{Session, answer, arrow_error};

/// See [`headwater_sdk::engine::Engine::outgoing`].
pub(crate) async fn outgoing(lake: &Arc<Lake>, request: &OutgoingRequest) -> Result<OutgoingRows> {
    if request.what == What::Again {
        return nothing(lake, request).await;
    }
    let new = match (&request.before, request.what) {
        (Some(before), What::New) => new_columns(lake, request, before).await?,
        _ => Vec::new(),
    };
    let out = Out {
        columns: &request.columns,
        filter: request.filter.as_deref(),
        filter_before: request.filter_before.as_deref(),
        key: &request.key,
        new: &new,
    };
    let session = match (&request.before, request.what) {
        (Some(before), What::New | What::Changes) => match both(lake, request, before).await? {
            Some(session) => session,
            None => return nothing(lake, request).await,
        },
        _ => alone(lake, request).await?,
    };
    let has_before = request.before.is_some();
    let query = match request.what {
        What::New if has_before => {
            let lost = super::number(&session, &out.lost()).await?;
            if lost > 0 {
                return Err(not_appended(request, lost));
            }
            out.gained()
        }
        What::Changes if has_before => out.changes(request.resend),
        What::Changes => out.upserts(),
        What::All | What::New | What::Again => out.all(),
    };
    let plan = session.plan(&query).await?;
    let answered = answer(session, plan, false).await?;
    let fields = answered.schema.fields();
    let has_operations = request.what == What::Changes;
    let width = fields.len() - usize::from(has_operations);
    let schema: SchemaRef = Arc::new(Schema::new(fields[..width].to_vec()));
    let rows: BatchStream = answered.stream;
    let of = Arc::clone(&schema);
    let rows = rows.and_then(move |batch| std::future::ready(apart(&batch, &of, has_operations)));
    Ok(OutgoingRows { schema, rows: rows.boxed() })
}

/// Takes the operations off the rows.
fn apart(batch: &RecordBatch, schema: &SchemaRef, has_operations: bool) -> Result<Outgoing> {
    let width = schema.fields().len();
    let rows = RecordBatch::try_new_with_options(
        Arc::clone(schema),
        batch.columns()[..width].to_vec(),
        &arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows())),
    )
    .map_err(arrow_error)?;
    let operations = match has_operations {
        true => {
            let gone = batch.column(width);
            let gone = cast(gone, &DataType::Boolean).map_err(arrow_error)?;
            let gone = gone.as_boolean();
            let number = |row| if gone.value(row) { Operation::Delete } else { Operation::Upsert } as i8;
            Some((0..gone.len()).map(number).collect::<Int8Array>())
        }
        false => None,
    };
    Ok(Outgoing { rows, operations })
}

/// A session with the table as it is.
async fn alone(lake: &Arc<Lake>, request: &OutgoingRequest) -> Result<Session> {
    let after = whole(lake, &request.after, &request.table).await?;
    Ok(Session::on_tables(lake.runtime(), [(named(AFTER)?, after)].into()))
}

/// A session with the table as it is and as it was, without rows that are known to be the same; `None` when none has changed.
async fn both(lake: &Arc<Lake>, request: &OutgoingRequest, before: &Relations) -> Result<Option<Session>> {
    let then = whole(lake, before, &request.table).await?;
    let now = whole(lake, &request.after, &request.table).await?;
    if request.resend {
        return Ok(Some(Session::on_tables(lake.runtime(), [(named(BEFORE)?, then), (named(AFTER)?, now)].into())));
    }
    let (before, after) = (before.clone(), request.after.clone());
    let (table, key) = (request.table.clone(), request.key.clone());
    Sides::session(lake, &CompareRequest { table, before, after, key, sample: 0 }, (then, now)).await
}

/// The columns that rows had not when they were delivered last.
async fn new_columns(lake: &Arc<Lake>, request: &OutgoingRequest, before: &Relations) -> Result<Vec<String>> {
    let then = whole(lake, before, &request.table).await?.schema();
    Ok(request.columns.iter().filter(|name| then.index_of(name).is_err()).cloned().collect())
}

/// No rows, with their columns.
async fn nothing(lake: &Arc<Lake>, request: &OutgoingRequest) -> Result<OutgoingRows> {
    let after = whole(lake, &request.after, &request.table).await?.schema();
    let fields = request.columns.iter().map(|name| after.field_with_name(name).cloned());
    let fields = fields.collect::<Result<Vec<_>, _>>().map_err(arrow_error)?;
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    Ok(OutgoingRows { schema, rows: futures::stream::empty().boxed() })
}

fn not_appended(request: &OutgoingRequest, lost: u64) -> Error {
    let table = &request.table;
    let message = format!(
        "{lost} rows that were delivered of {table} are gone or are others now, so that new ones cannot just be added"
    );
    Error::new("HW0640", Blame::Project, message)
        .help("give the delivery `mode: upsert` and a key, or `mode: replace`; `headwater diff` shows the rows")
}
