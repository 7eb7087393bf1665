//! A Delta table that is delivered to.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, Int8Array, RecordBatch};
use arrow::compute::{filter, filter_record_batch};
use arrow::datatypes::{Int8Type, Schema, SchemaRef};
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::connector::{Changes, Delivery, LoadPosition, Operation, ReadPart, SourceBatch};
use headwater_sdk::destination::{
    Delivered, DeliveryMode, DeliverySettings, HeldRows, Load, Mark, OnDelete, Outgoing, Outlet, What,
};
use headwater_sdk::engine::{
    Engine, Layout, Past, PublishOutcome, Refresh, StageInput, StageRequest, Staged, WriteMode,
};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::progress::Progress;
use headwater_sdk::stream::BatchStream;
use headwater_sdk::{Blame, Error, Relation, Relations, Result, RunId, TableName};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sweep::sweep;
use crate::lake::commit;
use crate::lake::location::Location;
use crate::lake::table::head_version;
use crate::session::arrow_error;
use crate::types::lake_schema;
use crate::{LakeEngine, maintenance};

/// Memory for the sorts of keys (bytes).
const MEMORY: u64 = 256 << 20;
/// The codes of errors of the storage.
const STORAGE_ERRORS: [&str; 4] = ["HW0601", "HW0603", "HW0612", "HW0615"];
/// Every so many versions a checkpoint is written, and old files are removed.
const CHECKPOINT_EVERY: u64 = 10;

/// A table that is delivered to. It is a lake of its own: what is delivered is staged and published there as a run does it.
pub(super) struct TableOutlet {
    /// An absolute path or a URL.
    pub(super) location: String,
    /// As messages name it.
    pub(super) shown: String,
    /// What it is called where a lake's tables have names.
    pub(super) name: TableName,
    pub(super) storage: BTreeMap<String, String>,
    pub(super) partition_by: Vec<String>,
    /// Seconds for which versions can be read.
    pub(super) keep_for: u64,
    pub(super) settings: DeliverySettings,
}

/// What a commit remembers, as the position of a load.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    delivery: String,
    mark: Mark,
}

#[async_trait]
impl Outlet for TableOutlet {
    async fn mark(&self) -> Result<Option<Mark>> {
        self.remembered().await.map_err(|error| self.out_of_reach(error))
    }

    async fn deliver(&self, load: Load, progress: Arc<Progress>) -> Result<Delivered> {
        self.take_up(load, &progress).await.map_err(|error| self.out_of_reach(error))
    }

    async fn held(&self, schema: &SchemaRef) -> Result<Option<HeldRows>> {
        self.read_back(schema).await.map(Some).map_err(|error| self.out_of_reach(error))
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<()> {
        self.mark().await?;
        self.has_partitions(&lake_schema(schema)?)
    }
}

impl TableOutlet {
    async fn remembered(&self) -> Result<Option<Mark>> {
        Ok(self.newest(&self.place(false)?).await?.map(|(_, mark)| mark))
    }

    async fn take_up(&self, load: Load, progress: &Arc<Progress>) -> Result<Delivered> {
        let place = self.place(true)?;
        let newest = self.newest(&place).await?;
        if newest.as_ref().map(|(_, mark)| mark) != load.since.as_ref() {
            return Err(self.delivered_meanwhile());
        }
        let engine = self.engine(place.clone())?;
        let branch = format!("delivery-{}", Uuid::new_v4());
        let delivered = self.write(&engine, &branch, newest.map(|(version, _)| version), load, progress).await;
        let dropped = engine.drop_branch(&branch).await;
        let (mut delivered, version) = delivered?;
        let mut told = |what: &str, done: Result<()>| {
            let note = done.err().map(|error| format!("{what} of {}: {}", self.shown, error.full_message()));
            delivered.notes.extend(note);
        };
        told("the staging area could not be removed", dropped);
        if version > 0 && version.is_multiple_of(CHECKPOINT_EVERY) {
            told("no checkpoint could be written", maintenance::checkpoint(&place, &self.name).await);
            told("old files could not be removed", sweep(&place, &self.name, self.keep_for).await);
        }
        Ok(delivered)
    }

