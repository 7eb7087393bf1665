//! A stream of a database: its columns, and what there is to read.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{
    Delivery, Finding, LoadPosition, Lookback, ReadMode, ReadPart, ReadPlan, SourceStream, StreamSettings,
};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};
use tokio_postgres::error::SqlState;

use super::cdc::{self, Beginning, ChangesPart, Followed, Follower, TextReading};
use super::connect::{Server, Session};
use super::describe::{Size, SourceColumn, columns_of, heaps, loose_collations, select};
use super::options::{SourceOptions, StreamOptions};
use super::part::{Load, TablePart};
use super::quote;
use super::shared::Moment;
use super::types::PgType;
use crate::cautions::{of_cursor, of_key as of_key_columns};
use crate::codes;
use crate::database::{self, Asked, Names, Relation, Target, Wanted, chosen, filter, followed, schema, written};

/// Bytes of a part of a table, about.
const PART_BYTES: u64 = 64 << 20;
/// Parts of a table, at most.
const MOST_PARTS: u64 = 1024;

/// A table, a view or a query.
#[derive(Debug)]
pub(super) struct TableStream {
    server: Server,
    follower: Arc<Follower>,
    asked: Asked,
    settings: StreamSettings,
}

/// How far a stream was read: the value as PostgreSQL writes it.
type Position = database::Position<String>;

impl TableStream {
    pub(super) fn new(
        server: Server,
        follower: Arc<Follower>,
        stream: StreamOptions,
        settings: StreamSettings,
    ) -> std::result::Result<Self, OptionsError> {
        let StreamOptions { from, query, condition, exclude, cursor } = stream;
        let names = Names { table: "schema.table", fold: true, quote: '"', parts: 2 };
        let asked = Asked::new(Wanted { from, query, condition, exclude, cursor }, names, &settings)?;
        if settings.mode == ReadMode::Cdc {
            let choose = "; which rows of a table are told of, its publication says (from PostgreSQL 15 on)";
            asked.verify_followed(names, choose)?;
            follower.follows(asked.relation());
        }
        Ok(Self { server, follower, asked, settings })
    }

    /// The rows of a query.
    pub(super) fn of_query(
        server: Server,
        query: String,
        settings: StreamSettings,
    ) -> std::result::Result<Self, OptionsError> {
        let follower = Arc::new(Follower::new(server.clone(), &SourceOptions::default(), "")?);
        Self::new(server, follower, StreamOptions { query: Some(query), ..StreamOptions::default() }, settings)
    }

