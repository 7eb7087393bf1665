//! The table through which rows go. It is a temporary one, which is gone with the session; where a database has none, an ordinary one.

use adbc_core::error::{Error as DriverError, Status};
use adbc_core::options::{IngestMode, OptionStatement};
use adbc_core::{Optionable, Statement};
use arrow_schema::{Schema, SchemaRef};
use headwater_sdk::destination::Outgoing;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::mpsc;

use super::Inner;
use super::columns::{OPERATION, PLACE, T, handed};
use super::definition::stage_table;
use super::incoming::{Come, Incoming, Sent, done};
use super::refused::Refused;
use super::watched::Watched;
use super::written::{Unwritten, write};
use crate::codes;
use crate::database::STAGE;
use crate::delivered::too_many;
use crate::driver::database::Session;
use crate::driver::stream::names;

/// The table, filled.
pub(super) struct Stage {
    /// Its name in SQL.
    pub(super) sql: String,
    /// What columns have before them where it is read under its own name.
    name: String,
    is_temporary: bool,
    /// The first and the last place that a row can have. Rows of earlier deliveries have places before 0.
    pub(super) places: (i64, i64),
    /// Rows that are added, or replace others.
    pub(super) upserts: u64,
    /// Whether any row is gone.
    pub(super) has_deletions: bool,
}

impl Stage {
    /// One that is not there yet.
    pub(super) fn new(outlet: &Inner, session: &Session) -> Self {
        let (is_temporary, mut name) = (!session.dialect.has_scripts(), STAGE.to_owned());
        if !is_temporary {
            // Another delivery may have one at the same time.
            name = format!("{STAGE}_{}_{}", jiff::Timestamp::now().as_nanosecond(), std::process::id());
        }
        let sql = if is_temporary { outlet.quoted(&name) } else { outlet.beside(&name) };
        Self { sql, name: outlet.quoted(&name), is_temporary, places: (0, -1), upserts: 0, has_deletions: false }
    }

    /// Makes the table and fills it: with rows that were refused by earlier deliveries, unless they come again, and with the load's. `kept` are
    /// rows that stay as they are, unless rows of their keys come. Returned are those that are left, with rows that cannot be written here.
    ///
    /// # Errors
    /// When the rows cannot be read, the driver does not take them, or too many cannot be written.
    pub(super) fn fill(
        &mut self,
        outlet: &Inner,
        session: &Session,
        schema: &SchemaRef,
        (again, kept): (Vec<Outgoing>, Vec<Refused>),
        rows: mpsc::Receiver<Sent>,
    ) -> Result<Vec<Refused>> {
        let first = -i64::try_from(again.len()).unwrap_or(i64::MAX);
        let (handed, key) = (handed(schema, session.dialect), &outlet.settings.key);
        let watched = Watched::new(&kept, key, &handed).map_err(|error| outlet.failed(&error.into()))?;
        let (incoming, come) = Incoming::new(handed, again, watched, rows);
        let filled = if self.is_temporary {
            ingest(session, incoming).map(|()| Unwritten::default())
        } else {
            let made = session.update(&definition(&self.sql, incoming.columns(), session));
            made.and_then(|_| write(session, &self.sql, key, incoming))
        };
        // Where the rows have failed, the driver knows less of it.
        let Come { upserts, deletions, place, watched, .. } = done(&come)?;
        let unwritten = filled.map_err(|error| refusal(outlet, &error))?;
        let first_reason = unwritten.rows.first().map_or("", |row| &row.reason);
        too_many(unwritten.rows.len() as u64, outlet.settings.most_undelivered, first_reason)?;
        self.places = (first, place - 1);
        self.upserts = upserts - unwritten.upserts;
        self.has_deletions = deletions > 0;
        if first < 0 {
            self.upserts += self.settle(outlet, session).map_err(|error| outlet.failed(&error))?;
        }
        let mut held = watched.left(kept);
        held.extend(unwritten.rows);
        Ok(held)
    }

    /// Drops the table, unless it is gone by itself.
    pub(super) fn end(&self, session: &Session) {
        if !self.is_temporary {
            // It is gone after a day in any case.
            let _dropped = session.update_now(&format!("drop table if exists {}", self.sql));
        }
    }

    /// Takes out the rows of earlier deliveries that have come again. How many of the others are to be written.
    fn settle(&self, outlet: &Inner, session: &Session) -> Result<u64, DriverError> {
        let (stage, place, operation) = (&self.sql, outlet.quoted(PLACE), outlet.quoted(OPERATION));
        let same = outlet.settings.key.iter().map(|name| {
            let column = outlet.quoted(name);
            format!("{T}.{column} = {}.{column}", self.name)
        });
        let same: Vec<String> = same.collect();
        if !same.is_empty() {
            session.update(&format!(
                "delete from {stage} where {place} < 0 and exists (select 1 from {stage} as {T} where {T}.{place} >= 0 and {})",
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
            let sql = names(session.database().quote()).quoted(STAGE);
            session.update(&definition(&sql, rows.columns(), session))?;
            IngestMode::Append
        }
        Err(error) => return Err(error),
    };
    statement.set_option(OptionStatement::IngestMode, mode.into())?;
    statement.bind_stream(Box::new(rows))?;
    statement.execute_update().map(|_| ())
}

fn definition(table: &str, columns: &Schema, session: &Session) -> String {
    stage_table(table, columns, session.dialect, names(session.database().quote()))
}

fn refusal(outlet: &Inner, error: &DriverError) -> Error {
    // Drivers that do not know the option at all say so at once: nothing has been made yet.
    if error.status != Status::NotImplemented && !error.message.contains("adbc.ingest.") {
        return outlet.failed(error);
    }
    let message = format!("{}: the driver cannot take rows up: {}", outlet.shown(), outlet.database.said(error));
    Error::new(codes::DRIVER_OPTIONS, Blame::Project, message).help(
        "a driver has to have bulk ingestion, and to know the types of the columns: update it, or leave columns out",
    )
}
