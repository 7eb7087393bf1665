//! A stream of a Delta table: its columns, and what there is to read.

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Delivery, LoadPosition, ReadMode, ReadPlan, SourceStream, StreamSettings};
use headwater_sdk::{Blame, Error, Result};
use serde::{Deserialize, Serialize};

use super::changes::changes;
use super::log::Log;
use super::options::{Asked, StreamOptions};
use super::snapshot::Snapshot;
use crate::codes;
use crate::files::Location;
use crate::lake_types::lake_schema;
use crate::table_format::{Columns, Reading, Root, Steps, described};

/// Versions without rows after which the position is worth a commit of its own: the log behind it will be cleaned up.
const QUIET_VERSIONS: u64 = 10;

/// What has to be done when data files are not there.
const LOST: &str = "files are removed from a table by VACUUM some time after they left its log: read a newer version, or load the \
                    stream with --full-refresh; if the newest version names it, let the table's owner repair the table (FSCK REPAIR TABLE)";

/// How far the table was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// The table's own identity.
    id: String,
    version: u64,
}

/// A stream of a table.
pub(super) struct DeltaStream {
    location: Location,
    path: String,
    asked: Asked,
    settings: StreamSettings,
}

impl DeltaStream {
    /// Checks a stream's options.
    ///
    /// # Errors
    /// [`OptionsError`] when they make no sense.
    pub(super) fn new(
        location: Location,
        options: StreamOptions,
        settings: StreamSettings,
    ) -> Result<Self, OptionsError> {
        let asked = options.asked(&settings)?;
        Ok(Self { location, path: options.path, asked, settings })
    }

    async fn log(&self, since: Option<u64>) -> Result<Log> {
        Log::open(Root::open(&self.location, &self.path)?, self.asked != Asked::Newest, since).await
    }
}

/// A position that was kept.
fn read_position(position: &serde_json::Value) -> Result<Position> {
    Position::deserialize(position).map_err(|error| {
        Error::new(codes::BAD_POSITION, Blame::Headwater, "the version that was read last cannot be understood")
            .help("load the stream again from the start")
            .caused_by(error)
    })
}

#[async_trait]
impl SourceStream for DeltaStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let table = table.map(|table| lake_schema(&table)).transpose()?;
        let since = match &position {
            Some(position) if self.settings.mode != ReadMode::Full => Some(read_position(position)?),
            _ => None,
        };
        let log = self.log(since.as_ref().map(|since| since.version)).await?;
        let version = match &self.asked {
            Asked::Newest => log.newest(),
            Asked::Version(version) => *version,
            Asked::Moment(moment, written) => log.at(*moment, written).await?,
        };
        let now = Snapshot::read(&log, version, since.is_none()).await?;
        let mut delivery = Delivery::Rows;
        let steps = match &since {
            None => Steps::of_rows(now.files.iter().map(|add| now.data_file(&log.root, add)))?,
            Some(since) => {
                if since.id != now.id || since.version > now.version {
                    let message = format!("the table {} is another one than was read before", log.shown());
                    return Err(Error::new(codes::TABLE_VERSION, Blame::Data, message).help(
                        "it was made anew, or put back to an older state of its log: load the stream with --full-refresh",
                    ));
                }
                if self.settings.mode == ReadMode::Cdc {
                    // Files that are written anew hold many rows that stay as they are.
                    delivery = Delivery::Repeats { key: self.settings.key.clone() };
                }
                changes(&log, since.version, &now, self.settings.mode).await?
            }
        };
        let quiet =
            steps.files.is_empty() && since.as_ref().is_some_and(|since| now.version - since.version >= QUIET_VERSIONS);
        let columns = Columns { fields: &now.fields, naming: now.naming, shown: log.shown(), lost: LOST };
        let reading = Reading::new(steps, &columns, &self.settings, table.as_ref(), since.is_some())?;
        let position = LoadPosition::default();
        let here = Position { id: now.id.clone(), version };
        let here = serde_json::to_value(here).map_err(|error| {
            Error::new(codes::DEFECT, Blame::Headwater, "the version cannot be written").caused_by(error)
        })?;
        position.set(here, quiet);
        Ok(ReadPlan {
            schema: reading.schema,
            parts: reading.parts,
            delivery,
            position,
            fingerprint: format!("delta-{}-{version}", now.id),
            description: described(&format!("version {version}"), reading.files, reading.bytes),
            drift: reading.notes,
            changed: Vec::new(),
        })
    }

    async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        if self.settings.mode != ReadMode::NewFiles {
            return Ok(Vec::new());
        }
        let since = read_position(&position)?;
        let log = self.log(None).await?;
        let now = Snapshot::read(&log, log.newest(), false).await?;
        let other = since.id != now.id || since.version > now.version;
        Ok(if other { vec![format!("rows of the table that {} was before", log.shown())] } else { Vec::new() })
    }
}
