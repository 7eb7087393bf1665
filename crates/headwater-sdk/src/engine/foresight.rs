//! How tables will be brought up to date, told before anything runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::CompiledCheck;
use crate::name::TableName;

/// A question about a refresh before it happens.
#[derive(Debug, Clone)]
pub struct ForesightRequest<'a> {
    /// Rendered SQL of the model.
    pub sql: &'a str,
    /// The tables and views that it names and that will have changed; the others stay.
    pub changed: &'a BTreeMap<TableName, InputChange>,
    /// The checks of its table.
    pub checks: &'a [CompiledCheck],
}

/// How an input will have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputChange {
    /// It gains rows and loses none.
    Gained,
    /// It may lose rows, too.
    Changed,
    /// It is a view, and its query is another.
    NewQuery,
}

/// How a table will be brought up to date, as far as that can be told without looking at data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Foresight {
    /// All of its rows are computed.
    Full {
        /// Why not from what has changed: a clause without a full stop.
        because: Option<String>,
    },
    /// Rows made from those that its inputs gain are added.
    Append,
    /// The rows of the keys that the changes of its inputs concern are computed again; all rows, if these are most of them.
    Keys {
        /// The columns of the key.
        columns: Vec<String>,
    },
    /// Rows that the project chooses are taken up.
    Chosen {
        /// Which: e.g. `window by flight_date`.
        what: String,
    },
    /// What it reads of its inputs stays as it is.
    Nothing,
}
