//! The table that is delivered to, and the statements by which it takes rows up: what standard SQL has, as databases differ in the rest.

use arrow_schema::{Schema, SchemaRef};
use headwater_sdk::destination::{DeliveryMode, OnDelete};
use headwater_sdk::{Blame, Error, Result};

use super::Inner;
use super::columns::{OPERATION, PLACE, S, T};
use super::stage::Stage;
use crate::codes;
use crate::database::postgres_refuses;
use crate::delivered::no_such_name;
use crate::driver::database::Session;
use crate::driver::dialect::Dialect;
use crate::driver::told::is_missing;

/// The table, and the columns that are delivered to it.
pub(super) struct TargetTable<'a> {
    outlet: &'a Inner,
    session: &'a Session,
    columns: Vec<String>,
    /// The temporary table that it takes rows from.
    pub(super) stage: &'a Stage,
    is_there: bool,
    /// Whether rows are added to it where its mode would replace them.
    pub(super) is_added_to: bool,
}

/// The rows of the temporary table that have these places, from one to another.
pub(super) type Places = (i64, i64);

/// Looks whether a delivery's table is there, and has the columns; its columns. A session that has looked is not one to deliver by: DuckDB's driver leaves an
/// answer open then, and ends the next transaction with it.
///
/// # Errors
/// When it lacks some, or the driver cannot tell.
pub(super) fn look(outlet: &Inner, session: &Session, schema: &SchemaRef) -> Result<Option<Schema>> {
    if session.dialect == Dialect::Postgres {
        for field in schema.fields() {
            if let Some(why) = postgres_refuses(field.name()) {
                return Err(no_such_name(&outlet.shown(), field.name(), &why));
            }
        }
    }
    let there = match session.columns_of_table(&outlet.name, outlet.table()) {
        Ok(there) => there,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(outlet.failed(&error)),
    };
    let columns = schema.fields().iter().map(|field| field.name().as_str());
    let lacking: Vec<&str> = columns.filter(|name| there.fields().iter().all(|field| field.name() != name)).collect();
    if lacking.is_empty() {
        return Ok(Some(there));
    }
    let message = format!("{} has no column {}", outlet.shown(), lacking.join(", "));
    Err(Error::new(codes::DRIVER_OPTIONS, Blame::Project, message)
        .help("add it there (`alter table … add column …`), or leave it out of the delivery with `exclude`"))
}

impl<'a> TargetTable<'a> {
    /// The table as it was found.
    pub(super) fn new(
        outlet: &'a Inner,
        session: &'a Session,
        schema: &SchemaRef,
        stage: &'a Stage,
        is_there: bool,
    ) -> Self {
        let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
        Self { outlet, session, columns, stage, is_there, is_added_to: false }
    }

    /// Makes it from the temporary table, which has its columns, if it is not there.
    ///
    /// # Errors
    /// When the database refuses that.
    pub(super) fn make(&self) -> Result<()> {
        if self.is_there {
            return Ok(());
        }
        let (table, columns) = (self.sql(), self.list(&format!("{S}.")));
        self.run(&format!("create table {table} as select {columns} from {} as {S} where 1 = 0", self.stage.sql))?;
        let key = &self.outlet.settings.key;
        if self.outlet.settings.mode == DeliveryMode::Upsert && self.session.dialect.indexes_keys() && !key.is_empty() {
            let name = self.outlet.quoted(&format!("{}_headwater_key", self.table()));
            let columns: Vec<String> = key.iter().map(|column| self.outlet.quoted(column)).collect();
            self.run(&format!("create unique index {name} on {table} ({})", columns.join(", ")))?;
        }
        Ok(())
    }

    /// Makes it, and remembers that it is there: for databases in which to make it ends a transaction.
    ///
    /// # Errors
    /// When the database refuses that.
    pub(super) fn make_now(&mut self) -> Result<()> {
        self.make()?;
        self.is_there = true;
        Ok(())
    }

    /// Takes up rows of some places, as the delivery's mode asks for. How many rows were deleted.
    ///
    /// # Errors
    /// When the database refuses one of them, or fails.
    pub(super) fn take_up(&self, places: Places) -> Result<u64> {
        let settings = &self.outlet.settings;
        let mut deleted = 0;
        match settings.mode {
            DeliveryMode::Upsert => {
                if settings.on_delete == OnDelete::Delete && self.stage.has_deletions {
                    deleted = self.delete_gone(places)?;
                }
                self.update(places)?;
                self.insert_new(places)?;
            }
            mode if self.is_added_to || mode == DeliveryMode::Append => self.insert_where(places, "")?,
            _ => {
                deleted = self.delete("1 = 1")?;
                self.insert_where(places, "")?;
            }
        }
        Ok(deleted)
    }

