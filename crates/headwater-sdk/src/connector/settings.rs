//! What a project says of a stream, whatever its connector.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::TableName;

/// What a stream reads in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadMode {
    /// All of it; the table is replaced.
    #[default]
    Full,
    /// What has come since the last run; rows are added. Each file is loaded once.
    NewFiles,
    /// The rows past the greatest value that a column had in the last run; they are added, or with a `key` take the place of
    /// those that have theirs.
    Incremental,
    /// What the system says has changed (change data capture): rows are added, replaced and taken out.
    Cdc,
}

impl ReadMode {
    /// Whether a load adds to what the table has, rather than replacing it.
    pub fn adds_rows(self) -> bool {
        matches!(self, Self::NewFiles | Self::Incremental | Self::Cdc)
    }
}

/// What happens to a row that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRow {
    /// It goes to `<table>__rejected` with its place and the reason.
    #[default]
    Reject,
    /// The task fails at the first one.
    Fail,
}

/// What happens when the source's columns are not those of the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// The task fails and says which columns are new, missing or retyped.
    #[default]
    Fail,
    /// New columns are added to the table (null in older rows); missing ones are null; a type that widens is widened (a
    /// column whose values have become texts for the most part becomes one of texts), any other change of type fails.
    Add,
    /// New columns are left out, and noted; missing ones are null, also when a column has only got another name; values are
    /// read as the table's type, and a row whose value cannot be is a bad row. A load fails where a database's new type is not read
    /// as the table's at all.
    Ignore,
    /// As `add`, but what `add` would make null for ever or refuse, a column that is gone from the source or whose type does not widen,
    /// begins the table anew with the source's columns: all is loaded again, and the rows that the table had stay beside it as
    /// `<table>__v1`, the next time `<table>__v2`, and so on.
    NewVersion,
}

impl Drift {
    /// Whether new columns are taken over and types widened.
    pub fn adds(self) -> bool {
        matches!(self, Self::Add | Self::NewVersion)
    }
}

/// The code of the error for columns that have changed in a way that the policy does not let pass.
pub const DRIFTED: &str = "HW0308";

/// The code of the error for a table whose rows have other values than the changes say that led to a position: unless the policy is to
/// fail, it is read anew.
pub const ALTERED: &str = "HW0398";

/// The codes of the errors for changes that are gone: PostgreSQL's, and MySQL's.
pub const LOST: [&str; 2] = ["HW0348", "HW0358"];

/// The code of the error for a table of whose changes some are not told: it is read anew, whatever the policy.
pub const UNLOGGED: &str = "HW0399";

/// A column as the project declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredColumn {
    /// The column's name in the source and in the table.
    pub name: String,
    /// Its type, or `None` to infer it.
    pub data_type: Option<arrow_schema::DataType>,
}

/// How far back rows are read once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookback {
    /// So many steps of a cursor that is a number.
    Steps(u64),
    /// So many seconds before a cursor that is a time.
    Seconds(u64),
}

/// What the project asks of one stream, beside the connector's own options.
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// The table that the stream fills.
    pub table: TableName,
    /// What a run reads.
    pub mode: ReadMode,
    /// What happens to a bad row.
    pub on_bad_row: OnBadRow,
    /// What happens when columns change.
    pub drift: Drift,
    /// Columns declared in the project; others are inferred.
    pub columns: Vec<DeclaredColumn>,
    /// The columns by which rows take the place of others; none when the project names none.
    pub key: Vec<String>,
    /// In the mode [`ReadMode::Incremental`]: how far before the position rows are read once more. Only with a key.
    pub lookback: Option<Lookback>,
}

impl StreamSettings {
    /// Whether a load that does not replace the table only adds rows to it.
    pub fn only_gains(&self) -> bool {
        self.mode.adds_rows() && self.mode != ReadMode::Cdc && self.key.is_empty()
    }
}
