//! The temporary table through which rows go. It is gone with the transaction.

use arrow_schema::SchemaRef;
use bytes::BytesMut;
use futures::stream::BoxStream;
use futures::{SinkExt, StreamExt};
use headwater_sdk::Result;
use headwater_sdk::destination::Outgoing;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::progress::Progress;
use tokio_postgres::Client;

use super::TableOutlet;
use super::columns::type_of;
use super::encode::{self, Encoder};
use crate::database::{STAGE, Stage};

/// The column of a row's number. No column of a table has such a name.
pub(super) const PLACE: &str = "\"headwater:place\"";
/// The column that says what becomes of a row: an operation's number.
pub(super) const OPERATION: &str = "\"headwater:operation\"";
/// Bytes that are sent at once.
const PIECE: usize = 256 << 10;

/// Writes the rows of a batch, and remembers those that PostgreSQL has no values for.
fn encode(stage: &mut Stage, Outgoing { rows, operations }: &Outgoing, out: &mut BytesMut) -> Result<()> {
    let mut encoder = Encoder::new(rows)?;
    for row in 0..rows.num_rows() {
        let operation = operations.as_ref().map_or(0, |operations| operations.value(row));
        if let Err(reason) = encoder.row(row, stage.rows, operation, out) {
            stage.unsendable.add(rows, row, reason);
        }
        stage.rows += 1;
    }
    Ok(())
}

/// Makes the table and copies rows into it.
///
/// # Errors
/// When the rows cannot be read, or the server does not take them.
pub(super) async fn fill(
    outlet: &TableOutlet,
    client: &Client,
    mut rows: BoxStream<'static, Result<Outgoing>>,
    schema: &SchemaRef,
    progress: &Progress,
) -> Result<Stage> {
    let columns = schema.fields().iter();
    let columns: Vec<String> =
        columns.map(|field| format!("{} {}", quote_identifier(field.name()), type_of(field.data_type()))).collect();
    let make = format!(
        "create temp table {STAGE} ({PLACE} bigint not null, {OPERATION} smallint not null, {}) on commit drop",
        columns.join(", ")
    );
    let failed = |error: tokio_postgres::Error| outlet.error(&error);
    client.batch_execute(&make).await.map_err(failed)?;
    let sink = client.copy_in(&format!("copy {STAGE} from stdin (format binary)")).await.map_err(failed)?;
    let mut sink = std::pin::pin!(sink);
    let mut stage = Stage::default();
    let mut out = BytesMut::new();
    encode::begin(&mut out);
    while let Some(next) = rows.next().await {
        let outgoing = next?;
        encode(&mut stage, &outgoing, &mut out)?;
        while out.len() >= PIECE {
            stage.bytes += PIECE as u64;
            sink.send(out.split_to(PIECE).freeze()).await.map_err(failed)?;
        }
        progress.add_rows_in(outgoing.rows.num_rows() as u64);
    }
    encode::end(&mut out);
    stage.bytes += out.len() as u64;
    sink.send(out.freeze()).await.map_err(failed)?;
    sink.finish().await.map_err(failed)?;
    Ok(stage)
}
