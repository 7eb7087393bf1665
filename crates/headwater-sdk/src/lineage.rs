//! Column-level lineage, in the words of OpenLineage's ColumnLineage facet 1-2-0, and fingerprints of columns.

use serde::{Deserialize, Serialize};

use crate::name::TableName;

/// How an input column influences an output.
///
/// `DIRECT` subtypes say that the output's *values* are made from the input's values; `INDIRECT` ones that the input
/// decides *which rows* or *which branch* the output's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Influence {
    /// DIRECT: the value is passed on unchanged.
    Identity,
    /// DIRECT: the value is computed from this and perhaps other values of the same row.
    Transformation,
    /// DIRECT: the value is computed from the values of many rows.
    Aggregation,
    /// INDIRECT: the column decides which rows are joined.
    Join,
    /// INDIRECT: the column decides which rows form a group.
    GroupBy,
    /// INDIRECT: the column decides which rows are kept.
    Filter,
    /// INDIRECT: the column decides the order, and with it what a limit or an ordered aggregate keeps.
    Sort,
    /// INDIRECT: the column partitions or orders a window.
    Window,
    /// INDIRECT: the column decides which branch of a CASE (or COALESCE, NULLIF, …) is taken.
    Conditional,
}

impl Influence {
    /// Whether the OpenLineage type is `DIRECT` (otherwise `INDIRECT`).
    pub fn is_direct(self) -> bool {
        matches!(self, Self::Identity | Self::Transformation | Self::Aggregation)
    }
}

/// One column of one table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ColumnRef {
    /// The table.
    pub table: TableName,
    /// The column.
    pub column: String,
}

/// An input column and how it influences.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Edge {
    /// The input column.
    pub from: ColumnRef,
    /// How it influences the output.
    pub influence: Influence,
    /// Whether the transformation hides the input's value (a hash, a mask, a count).
    pub masking: bool,
}

/// The lineage of one model: what each output column is made from, and what decides the rows of all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLineage {
    /// Per output column, in the order of the output schema: its edges, sorted and without duplicates.
    pub columns: Vec<OutputColumn>,
    /// INDIRECT edges that concern every output column (join keys, filters, grouping, sorting), sorted.
    pub dataset: Vec<Edge>,
}

/// The edges into one output column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputColumn {
    /// The output column's name.
    pub name: String,
    /// The edges into it.
    pub edges: Vec<Edge>,
}

/// A sum in a query, of values that are passed on unchanged from columns of tables: `sum(balance)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// The columns whose values are added, sorted.
    pub of: Vec<ColumnRef>,
    /// The columns that have one value in all the rows that are added together, sorted: grouping keys, and what a filter
    /// compares with a constant.
    pub within: Vec<ColumnRef>,
    /// The bytes of the SQL where a column that is added is named, where known.
    pub span: Option<std::ops::Range<usize>>,
}

/// What a column, or a set of rows, is made from, as a hash: of its expression, down to the columns of the tables that the
/// query names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// 16 hexadecimal digits.
    pub hash: String,
    /// Whether it comes out the same whenever it is computed on the same rows. Not so with volatile functions, choices
    /// that SQL leaves open, and sums of floating-point numbers.
    pub stable: bool,
}

impl Fingerprint {
    /// Whether what has this fingerprint now is what had the other: equal, and stable.
    pub fn vouches_for(&self, other: &Self) -> bool {
        self.stable && self == other
    }
}

/// The fingerprints of one model. Two queries whose `rows` vouch for each other yield the same rows one by one, alike in all
/// columns that vouch for each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprints {
    /// Per output column, in the order of the output schema.
    pub columns: Vec<Fingerprint>,
    /// Of which rows there are.
    pub rows: Fingerprint,
}
