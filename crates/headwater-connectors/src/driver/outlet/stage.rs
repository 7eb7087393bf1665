//! The temporary table through which rows go. It is gone with the session.

use adbc_core::error::{Error as DriverError, Status};
use adbc_core::options::{IngestMode, OptionStatement};
use adbc_core::{Optionable, Statement};
use arrow_schema::SchemaRef;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::mpsc;

use super::Inner;
use super::columns::handed;
use super::incoming::{Come, Incoming, Sent, done};
use crate::codes;
use crate::driver::database::Session;

/// Its name.
pub(super) const STAGE: &str = "headwater_stage";

/// Makes the table and fills it.
///
/// # Errors
/// When the rows cannot be read, or the driver does not take them.
pub(super) fn fill(outlet: &Inner, session: &Session, schema: &SchemaRef, rows: mpsc::Receiver<Sent>) -> Result<Come> {
    let (incoming, come) = Incoming::new(handed(schema, session.dialect), rows);
    let ingested = ingest(session, incoming);
    // Where the rows have failed, the driver knows less of it.
    let come = done(&come)?;
    ingested.map_err(|error| refused(outlet, &error))?;
    Ok(come)
}

fn ingest(session: &Session, rows: Incoming) -> Result<(), DriverError> {
    let mut statement = session.statement()?;
    statement.set_option(OptionStatement::TargetTable, STAGE.into())?;
    statement.set_option(OptionStatement::IngestMode, IngestMode::Create.into())?;
    statement.set_option(OptionStatement::Temporary, true.into())?;
    statement.bind_stream(Box::new(rows))?;
    statement.execute_update().map(|_| ())
}

fn refused(outlet: &Inner, error: &DriverError) -> Error {
    if error.status != Status::NotImplemented {
        return outlet.failed(error);
    }
    let message = format!("{}: the driver cannot take rows up: {}", outlet.shown(), outlet.database.said(error));
    Error::new(codes::DRIVER_OPTIONS, Blame::Project, message)
        .help("a driver has to have bulk ingestion into temporary tables, and to know the types of the columns: update it, or leave columns out")
}
