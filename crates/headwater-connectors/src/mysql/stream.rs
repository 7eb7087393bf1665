//! A stream of a database: its columns, and what there is to read.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{
    Delivery, Finding, LoadPosition, Lookback, ReadMode, ReadPart, ReadPlan, SourceStream, Standing, StreamSettings,
};
use headwater_sdk::{Blame, Error, Result};

use super::binlog::{Beginning, ChangesPart, Followed, Follower, Table, ancestors};
use super::connect::{Flavour, Server, Session};
use super::describe::{
    Found, PRIMARY, Size, SourceColumn, columns_of, loose_collations, ranges, select, size, unique_keys,
};
use super::options::StreamOptions;
use super::part::{Load, TablePart};
use super::quote;
use super::shared::Moment;
use super::types::SqlType;
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

/// How far a stream was read: the value as the server writes it.
type Position = database::Position<String>;

impl TableStream {
    pub(super) fn new(
        server: Server,
        follower: Arc<Follower>,
        stream: StreamOptions,
        settings: StreamSettings,
    ) -> std::result::Result<Self, OptionsError> {
        let StreamOptions { from, query, condition, exclude, cursor } = stream;
        let names = Names { table: "database.table", fold: false, quote: '`', parts: 2 };
        let asked = Asked::new(Wanted { from, query, condition, exclude, cursor }, names, &settings)?;
        if asked.name.len() == 1 && server.database().is_none() {
            return Err(OptionsError {
                key: Some("from"),
                message: "the table's database is not known".to_owned(),
                help: Some("write database.table, or name the database in the connection".to_owned()),
            });
        }
        if settings.mode == ReadMode::Cdc {
            asked.verify_followed(names, ", and choose rows in a model")?;
        }
        Ok(Self { server, follower, asked, settings })
    }

    /// Where the last load ended, and where this one does; `None` when no row has come since.
    async fn span(
        &self,
        session: &mut Session,
        cursor: &str,
        type_of_cursor: &SqlType,
        position: Option<&Position>,
    ) -> Result<Option<Span>> {
        let wrong = |blame: Blame, what: String, help: &str| {
            let message = format!("{}: {what}", self.asked.shown());
            Err(Error::new(codes::MYSQL_CURSOR, blame, message).help(help))
        };
        if !type_of_cursor.is_cursor() {
            let what = format!(
                "of {}, as the cursor '{cursor}' is, no greatest value can be compared with",
                type_of_cursor.written
            );
            return wrong(Blame::Project, what, "choose an exact number or a time that only grows");
        }
        let (relation, column) = (self.asked.relation(), quote::name(cursor));
        let past = position.and_then(|position| position.read_to.as_ref());
        let past = past.map(|read_to| self.past(&column, read_to, type_of_cursor)).transpose()?;
        let new: Vec<&str> = past.iter().chain(&self.asked.condition).map(String::as_str).collect();
        let is_null = format!("{column} is null");
        let null: Vec<&str> = self.asked.condition.as_deref().into_iter().chain([is_null.as_str()]).collect();
        let sql = format!(
            "select max({column}), exists (select 1 from {relation}{}) from {relation}{}",
            filter(&null),
            filter(&new)
        );
        let doing = format!("the cursor '{cursor}' of {} cannot be read", self.asked.shown());
        let rows = self.server.ask(session, &sql, &doing).await?;
        let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
        let (greatest, has_null) = (row.next().flatten(), row.next().flatten());
        if has_null.as_deref() == Some("1") {
            let what = format!("the cursor '{cursor}' is null in some rows, which would never be read");
            let help = "choose a column that is never null, or read a query that fills it: coalesce(…)";
            return wrong(Blame::Data, what, help);
        }
        let Some(to) = greatest else { return Ok(None) };
        let upto = format!("{column} <= {}", constant(&to, type_of_cursor));
        Ok(Some(Span { conditions: past.into_iter().chain([upto]).collect(), to }))
    }

    /// The condition for rows past a value of the cursor, or so far before it as the project says.
    fn past(&self, column: &str, read_to: &str, type_of_cursor: &SqlType) -> Result<String> {
        let value = constant(read_to, type_of_cursor);
        let Some(lookback) = self.settings.lookback else { return Ok(format!("{column} > {value}")) };
        let step = match lookback {
            Lookback::Seconds(seconds) if type_of_cursor.is_day() => format!("interval {seconds} second"),
            Lookback::Steps(steps) if type_of_cursor.is_number() => steps.to_string(),
            Lookback::Seconds(_) => return Err(self.no_lookback(type_of_cursor, "a number: `lookback: 1000`")),
            Lookback::Steps(_) => return Err(self.no_lookback(type_of_cursor, "a duration: `lookback: 2h`")),
        };
        // A number without a sign does not go below zero.
        let value = if type_of_cursor.is_day() {
            format!("timestamp({value})")
        } else {
            format!("cast({value} as decimal(65,30))")
        };
        Ok(format!("{column} >= {value} - {step}"))
    }

