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
        /// The staging area that holds the newest commits.
        branch: String,
        /// The version that these commits stand on; `None` when the branch creates the table.
        base: Option<u64>,
        /// The staged Delta version.
        version: u64,
        /// Where the newest of the versions up to `base` are, when they are not published: a run on a branch stands on that
        /// branch's commits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        below: Option<Below>,
    },
    /// A query that is expanded wherever the name is read.
    View {
        /// The rendered SQL of the view. Names in it are resolved in the same [`Relations`].
        sql: String,
    },
}

/// The part of a table's log that a branch has, below what a run on that branch has staged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Below {
    /// The branch's staging area.
    pub branch: String,
    /// The published version that the branch's commits stand on; `None` when the branch creates the table.
    pub base: Option<u64>,
}

impl Relation {
    /// The Delta version; `None` for a view.
    pub fn version(&self) -> Option<u64> {
        match self {
            Self::Table { version } | Self::Staged { version, .. } => Some(*version),
            Self::View { .. } => None,
        }
    }

    /// What a name stands for when the staging area `branch` holds a `version` that stands on `previous`, the table as its
    /// writer found it.
    pub fn staged_on(previous: Option<&Self>, branch: &str, version: u64) -> Self {
        let branch = branch.to_owned();
        match previous {
            Some(Self::Staged { branch: same, base, below, .. }) if *same == branch => {
                Self::Staged { branch, base: *base, version, below: below.clone() }
            }
            Some(Self::Staged { branch: other, base, version: newest, .. }) => {
                let below = Some(Below { branch: other.clone(), base: *base });
                Self::Staged { branch, base: Some(*newest), version, below }
            }
            Some(Self::Table { version: newest }) => Self::Staged { branch, base: Some(*newest), version, below: None },
            Some(Self::View { .. }) | None => Self::Staged { branch, base: None, version, below: None },
        }
    }
}

/// Everything that a reader can name. A snapshot is such a map; in one of `main` there is no [`Relation::Staged`].
pub type Relations = BTreeMap<TableName, Relation>;
