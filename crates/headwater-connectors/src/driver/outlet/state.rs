//! What the database itself keeps of deliveries: the marks of what its tables hold.

use headwater_sdk::destination::Mark;
use headwater_sdk::{Blame, Error, Result};

use super::Inner;
use super::table::is_missing;
use crate::codes;
use crate::database::MARKS;
use crate::delivered::mark_of;
use crate::driver::database::Session;
use crate::driver::dialect::Dialect;

/// The table, for one delivery.
pub(super) struct Marks<'a> {
    pub(super) outlet: &'a Inner,
    pub(super) session: &'a Session,
}

impl Marks<'_> {
    fn table(&self) -> String {
        self.outlet.beside(MARKS)
    }

    fn text(&self, text: &str) -> String {
        Dialect::text(self.outlet.database.quote(), text)
    }

    fn delivery(&self) -> String {
        self.text(&self.outlet.settings.name)
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.session.update(sql).map(|_| ()).map_err(|error| self.outlet.failed(&error))
    }

    /// Whether there is such a table.
    ///
    /// # Errors
    /// When the driver cannot tell.
    pub(super) fn are_there(&self) -> Result<bool> {
        match self.session.columns_of_table(&self.outlet.name, MARKS) {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(self.outlet.failed(&error)),
        }
    }

    /// Makes it.
    pub(super) fn make(&self) -> Result<()> {
        let columns = match self.outlet.database.quote() {
            '`' => "delivery string, mark string, delivered_at string",
            _ => {
                "delivery varchar(400) not null primary key, mark varchar(65535) not null, delivered_at varchar(40) not null"
            }
        };
        self.run(&format!("create table {} ({columns})", self.table()))
    }

    /// The mark; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(&self) -> Result<Option<Mark>> {
        let sql = format!("select mark from {} where delivery = {}", self.table(), self.delivery());
        let text = match self.session.text(&sql) {
            Ok(text) => text,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(self.outlet.failed(&error)),
        };
        let text = text.filter(|text| !text.is_empty());
        text.map(|text| mark_of(&text, &self.outlet.settings.name, &self.table())).transpose()
    }

    /// The mark, which nobody else sets until the transaction ends: databases that lock rows make a second delivery wait here, the others
    /// refuse it when it ends.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn lock(&self) -> Result<Option<Mark>> {
        let (table, delivery) = (self.table(), self.delivery());
        let update = format!("update {table} set mark = mark where delivery = {delivery}");
        self.session.update(&update).map_err(|error| self.outlet.collided(&error))?;
        let count = format!("select count(*) from {table} where delivery = {delivery}");
        let count = self.session.text(&count).map_err(|error| self.outlet.failed(&error))?;
        if count.as_deref() == Some("0") {
            // Two that begin at once must not both find none.
            self.session.update(&self.insertion("")).map_err(|error| self.outlet.collided(&error))?;
        }
        self.read()
    }

    fn insertion(&self, mark: &str) -> String {
        let (table, delivery, now) = (self.table(), self.delivery(), self.text(&jiff::Timestamp::now().to_string()));
        let mark = self.text(mark);
        format!("insert into {table} (delivery, mark, delivered_at) values ({delivery}, {mark}, {now})")
    }

    /// Sets the mark.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn set(&self, mark: &Mark) -> Result<()> {
        let written = serde_json::to_string(mark).map_err(|error| {
            Error::new(codes::DEFECT, Blame::Headwater, "a mark cannot be written").caused_by(error)
        })?;
        let (table, delivery, now) = (self.table(), self.delivery(), self.text(&jiff::Timestamp::now().to_string()));
        let count = format!("select count(*) from {table} where delivery = {delivery}");
        let count = self.session.text(&count).map_err(|error| self.outlet.failed(&error))?;
        if count.as_deref() == Some("0") {
            return self.run(&self.insertion(&written));
        }
        let mark = self.text(&written);
        self.run(&format!("update {table} set mark = {mark}, delivered_at = {now} where delivery = {delivery}"))
    }
}
