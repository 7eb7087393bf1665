//! What the rows of a load are to the table that takes them up.

use arrow_array::{BinaryArray, Int8Array};

/// What the rows of a load are. The columns of a key are among those of the load, and none of their values is null.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Delivery {
    /// The table's rows, or rows that are added to them, as the mode says.
    #[default]
    Rows,
    /// Each takes the place of the table's row with its key, or is added. A key comes once.
    Upserts {
        /// The columns of the key.
        key: Vec<String>,
    },
    /// Each takes the place of the table's row with its key, or is added. A key may come several times, the last of which counts: the
    /// parts of the load are read one after the other.
    Latest {
        /// The columns of the key.
        key: Vec<String>,
    },
    /// Each is a change ([`SourceBatch::changes`](super::SourceBatch::changes)), and they come in their order: the parts of the
    /// load are read one after the other.
    Changes {
        /// The columns of the key.
        key: Vec<String>,
    },
    /// As [`Self::Changes`], of which many may be what the table has: rows are compared with the table's, and what came as it was is
    /// not written again.
    Repeats {
        /// The columns of the key.
        key: Vec<String>,
    },
}

impl Delivery {
    /// The columns of the key; none where rows are only added.
    pub fn key(&self) -> &[String] {
        match self {
            Self::Rows => &[],
            Self::Upserts { key } | Self::Latest { key } | Self::Changes { key } | Self::Repeats { key } => key,
        }
    }
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
pub enum Operation {
    /// It takes the place of the row with its key, or is added.
    Upsert = 0,
    /// The row with its key is gone. Only the columns of the key count.
    Delete = 1,
    /// All rows are gone. No column counts.
    Truncate = 2,
}

/// What the rows of a batch are, when they are changes.
#[derive(Debug, Clone)]
pub struct Changes {
    /// An [`Operation`] for each row, by its number.
    pub operations: Int8Array,
    /// The columns whose values stay as they are in the row that an upsert takes the place of: bit `i % 8` of byte `i / 8` is set
    /// for the column `i` of the load. Null, or no array, where none does.
    pub kept: Option<BinaryArray>,
}
