//! What a program prints, and what the protocols differ in.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::Debug;

use headwater_sdk::{Error, Result};
use serde_json::Value;

use super::catalogue::{Catalogue, Listed};
use super::stream::Chosen;
use crate::process::Workplace;

/// One message.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    /// A row of a stream, as a JSON object, and the version of the table that it belongs to.
    Record { stream: Cow<'a, str>, record: &'a str, version: Option<i64> },
    /// The schema of the records that follow.
    Schema { stream: Cow<'a, str>, schema: Value },
    /// Only rows of this version belong to the table from here on.
    Activate { stream: Cow<'a, str>, version: i64 },
    /// How far what was printed so far leads.
    State { of: StateOf, state: Value },
    /// Something for a person.
    Said(String),
    /// What is wrong with the program, by its own word.
    Failed(Error),
    /// Anything else.
    Nothing,
}

/// Which streams a state is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StateOf {
    All,
    /// The one of this id.
    Stream(String),
}

/// What the protocols differ in.
pub(crate) trait Protocol: Debug + Send + Sync + 'static {
    /// What a program is called in messages, e.g. `tap`.
    fn called(&self) -> &'static str;

    /// The arguments with which a program says which streams it has.
    ///
    /// # Errors
    /// When its files cannot be written.
    fn discovery(&self, workplace: &Workplace) -> Result<Vec<OsString>>;

    /// What it says then. The error is a clause about the text.
    ///
    /// # Errors
    /// When that is no catalogue.
    fn catalogue(&self, printed: &[u8]) -> std::result::Result<Catalogue, String>;

    /// The arguments with which it prints the streams that are `chosen`, from `state` on.
    ///
    /// # Errors
    /// When its files cannot be written.
    fn reading(
        &self,
        workplace: &Workplace,
        catalogue: &Catalogue,
        chosen: &[&Chosen],
        state: Option<&Value>,
    ) -> Result<Vec<OsString>>;

    /// A line of its standard output. The error is a clause about the line.
    ///
    /// # Errors
    /// When it is no message.
    fn message<'a>(&self, line: &'a [u8]) -> std::result::Result<Message<'a>, String>;

    /// Whether the records of a stream come behind its schema.
    fn tells_schemas(&self) -> bool;

    /// What two states have in common that can be handed over together.
    fn kin(&self, state: Option<&Value>) -> Value;

    /// States of streams that are of one kin as one.
    fn joined(&self, states: &[Value]) -> Option<Value>;

    /// What of a state concerns a stream.
    fn own(&self, state: &Value, stream: &Listed) -> Value;
}
