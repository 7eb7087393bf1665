//! What is delivered, and what has come of it.

use std::sync::Arc;

use arrow_array::{Int8Array, RecordBatch};
use arrow_schema::SchemaRef;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::error::Result;
use crate::relation::Relation;

/// How far a destination has been delivered to. It is kept there, with the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The snapshot of the lake.
    pub snapshot: u64,
    /// The run that published it, which tells lakes apart.
    pub run: String,
    /// What the table's name stood for.
    pub relation: Relation,
    /// What the rows are made into: the text of a [`Definition`](super::Definition).
    pub definition: String,
}

/// Some rows on their way out.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The rows, in the schema of the [`Load`].
    pub rows: RecordBatch,
    /// An [`Operation`](crate::connector::Operation) for each row, by its number, in a load of [`What::Changes`].
    pub operations: Option<Int8Array>,
}

/// What the rows of a load are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// All rows that the table has.
    All,
    /// Rows to be added.
    New,
    /// Rows that take the place of those with their key, and keys that are gone. A key comes once.
    Changes,
    /// None: only rows that were refused by earlier loads are tried again.
    Again,
}

/// What a destination is to take up.
pub struct Load {
    /// The columns.
    pub schema: SchemaRef,
    /// What the rows are.
    pub what: What,
    /// The rows, in no order.
    pub rows: BoxStream<'static, Result<Outgoing>>,
    /// The mark that the rows stand on, as [`Outlet::mark`](super::Outlet::mark) has told it. A destination that has another one by now
    /// takes nothing up.
    pub since: Option<Mark>,
    /// The mark that stands for the destination with these rows.
    pub mark: Mark,
    /// What is remembered of the load, where the destination does not do it.
    pub ledger: Option<Arc<dyn Ledger>>,
}

/// What has come of a load.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// Rows that were added or replaced.
    pub written: u64,
    /// Rows that were deleted.
    pub deleted: u64,
    /// Rows that the destination has refused, in all.
    pub undelivered: u64,
    /// Some of these.
    pub samples: Vec<Undelivered>,
    /// Where they are kept, in words.
    pub kept: &'static str,
    /// Bytes of what was sent.
    pub bytes: u64,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// How many rows a destination keeps that it has refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// All of them.
    pub rows: u64,
    /// Those of them that can be tried again.
    pub again: u64,
}

/// A row that a destination has refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undelivered {
    /// The row, as a JSON object.
    pub row: String,
    /// Why.
    pub reason: String,
}
