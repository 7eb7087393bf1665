//! Whether the same rows are in the lake as where they come from, and as where they were delivered to: counts, and sums of the rows' hashes
//! for ranges of their keys' hashes. Both sides are read once, side by side, in memory that does not grow with them; ranges that differ are
//! read once more, to tell which rows do ([`compare`]).

mod compare;
mod hashes;
mod outcome;
mod rows;

use std::sync::Arc;
use std::time::Instant;

use arrow_schema::{Schema, SchemaRef};
use headwater_project::{AssetKind, Delivery, Project, StreamAsset};
use headwater_sdk::connector::{ConnectorType, DeclaredColumn, Drift, OnBadRow, ReadMode, StreamSettings};
use headwater_sdk::destination::{DestinationType, OnDelete};
use headwater_sdk::{Blame, Error, Relations, Result, TableName};
use tokio_util::sync::CancellationToken;

use crate::deliver::{Standing, behind, holds, open_outlet, other_lake};
use crate::lake::Lake;
use crate::resolve::{open_stream, open_system};
use compare::{Compared, compare};
use hashes::comparable;
use outcome::GONE;
pub use outcome::{Place, RowDifference, VerifyState, VerifySummary};
use rows::{Held, InLake, OfSource};

/// What to compare.
#[derive(Clone)]
pub struct VerifyOptions {
    /// The kinds of sources.
    pub connectors: Arc<[Box<dyn ConnectorType>]>,
    /// The kinds of destinations.
    pub destinations: Arc<[Box<dyn DestinationType>]>,
    /// Tables, each with the stream that fills it.
    pub tables: Vec<TableName>,
    /// Deliveries, by their names.
    pub deliveries: Vec<String>,
    /// Stops it when it fires.
    pub cancel: CancellationToken,
}

/// Compares, one after the other: tables with their sources, then what was delivered with its destination.
///
/// # Errors
/// When it was stopped, and when the catalogue cannot be read; what could not be compared is in what is returned.
pub async fn verify(project: &Project, lake: &Lake, options: &VerifyOptions) -> Result<Vec<VerifySummary>> {
    let mut summaries = Vec::new();
    let base = lake.base().await?;
    for table in &options.tables {
        let began = Instant::now();
        let kind = project.asset(table).map(|asset| &asset.kind);
        let Some(AssetKind::Stream(stream) | AssetKind::Seed(stream)) = kind else { continue };
        let outcome = match base.relation(table) {
            Some(_) => {
                let work = with_source(project, lake, options, table, stream, base.relations());
                Some(stopped_by(&options.cancel, work).await?)
            }
            None => None,
        };
        summaries.push(VerifySummary::new(
            table.clone(),
            Place::Source,
            stream.origin.clone(),
            outcome,
            began.elapsed(),
        ));
    }
    for delivery in project.deliveries.iter().filter(|delivery| options.deliveries.iter().any(|n| n == delivery.name()))
    {
        let began = Instant::now();
        let outcome = stopped_by(&options.cancel, with_destination(project, lake, options, delivery)).await?;
        let outcome = outcome.transpose();
        let (table, name) = (delivery.table.clone(), delivery.name().to_owned());
        let mut summary = VerifySummary::new(table, Place::Destination, name, outcome, began.elapsed());
        summary.advise(delivery.settings.mode);
        summaries.push(summary);
    }
    Ok(summaries)
}

async fn stopped_by<T>(cancel: &CancellationToken, work: impl Future<Output = T>) -> Result<T> {
    tokio::select! {
        done = work => Ok(done),
        () = cancel.cancelled() => Err(Error::new("HW0986", Blame::Environment, "the comparison was stopped")),
    }
}

