//! The table that is delivered to: made or brought up to what it takes, and the statements by which it takes rows up.

use std::collections::BTreeMap;

use arrow_schema::SchemaRef;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};
use tokio_postgres::Client;

use super::TableOutlet;
use super::columns::type_of;
use super::fits::{Lossy, cast, kind_of, widen, widening};
use super::names::list;
use super::stage::{OPERATION, PLACE};
use crate::codes;
use crate::database::{Kind, MADE, STAGE, postgres_refuses};
use crate::delivered::{is_changed, no_such_name, too_narrow};
use crate::postgres::quote;

/// The table, and the columns that are delivered to it.
pub(super) struct TargetTable {
    /// Its name in SQL.
    pub(super) sql: String,
    /// Its number in the catalogue.
    pub(super) oid: u32,
    columns: Vec<Column>,
    key: Vec<String>,
    /// Whether there is a unique index on the key.
    has_index: bool,
    /// Columns that were made wider, in words.
    pub(super) altered: Vec<String>,
}

struct Column {
    name: String,
    sent: Kind,
    /// Its type in the table, where that is another than the one in which values are sent.
    cast: Option<String>,
}

impl TargetTable {
    /// Makes the table if it is not there, adds the columns that it lacks, and makes those wider that were made for narrower values. `before` has
    /// the types of what the table holds, where the delivery goes on from that.
    ///
    /// # Errors
    /// When the database refuses that, and when a column of another's table is too narrow by now.
    pub(super) async fn prepare(
        outlet: &TableOutlet,
        client: &Client,
        schema: &SchemaRef,
        before: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let key = &outlet.settings.key;
        let sql = outlet.target.sql();
        let failed = |error: tokio_postgres::Error| outlet.error(&error);
        let shown = format!("{}: {}", outlet.server.name, outlet.target.shown());
        for field in schema.fields() {
            if let Some(why) = postgres_refuses(field.name()) {
                return Err(no_such_name(&shown, field.name(), &why));
            }
        }
        let found = client.query_one("select to_regclass($1)::oid", &[&sql]).await.map_err(failed)?;
        if found.get::<_, Option<u32>>(0).is_none() {
            let columns = schema.fields().iter().map(|field| {
                let required = if key.contains(field.name()) { " not null" } else { "" };
                format!("{} {}{required}", quote_identifier(field.name()), type_of(field.data_type()))
            });
            let mut parts: Vec<String> = columns.collect();
            if !key.is_empty() {
                parts.push(format!("primary key ({})", list(key.iter().map(String::as_str), "")));
            }
            let make = format!("create table {sql} ({}); comment on table {sql} is '{MADE}'", parts.join(", "));
            client.batch_execute(&make).await.map_err(failed)?;
        }
        let kind =
            "select oid, relkind::text, obj_description(oid, 'pg_class') from pg_class where oid = $1::text::regclass";
        let found = client.query_one(kind, &[&sql]).await.map_err(failed)?;
        let is_made = found.get::<_, Option<String>>(2).is_some_and(|comment| comment.starts_with(MADE));
        let (oid, kind): (u32, String) = (found.get(0), found.get(1));
        if !matches!(kind.as_str(), "r" | "p") {
            let message = format!("{shown} is no table");
            return Err(Error::new(codes::NO_TARGET, Blame::Project, message).help("deliver to a table, not to a view"));
        }
        let mut types = columns_of(outlet, client, oid).await?;
        for field in schema.fields() {
            if types.contains_key(field.name()) {
                continue;
            }
            let (name, of_type) = (quote_identifier(field.name()), type_of(field.data_type()));
            client.batch_execute(&format!("alter table {sql} add column {name} {of_type}")).await.map_err(failed)?;
            types.insert(field.name().clone(), of_type);
        }
        let mut altered = Vec::new();
        for field in schema.fields() {
            let (sent, becomes) = (Kind::of(field.data_type()), type_of(field.data_type()));
            let Some(there) = types.get_mut(field.name()).filter(|there| **there != becomes) else { continue };
            if kind_of(there).holds(&sent) || sent == Kind::Other {
                continue;
            }
            if is_made && widen(outlet, client, &sql, field, there).await? {
                altered.push(format!("column '{}' was {there}: it becomes {becomes}", field.name()));
                *there = becomes;
            } else if is_changed(before, field) {
                return Err(too_narrow(&shown, field, there, &widening(&sql, field)));
            }
        }
        let columns = schema.fields().iter().map(|field| {
            let sent = type_of(field.data_type());
            let cast = types.get(field.name()).filter(|there| **there != sent).cloned();
            Column { name: field.name().clone(), sent: Kind::of(field.data_type()), cast }
        });
        let columns = columns.collect();
        let has_index = !key.is_empty() && is_unique(outlet, client, oid).await?;
        Ok(Self { sql, oid, columns, key: key.clone(), has_index, altered })
    }

    /// The columns that are delivered, quoted.
    pub(super) fn list(&self, prefix: &str) -> String {
        list(self.names(), prefix)
    }

