//! What is to be delivered of a table.

use arrow_schema::SchemaRef;
use futures::stream::BoxStream;

use crate::destination::{Outgoing, What};
use crate::error::Result;
use crate::name::TableName;
use crate::relation::Relations;

/// Rows to be delivered.
#[derive(Debug, Clone)]
pub struct OutgoingRequest {
    /// The table or view.
    pub table: TableName,
    /// What the names meant when it was delivered last; `None` for never.
    pub before: Option<Relations>,
    /// What they mean now.
    pub after: Relations,
    /// What the rows are.
    pub what: What,
    /// The columns, in their order; those of the key are among them.
    pub columns: Vec<String>,
    /// Which rows: a condition in SQL. A row that it holds for no longer is gone.
    pub filter: Option<String>,
    /// Which rows were delivered last: the condition of then.
    pub filter_before: Option<String>,
    /// The columns that tell rows apart, in a load of [`What::Changes`].
    pub key: Vec<String>,
    /// Whether rows that are as they were come, too: they are made into something else now.
    pub resend: bool,
}

/// Rows to be delivered.
pub struct OutgoingRows {
    /// Their columns.
    pub schema: SchemaRef,
    /// The rows.
    pub rows: BoxStream<'static, Result<Outgoing>>,
}
