//! What each table name means to a reader: the contents of a snapshot or of a run's branch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::TableName;

/// What a table name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Relation {
    /// A Delta table at a version of its published log.
    Table {
        /// The Delta version.
        version: u64,
    },
    /// A Delta table at a version that only a branch has.
    Staged {
        /// The branch that holds the staged commits.
        branch: String,
        /// The published version that the branch's commits stand on; `None` when the branch creates the table.
        base: Option<u64>,
        /// The staged Delta version.
        version: u64,
    },
    /// A query that is expanded wherever the name is read.
    View {
        /// The rendered SQL of the view. Names in it are resolved in the same [`Relations`].
        sql: String,
    },
}

/// Everything that a reader can name. A snapshot is such a map with no [`Relation::Staged`] in it.
pub type Relations = BTreeMap<TableName, Relation>;
