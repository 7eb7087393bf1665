//! The parts of an asset's contents, each with the run that last changed it: what makes a plan rebuild only what uses
//! something that changed.
//!
//! A part is a column, or which rows there are. Two states of an asset whose mark for a part is the same have the same
//! part; and those of whose parts several are the same have these alike row by row.

use serde::{Deserialize, Serialize};

use crate::lineage::Fingerprint;
use crate::name::TableName;

/// The parts of an asset's contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentParts {
    /// Which rows there are.
    pub rows: Part,
    /// Its columns, in their order.
    pub columns: Vec<ColumnPart>,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is made from; `None` for sources and seeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// The mark: the run that last changed it.
    pub changed: String,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnPart {
    /// Its name.
    pub name: String,
    /// Its type, as people write it.
    pub data_type: String,
    /// What it is made from, and its mark.
    #[serde(flatten)]
    pub part: Part,
}

impl ContentParts {
    /// The mark of a column; `None` when there is no such column.
    pub fn column(&self, name: &str) -> Option<&ColumnPart> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The parts of an input that an asset uses, as they were when it read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadParts {
    /// The input.
    pub table: TableName,
    /// The mark of its rows.
    pub rows: String,
    /// The columns that are used, by name, and their marks.
    pub columns: Vec<(String, String)>,
}
