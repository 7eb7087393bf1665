//! What there is in a source, and how things stand with it.

use arrow_schema::DataType;

/// What there is in a source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Discovery {
    /// What streams can read.
    pub streams: Vec<FoundStream>,
    /// What is left out, and why: clauses without a full stop.
    pub left_out: Vec<String>,
    /// What was guessed and may be otherwise, and what to do then: clauses without a full stop.
    pub notes: Vec<String>,
}

impl From<Vec<FoundStream>> for Discovery {
    fn from(streams: Vec<FoundStream>) -> Self {
        Self { streams, ..Self::default() }
    }
}

/// What a document says of a system.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Described {
    /// Keys of the source. `${NAME}` stands for what is still to be given.
    pub keys: serde_json::Map<String, serde_json::Value>,
    /// What there is to read.
    pub discovery: Discovery,
}

/// Something in a source that a stream can read.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundStream {
    /// What it is called in the source, e.g. `public.orders`.
    pub name: String,
    /// The name of a table for it, without a schema, e.g. `orders`.
    pub table: String,
    /// What it is, e.g. `table`, `view`.
    pub kind: String,
    /// What the source says of it.
    pub description: Option<String>,
    /// The stream's own keys that read it, e.g. `from: public.orders`.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// Its columns, in the source's order.
    pub columns: Vec<FoundColumn>,
    /// The columns of its primary key; none when it has none.
    pub key: Vec<String>,
    /// Rows, as the source estimates them.
    pub rows: Option<u64>,
}

/// A column of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundColumn {
    /// Its name.
    pub name: String,
    /// Its type as the source writes it.
    pub written: String,
    /// Its type in the lake.
    pub data_type: DataType,
    /// Whether it can be null.
    pub nullable: bool,
    /// What the source says of it.
    pub description: Option<String>,
}

/// How something stands with a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it should be.
    pub standing: Standing,
    /// What: a clause without a full stop.
    pub what: String,
    /// What to do, e.g. a statement to be run by an administrator.
    pub help: Option<String>,
}

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is.
    Good,
    /// Things work, and a person should know.
    Warning,
    /// Something will fail.
    Trouble,
}
