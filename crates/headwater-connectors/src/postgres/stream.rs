//! A stream of a database: its columns, and what there is to read.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, ReadMode, ReadPart, ReadPlan, SourceStream, StreamSettings};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};
use serde::{Deserialize, Serialize};
use tokio_postgres::error::SqlState;

use super::connect::{Server, Session};
use super::describe::{Size, SourceColumn, chosen, columns_of, heaps, schema};
use super::options::{SourceOptions, StreamOptions};
use super::part::{Load, TablePart};
use super::quote;
use super::shared::Moment;
use super::types::PgType;
use crate::codes;

/// Bytes of a part of a table, about.
const PART_BYTES: u64 = 64 << 20;
/// Parts of a table, at most.
const MOST_PARTS: u64 = 1024;

/// A table, a view or a query.
#[derive(Debug)]
pub(super) struct TableStream {
    server: Server,
    relation: Relation,
    condition: Option<String>,
    exclude: Vec<String>,
    cursor: Option<String>,
    settings: StreamSettings,
}

#[derive(Debug)]
enum Relation {
    /// Its name in PostgreSQL's SQL, quoted.
    Table(String),
    Query(String),
}

/// How far a stream was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// The column.
    cursor: String,
    /// The greatest value that was read, as PostgreSQL writes it; none while the table was empty.
    read_to: Option<String>,
}

impl TableStream {
    pub(super) fn new(
        source: &SourceOptions,
        stream: StreamOptions,
        settings: StreamSettings,
        context: &OpenContext,
    ) -> std::result::Result<Self, OptionsError> {
        let wrong = |key: &'static str, message: &str, help: &str| OptionsError {
            key: Some(key),
            message: message.to_owned(),
            help: Some(help.to_owned()),
        };
        let server = Server::new(source, context)?;
        let StreamOptions { from, query, condition, exclude, cursor } = stream;
        let relation = match (from, query) {
            (Some(from), None) => Relation::Table(table_name(&from).ok_or_else(|| {
                wrong(
                    "from",
                    &format!("'{from}' is no table's name"),
                    "write schema.table, with \" around names with capitals",
                )
            })?),
            (None, Some(query)) => Relation::Query(query.trim().trim_end_matches(';').to_owned()),
            (Some(_), Some(_)) => {
                return Err(wrong("query", "a stream reads a table or a query", "leave `from` or `query` out"));
            }
            (None, None) => {
                return Err(wrong(
                    "from",
                    "the stream does not say what it reads",
                    "add `from: schema.table`, or `query: …`",
                ));
            }
        };
        if condition.is_some() && matches!(relation, Relation::Query(_)) {
            return Err(wrong("where", "`where` goes with `from`", "write the condition into the query"));
        }
        match (settings.mode, &cursor) {
            (ReadMode::Incremental, None) => {
                let help = "name a column that only grows and is never null: `cursor: order_id`";
                return Err(wrong("cursor", "the mode incremental needs a cursor", help));
            }
            (mode, Some(_)) if mode != ReadMode::Incremental => {
                let help = "write `mode: incremental`, or leave `cursor` out";
                return Err(wrong("cursor", "a cursor says nothing where all rows are read", help));
            }
            _ => {}
        }
        if let Some(cursor) = cursor.as_ref().filter(|cursor| exclude.contains(cursor)) {
            let help = "leave it out of `exclude`: it says how far the table was read";
            return Err(wrong("exclude", &format!("'{cursor}' is the cursor"), help));
        }
        Ok(Self { server, relation, condition, exclude, cursor, settings })
    }

    /// What stands behind FROM.
    fn relation(&self) -> String {
        match &self.relation {
            Relation::Table(name) => name.clone(),
            Relation::Query(query) => format!("(\n{query}\n) as query"),
        }
    }

    /// What it is called in messages.
    fn shown(&self) -> String {
        match &self.relation {
            Relation::Table(name) => name.replace('"', ""),
            Relation::Query(_) => format!("the query of {}", self.settings.table),
        }
    }

    /// Where the last load ended, and where this one does; `None` when no row has come since.
    async fn span(
        &self,
        client: &Session,
        cursor: &str,
        type_of_cursor: Option<&PgType>,
        position: Option<&Position>,
    ) -> Result<Option<Span>> {
        let (relation, column) = (self.relation(), quote_identifier(cursor));
        let past = position.and_then(|position| position.read_to.as_ref()).map(|read_to| quote::text(read_to));
        let past = past.map(|read_to| format!("{column} > {read_to}"));
        let new: Vec<&str> = past.iter().chain(&self.condition).map(String::as_str).collect();
        let is_null = format!("{column} is null");
        let null: Vec<&str> = self.condition.as_deref().into_iter().chain([is_null.as_str()]).collect();
        let sql = format!(
            "select max({column})::text, exists (select 1 from {relation}{}) from {relation}{}",
            filter(&null),
            filter(&new)
        );
        let found = client.query_one(&sql, &[]).await;
        let found = found.map_err(|error| {
            if error.code() == Some(&SqlState::UNDEFINED_FUNCTION)
                && let Some(pg) = type_of_cursor
            {
                let message = format!(
                    "{}: of {}, as the cursor '{cursor}' is, there is no greatest value",
                    self.shown(),
                    pg.written
                );
                return Error::new(codes::POSTGRES_CURSOR, Blame::Project, message)
                    .help("choose a number or a time that only grows");
            }
            self.server.error(&error, &format!("the cursor '{cursor}' of {} cannot be read", self.shown()))
        })?;
        if found.get::<_, bool>(1) {
            let message =
                format!("{}: the cursor '{cursor}' is null in some rows, which would never be read", self.shown());
            return Err(Error::new(codes::POSTGRES_CURSOR, Blame::Data, message)
                .help("choose a column that is never null, or read a query that fills it: coalesce(…)"));
        }
        let Some(to) = found.get::<_, Option<String>>(0) else { return Ok(None) };
        if type_of_cursor.is_some_and(|pg| pg.has_no_end(&to)) {
            let message =
                format!("{}: the cursor '{cursor}' is {to} in some rows, and no later row is past it", self.shown());
            return Err(Error::new(codes::POSTGRES_CURSOR, Blame::Data, message)
                .help("choose another column, or leave such rows out with `where`"));
        }
        let upto = format!("{column} <= {}", quote::text(&to));
        Ok(Some(Span { conditions: past.into_iter().chain([upto]).collect(), to }))
    }

    fn parts(&self, load: &Arc<Load>, heaps: &[(String, Size)], conditions: &[String]) -> Vec<Box<dyn ReadPart>> {
        let select = load.columns.iter().map(SourceColumn::select).collect::<Vec<_>>().join(", ");
        let conditions: Vec<&str> = conditions.iter().chain(&self.condition).map(String::as_str).collect();
        let part = |from: &str, more: &[&str], name: String, bytes: u64| {
            let all: Vec<&str> = conditions.iter().copied().chain(more.iter().copied()).collect();
            let sql = format!("select {select} from {from}{}", filter(&all));
            Box::new(TablePart { load: Arc::clone(load), name, bytes, sql }) as Box<dyn ReadPart>
        };
        if heaps.is_empty() {
            return vec![part(&self.relation(), &[], load.shown.clone(), 0)];
        }
        let mut parts = Vec::new();
        for (heap, size) in heaps {
            let count = part_count(size);
            let step = size.pages.div_ceil(count).max(1);
            for index in 0..count {
                let (from, to) = (index * step, (index + 1) * step);
                // The last one is open: pages may have been added since.
                let mut range = Vec::new();
                if index > 0 {
                    range.push(format!("ctid >= '({from},0)'::tid"));
                }
                if index + 1 < count {
                    range.push(format!("ctid < '({to},0)'::tid"));
                }
                let range: Vec<&str> = range.iter().map(String::as_str).collect();
                let shown = heap.replace('"', "");
                let name = if count == 1 { shown } else { format!("{shown} from page {from}") };
                parts.push(part(heap, &range, name, step.min(size.pages) * size.page_bytes));
            }
        }
        parts
    }
}