    /// Where the last load ended, and where this one does; `None` when no row has come since.
    async fn span(
        &self,
        client: &Session,
        cursor: &str,
        type_of_cursor: Option<&PgType>,
        position: Option<&Position>,
    ) -> Result<Option<Span>> {
        let (relation, column) = (self.asked.relation(), quote_identifier(cursor));
        let past = position.and_then(|position| position.read_to.as_ref());
        let past = past.map(|read_to| self.past(&column, read_to, type_of_cursor)).transpose()?;
        let new: Vec<&str> = past.iter().chain(&self.asked.condition).map(String::as_str).collect();
        let is_null = format!("{column} is null");
        let null: Vec<&str> = self.asked.condition.as_deref().into_iter().chain([is_null.as_str()]).collect();
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
                    self.asked.shown(),
                    pg.written
                );
                return Error::new(codes::POSTGRES_CURSOR, Blame::Project, message)
                    .help("choose a number or a time that only grows");
            }
            self.server.error(&error, &format!("the cursor '{cursor}' of {} cannot be read", self.asked.shown()))
        })?;
        if found.get::<_, bool>(1) {
            let message = format!(
                "{}: the cursor '{cursor}' is null in some rows, which would never be read",
                self.asked.shown()
            );
            return Err(Error::new(codes::POSTGRES_CURSOR, Blame::Data, message)
                .help("choose a column that is never null, or read a query that fills it: coalesce(…)"));
        }
        let Some(to) = found.get::<_, Option<String>>(0) else { return Ok(None) };
        if type_of_cursor.is_some_and(|pg| pg.has_no_end(&to)) {
            let message = format!(
                "{}: the cursor '{cursor}' is {to} in some rows, and no later row is past it",
                self.asked.shown()
            );
            return Err(Error::new(codes::POSTGRES_CURSOR, Blame::Data, message)
                .help("choose another column, or leave such rows out with `where`"));
        }
        let upto = format!("{column} <= {}", quote::text(&to));
        Ok(Some(Span { conditions: past.into_iter().chain([upto]).collect(), to }))
    }

    /// The condition for rows past a value of the cursor, or so far before it as the project says.
    fn past(&self, column: &str, read_to: &str, type_of_cursor: Option<&PgType>) -> Result<String> {
        let value = quote::text(read_to);
        let (Some(lookback), Some(pg)) = (self.settings.lookback, type_of_cursor) else {
            return Ok(format!("{column} > {value}"));
        };
        let step = match (lookback, pg.name.as_str()) {
            (Lookback::Seconds(seconds), "date" | "timestamp" | "timestamptz") => {
                format!("interval '{seconds} seconds'")
            }
            (Lookback::Steps(steps), "int2" | "int4" | "int8" | "numeric" | "float4" | "float8") => steps.to_string(),
            (Lookback::Seconds(_), _) => return Err(self.no_lookback(pg, "a number: `lookback: 1000`")),
            (Lookback::Steps(_), _) => return Err(self.no_lookback(pg, "a duration: `lookback: 2h`")),
        };
        Ok(format!("{column} >= {value}::{} - {step}", pg.name))
    }

    fn no_lookback(&self, pg: &PgType, write: &str) -> Error {
        let message =
            format!("{}: nothing of that kind can be taken from a cursor of type {}", self.asked.shown(), pg.written);
        Error::new(codes::POSTGRES_CURSOR, Blame::Project, message).help(format!("write {write}"))
    }

    fn parts(&self, load: &Arc<Load>, heaps: &[(String, Size)], conditions: &[String]) -> Vec<Box<dyn ReadPart>> {
        let select = load.target.columns.iter().map(select).collect::<Vec<_>>().join(", ");
        let conditions: Vec<&str> = conditions.iter().chain(&self.asked.condition).map(String::as_str).collect();
        let part = |from: &str, more: &[&str], name: String, bytes: u64| {
            let all: Vec<&str> = conditions.iter().copied().chain(more.iter().copied()).collect();
            let sql = format!("select {select} from {from}{}", filter(&all));
            Box::new(TablePart { load: Arc::clone(load), name, bytes, sql }) as Box<dyn ReadPart>
        };
        if heaps.is_empty() {
            return vec![part(&self.asked.relation(), &[], load.target.shown.clone(), 0)];
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
        let found = columns_of(&client, &self.server, &self.asked.relation(), &self.asked.shown()).await?;
        let types = found.clone();
        let (columns, drift) =
            chosen(found, &self.asked.exclude, &self.settings, table.as_deref(), &self.asked.shown())?;
        let seen = Seen { client, types, columns, drift, lake: database::names(table.as_deref()) };
        match self.settings.mode {
            ReadMode::Cdc => self.plan_changes(seen, position).await,
            _ => self.plan_rows(seen, position).await,
        }
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<Vec<Finding>> {
        let mut findings = Vec::from_iter(of_cursor(&self.settings, self.asked.cursor.as_deref(), schema, false));
        if self.settings.mode == ReadMode::Incremental && !self.settings.key.is_empty() {
            let client = self.server.connect().await?;
            let loose = loose_collations(&client, &self.server, &self.asked).await?;
            let of_key: Vec<_> = loose.into_iter().filter(|(name, _)| self.settings.key.contains(name)).collect();
            findings.extend(of_key_columns(&of_key));
        }
        Ok(findings)
    }

    async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        Ok(self.asked.vanished::<String>(position))
    }
}

/// What was seen of a table.
struct Seen {
    client: Session,
    /// Its columns in the database.
    types: Vec<(String, PgType)>,
    /// Those that are read.
    columns: Vec<SourceColumn>,
    /// What the drift policy let pass.
    drift: Vec<String>,
    /// The columns that the lake's table has.
    lake: Vec<String>,
}

impl Seen {
    fn type_of(&self, name: &str) -> Option<&PgType> {
        self.types.iter().find(|(column, _)| column == name).map(|(_, pg)| pg)
    }
}