    /// The columns of the key; none where rows do not take the place of others.
    pub(super) fn key(&self) -> &[String] {
        &self.key
    }

    /// Whether nothing but the key is delivered.
    pub(super) fn is_key_alone(&self) -> bool {
        !self.key.is_empty() && self.names().all(|name| self.key.iter().any(|key| key == name))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// A column of the temporary table, as this one takes it.
    fn sent(&self, name: &str) -> String {
        let column = format!("s.{}", quote_identifier(name));
        let of = self.columns.iter().find(|column| column.name == name);
        match of.and_then(|of| Some((&of.sent, of.cast.as_deref()?))) {
            Some((sent, there)) => cast(&column, sent, there),
            None => column,
        }
    }

    /// The columns whose values can lose something here.
    pub(super) fn lossy(&self) -> Vec<Lossy> {
        let lossy = self.columns.iter().filter_map(|Column { name, sent, cast }| {
            let there = cast.as_ref()?;
            let loss = kind_of(there).loses(sent)?;
            Some(Lossy { name: name.clone(), there: there.clone(), sent: sent.clone(), loss })
        });
        lossy.collect()
    }

    fn is_same_row(&self) -> String {
        let same = self.key.iter().map(|name| format!("t.{} = {}", quote_identifier(name), self.sent(name)));
        same.collect::<Vec<_>>().join(" and ")
    }

    /// Takes out the rows of keys that are gone. `$1` and `$2` are the first and the last place.
    pub(super) fn delete(&self) -> String {
        format!(
            "delete from {} t using {STAGE} s where s.{OPERATION} = 1 and s.{PLACE} between $1 and $2 and {}",
            self.sql,
            self.is_same_row()
        )
    }

    /// Adds rows to a table that has these columns.
    pub(super) fn insert(&self, into: &str) -> String {
        let values: Vec<String> = self.names().map(|name| self.sent(name)).collect();
        format!(
            "insert into {into} ({}) overriding system value select {} from {STAGE} s where s.{OPERATION} = 0 and s.{PLACE} between $1 and $2",
            self.list(""),
            values.join(", ")
        )
    }

    /// Adds rows, or replaces those with their keys.
    pub(super) fn upsert(&self) -> Vec<String> {
        let others: Vec<&str> = self.names().filter(|name| !self.key.iter().any(|key| key == name)).collect();
        let key = list(self.key.iter().map(String::as_str), "");
        if self.has_index {
            let set = others.iter().map(|name| {
                let name = quote_identifier(name);
                format!("{name} = excluded.{name}")
            });
            let set: Vec<String> = set.collect();
            let what = if set.is_empty() { "nothing".to_owned() } else { format!("update set {}", set.join(", ")) };
            return vec![format!("{} on conflict ({key}) do {what}", self.insert(&self.sql))];
        }
        let set: Vec<String> =
            others.iter().map(|name| format!("{} = {}", quote_identifier(name), self.sent(name))).collect();
        let which = format!("s.{OPERATION} = 0 and s.{PLACE} between $1 and $2");
        let update = format!(
            "update {} t set {} from {STAGE} s where {which} and {}",
            self.sql,
            set.join(", "),
            self.is_same_row()
        );
        let new = format!(
            "{} and not exists (select from {} t where {})",
            self.insert(&self.sql),
            self.sql,
            self.is_same_row()
        );
        if set.is_empty() { vec![new] } else { vec![update, new] }
    }

    /// What is told of a table without an index on the key.
    pub(super) fn unindexed(&self) -> Option<String> {
        let key = list(self.key.iter().map(String::as_str), "");
        (!self.has_index && !self.key.is_empty()).then(|| {
            format!(
                "{} has no unique index on its key, which makes deliveries slow: create unique index on {} ({key})",
                self.sql, self.sql
            )
        })
    }
}

/// The columns that a table has, with their types as PostgreSQL writes them.
async fn columns_of(outlet: &TableOutlet, client: &Client, oid: u32) -> Result<BTreeMap<String, String>> {
    let sql = "select attname::text, format_type(atttypid, atttypmod) from pg_attribute
        where attrelid = $1 and attnum > 0 and not attisdropped";
    let rows = client.query(sql, &[&oid]).await.map_err(|error| outlet.error(&error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Whether there is a unique index on exactly the key's columns.
async fn is_unique(outlet: &TableOutlet, client: &Client, oid: u32) -> Result<bool> {
    let names: Vec<String> = outlet.settings.key.iter().map(|name| quote::text(name)).collect();
    let sql = format!(
        "select exists (select from pg_index i where indrelid = $1 and indisunique and indimmediate and indisvalid
            and indpred is null and indexprs is null and indnkeyatts = {}
            and (select array_agg(attname::text order by attname) from pg_attribute
                where attrelid = $1 and attnum = any ((indkey::int2[])[0:indnkeyatts - 1]))
              = (select array_agg(name order by name) from unnest(array[{}]::text[]) name))",
        names.len(),
        names.join(", ")
    );
    let found = client.query_one(&sql, &[&oid]).await.map_err(|error| outlet.error(&error))?;
    Ok(found.get(0))
}
