//! The temporary table through which rows go. It is gone with the session.

use adbc_core::error::{Error as DriverError, Status};
use adbc_core::options::{IngestMode, OptionStatement};
use adbc_core::{Optionable, Statement};
use arrow_schema::{Schema, SchemaRef};
use headwater_sdk::destination::Outgoing;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::mpsc;

use super::Inner;
use super::columns::{OPERATION, PLACE, handed};
use super::definition::temporary_table;
use super::incoming::{Come, Incoming, Sent, done};
use crate::codes;
use crate::driver::database::Session;
use crate::driver::stream::names;

/// Its name.
const STAGE: &str = "headwater_stage";

/// The table, filled.
pub(super) struct Stage {
    /// Its name in SQL.
    pub(super) sql: String,
    /// The first and the last place that a row can have. Rows of earlier deliveries have places before 0.
    pub(super) places: (i64, i64),
    /// Rows that are added, or replace others.
    pub(super) upserts: u64,
    /// Whether any row is gone.
    pub(super) has_deletions: bool,
}

impl Stage {
    /// Makes the table and fills it: with rows that were refused by earlier deliveries, unless they come again, and with the load's.
    ///
    /// # Errors
    /// When the rows cannot be read, or the driver does not take them.
    pub(super) fn fill(
        outlet: &Inner,
        session: &Session,
        schema: &SchemaRef,
        again: Vec<Outgoing>,
        rows: mpsc::Receiver<Sent>,
    ) -> Result<Self> {
        let sql = outlet.quoted(STAGE);
        let first = -i64::try_from(again.len()).unwrap_or(i64::MAX);
        let (incoming, come) = Incoming::new(handed(schema, session.dialect), again, rows);
        let ingested = ingest(session, incoming);
        // Where the rows have failed, the driver knows less of it.
        let Come { upserts, deletions, place, .. } = done(&come)?;
        ingested.map_err(|error| refused(outlet, &error))?;
        let mut stage = Self { sql, places: (first, place - 1), upserts, has_deletions: deletions > 0 };
        if first < 0 {
            stage.upserts += stage.settle(outlet, session).map_err(|error| outlet.failed(&error))?;
        }
        Ok(stage)
    }

    /// Takes out the rows of earlier deliveries that have come again. How many of the others are to be written.
    fn settle(&self, outlet: &Inner, session: &Session) -> Result<u64, DriverError> {
        let (stage, place, operation) = (&self.sql, outlet.quoted(PLACE), outlet.quoted(OPERATION));
        let same = outlet.settings.key.iter().map(|name| {
            let column = outlet.quoted(name);
            format!("n.{column} = {stage}.{column}")
        });
        let same: Vec<String> = same.collect();
        if !same.is_empty() {
            session.update(&format!(
                "delete from {stage} where {place} < 0 and exists (select 1 from {stage} as n where n.{place} >= 0 and {})",
                same.join(" and ")
            ))?;
        }
        let count = session.text(&format!("select count(*) from {stage} where {place} < 0 and {operation} = 0"))?;
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or(0))
    }
}

fn ingest(session: &Session, rows: Incoming) -> Result<(), DriverError> {
    let mut statement = session.statement()?;
    statement.set_option(OptionStatement::TargetTable, STAGE.into())?;
    let mode = match statement.set_option(OptionStatement::Temporary, true.into()) {
        Ok(()) => IngestMode::Create,
        // Snowflake's: it adds rows to a table that is there, be it a temporary one.
        Err(error) if error.status == Status::NotImplemented => {
            let columns: &Schema = rows.columns();
            session.update(&temporary_table(STAGE, columns, session.dialect, names(session.database().quote())))?;
            IngestMode::Append
        }
        Err(error) => return Err(error),
    };
    statement.set_option(OptionStatement::IngestMode, mode.into())?;
    statement.bind_stream(Box::new(rows))?;
    statement.execute_update().map(|_| ())
}

fn refused(outlet: &Inner, error: &DriverError) -> Error {
    // BigQuery's does not know the option at all, as it says at once: nothing has been made yet.
    if error.status != Status::NotImplemented && !error.message.contains("adbc.ingest.") {
        return outlet.failed(error);
    }
    let message = format!("{}: the driver cannot take rows up: {}", outlet.shown(), outlet.database.said(error));
    Error::new(codes::DRIVER_OPTIONS, Blame::Project, message).help(
        "a driver has to have bulk ingestion, and to know the types of the columns: update it, or leave columns out",
    )
}