impl TableStream {
    async fn plan_rows(&self, seen: Seen, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let before: Option<Position> = position.map(|position| self.asked.read_position(position)).transpose()?;
        let first = before.as_ref().is_none_or(|before| before.read_to.is_none());
        let (conditions, nothing, position) = match &self.asked.cursor {
            None => (Vec::new(), false, None),
            Some(cursor) => match self.span(&seen.client, cursor, seen.type_of(cursor), before.as_ref()).await? {
                Some(span) => {
                    (span.conditions, false, Some(Position { cursor: cursor.clone(), read_to: Some(span.to) }))
                }
                None => {
                    let none = Position { cursor: cursor.clone(), read_to: None };
                    (Vec::new(), true, Some(before.clone().unwrap_or(none)))
                }
            },
        };
        let position = written(&position)?;
        // An index on the cursor finds the new rows better than all pages do.
        let mut plan = self.load(seen, &conditions, first, LoadPosition::known(position), None).await?;
        plan.delivery = Asked::delivery(&self.settings, first);
        if nothing {
            plan.parts = Vec::new();
            plan.description = "no new rows".to_owned();
        } else if let Some(Position { read_to: Some(read_to), cursor }) = before {
            plan.description = format!("rows with {cursor} past {read_to}");
        }
        Ok(plan)
    }

    async fn plan_changes(&self, seen: Seen, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let (relation, shown) = (self.asked.relation(), self.asked.shown());
        let read: Vec<&str> = seen.columns.iter().map(|column| column.name.as_str()).collect();
        let (client, declared) = (&seen.client, self.settings.key.as_slice());
        let key = cdc::key(client, &self.server, &relation, &shown, declared, &read).await?;
        let Some(position) = position else {
            let position = LoadPosition::default();
            let beginning = self.follower.begin(client, &relation, &shown, position.clone()).await?;
            return self.load(seen, &[], true, position, Some(beginning)).await;
        };
        let followed: Followed = followed(position, &shown)?;
        let outstanding = self.follower.outstanding(client, &relation, &shown, &followed, &seen.lake).await?;
        let fingerprint = self.fingerprint(client).await?;
        let natural = |column: &SourceColumn| {
            let pg = seen.type_of(&column.name).cloned();
            TextReading::new(&pg.unwrap_or_else(PgType::none), &column.reading)
        };
        let texts = seen.columns.iter().map(natural).collect();
        let places =
            key.iter().filter_map(|name| seen.columns.iter().position(|column| column.name == *name)).collect();
        let (position, any) = (outstanding.position.clone(), outstanding.any);
        let description = if any { format!("changes since {}", outstanding.since) } else { "no changes".to_owned() };
        let schema = schema(&seen.columns);
        let load = self.shared(seen.columns, Moment::new(self.server.clone(), false, None));
        let part: Box<dyn ReadPart> = Box::new(ChangesPart { load, texts, key: places, outstanding, relation });
        let parts = if any { vec![part] } else { Vec::new() };
        let (drift, delivery) = (seen.drift, Delivery::Changes { key });
        Ok(ReadPlan { schema, parts, delivery, position, fingerprint, description, drift, changed: Vec::new() })
    }

    /// All rows that meet the conditions, in parts where `whole` says that they are most of the table.
    async fn load(
        &self,
        seen: Seen,
        conditions: &[String],
        whole: bool,
        position: LoadPosition,
        beginning: Option<Beginning>,
    ) -> Result<ReadPlan> {
        let heaps = match &self.asked.relation {
            Relation::Table(name) if whole => heaps(&seen.client, &self.server, name).await?,
            _ => Vec::new(),
        };
        let schema = schema(&seen.columns);
        let several = heaps.iter().map(|(_, size)| part_count(size)).sum::<u64>() > 1;
        let load = self.shared(seen.columns, Moment::new(self.server.clone(), several, beginning));
        let parts = self.parts(&load, &heaps, conditions);
        let (description, fingerprint) = (described(&heaps), self.fingerprint(&seen.client).await?);
        let (delivery, drift) = (Delivery::Rows, seen.drift);
        Ok(ReadPlan { schema, parts, delivery, position, fingerprint, description, drift, changed: Vec::new() })
    }

    fn shared(&self, columns: Vec<SourceColumn>, moment: Moment) -> Arc<Load> {
        Arc::new(Load { moment, target: Target::new(columns, self.settings.on_bad_row, self.asked.shown()) })
    }

    /// A text that changes with every transaction that writes in the database: no table says when it has changed.
    async fn fingerprint(&self, client: &Session) -> Result<String> {
        // Works on standbys, and where the log's place is not told.
        let found = client.query_one("select txid_current_snapshot()::text", &[]).await;
        let at: String = found.map_err(|error| self.server.error(&error, "its state cannot be read"))?.get(0);
        Ok(format!("{} of {} at {at}", self.asked.shown(), self.server.name))
    }
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
