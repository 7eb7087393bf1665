//! The table that is delivered to: made or brought up to what it takes, and the statements by which it takes rows up.

use std::collections::BTreeMap;

use arrow_schema::{Field, FieldRef, SchemaRef};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result};

use super::super::quote;
use super::TableOutlet;
use super::columns::{is_text, of_key, staged, type_of};
use super::fits::{Lossy, kind_of, sent, widen, widening};
use super::stage::{OPERATION, PLACE};
use super::target::{LONGEST, list};
use super::work::Work;
use crate::codes;
use crate::database::{Kind, MADE, STAGE};
use crate::delivered::{is_changed, no_such_name, too_narrow};

/// The table, and the columns that are delivered to it.
pub(super) struct TargetTable {
    /// Its name in SQL.
    pub(super) sql: String,
    stage: String,
    names: Vec<String>,
    key: Vec<KeyColumn>,
    /// Whether there is an index on the key.
    has_index: bool,
    /// Columns whose values can lose something here.
    pub(super) lossy: Vec<Lossy>,
    /// Columns that were made wider, in words.
    pub(super) altered: Vec<String>,
}

struct KeyColumn {
    name: String,
    /// The character set and collation by which the table compares it.
    compared: Option<(String, String)>,
}

fn wrong(outlet: &TableOutlet, what: &str, help: &str) -> Error {
    let message = format!("{}: {} {what}", outlet.server.name, outlet.target.shown());
    Error::new(codes::NO_TARGET, Blame::Project, message).help(help)
}

/// A column that the table has.
struct Column {
    charset: Option<String>,
    collation: Option<String>,
    of_type: String,
}

impl TargetTable {
    /// Makes the table if it is not there, adds the columns that it lacks, and makes those wider that were made for narrower values. That ends a
    /// transaction. `before` has the types of what the table holds, where the delivery goes on from that.
    ///
    /// # Errors
    /// When the database refuses that, the table has no transactions, or a column of another's table is too narrow by now.
    pub(super) async fn prepare(
        work: &mut Work<'_>,
        schema: &SchemaRef,
        before: &BTreeMap<String, String>,
    ) -> Result<Self> {
        check_names(work, schema)?;
        let key = work.outlet.settings.key.clone();
        let sql = work.outlet.target.sql();
        if !work.is_there(&work.outlet.target.table.clone()).await? {
            let columns = schema.fields().iter().map(|field| {
                let name = quote::name(field.name());
                match key.contains(field.name()) {
                    true => format!("{name} {} not null", of_key(field, key.len(), work.flavour)),
                    false => format!("{name} {} null", type_of(field.data_type())),
                }
            });
            let mut parts: Vec<String> = columns.collect();
            if !key.is_empty() {
                parts.push(format!("primary key ({})", list(key.iter().map(String::as_str), "")));
            }
            let parts = parts.join(", ");
            work.run(format!("create table if not exists {sql} ({parts}) engine = InnoDB comment = '{MADE}'")).await?;
        }
        Self::verify(work).await?;
        let mut there = columns_of(work).await?;
        let new: Vec<String> = schema
            .fields()
            .iter()
            .filter(|field| !there.contains_key(&field.name().to_lowercase()))
            .map(|field| format!("add column {} {} null", quote::name(field.name()), type_of(field.data_type())))
            .collect();
        if !new.is_empty() {
            work.run(format!("alter table {sql} {}", new.join(", "))).await?;
            there = columns_of(work).await?;
        }
        let (is_made, mut altered) = (is_made(work).await?, Vec::new());
        for (field, of_type) in narrower(schema, &there) {
            if is_made && widen(work, field, &of_type).await? {
                let becomes = type_name(field.data_type());
                altered.push(format!("column '{}' was {of_type}: it becomes {becomes}", field.name()));
            } else {
                Self::refuse_narrower(work, field, &of_type, before)?;
            }
        }
        if !altered.is_empty() {
            there = columns_of(work).await?;
        }
        Ok(Self { altered, ..Self::found(work, schema, &there).await? })
    }

    /// # Errors
    /// When a column's type is another now in the lake, and not in the table.
    fn refuse_narrower(work: &Work<'_>, field: &Field, there: &str, before: &BTreeMap<String, String>) -> Result<()> {
        if !is_changed(before, field) {
            return Ok(());
        }
        let table = format!("{}: {}", work.outlet.server.name, work.outlet.target.shown());
        Err(too_narrow(&table, field, there, &widening(work, field)))
    }