    fn no_lookback(&self, of: &SqlType, write: &str) -> Error {
        let message =
            format!("{}: nothing of that kind can be taken from a cursor of type {}", self.asked.shown(), of.written);
        Error::new(codes::MYSQL_CURSOR, Blame::Project, message).help(format!("write {write}"))
    }

    fn parts(
        &self,
        load: &Arc<Load>,
        ranges: &[(String, String)],
        size: &Size,
        conditions: &[String],
    ) -> Vec<Box<dyn ReadPart>> {
        let select = load.target.columns.iter().map(select).collect::<Vec<_>>().join(", ");
        let conditions: Vec<&str> = conditions.iter().chain(&self.asked.condition).map(String::as_str).collect();
        let part = |more: &[&str], name: String, bytes: u64| {
            let all: Vec<&str> = conditions.iter().copied().chain(more.iter().copied()).collect();
            let sql = format!("select {select} from {}{}", self.asked.relation(), filter(&all));
            Box::new(TablePart { load: Arc::clone(load), name, bytes, sql }) as Box<dyn ReadPart>
        };
        if ranges.is_empty() {
            return vec![part(&[], load.target.shown.clone(), size.bytes)];
        }
        let each = size.bytes / ranges.len() as u64;
        ranges.iter().map(|(range, name)| part(&[range.as_str()], name.clone(), each)).collect()
    }
}

