//! A stream of an Iceberg table: its columns, and what there is to read.

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Delivery, LoadPosition, ReadMode, ReadPlan, SourceStream, StreamSettings};
use headwater_sdk::{Blame, Error, Result};
use serde::{Deserialize, Serialize};

use super::changes::{appended, difference, forgotten};
use super::metadata::{Metadata, Snapshot};
use super::options::{Asked, StreamOptions};
use super::schema;
use super::state::State;
use super::table::{Table, Tables};
use crate::codes;
use crate::lake_types::lake_schema;
use crate::table_format::{Columns, Naming, Reading, Root, Steps, TableField, described};

/// What has to be done when data files are not there.
const LOST: &str = "files are removed some time after the last snapshot that names them has expired: read a newer snapshot, or load the \
                    stream with --full-refresh; if the newest snapshot names it, the table is damaged";

/// How far the table was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// The table's own identity.
    table: String,
    /// The snapshot; none of a table that was empty from the start.
    snapshot: Option<i64>,
}

/// A stream of a table.
pub(super) struct IcebergStream {
    table: Table,
    asked: Asked,
    settings: StreamSettings,
}

impl IcebergStream {
    /// Checks a stream's options.
    ///
    /// # Errors
    /// [`OptionsError`] when they make no sense.
    pub(super) fn new(
        tables: &Tables,
        options: &StreamOptions,
        settings: StreamSettings,
    ) -> Result<Self, OptionsError> {
        let asked = options.asked(&settings)?;
        Ok(Self { table: Table::new(tables, options)?, asked, settings })
    }

    fn snapshot<'a>(&self, root: &Root, metadata: &'a Metadata) -> Result<Option<&'a Snapshot>> {
        let (found, what) = match &self.asked {
            Asked::Newest => return Ok(metadata.current()),
            Asked::Snapshot(id) => (metadata.snapshot(*id), format!("snapshot {id}")),
            Asked::Moment(moment, written) => (metadata.at(*moment), format!("snapshot of {written}")),
            Asked::Ref(name) => (metadata.of_ref(name), format!("branch or tag '{name}'")),
        };
        found.map(Some).ok_or_else(|| {
            let message = format!("the table {} has no {what}", root.shown());
            Error::new(codes::TABLE_VERSION, Blame::Project, message)
                .help("name one that it has: snapshots expire, and are then gone")
        })
    }

    /// The files to read since a position, and what their rows are.
    async fn steps(
        &self,
        root: &Root,
        metadata: &Metadata,
        fields: &[TableField],
        now: Option<&Snapshot>,
        since: Option<&Position>,
    ) -> Result<Steps> {
        let Some(since) = since else {
            let state = State::read(root, metadata, fields, now).await?;
            return Steps::of_rows(state.rows());
        };
        if since.table != metadata.identity() {
            let message = format!("the table {} is another one than was read before", root.shown());
            return Err(Error::new(codes::TABLE_VERSION, Blame::Data, message)
                .help("it was made anew: load the stream with --full-refresh"));
        }
        let id = now.map(|snapshot| snapshot.snapshot_id);
        if since.snapshot == id {
            return Ok(Steps::default());
        }
        let before = match since.snapshot {
            Some(id) => Some(metadata.snapshot(id).ok_or_else(|| forgotten(root, id))?),
            None => None,
        };
        match (self.settings.mode, before, now) {
            (ReadMode::Cdc, before, now) => {
                let before = State::read(root, metadata, fields, before).await?;
                let now = State::read(root, metadata, fields, now).await?;
                difference(&before, &now)
            }
            (_, Some(before), Some(now)) => {
                let columns = State::columns(root, metadata, fields);
                appended(root, metadata, before.snapshot_id, now, &columns).await
            }
            (_, None, now) => {
                let state = State::read(root, metadata, fields, now).await?;
                Steps::of_rows(state.rows())
            }
            (_, Some(before), None) => Err(forgotten(root, before.snapshot_id)),
        }
    }
}

/// A position that was kept.
fn read_position(position: &serde_json::Value) -> Result<Position> {
    Position::deserialize(position).map_err(|error| {
        Error::new(codes::BAD_POSITION, Blame::Headwater, "the snapshot that was read last cannot be understood")
            .help("load the stream again from the start")
            .caused_by(error)
    })
}

#[async_trait]
impl SourceStream for IcebergStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let table = table.map(|table| lake_schema(&table)).transpose()?;
        let since = match &position {
            Some(position) if self.settings.mode != ReadMode::Full => Some(read_position(position)?),
            _ => None,
        };
        let (root, metadata) = self.table.open().await?;
        let now = self.snapshot(&root, &metadata)?;
        // Old states have the columns of their time, the newest one has those of now.
        let of = if self.asked == Asked::Newest { None } else { now.and_then(|snapshot| snapshot.schema_id) };
        let fields = schema::columns(&metadata, metadata.schema(of), root.shown())?;
        let steps = self.steps(&root, &metadata, &fields, now, since.as_ref()).await?;
        let keyed = since.is_some() && self.settings.mode == ReadMode::Cdc;
        let columns = Columns { fields: &fields, naming: Naming::Ids, shown: root.shown(), lost: LOST };
        let reading = Reading::new(steps, &columns, &self.settings, table.as_ref(), since.is_some())?;
        let id = now.map(|snapshot| snapshot.snapshot_id);
        let here = Position { table: metadata.identity().to_owned(), snapshot: id };
        let here = serde_json::to_value(here).map_err(|error| {
            Error::new(codes::DEFECT, Blame::Headwater, "the snapshot cannot be written").caused_by(error)
        })?;
        let position = LoadPosition::default();
        // Snapshots expire: one whose rows are those of the last one is kept, too.
        position.set(here, reading.files == 0 && since.is_some_and(|since| since.snapshot != id));
        let named = id.map_or_else(|| "empty table".into(), |id| format!("snapshot {id}"));
        Ok(ReadPlan {
            schema: reading.schema,
            parts: reading.parts,
            delivery: if keyed { Delivery::Repeats { key: self.settings.key.clone() } } else { Delivery::Rows },
            position,
            // Columns can change without a new snapshot.
            fingerprint: format!("iceberg-{}-{named}-{}", metadata.identity(), metadata.schema_id(of)),
            description: described(&named, reading.files, reading.bytes),
            drift: reading.notes,
            changed: Vec::new(),
        })
    }

    async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        if self.settings.mode != ReadMode::NewFiles {
            return Ok(Vec::new());
        }
        let since = read_position(&position)?;
        let (root, metadata) = self.table.open().await?;
        let other = since.table != metadata.identity();
        Ok(if other { vec![format!("rows of the table that {} was before", root.shown())] } else { Vec::new() })
    }
}