    /// Takes out the rows of keys that are gone; how many.
    fn delete_gone(&self, places: Places) -> Result<u64> {
        let (stage, gone) = (&self.stage.sql, self.of(1, places));
        if self.session.dialect.looks_up_lists() {
            let key = |prefix: &str| {
                let columns = self.outlet.settings.key.iter();
                columns.map(|name| format!("{prefix}{}", self.outlet.quoted(name))).collect::<Vec<_>>().join(", ")
            };
            return self.delete(&format!(
                "({}) in (select {} from {stage} as {S} where {gone})",
                key(""),
                key(&format!("{S}."))
            ));
        }
        let same = self.is_same_row(&self.outlet.quoted(self.table()));
        self.delete(&format!("exists (select 1 from {stage} as {S} where {gone} and {same})"))
    }

    /// Takes out rows; how many.
    fn delete(&self, condition: &str) -> Result<u64> {
        let which = format!("from {} where {condition}", self.sql());
        let mut count = None;
        if self.session.collects() {
            // Nobody tells how many a collected statement has deleted.
            let counted = self.session.text(&format!("select count(*) {which}"));
            count = counted.map_err(|error| self.outlet.failed(&error))?.and_then(|count| count.parse().ok());
        }
        let deleted = self.run(&format!("delete {which}"))?;
        Ok(count.unwrap_or(deleted))
    }

    /// Replaces the rows of keys that are there.
    fn update(&self, places: Places) -> Result<()> {
        let key = &self.outlet.settings.key;
        let others: Vec<String> =
            self.columns.iter().filter(|name| !key.contains(name)).map(|name| self.outlet.quoted(name)).collect();
        if others.is_empty() {
            return Ok(());
        }
        let set: Vec<String> = others.iter().map(|name| format!("{name} = {S}.{name}")).collect();
        let (table, stage, new) = (self.sql(), &self.stage.sql, self.of(0, places));
        let same = self.is_same_row(&self.outlet.quoted(self.table()));
        self.run(&format!("update {table} set {} from {stage} as {S} where {new} and {same}", set.join(", ")))
            .map(|_| ())
    }

    /// Adds the rows of keys that are not there.
    fn insert_new(&self, places: Places) -> Result<()> {
        let same = self.is_same_row(T);
        self.insert_where(places, &format!(" and not exists (select 1 from {} as {T} where {same})", self.sql()))
    }

    fn insert_where(&self, places: Places, condition: &str) -> Result<()> {
        let (table, stage, new) = (self.sql(), &self.stage.sql, self.of(0, places));
        let (into, from) = (self.list(""), self.list(&format!("{S}.")));
        self.run(&format!("insert into {table} ({into}) select {from} from {stage} as {S} where {new}{condition}"))
            .map(|_| ())
    }

    fn run(&self, sql: &str) -> Result<u64> {
        self.session.update(sql).map(|rows| rows.unwrap_or(0)).map_err(|error| self.outlet.failed(&error))
    }

    fn table(&self) -> &str {
        self.outlet.table()
    }

    fn sql(&self) -> String {
        self.outlet.beside(self.table())
    }

    /// That a row is of an operation, and of some places.
    fn of(&self, operation: i16, (from, to): Places) -> String {
        let is_operation = format!("{S}.{} = {operation}", self.outlet.quoted(OPERATION));
        if (from, to) == self.stage.places {
            return is_operation;
        }
        format!("{is_operation} and {S}.{} between {from} and {to}", self.outlet.quoted(PLACE))
    }

    fn list(&self, prefix: &str) -> String {
        let quoted = self.columns.iter().map(|name| format!("{prefix}{}", self.outlet.quoted(name)));
        quoted.collect::<Vec<_>>().join(", ")
    }

    fn is_same_row(&self, table: &str) -> String {
        let same = self.outlet.settings.key.iter().map(|name| {
            let column = self.outlet.quoted(name);
            format!("{table}.{column} = {S}.{column}")
        });
        same.collect::<Vec<_>>().join(" and ")
    }
}