/// A value of a cursor in SQL, so that it is compared as the column's type, and not as a double.
fn constant(value: &str, of: &SqlType) -> String {
    match of.name.as_str() {
        "double" if !value.contains('e') => format!("{value}e0"),
        _ if of.is_number() => value.to_owned(),
        _ => quote::text(value),
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
        let mut session = self.server.connect().await?;
        let found = columns_of(&mut session, &self.server, &self.asked).await?;
        let types = found.iter().map(|found| (found.name.clone(), found.sql_type.clone())).collect();
        let (columns, drift) =
            chosen(types, &self.asked.exclude, &self.settings, table.as_deref(), &self.asked.shown())?;
        let seen = Seen { session, found, columns, drift, lake: database::names(table.as_deref()) };
        match self.settings.mode {
            ReadMode::Cdc => self.plan_changes(seen, position).await,
            _ => self.plan_rows(seen, position).await,
        }
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<Vec<Finding>> {
        if self.settings.mode == ReadMode::Cdc {
            return self.untold().await;
        }
        let mut findings = Vec::from_iter(of_cursor(&self.settings, self.asked.cursor.as_deref(), schema, false));
        if self.settings.mode == ReadMode::Incremental && !self.settings.key.is_empty() {
            let mut session = self.server.connect().await?;
            let loose = loose_collations(&mut session, &self.server, &self.asked).await?;
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
    session: Session,
    /// Its columns in the database.
    found: Vec<Found>,
    /// Those that are read.
    columns: Vec<SourceColumn>,
    /// What the drift policy let pass.
    drift: Vec<String>,
    /// The columns that the lake's table has.
    lake: Vec<String>,
}

impl Seen {
    fn type_of(&self, name: &str) -> Option<SqlType> {
        self.found.iter().find(|column| column.name == name).map(|column| column.sql_type.clone())
    }
}

impl TableStream {
    async fn plan_rows(&self, mut seen: Seen, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let before: Option<Position> = position.map(|position| self.asked.read_position(position)).transpose()?;
        let first = before.as_ref().is_none_or(|before| before.read_to.is_none());
        let (conditions, nothing, position) = match &self.asked.cursor {
            None => (Vec::new(), false, None),
            Some(cursor) => {
                let names = seen.found.iter().map(|column| column.name.as_str());
                let of = seen.type_of(cursor);
                let of =
                    of.ok_or_else(|| database::no_column(codes::MYSQL_OPTIONS, &self.asked.shown(), cursor, names))?;
                match self.span(&mut seen.session, cursor, &of, before.as_ref()).await? {
                    Some(span) => {
                        (span.conditions, false, Some(Position { cursor: cursor.clone(), read_to: Some(span.to) }))
                    }
                    None => {
                        let none = Position { cursor: cursor.clone(), read_to: None };
                        (Vec::new(), true, Some(before.clone().unwrap_or(none)))
                    }
                }
            }
        };
        let position = written(&position)?;
        // An index on the cursor finds the new rows better than ranges of the key do.
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

    /// The table's database and its name.
    fn table(&self) -> [String; 2] {
        match self.asked.name.as_slice() {
            [schema, name] => [schema.clone(), name.clone()],
            name => [self.server.database().unwrap_or_default().to_owned(), name.concat()],
        }
    }

    /// What of a table that is followed is not told by the log.
    async fn untold(&self) -> Result<Vec<Finding>> {
        let session = &mut self.server.connect().await?;
        let warning = |what: String, help: String| Finding { standing: Standing::Warning, what, help: Some(help) };
        let found = ancestors(session, &self.server, &self.table()).await?;
        let by_keys = found.iter().map(|ancestor| {
            warning(
                ancestor.told(),
                "the server does not log that: the table is read anew whenever it happens".to_owned(),
            )
        });
        let mut findings: Vec<Finding> = by_keys.collect();
        if unique_keys(session, &self.server, &self.asked).await?.values().all(Vec::is_empty) {
            let key = self.settings.key.join(", ");
            findings.push(warning(
                format!(
                    "nothing but the project says that its rows are told apart by ({key}): two of one key become one"
                ),
                format!(
                    "give it a unique index on these columns: alter table {} add unique ({key})",
                    self.asked.relation()
                ),
            ));
        }
        Ok(findings)
    }

    async fn plan_changes(&self, mut seen: Seen, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let shown = self.asked.shown();
        let session = &mut seen.session;
        let size_of = size(session, &self.server, &self.asked).await?;
        let mut unique_keys = unique_keys(session, &self.server, &self.asked).await?;
        let table = Table {
            name: self.table(),
            found: &seen.found,
            size: &size_of,
            primary_key: unique_keys.remove(PRIMARY).unwrap_or_default(),
            unique_keys: unique_keys.into_values().collect(),
            declared: &self.settings.key,
            read: &seen.columns,
            lake: seen.lake.clone(),
            shown: shown.clone(),
        };
        let key = self.follower.verify(session, &table).await?;
        let Some(position) = position else {
            let position = LoadPosition::default();
            let beginning = self.follower.begin(session, &table, position.clone()).await?;
            return self.load(seen, &[], true, position, Some(beginning)).await;
        };
        let followed: Followed = followed(position, &shown)?;
        let outstanding = self.follower.outstanding(session, &table, followed).await?;
        let fingerprint = self.fingerprint(session).await?;
        let places =
            key.iter().filter_map(|name| seen.columns.iter().position(|column| column.name == *name)).collect();
        let position = outstanding.position.clone();
        let is_any = outstanding.since.is_some();
        let since = outstanding.since.as_ref().map(|since| format!("changes since {since}"));
        let description = since.unwrap_or_else(|| "no changes".to_owned());
        let schema = schema(&seen.columns);
        let target = Target::new(seen.columns, self.settings.on_bad_row, shown);
        let load = Arc::new(Load { moment: Moment::new(self.server.clone(), 1, None), target });
        let relation = self.asked.relation();
        let part: Box<dyn ReadPart> = Box::new(ChangesPart { load, relation, key: places, outstanding });
        let parts = if is_any { vec![part] } else { Vec::new() };
        let (drift, delivery) = (seen.drift, Delivery::Changes { key });
        Ok(ReadPlan { schema, parts, delivery, position, fingerprint, description, drift, changed: Vec::new() })
    }

    /// All rows that meet the conditions, in parts where `whole` says that they are most of the table.
    async fn load(
        &self,
        mut seen: Seen,
        conditions: &[String],
        whole: bool,
        position: LoadPosition,
        beginning: Option<Beginning>,
    ) -> Result<ReadPlan> {
        let (mut size_of, mut ranges_of) = (Size::default(), Vec::new());
        if whole && matches!(self.asked.relation, Relation::Table(_)) {
            size_of = size(&mut seen.session, &self.server, &self.asked).await?;
            let parts = size_of.bytes.div_ceil(PART_BYTES).clamp(1, MOST_PARTS);
            if parts > 1 && size_of.kind == "BASE TABLE" {
                ranges_of = ranges(&mut seen.session, &self.server, &self.asked, &seen.found, parts).await?;
            }
        }
        let fingerprint = self.fingerprint(&mut seen.session).await?;
        let schema = schema(&seen.columns);
        let moment = Moment::new(self.server.clone(), ranges_of.len(), beginning);
        let target = Target::new(seen.columns, self.settings.on_bad_row, self.asked.shown());
        let load = Arc::new(Load { moment, target });
        let parts = self.parts(&load, &ranges_of, &size_of, conditions);
        let (description, delivery, drift) = (described(&size_of), Delivery::Rows, seen.drift);
        Ok(ReadPlan { schema, parts, delivery, position, fingerprint, description, drift, changed: Vec::new() })
    }

    /// A text that changes with every transaction that writes: no table says for sure when it has changed. Without a log that
    /// numbers them, it is another one each time.
    async fn fingerprint(&self, session: &mut Session) -> Result<String> {
        let sql = match Flavour::of(session) {
            Flavour::MariaDb(..) => {
                "select concat_ws(' ', @@global.gtid_binlog_pos, @@global.gtid_slave_pos, @@global.log_bin)"
            }
            Flavour::MySql(..) => "select concat_ws(' ', @@global.gtid_executed, @@global.log_bin)",
        };
        let rows = self.server.ask(session, sql, "its state cannot be read").await?;
        let at = rows.into_iter().flatten().next().flatten().unwrap_or_default();
        let at = match at.rsplit_once(' ') {
            Some((numbers, "1")) if !numbers.trim().is_empty() => numbers.to_owned(),
            _ => format!("{:?}", jiff::Timestamp::now()),
        };
        Ok(format!("{} of {} at {at}", self.asked.shown(), self.server.name))
    }
}

/// What is to be read, in words.
fn described(size: &Size) -> String {
    match size.rows {
        None => "all rows".to_owned(),
        Some(rows) => format!("about {rows} rows, {:.1} MB in the database", size.bytes as f64 / 1e6),
    }
}