/// Compares a table with what its source has now.
async fn with_source(
    project: &Project,
    lake: &Lake,
    options: &VerifyOptions,
    table: &TableName,
    stream: &StreamAsset,
    relations: Relations,
) -> Result<Compared> {
    let system = open_system(project, &options.connectors, stream)?;
    let mut whole = lake.engine.schema(&relations, table).await?;
    let mut gone = Vec::new();
    if stream.settings.drift != Drift::Fail {
        // The table keeps columns that its source has no more.
        let there = open_stream(system.as_ref(), stream, read_whole(stream, stream.settings.columns.clone()))?;
        let there = there.plan(None, None).await?.schema;
        let (stays, others): (Vec<_>, Vec<_>) =
            whole.fields().iter().cloned().partition(|field| there.field_with_name(field.name()).is_ok());
        gone.extend(others.iter().map(|field| field.name().clone()));
        whole = Arc::new(Schema::new(stays));
    }
    let (schema, left_out) = comparable(&whole);
    let columns = whole
        .fields()
        .iter()
        .map(|field| DeclaredColumn { name: field.name().clone(), data_type: Some(field.data_type().clone()) });
    let settings = read_whole(stream, columns.collect());
    let source = OfSource { stream: open_stream(system.as_ref(), stream, settings)?, table: whole };
    let ours = InLake { lake, table: table.clone(), relations, filter: None, schema: Arc::clone(&schema) };
    let mut compared = compare(&schema, left_out, &stream.settings.key, &ours, &source).await?;
    compared.gone = gone;
    Ok(compared)
}

/// The settings with which all rows of a stream are read, with these columns.
fn read_whole(stream: &StreamAsset, columns: Vec<DeclaredColumn>) -> StreamSettings {
    let mode = match stream.settings.mode {
        // Without a position it reads all rows, and its keys go with no other mode.
        ReadMode::Incremental => ReadMode::Incremental,
        _ => ReadMode::Full,
    };
    StreamSettings {
        mode,
        on_bad_row: OnBadRow::Reject,
        drift: Drift::Ignore,
        columns,
        lookback: None,
        ..stream.settings.clone()
    }
}

/// Compares what was delivered with what is there; `None` when nothing was.
async fn with_destination(
    project: &Project,
    lake: &Lake,
    options: &VerifyOptions,
    delivery: &Delivery,
) -> Result<Option<Compared>> {
    let outlet = open_outlet(project, &options.destinations, delivery)?;
    if !outlet.remembers() {
        return Err(rows::unreadable(delivery.name()));
    }
    let Some(mark) = outlet.mark().await? else {
        let held = holds(lake, delivery.name()).await?;
        return held.map_or(Ok(None), |held| Err(gone(delivery, held)));
    };
    let snapshot = lake.store.snapshot(mark.snapshot).await?;
    let Some(snapshot) = snapshot.filter(|snapshot| snapshot.run.to_string() == mark.run) else {
        return Err(other_lake(delivery, &mark));
    };
    let whole = lake.engine.schema(&snapshot.relations, &delivery.table).await?;
    let (schema, mut left_out) = comparable(&delivered(delivery, &whole));
    let mut held = Held { outlet: outlet.as_ref(), schema, name: delivery.name() };
    left_out.extend(held.leave_out().await?);
    let schema = Arc::clone(&held.schema);
    let ours = InLake {
        lake,
        table: delivery.table.clone(),
        relations: snapshot.relations,
        filter: delivery.filter.as_ref().map(|filter| filter.name.clone()),
        schema: Arc::clone(&schema),
    };
    let mut compared = compare(&schema, left_out, &delivery.settings.key, &ours, &held).await?;
    if delivery.settings.on_delete == OnDelete::Keep {
        compared.let_be_kept();
    }
    let base = lake.base().await?;
    let (standing, ..) = behind(lake, &base, &delivery.table, Some(mark.snapshot)).await?;
    compared.behind = base.id().filter(|_| standing == Standing::Behind).map(|newest| (mark.snapshot, newest));
    Ok(Some(compared))
}

/// That nothing is there of what was delivered.
fn gone(delivery: &Delivery, held: u64) -> Error {
    let name = delivery.name();
    let message =
        format!("snapshot {held} was delivered, and nothing of it is there: the table was dropped, or is another now");
    Error::new(GONE, Blame::Environment, message)
        .help(format!("`headwater deliver {name}` makes it anew with all rows"))
}

/// The columns of a table that are delivered.
fn delivered(delivery: &Delivery, whole: &SchemaRef) -> SchemaRef {
    let has = |named: &[headwater_project::Written], name: &str| named.iter().any(|column| column.name == name);
    let fields = whole.fields().iter().filter(|field| match delivery.columns.is_empty() {
        true => !has(&delivery.exclude, field.name()),
        false => has(&delivery.columns, field.name()),
    });
    Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()))
}
