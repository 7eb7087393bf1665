//! What the database itself keeps of deliveries: the marks of what its tables hold, and the table of rows that it refuses.

use headwater_sdk::Result;
use headwater_sdk::destination::Mark;

use super::Inner;
use crate::database::{MARKS, REFUSED};
use crate::delivered::{mark_of, text_of};
use crate::driver::database::Session;
use crate::driver::dialect::Dialect;
use crate::driver::told::is_missing;

/// The table, for one delivery.
pub(super) struct Marks<'a> {
    pub(super) outlet: &'a Inner,
    pub(super) session: &'a Session,
}

/// Which of the tables are there.
#[derive(Debug, Clone, Copy)]
pub(super) struct There {
    pub(super) marks: bool,
    pub(super) refused: bool,
}

impl Marks<'_> {
    fn table(&self) -> String {
        self.outlet.beside(MARKS)
    }

    fn delivery(&self) -> String {
        self.session.literal(&self.outlet.settings.name)
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.session.update(sql).map(|_| ()).map_err(|error| self.outlet.failed(&error))
    }

    /// Whether the tables are there.
    ///
    /// # Errors
    /// When the driver cannot tell.
    pub(super) fn are_there(&self) -> Result<There> {
        let is_there = |table| self.outlet.is_there(self.session, table);
        Ok(There { marks: is_there(MARKS)?, refused: is_there(REFUSED)? })
    }

    /// Makes those that are not there.
    ///
    /// # Errors
    /// When the database refuses that.
    pub(super) fn make(&self, there: There) -> Result<()> {
        let quote = self.outlet.database.quote();
        if !there.marks {
            let columns = match quote {
                '`' => "delivery string, mark string, delivered_at string",
                _ => {
                    "delivery varchar(400) not null primary key, mark varchar(65535) not null, delivered_at varchar(40) not null"
                }
            };
            self.run(&format!("create table {} ({columns})", self.table()))?;
        }
        if !there.refused {
            let (table, text, row) =
                (self.outlet.beside(REFUSED), Dialect::text_type(quote), self.outlet.quoted("row"));
            self.run(&format!(
                "create table {table} (delivery {text}, operation {}, {row} {text}, reason {text}, since {text})",
                if quote == '`' { "bigint" } else { "smallint" }
            ))?;
        }
        Ok(())
    }

    /// Makes them outside of a transaction, with a row for the mark unless `is_marked`: so that two deliveries that begin at once wait for each
    /// other where the database does not hold to primary keys.
    ///
    /// # Errors
    /// When the database refuses that.
    pub(super) fn make_now(&self, there: There, is_marked: bool) -> Result<()> {
        self.make(there)?;
        if !is_marked && self.count()? == 0 { self.run(&self.insertion("")) } else { Ok(()) }
    }

    fn count(&self) -> Result<u64> {
        let count = format!("select count(*) from {} where delivery = {}", self.table(), self.delivery());
        let count = self.session.text(&count).map_err(|error| self.outlet.failed(&error))?;
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or(0))
    }

    /// The mark; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(&self) -> Result<Option<Mark>> {
        self.mark_of(&self.text()?)
    }

    /// The mark as it is written; empty when there is none.
    fn text(&self) -> Result<String> {
        let sql = format!("select mark from {} where delivery = {}", self.table(), self.delivery());
        match self.session.text(&sql) {
            Ok(text) => Ok(text.unwrap_or_default()),
            Err(error) if is_missing(&error) => Ok(String::new()),
            Err(error) => Err(self.outlet.failed(&error)),
        }
    }

    fn mark_of(&self, text: &str) -> Result<Option<Mark>> {
        let text = (!text.is_empty()).then_some(text);
        text.map(|text| mark_of(text, &self.outlet.settings.name, &self.table())).transpose()
    }

    /// The mark, which nobody else sets until the transaction ends: databases that lock rows make a second delivery wait here, the others
    /// refuse it when it ends, or find another mark.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn lock(&self) -> Result<Option<Mark>> {
        let (table, delivery) = (self.table(), self.delivery());
        if self.session.collects() {
            let found = self.text()?;
            let same = format!("delivery = {delivery} and mark = {}", self.session.literal(&found));
            self.session.only_if(format!("exists (select 1 from {table} where {same})"));
            return self.mark_of(&found);
        }
        let update = format!("update {table} set mark = mark where delivery = {delivery}");
        self.session.update(&update).map_err(|error| self.outlet.collided(&error))?;
        if self.count()? == 0 {
            // Two that begin at once must not both find none.
            self.session.update(&self.insertion("")).map_err(|error| self.outlet.collided(&error))?;
        }
        self.read()
    }

    fn insertion(&self, mark: &str) -> String {
        let (table, delivery, now) =
            (self.table(), self.delivery(), self.session.literal(&jiff::Timestamp::now().to_string()));
        let mark = self.session.literal(mark);
        format!("insert into {table} (delivery, mark, delivered_at) values ({delivery}, {mark}, {now})")
    }

    /// Sets the mark.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn set(&self, mark: &Mark) -> Result<()> {
        let written = text_of(mark)?;
        let (table, delivery, now) =
            (self.table(), self.delivery(), self.session.literal(&jiff::Timestamp::now().to_string()));
        // What is collected is done only where the row is there.
        if !self.session.collects() && self.count()? == 0 {
            return self.run(&self.insertion(&written));
        }
        let mark = self.session.literal(&written);
        self.run(&format!("update {table} set mark = {mark}, delivered_at = {now} where delivery = {delivery}"))
    }
}
