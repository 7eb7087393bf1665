//! A stream of a database: its columns, and what there is to read.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Finding, LoadPosition, ReadMode, ReadPart, ReadPlan, SourceStream, StreamSettings};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};

use super::cursor::{CursorValue, Span, span};
use super::describe::{columns_of, is_loose, look, not_there, rowid};
use super::file::File;
use super::options::StreamOptions;
use super::part::{Load, TablePart};
use super::types::{Reading, SqliteType};
use crate::cautions::{of_cursor, of_key};
use crate::codes;
use crate::database::{self, Asked, Names, SourceColumn, Wanted, chosen, filter, no_column, schema, written};

type Position = database::Position<CursorValue>;

/// A table, a view or a query.
#[derive(Debug, Clone)]
pub(super) struct TableStream(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    asked: Asked,
    settings: StreamSettings,
}

impl TableStream {
    pub(super) fn new(
        file: File,
        stream: StreamOptions,
        settings: StreamSettings,
    ) -> std::result::Result<Self, OptionsError> {
        let StreamOptions { from, query, condition, exclude, cursor } = stream;
        let names = Names { table: "the table's name", fold: false, quote: '"', parts: 2 };
        let asked = Asked::new(Wanted { from, query, condition, exclude, cursor }, names, &settings)?;
        Ok(Self(Arc::new(Inner { file, asked, settings })))
    }
}

#[async_trait]
impl SourceStream for TableStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let inner = Arc::clone(&self.0);
        blocking(move || inner.plan(table.as_deref(), position)).await
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<Vec<Finding>> {
        let (inner, schema) = (Arc::clone(&self.0), Arc::clone(schema));
        blocking(move || inner.examine(&schema)).await
    }

    async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        Ok(self.0.asked.vanished::<CursorValue>(position))
    }
}

impl Inner {
    fn examine(&self, schema: &Schema) -> Result<Vec<Finding>> {
        let (asked, settings) = (&self.asked, &self.settings);
        let mut findings = Vec::from_iter(of_cursor(settings, asked.cursor.as_deref(), schema, false));
        if settings.mode == ReadMode::Incremental {
            let connection = self.file.open()?;
            let loose = settings.key.iter().map(|column| {
                let is_loose = is_loose(&connection, asked, column)?;
                Ok(is_loose.then(|| (column.clone(), "its collation (NOCASE)".to_owned())))
            });
            let loose: Vec<_> = loose.filter_map(Result::transpose).collect::<Result<_>>()?;
            findings.extend(of_key(&loose));
        }
        Ok(findings)
    }

    fn plan(&self, table: Option<&Schema>, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let asked = &self.asked;
        // Before anything is looked at: what changes later is another state.
        let fingerprint = format!("{} of {}", asked.shown(), self.file.fingerprint()?);
        let connection = self.file.open()?;
        let begun = connection.execute_batch("begin");
        begun.map_err(|error| super::told::told(&error, &format!("{} cannot be read", self.file.shown())))?;
        let mut found = columns_of(&connection, asked, self.file.shown())?;
        let columns = &self.settings.columns;
        let is_declared = |name: &str| columns.iter().any(|column| column.name == name && column.data_type.is_some());
        self.check_condition(&connection, &found)?;
        look(&connection, asked, &mut found, |name| is_declared(name) || asked.exclude.iter().any(|out| out == name))?;
        let rowid = rowid(&connection, asked, &found, self.file.shown())?;
        let before: Option<Position> = position.map(|position| asked.read_position(position)).transpose()?;
        let read_to = before.as_ref().and_then(|before| before.read_to.as_ref());
        let span = match &asked.cursor {
            None => None,
            Some(cursor) => {
                if found.iter().all(|(name, _)| name != cursor) {
                    let names = found.iter().map(|(name, _)| name.as_str());
                    return Err(no_column(codes::SQLITE_OPTIONS, &asked.shown(), cursor, names));
                }
                span(&connection, asked, cursor, read_to, self.settings.lookback)?
            }
        };
        let (chosen, drift) = chosen(found, &asked.exclude, &self.settings, table, &asked.shown())?;
        let first = read_to.is_none();
        let nothing = asked.cursor.is_some() && span.is_none();
        let description = match (read_to, &asked.cursor) {
            _ if nothing => "no new rows".to_owned(),
            (Some(read_to), Some(cursor)) => format!("rows with {cursor} past {read_to}"),
            _ => format!("all rows, of a file of {:.1} MB", self.file.bytes()?.0 as f64 / 1e6),
        };
        let to = span.as_ref().map(|span| span.to.clone()).or_else(|| read_to.cloned());
        let position = asked.cursor.as_ref().map(|cursor| Position { cursor: cursor.clone(), read_to: to });
        let position = written(&position)?;
        let columns = schema(&chosen);
        let part = TablePart(self.load(chosen, rowid, span));
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

    /// # Errors
    /// When `where` is no condition on the relation's columns.
    fn check_condition(&self, connection: &rusqlite::Connection, found: &[(String, SqliteType)]) -> Result<()> {
        let asked = &self.asked;
        let sql = format!(
            "select 1 from {}{}",
            asked.relation(),
            filter(&asked.condition.iter().map(String::as_str).collect::<Vec<_>>())
        );
        let what = format!("{} of {} cannot be read", asked.shown(), self.file.shown());
        match connection.prepare(&sql) {
            // A parameter that nobody gives a value would be null.
            Ok(statement) if statement.parameter_count() > 0 => {
                Err(Error::new(codes::SQLITE_OPTIONS, Blame::Project, format!("{what}: it has parameters"))
                    .help("write the values themselves, or variables of the project: {{ var(\"since\") }}"))
            }
            Ok(_) => Ok(()),
            Err(error) => {
                let said = super::told::said(&error);
                let missing = said.strip_prefix("no such column: ").and_then(|rest| rest.split_whitespace().next());
                let missing = missing.map(|missing| missing.trim_matches('"'));
                Err(match missing.filter(|_| asked.condition.is_some()) {
                    Some(missing) => {
                        let names = found.iter().map(|(name, _)| name.as_str());
                        let mut error = no_column(codes::SQLITE_OPTIONS, &asked.shown(), missing, names);
                        error.help = error.help.map(|help| format!("{help}; texts stand in single quotes"));
                        error
                    }
                    None => not_there(connection, &error, &what, self.file.shown()),
                })
            }
        }
    }

    fn load(&self, columns: Vec<SourceColumn<Reading>>, rowid: Option<&'static str>, span: Option<Span>) -> Load {
        let asked = &self.asked;
        let select = |column: &SourceColumn<Reading>| match column.is_gone {
            true => "null".to_owned(),
            false => quote_identifier(&column.name),
        };
        let select: Vec<String> = rowid.map(str::to_owned).into_iter().chain(columns.iter().map(select)).collect();
        let (conditions, parameters) = span.map(|span| (span.conditions, span.parameters)).unwrap_or_default();
        let conditions: Vec<&str> = conditions.iter().chain(&asked.condition).map(String::as_str).collect();
        Load {
            file: self.file.clone(),
            schema: schema(&columns),
            on_bad_row: self.settings.on_bad_row,
            shown: asked.shown(),
            rowid,
            sql: format!("select {} from {}{}", select.join(", "), asked.relation(), filter(&conditions)),
            parameters,
            columns,
        }
    }
}

/// SQLite's calls wait for disks and locks: they are made on threads for that.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(codes::DEFECT, Blame::Headwater, "looking at a database was cut off").caused_by(error)
    })?
}