    /// # Errors
    /// When it is no table, or one without transactions.
    async fn verify(work: &mut Work<'_>) -> Result<()> {
        let outlet = work.outlet;
        let (database, table) = (quote::text(&outlet.target.database), quote::text(&outlet.target.table));
        let facts = work
            .ask(&format!(
                "select t.table_type, coalesce(e.transactions, 'NO'), coalesce(t.engine, '-') from information_schema.tables t \
                 left join information_schema.engines e on e.engine = t.engine where t.table_schema = {database} and t.table_name = {table}"
            ))
            .await?;
        let facts: Vec<String> = facts.into_iter().flatten().flatten().collect();
        let [kind, transactions, engine] = facts.as_slice() else {
            return Err(wrong(outlet, "is not there", "another session has dropped it: run again"));
        };
        if kind != "BASE TABLE" {
            return Err(wrong(outlet, "is no table", "deliver to a table, not to a view"));
        }
        if transactions != "YES" {
            let help = "rows that are half delivered could not be taken back: alter table … engine = InnoDB";
            return Err(wrong(outlet, &format!("is kept by {engine}, which has no transactions"), help));
        }
        Ok(())
    }

    /// Looks at the table as it is; `None` when it is not there.
    ///
    /// # Errors
    /// When nothing can be delivered to it.
    pub(super) async fn look(
        work: &mut Work<'_>,
        schema: &SchemaRef,
        before: &BTreeMap<String, String>,
    ) -> Result<Option<Self>> {
        check_names(work, schema)?;
        if !work.is_there(&work.outlet.target.table.clone()).await? {
            return Ok(None);
        }
        Self::verify(work).await?;
        let there = columns_of(work).await?;
        if !is_made(work).await? {
            let narrower = narrower(schema, &there);
            narrower.iter().try_for_each(|(field, of_type)| Self::refuse_narrower(work, field, of_type, before))?;
        }
        Self::found(work, schema, &there).await.map(Some)
    }

    async fn found(work: &mut Work<'_>, schema: &SchemaRef, there: &BTreeMap<String, Column>) -> Result<Self> {
        let outlet = work.outlet;
        let mut key = Vec::new();
        for name in &outlet.settings.key {
            let Some(column) = there.get(&name.to_lowercase()) else { continue };
            let sent = schema.field_with_name(name).map(|field| field.data_type().clone()).ok();
            let compared = column.charset.clone().zip(column.collation.clone());
            if compared.is_none() && sent.as_ref().is_some_and(is_text) {
                let what = format!("has the key column '{name}' as {}, and its values are texts", column.of_type);
                return Err(wrong(outlet, &what, "make it a varchar there, or give the model's column that type"));
            }
            key.push(KeyColumn { name: name.clone(), compared });
        }
        let names = schema.fields().iter().map(|field| field.name().clone()).collect();
        let has_index = !key.is_empty() && is_indexed(work, &key).await?;
        let lossy = schema.fields().iter().filter_map(|field| {
            let there = there.get(&field.name().to_lowercase())?.of_type.clone();
            let sent = sent(field);
            let loss = kind_of(&there).loses(&sent)?;
            Some(Lossy { name: field.name().clone(), there, sent, loss })
        });
        let (lossy, altered) = (lossy.collect(), Vec::new());
        let (sql, stage) = (outlet.target.sql(), outlet.target.beside(STAGE));
        Ok(Self { sql, stage, names, key, has_index, lossy, altered })
    }

    /// The columns that are delivered, quoted.
    pub(super) fn list(&self, prefix: &str) -> String {
        list(self.names.iter().map(String::as_str), prefix)
    }

    /// The condition under which a row of the temporary table is one of this table's: equal as this one compares texts, which finds
    /// them by its index, and exactly equal.
    fn is_same_row(&self) -> String {
        let same = self.key.iter().flat_map(|KeyColumn { name, compared }| {
            let name = quote::name(name);
            match compared {
                None => vec![format!("t.{name} = s.{name}")],
                Some((charset, collation)) => vec![
                    format!("t.{name} = convert(s.{name} using {charset}) collate {collation}"),
                    format!("cast(convert(t.{name} using utf8mb4) as binary) = cast(convert(s.{name} using utf8mb4) as binary)"),
                ],
            }
        });
        same.collect::<Vec<_>>().join(" and ")
    }

    fn rows(operation: i8, from: i64, to: i64) -> String {
        format!("s.{OPERATION} = {operation} and s.{PLACE} between {from} and {to}")
    }

    /// How many rows there are to be written.
    pub(super) fn count(&self, from: i64, to: i64) -> String {
        format!("select count(*) from {} s where {}", self.stage, Self::rows(0, from, to))
    }

    /// Takes out the rows of keys that are gone.
    pub(super) fn delete(&self, from: i64, to: i64) -> String {
        format!(
            "delete t from {} s straight_join {} t on {} where {}",
            self.stage,
            self.sql,
            self.is_same_row(),
            Self::rows(1, from, to)
        )
    }

    /// Adds rows to a table that has these columns.
    pub(super) fn insert(&self, into: &str, from: i64, to: i64) -> String {
        let rows = Self::rows(0, from, to);
        format!("insert into {into} ({}) select {} from {} s where {rows}", self.list(""), self.list("s."), self.stage)
    }

