//! What a project says of a delivery, whatever its connector.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of the rows that a table has and had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// Rows that are new or others than before take the place of those with their key; rows that are gone are taken out. Only what
    /// has changed is sent.
    Upsert,
    /// New rows are added, with the columns that the table has by then. A table that loses rows or columns, or changes them, is not
    /// delivered.
    Append,
    /// Whatever there was is replaced by all rows at once, when one of them has changed.
    Replace,
}

impl DeliveryMode {
    /// Its name in YAML.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::Append => "append",
            Self::Replace => "replace",
        }
    }
}

/// What happens at the destination when a row is gone from the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// It is deleted there.
    #[default]
    Delete,
    /// It stays there.
    Keep,
}

/// What the project asks of one delivery, beside the connector's own options.
#[derive(Debug, Clone)]
pub struct DeliverySettings {
    /// What tells it from others, in the project and at the destination: `<destination>/<table>`.
    pub name: String,
    /// What becomes of rows.
    pub mode: DeliveryMode,
    /// The columns by which rows take the place of others; none in other modes than [`DeliveryMode::Upsert`].
    pub key: Vec<String>,
    /// What happens when a row is gone.
    pub on_delete: OnDelete,
    /// How many rows the destination may refuse before the delivery fails as a whole.
    pub most_undelivered: u64,
}