/// The rows that an incremental load reads.
struct Span {
    conditions: Vec<String>,
    /// The greatest value of the cursor among them.
    to: String,
}

#[async_trait]
impl SourceStream for TableStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let client = self.server.connect().await?;
        let (relation, shown) = (self.relation(), self.shown());
        let found = columns_of(&client, &self.server, &relation, &shown).await?;
        let named = |name: &String| found.iter().find(|(column, _)| column == name).map(|(_, pg)| pg.clone());
        let type_of_cursor = self.cursor.as_ref().and_then(named);
        let (columns, drift) = chosen(found, &self.exclude, &self.settings, table.as_deref(), &shown)?;
        let before = position.map(|position| self.read_position(position)).transpose()?;
        let first = before.as_ref().is_none_or(|before| before.read_to.is_none());
        let (conditions, nothing, position) = match &self.cursor {
            None => (Vec::new(), false, None),
            Some(cursor) => match self.span(&client, cursor, type_of_cursor.as_ref(), before.as_ref()).await? {
                Some(span) => {
                    (span.conditions, false, Some(Position { cursor: cursor.clone(), read_to: Some(span.to) }))
                }
                None => {
                    let none = Position { cursor: cursor.clone(), read_to: None };
                    (Vec::new(), true, Some(before.clone().unwrap_or(none)))
                }
            },
        };
        // An index on the cursor finds the new rows better than all pages do.
        let heaps = match &self.relation {
            Relation::Table(name) if first => heaps(&client, &self.server, name).await?,
            _ => Vec::new(),
        };
        let schema = schema(&columns);
        let moment = Moment::new(self.server.clone(), heaps.iter().map(|(_, size)| part_count(size)).sum::<u64>() > 1);
        let (on_bad_row, load_schema) = (self.settings.on_bad_row, Arc::clone(&schema));
        let load = Arc::new(Load { moment, columns, schema: load_schema, on_bad_row, shown: shown.clone() });
        let parts = if nothing { Vec::new() } else { self.parts(&load, &heaps, &conditions) };
        let description = match (nothing, &before) {
            (true, _) => "no new rows".to_owned(),
            (false, Some(Position { read_to: Some(read_to), cursor })) => format!("rows with {cursor} past {read_to}"),
            _ => described(&heaps),
        };
        let fingerprint = self.fingerprint(&client).await?;
        let position = serde_json::to_value(&position).map_err(|error| {
            Error::new(codes::DEFECT, Blame::Headwater, "a position cannot be written").caused_by(error)
        })?;
        Ok(ReadPlan { schema, parts, position, fingerprint, description, drift, changed: Vec::new() })
    }

    async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        // A position of the mode `full` has no cursor.
        let position = serde_json::from_value::<Position>(position).ok();
        let was_read = position.is_some_and(|position| position.read_to.is_some());
        Ok(was_read.then(|| format!("what was deleted from {} since it was read", self.shown())).into_iter().collect())
    }
}