    async fn read_back(&self, schema: &SchemaRef) -> Result<HeldRows> {
        let place = self.place(false)?;
        let Some((version, _)) = self.newest(&place).await? else {
            return Ok(HeldRows { schema: Arc::clone(schema), parts: Vec::new() });
        };
        let columns: Vec<String> = schema.fields().iter().map(|field| quote_identifier(field.name())).collect();
        let name = [self.name.schema(), self.name.table()].map(quote_identifier).join(".");
        let sql = format!("SELECT {} FROM {name}", columns.join(", "));
        let relations = Relations::from([(self.name.clone(), Relation::Table { version })]);
        let rows = self.engine(place)?.query(&relations, &Past::default(), &sql).await?;
        let (schema, name) = (rows.schema, self.shown.clone());
        Ok(HeldRows { schema, parts: vec![Box::new(Held { name, rows: rows.stream })] })
    }

    /// An error of the storage, which speaks of a lake's, in the words of a delivery.
    fn out_of_reach(&self, error: Error) -> Error {
        if !STORAGE_ERRORS.contains(&error.code) {
            return error;
        }
        let transient = error.transient;
        let told = Error::new("HW0644", Blame::Environment, format!("{} cannot be read or written", self.shown))
            .help("check that the place is there, that its storage answers, and that it may be written to; nothing of the delivery counts, and the next run tries again")
            .caused_by(error);
        if transient { told.transient() } else { told }
    }

    fn place(&self, create: bool) -> Result<Location> {
        Location::of_table(&self.location, &self.storage, create)
    }

    fn engine(&self, place: Location) -> Result<LakeEngine> {
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        LakeEngine::at(place, MEMORY, threads, None)
    }

    /// The newest version of the table and what it holds; `None` when there is no table.
    async fn newest(&self, place: &Location) -> Result<Option<(u64, Mark)>> {
        let table = &self.name;
        let Some(version) = head_version(place, table).await? else { return Ok(None) };
        let position = commit::position(place, table, &Relation::Table { version }).await?;
        let remembered: Option<Remembered> = position.and_then(|position| serde_json::from_value(position).ok());
        let refused = |what: String, help: &str| Err(Error::new("HW0641", Blame::Project, what).help(help));
        match remembered {
            Some(Remembered { delivery, mark }) if delivery == self.settings.name => Ok(Some((version, mark))),
            Some(Remembered { delivery, .. }) => refused(
                format!("{} is the table of another delivery, {delivery}", self.shown),
                "give each delivery a table of its own with `to`",
            ),
            None => refused(
                format!("{} is a table that does not say what was delivered to it", self.shown),
                "another program has made it, or has removed old commits of its log: name another folder with `to`, or move the table away; all rows are delivered then",
            ),
        }
    }

    /// Writes a load and commits it. Returns the version that holds it, too.
    async fn write(
        &self,
        engine: &LakeEngine,
        branch: &str,
        version: Option<u64>,
        load: Load,
        progress: &Arc<Progress>,
    ) -> Result<(Delivered, u64)> {
        self.has_partitions(&load.schema)?;
        let run = RunId::from_text(&load.mark.run);
        let key = || self.settings.key.clone();
        let (mode, delivery) = match (load.what, self.settings.mode) {
            (What::All | What::New | What::Changes, DeliveryMode::Replace) => (WriteMode::Replace, Delivery::Rows),
            // What is delivered anew takes nothing out.
            (What::All, _) if version.is_none() => (WriteMode::Replace, Delivery::Rows),
            (What::All, DeliveryMode::Upsert) => (WriteMode::Append, Delivery::Upserts { key: key() }),
            (What::Changes, _) => (WriteMode::Append, Delivery::Changes { key: key() }),
            // Nothing is ever refused here one by one: with nothing to try again, no row comes.
            (What::All | What::New | What::Again, _) => (WriteMode::Append, Delivery::Rows),
        };
        let remembered = Remembered { delivery: self.settings.name.clone(), mark: load.mark };
        let position = LoadPosition::default();
        // The mark moves even where no row does.
        position.set(serde_json::to_value(&remembered).map_err(|error| unwritten(&self.shown, error))?, true);
        let keeps = self.settings.on_delete == OnDelete::Keep;
        let part = Incoming { name: self.shown.clone(), rows: load.rows, keeps };
        let relations = version.map(|version| (self.name.clone(), Relation::Table { version }));
        let request = StageRequest {
            table: self.name.clone(),
            input: StageInput::Source {
                schema: load.schema,
                parts: vec![Box::new(part)],
                delivery,
                checks: Vec::new(),
            },
            mode,
            partition_by: self.partition_by.clone(),
            layout: Layout::default(),
            checks: Vec::new(),
            judge_all: false,
            keep_rejected: false,
            rejected_once: false,
            relations: relations.into_iter().collect(),
            position: Some(position),
            progress: Arc::clone(progress),
        };
        let staged = engine.open_branch(branch, None, &run).await?.stage(request).await?;
        failpoint("before_delivery_commit");
        match engine.publish(&run, branch, None, &staged.tables).await? {
            PublishOutcome::Done => {}
            PublishOutcome::Stale { .. } | PublishOutcome::Lost { .. } => return Err(self.delivered_meanwhile()),
        }
        failpoint("after_delivery_commit");
        let version = staged.tables.first().map_or(0, |table| table.version);
        Ok((delivered(&staged), version))
    }