    /// Replaces rows with their keys, and adds those that are not there. Not by `on duplicate key`, which would take any unique index
    /// for the key's, and rows whose texts are the same to a collation alone for the same.
    pub(super) fn upsert(&self, from: i64, to: i64) -> Vec<String> {
        let (stage, sql, same, rows) = (&self.stage, &self.sql, self.is_same_row(), Self::rows(0, from, to));
        let others = self.names.iter().filter(|name| !self.key.iter().any(|key| key.name == **name));
        let set: Vec<String> = others.map(|name| format!("t.{0} = s.{0}", quote::name(name))).collect();
        let update = format!("update {stage} s straight_join {sql} t on {same} set {} where {rows}", set.join(", "));
        let first = self.key.first().map(|key| quote::name(&key.name)).unwrap_or_default();
        let insert = format!(
            "insert into {sql} ({}) select {} from {stage} s left join {sql} t on {same} where {rows} and t.{first} is null",
            self.list(""),
            self.list("s.")
        );
        if set.is_empty() { vec![insert] } else { vec![update, insert] }
    }

    /// What is told of a table without an index on the key.
    pub(super) fn unindexed(&self) -> Option<String> {
        let key = list(self.key.iter().map(|key| key.name.as_str()), "");
        (!self.has_index && !self.key.is_empty()).then(|| {
            let sql = &self.sql;
            format!("{sql} has no index on its key, which makes deliveries slow: alter table {sql} add unique ({key})")
        })
    }
}

/// # Errors
/// When a column has a name that no table can have.
fn check_names(work: &Work<'_>, schema: &SchemaRef) -> Result<()> {
    let long = |field: &&FieldRef| field.name().chars().count() > LONGEST;
    let Some(field) = schema.fields().iter().find(long) else { return Ok(()) };
    let why =
        format!("the name has {} characters, and the database's have {LONGEST} at most", field.name().chars().count());
    let table = format!("{}: {}", work.outlet.server.name, work.outlet.target.shown());
    Err(no_such_name(&table, field.name(), &why))
}

/// The columns that do not hold all values of the lake's, with their types in the table.
fn narrower<'a>(schema: &'a SchemaRef, there: &BTreeMap<String, Column>) -> Vec<(&'a FieldRef, String)> {
    let narrower = schema.fields().iter().filter_map(|field| {
        let there = &there.get(&field.name().to_lowercase())?.of_type;
        let (is, sent) = (kind_of(there), sent(field));
        // A key's texts have a limit, and an instant is the same with and without its zone.
        let is_as_made = match (&is, &sent) {
            (Kind::Text(_), Kind::Text(None)) => true,
            (Kind::Timestamp { digits, .. }, Kind::Timestamp { .. }) => *digits == 6,
            _ => is.holds(&sent) || sent == Kind::Other,
        };
        (!is_as_made).then(|| (field, there.clone()))
    });
    narrower.collect()
}

/// Whether a delivery has made the table.
async fn is_made(work: &mut Work<'_>) -> Result<bool> {
    let (database, table) = (quote::text(&work.outlet.target.database), quote::text(&work.outlet.target.table));
    let sql = format!(
        "select table_comment from information_schema.tables where table_schema = {database} and table_name = {table}"
    );
    Ok(work.one(&sql).await?.is_some_and(|comment| comment.starts_with(MADE)))
}

/// The columns that a table has, by their names in small letters: the database knows no other.
async fn columns_of(work: &mut Work<'_>) -> Result<BTreeMap<String, Column>> {
    let (database, table) = (quote::text(&work.outlet.target.database), quote::text(&work.outlet.target.table));
    let sql = format!(
        "select column_name, character_set_name, collation_name, column_type from information_schema.columns \
         where table_schema = {database} and table_name = {table}"
    );
    let mut columns = BTreeMap::new();
    for row in work.ask(&sql).await? {
        if let [Some(name), charset, collation, of_type] = row.as_slice() {
            let (charset, collation) = (charset.clone(), collation.clone());
            let column = Column { charset, collation, of_type: of_type.clone().unwrap_or_default() };
            columns.insert(name.to_lowercase(), column);
        }
    }
    Ok(columns)
}

/// Whether there is an index that begins with the key's columns, in whatever order.
async fn is_indexed(work: &mut Work<'_>, key: &[KeyColumn]) -> Result<bool> {
    let (database, table) = (quote::text(&work.outlet.target.database), quote::text(&work.outlet.target.table));
    let names: Vec<String> = key.iter().map(|key| quote::text(&key.name)).collect();
    let sql = format!(
        "select count(*) from (select index_name from information_schema.statistics \
         where table_schema = {database} and table_name = {table} and seq_in_index <= {0} and column_name in ({1}) \
         group by index_name having count(*) = {0}) i",
        names.len(),
        names.join(", ")
    );
    Ok(work.one(&sql).await?.as_deref() != Some("0"))
}

/// The columns of the temporary table as texts, in the order of a schema. (A float is rounded as text, but not as the double that it is.)
pub(super) fn texts(schema: &SchemaRef) -> String {
    let columns = schema.fields().iter().map(|field| {
        let name = quote::name(field.name());
        match staged(field.data_type()).as_str() {
            "float" => format!("{name} + 0e0"),
            "longblob" => format!("hex({name})"),
            _ => name,
        }
    });
    columns.collect::<Vec<_>>().join(", ")
}
