//! Deliveries: which tables go where.

use std::fmt;

use headwater_diagnostics::Span;
use headwater_sdk::TableName;
use headwater_sdk::destination::DeliverySettings;
use serde_json::Value;

use crate::asset::Written;

/// A table that is delivered to a destination. Its `Debug` shows no options, since they may hold secrets.
#[derive(Clone)]
pub struct Delivery {
    /// The destination: the name of its file.
    pub destination: String,
    /// The source, by the name of its file, where all is delivered that it brings.
    pub source: Option<String>,
    /// Where the delivery is declared.
    pub span: Span,
    /// The table, view or side table.
    pub table: TableName,
    /// The connector.
    pub connector: &'static str,
    /// The destination's own options.
    pub system: Value,
    /// The delivery's own options.
    pub options: Value,
    /// The columns that are delivered; empty for all of them.
    pub columns: Vec<Written>,
    /// Columns that are left out.
    pub exclude: Vec<Written>,
    /// Which rows: a condition in SQL.
    pub filter: Option<Written>,
    /// The columns of the key, and where each is named.
    pub key: Vec<Written>,
    /// What the project says of it whatever the connector.
    pub settings: DeliverySettings,
}

impl Delivery {
    /// What tells it from others.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Whether a person means it, among others, who writes its own name, that of its destination or that of its table.
    pub fn is_meant_by(&self, name: &str) -> bool {
        [self.name(), &self.destination, &self.table.to_string()].contains(&name)
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("name", &self.settings.name)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