impl TableStream {
    fn read_position(&self, position: serde_json::Value) -> Result<Position> {
        let wrong = |message: String| {
            Error::new(codes::BAD_POSITION, Blame::Environment, message).help("--full-refresh loads everything again")
        };
        let read = serde_json::from_value::<Position>(position);
        let read = read.map_err(|error| wrong(format!("how far {} was read is not known: {error}", self.shown())))?;
        match &self.cursor {
            Some(cursor) if *cursor == read.cursor => Ok(read),
            _ => Err(wrong(format!("{} was read by the cursor '{}'", self.shown(), read.cursor))),
        }
    }

    /// A text that changes with every transaction that writes in the database: no table says when it has changed.
    async fn fingerprint(&self, client: &Session) -> Result<String> {
        // Works on standbys, and where the log's place is not told.
        let found = client.query_one("select txid_current_snapshot()::text", &[]).await;
        let at: String = found.map_err(|error| self.server.error(&error, "its state cannot be read"))?.get(0);
        Ok(format!("{} of {} at {at}", self.shown(), self.server.name))
    }
}

fn filter(conditions: &[&str]) -> String {
    let all: Vec<String> = conditions.iter().map(|condition| format!("({condition})")).collect();
    if all.is_empty() { String::new() } else { format!(" where {}", all.join(" and ")) }
}

fn part_count(size: &Size) -> u64 {
    (size.pages * size.page_bytes).div_ceil(PART_BYTES).clamp(1, MOST_PARTS)
}

/// What is to be read, in words.
fn described(heaps: &[(String, Size)]) -> String {
    let bytes: u64 = heaps.iter().map(|(_, size)| size.pages * size.page_bytes).sum();
    let rows: Option<u64> = heaps.iter().map(|(_, size)| size.rows).sum();
    match rows.filter(|_| !heaps.is_empty()) {
        None => "all rows".to_owned(),
        Some(rows) => format!("about {rows} rows, {:.1} MB in the database", bytes as f64 / 1e6),
    }
}

/// A name of a table as a person writes it (`public.orders`, `"Odd schema"."Orders"`), quoted; `None` for another text.
fn table_name(written: &str) -> Option<String> {
    let (mut parts, mut rest) = (Vec::new(), written.trim());
    loop {
        let (part, behind) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut end = quoted.find('"')?;
                while quoted[end + 1..].starts_with('"') {
                    end += 2 + quoted[end + 2..].find('"')?;
                }
                (quoted[..end].replace("\"\"", "\""), &quoted[end + 1..])
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_lowercase(), &rest[end..])
            }
        };
        if part.is_empty() {
            return None;
        }
        parts.push(quote_identifier(&part));
        match behind.strip_prefix('.') {
            Some(behind) => rest = behind,
            None if behind.is_empty() && parts.len() <= 2 => return Some(parts.join(".")),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::table_name;

    #[test]
    fn names_are_read_as_postgresql_reads_them() {
        let of = |written: &str| table_name(written);
        assert_eq!(of("public.orders").unwrap(), "\"public\".\"orders\"");
        assert_eq!(of("Orders").unwrap(), "\"orders\"");
        assert_eq!(of("\"Odd.schema\".\"a \"\"b\"\"\"").unwrap(), "\"Odd.schema\".\"a \"\"b\"\"\"");
        for wrong in ["", "a.", ".a", "a.b.c", "\"a", "\"a\"b"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