    fn delivered_meanwhile(&self) -> Error {
        let message = format!("{} was written to meanwhile", self.shown);
        Error::new("HW0642", Blame::Environment, message)
            .help("another program has made a commit: nothing was changed, and the next run goes on from there")
            .transient()
    }

    /// # Errors
    /// When a column of the partitions is not delivered.
    fn has_partitions(&self, schema: &Schema) -> Result<()> {
        let missing = self.partition_by.iter().find(|column| schema.index_of(column).is_err());
        let Some(column) = missing else { return Ok(()) };
        let message = format!("{} is to be partitioned by '{column}', which is not delivered", self.shown);
        Err(Error::new("HW0643", Blame::Project, message).help("name a column that is delivered in `partition_by`"))
    }
}

fn unwritten(shown: &str, error: serde_json::Error) -> Error {
    Error::new("HW0614", Blame::Headwater, format!("{shown}: what it holds cannot be written as JSON"))
        .help("this is a defect of Headwater: please report it")
        .caused_by(error)
}

/// What has come of a load.
fn delivered(staged: &Staged) -> Delivered {
    let deleted = match &staged.refresh {
        Some(Refresh::Changes { deleted, .. }) => *deleted,
        _ => 0,
    };
    let bytes = staged.tables.iter().map(|table| table.bytes).sum();
    Delivered { written: staged.rows_out, deleted, bytes, ..Delivered::default() }
}

/// The rows of a load, as a source has them.
struct Incoming {
    name: String,
    rows: BoxStream<'static, Result<Outgoing>>,
    /// Whether rows that are gone stay.
    keeps: bool,
}

impl ReadPart for Incoming {
    fn name(&self) -> &str {
        &self.name
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        let keeps = self.keeps;
        let changes = move |Outgoing { rows, operations }: Outgoing| -> Result<SourceBatch> {
            progress.add_rows_in(rows.num_rows() as u64);
            let Some(operations) = operations else { return Ok(SourceBatch::new(rows, Vec::new())) };
            let (rows, operations) = match keeps {
                true => without_deletes(&rows, &operations)?,
                false => (rows, operations),
            };
            Ok(SourceBatch { rows, rejected: Vec::new(), changes: Some(Changes { operations, kept: None }) })
        };
        self.rows.map(move |batch| batch.and_then(&changes)).boxed()
    }
}

/// The changes without those that take rows out.
fn without_deletes(rows: &RecordBatch, operations: &Int8Array) -> Result<(RecordBatch, Int8Array)> {
    let stay: BooleanArray =
        operations.iter().map(|operation| Some(operation != Some(Operation::Delete as i8))).collect();
    let operations = filter(operations, &stay).map_err(arrow_error)?;
    let rows = filter_record_batch(rows, &stay).map_err(arrow_error)?;
    Ok((rows, operations.as_primitive::<Int8Type>().clone()))
}

/// What the table holds.
struct Held {
    name: String,
    rows: BatchStream,
}

impl ReadPart for Held {
    fn name(&self) -> &str {
        &self.name
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        let rows = self.rows.inspect(move |batch| {
            progress.add_rows_in(batch.as_ref().map_or(0, |batch| batch.num_rows() as u64));
        });
        rows.map(|batch| batch.map(|rows| SourceBatch::new(rows, Vec::new()))).boxed()
    }
}
