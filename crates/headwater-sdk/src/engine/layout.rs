//! How the rows of a table lie in its files. Changing it changes neither rows nor columns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StagedTable;

/// The size (bytes) that files are written in where nothing is said.
pub const FILE_SIZE: u64 = 256 * 1024 * 1024;

/// How rows are ordered by the columns that they are clustered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterOrder {
    /// By the first column, then by the second, and so on: best where most queries are about the first.
    #[default]
    Sort,
    /// Along a curve through all columns alike: best where queries are about one or another of them. `headwater maintain`
    /// lays rows out so; a run sorts what it writes.
    ZOrder,
}

/// By what rows lie together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clustering {
    /// The columns; none for rows as they come.
    pub columns: Vec<String>,
    /// How they order the rows.
    #[serde(default)]
    pub order: ClusterOrder,
}

impl Clustering {
    /// Whether rows lie as they come.
    pub fn is_none(&self) -> bool {
        self.columns.is_empty()
    }

    /// What a run makes of it, which sees each row once: rows are sorted.
    pub fn sorted(&self) -> Self {
        Self { order: ClusterOrder::Sort, ..self.clone() }
    }
}

/// How the rows of a table are to lie in its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// By what rows lie together within each partition.
    pub clustering: Clustering,
    /// The size (bytes) at which a file is full.
    pub file_size: u64,
}

impl Default for Layout {
    fn default() -> Self {
        Self { clustering: Clustering::default(), file_size: FILE_SIZE }
    }
}

/// What a table's files are, and which of them would be better written again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files to be written again: too small, too large, with many deleted rows, or not laid out as they should be.
    pub rewrite_files: u64,
    /// Their bytes.
    pub rewrite_bytes: u64,
    /// Deleted rows in these.
    pub deleted_rows: u64,
    /// Commits since the newest checkpoint of its log.
    pub commits: u64,
    /// Why nothing can be done about the table, where that is so.
    pub obstacle: Option<String>,
}

/// What writing files again has led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Compacted {
    /// The table as staged.
    pub staged: StagedTable,
    /// Its files, and their bytes, before.
    pub before: (u64, u64),
    /// The same, after.
    pub after: (u64, u64),
    /// Rows that were deleted and are now gone from the files, too.
    pub purged: u64,
}
