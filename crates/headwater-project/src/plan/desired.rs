//! What an asset should be, as far as a plan has to know it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use headwater_sdk::TableName;
use headwater_sdk::lineage::{ColumnLineage, Fingerprints};

/// What an asset should be, as far as a plan has to know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    /// The fingerprint of its definition ([`definition()`](super::definition())).
    pub definition: String,
    /// The columns of its table: name and type.
    pub columns: Vec<(String, String)>,
    /// For a model: what its query computes. For a script: what it reads, of which nothing is proven.
    pub query: Option<Arc<Computed>>,
    /// The columns that its checks read of other tables. What is read of a table that is not here is not known.
    pub checked: BTreeMap<TableName, BTreeSet<String>>,
    /// For a source: the fingerprint of what a full load would read. `None` when the source could not be asked.
    pub source: Option<String>,
    /// For a source: what there is to read, in words, e.g. `3 files, 1.2 MB`; `None` when there is nothing.
    pub arrived: Option<String>,
    /// For a source: what was loaded and is another now, which is not loaded again.
    pub changed: Vec<String>,
    /// For a stream that appends: whether its table's log holds commits above the published version. They may be of a run
    /// that died while publishing, and what they hold counts as loaded.
    pub unpublished: bool,
    /// For a source whose table begins anew, as the source's columns are others now or its changes are gone: why, and what becomes
    /// of what it holds.
    pub begins_anew: Option<String>,
    /// For a source that could not be asked: why.
    pub trouble: Option<String>,
    /// For an asset whose columns nobody knows, as a source that was never loaded cannot be read: why.
    pub unknown: Option<String>,
    /// Of snapshots: why there has to be a new one, whether or not anything has changed.
    pub due: Option<String>,
    /// Functions in its SQL whose value differs from run to run.
    pub volatile: Vec<String>,
    /// Of a script: whether it is run whatever has changed.
    pub always: bool,
}

/// What a query computes, as planning tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Computed {
    /// From which columns each of its columns, and its rows.
    pub lineage: ColumnLineage,
    /// By which expressions.
    pub fingerprints: Fingerprints,
}
