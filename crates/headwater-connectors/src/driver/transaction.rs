//! Transactions of a session.
//!
//! BigQuery's driver has none, and its database has them within one request: a script. What is written between a beginning and an end is collected
//! there, and sent as one. So what is read in between is what was there before.

use std::sync::{Mutex, MutexGuard, PoisonError};

use adbc_core::error::{Error as DriverError, Status};
use adbc_core::options::{OptionConnection, OptionValue};
use adbc_core::{Connection, Optionable};

use super::database::Session;

/// A transaction's statements, where they are sent together. Syntax: BigQuery's manual, "Procedural language".
#[derive(Debug, Default)]
pub(super) struct Script(Mutex<Option<Collected>>);

#[derive(Debug, Default)]
struct Collected {
    statements: Vec<String>,
    condition: Option<String>,
}

impl Script {
    fn collected(&self) -> MutexGuard<'_, Option<Collected>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a statement in; false where none are collected.
    fn add(&self, sql: &str) -> bool {
        let mut collected = self.collected();
        let begun = collected.as_mut();
        begun.map(|collected| collected.statements.push(sql.to_owned())).is_some()
    }

    /// What is to be sent; `None` when nothing was written. Another transaction begins.
    fn end(&self, how: &str) -> Option<String> {
        let Collected { statements, condition } = self.collected().replace(Collected::default())?;
        if statements.is_empty() {
            return None;
        }
        let statements = statements.join(";\n");
        Some(match condition {
            None => format!("begin transaction;\n{statements};\n{how} transaction;"),
            // An error ends the transaction as a rollback does.
            Some(condition) => format!(
                "begin transaction;\nif ({condition}) then\n{statements};\n{how} transaction;\nelse\nrollback transaction;\nend if;"
            ),
        })
    }
}

impl Session {
    /// Begins a transaction; false where the driver has none.
    pub(super) fn begin(&self) -> Result<bool, DriverError> {
        if self.dialect.has_scripts() {
            *self.script.collected() = Some(Collected::default());
            return Ok(true);
        }
        match self.connection().clone().set_option(OptionConnection::AutoCommit, OptionValue::from(false)) {
            Err(error) if error.status == Status::NotImplemented => Ok(false),
            begun => begun.map(|()| true),
        }
    }

    /// Whether a transaction's statements are collected, and not executed before it ends.
    pub(super) fn collects(&self) -> bool {
        self.script.collected().is_some()
    }

    /// Lets the transaction do nothing unless a condition holds as it begins. For one whose statements are collected.
    pub(super) fn only_if(&self, condition: String) {
        if let Some(collected) = self.script.collected().as_mut() {
            collected.condition = Some(condition);
        }
    }

    /// Runs a statement that yields no rows. How many rows it has changed, where the driver tells.
    pub(super) fn update(&self, sql: &str) -> Result<Option<u64>, DriverError> {
        if self.script.add(sql) { Ok(None) } else { self.update_now(sql) }
    }

    /// Ends the transaction, with what it has written.
    pub(super) fn commit(&self) -> Result<(), DriverError> {
        if self.collects() { self.send("commit") } else { self.connection().clone().commit() }
    }

    /// Ends it, without.
    pub(super) fn rollback(&self) -> Result<(), DriverError> {
        if self.collects() {
            self.script.end("rollback");
            return Ok(());
        }
        self.connection().clone().rollback()
    }

    /// Ends it, without, when it is known whether the database takes what it has written.
    pub(super) fn try_out(&self) -> Result<(), DriverError> {
        if self.collects() { self.send("rollback") } else { self.rollback() }
    }

    fn send(&self, how: &str) -> Result<(), DriverError> {
        self.script.end(how).map_or(Ok(()), |script| self.update_now(&script).map(|_| ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_sent_together() {
        let script = Script::default();
        assert!(!script.add("delete"));
        assert_eq!(script.end("commit"), None);
        *script.collected() = Some(Collected::default());
        assert_eq!(script.end("commit"), None);
        assert!(script.add("delete") && script.add("insert"));
        assert_eq!(script.end("rollback").unwrap(), "begin transaction;\ndelete;\ninsert;\nrollback transaction;");
        assert!(script.add("insert"));
        script.collected().as_mut().unwrap().condition = Some("1 = 1".to_owned());
        assert_eq!(
            script.end("commit").unwrap(),
            "begin transaction;\nif (1 = 1) then\ninsert;\ncommit transaction;\nelse\nrollback transaction;\nend if;"
        );
        assert!(script.add("insert") && script.end("commit").unwrap().starts_with("begin transaction;\ninsert;"));
    }
}
