//! A stream of a database: its columns, and what there is to read.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Finding, LoadPosition, ReadPart, ReadPlan, SourceStream, StreamSettings};
use headwater_sdk::{Blame, Error, Result};

use super::cursor::{CursorValue, Span, span};
use super::database::Database;
use super::describe::columns_of;
use super::dialect::Dialect;
use super::part::{Load, TablePart};
use super::types::{DriverType, Reading};
use crate::cautions::of_cursor;
use crate::codes;
use crate::columns::Target;
use crate::database::{self, Asked, Names, SourceColumn, Wanted, chosen, filter, no_column, schema, written};
use headwater_sdk::connector::local::Place;

type Position = database::Position<CursorValue>;

/// A table, a view or a query.
#[derive(Debug, Clone)]
pub(crate) struct TableStream(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    asked: Asked,
    settings: StreamSettings,
}

impl TableStream {
    pub(crate) fn new(
        database: Database,
        wanted: Wanted,
        settings: StreamSettings,
    ) -> std::result::Result<Self, OptionsError> {
        let asked = Asked::new(wanted, names(database.quote()), &settings)?;
        Ok(Self(Arc::new(Inner { database, asked, settings })))
    }
}

/// How names are written.
pub(super) fn names(quote: char) -> Names {
    Names { table: "schema.table", fold: false, quote, parts: 3 }
}

/// A name in SQL.
pub(super) fn quoted(quote: char, name: &str) -> String {
    names(quote).quoted(name)
}

#[async_trait]
impl SourceStream for TableStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let inner = Arc::clone(&self.0);
        blocking(move || inner.plan(table.as_deref(), position)).await
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<Vec<Finding>> {
        Ok(Vec::from_iter(of_cursor(&self.0.settings, self.0.asked.cursor.as_deref(), schema, false)))
    }

    async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        Ok(self.0.asked.vanished::<CursorValue>(position))
    }
}

impl Inner {
    fn plan(&self, table: Option<&Schema>, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let asked = &self.asked;
        // Before anything is looked at: what changes later is another state.
        let fingerprint = format!("{} of {} at {}", asked.shown(), self.database.shown(), state(self.database.file()));
        let session = self.database.connect()?;
        let found = columns_of(&session, asked)?;
        let before: Option<Position> = position.map(|position| asked.read_position(position)).transpose()?;
        let read_to = before.as_ref().and_then(|before| before.read_to.as_ref());
        let span = match &asked.cursor {
            None => None,
            Some(cursor) => {
                let names = || found.iter().map(|(name, _)| name.as_str());
                let native = found.iter().find(|(name, _)| name == cursor);
                let (_, native) =
                    native.ok_or_else(|| no_column(codes::DRIVER_OPTIONS, &asked.shown(), cursor, names()))?;
                span(&session, asked, (cursor, native), read_to, self.settings.lookback)?
            }
        };
        let (chosen, drift) = chosen::<DriverType>(found, &asked.exclude, &self.settings, table, &asked.shown())?;
        let first = read_to.is_none();
        let nothing = asked.cursor.is_some() && span.is_none();
        let description = match (read_to, &asked.cursor) {
            _ if nothing => "no new rows".to_owned(),
            (Some(read_to), Some(cursor)) => format!("rows with {cursor} past {read_to}"),
            _ => "all rows".to_owned(),
        };
        let to = span.as_ref().map(|span| span.to.clone()).or_else(|| read_to.cloned());
        let position = asked.cursor.as_ref().map(|cursor| Position { cursor: cursor.clone(), read_to: to });
        let position = written(&position)?;
        let columns = schema(&chosen);
        let part = TablePart(self.load(&chosen, columns.clone(), span, session.dialect));
        let parts: Vec<Box<dyn ReadPart>> = if nothing { Vec::new() } else { vec![Box::new(part)] };
        Ok(ReadPlan {
            schema: columns,
            parts,
            delivery: Asked::delivery(&self.settings, first),
            position: LoadPosition::known(position),
            fingerprint,
            description,
            drift,
            changed: Vec::new(),
        })
    }

    fn load(&self, columns: &[SourceColumn<Reading>], schema: SchemaRef, span: Option<Span>, dialect: Dialect) -> Load {
        let (asked, quote) = (&self.asked, self.database.quote());
        // What only the table has is null, which its reader puts there.
        let select = columns.iter().filter(|column| !column.is_gone).map(|column| {
            let name = quoted(quote, &column.name);
            match column.reading.as_text {
                true => format!("{} as {name}", dialect.as_text(quote, &name, column.reading.is_nested)),
                false => name,
            }
        });
        let select = select.collect::<Vec<_>>().join(", ");
        let conditions = span.map(|span| span.conditions).unwrap_or_default();
        let conditions: Vec<&str> = conditions.iter().chain(&asked.condition).map(String::as_str).collect();
        let from = format!("{}{}", asked.relation(), filter(&conditions));
        let counted = dialect.hides_what_breaks().then(|| format!("select count(*) from {from}"));
        let sql = match &counted {
            // In one statement, so of one moment.
            Some(count) => format!("select {select}, ({count}) as headwater_rows from {from}"),
            None => format!("select {select} from {from}"),
        };
        let inferred = vec![false; schema.fields().len()];
        let target = Target { schema, inferred, on_bad_row: self.settings.on_bad_row, unit: "row", key: Vec::new() };
        Load { database: self.database.clone(), target: Arc::new(target), shown: asked.shown().into(), sql, counted }
    }
}

/// A text that changes when what a database holds may have changed: always, but for one that is a file.
fn state(file: Option<&Place>) -> String {
    let now = || format!("{:?}", SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    let Some(file) = file.map(|place| &place.path) else { return now() };
    let of = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.len(), metadata.modified().ok()?))
    };
    let mut log = file.clone().into_os_string();
    log.push(".wal");
    let (found, log) = (of(file), of(Path::new(&log)));
    // What was changed a moment ago may change again without its time telling.
    let settled = |place: &Option<(u64, SystemTime)>| {
        place.is_none_or(|(_, at)| at.elapsed().is_ok_and(|elapsed| elapsed.as_secs() >= 2))
    };
    if found.is_none() || !settled(&found) || !settled(&log) { now() } else { format!("{found:?} {log:?}") }
}

/// Calls of drivers wait for networks and disks: they are made on threads for that.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(codes::DEFECT, Blame::Headwater, "a call of a driver was cut off").caused_by(error)
    })?
}
