//! What a run works on: a lake's engine and catalogue, and what `main` held when the run began.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_sdk::engine::Engine;
use headwater_sdk::store::{AssetState, SnapshotRecord, Store};
use headwater_sdk::{Relation, Relations, Result, TableName};

/// A lake: its tables and its catalogue.
#[derive(Clone)]
pub struct Lake {
    /// Plans, writes and reads tables.
    pub engine: Arc<dyn Engine>,
    /// Keeps the records.
    pub store: Arc<dyn Store>,
}

impl Lake {
    /// What `main` holds now.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn base(&self) -> Result<Base> {
        let snapshot = self.store.head().await?;
        let states = match &snapshot {
            Some(snapshot) => self.store.asset_states(snapshot.id).await?,
            None => Vec::new(),
        };
        Ok(Base { snapshot, states: states.into_iter().map(|state| (state.asset.clone(), state)).collect() })
    }
}

/// What `main` holds at a moment.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// The newest snapshot; `None` in a new lake.
    pub snapshot: Option<SnapshotRecord>,
    /// The state of every asset in it.
    pub states: BTreeMap<TableName, AssetState>,
}

impl Base {
    /// What every name stands for.
    pub fn relations(&self) -> Relations {
        self.snapshot.as_ref().map(|snapshot| snapshot.relations.clone()).unwrap_or_default()
    }

    /// The number of the snapshot.
    pub fn id(&self) -> Option<u64> {
        self.snapshot.as_ref().map(|snapshot| snapshot.id)
    }

    /// The number of the snapshot that comes next.
    pub(crate) fn next_id(&self) -> u64 {
        self.id().unwrap_or(0) + 1
    }

    /// What a name stands for.
    pub fn relation(&self, name: &TableName) -> Option<&Relation> {
        self.snapshot.as_ref()?.relations.get(name)
    }

    /// The published version of a table; `None` for a view and for what is not there.
    pub fn version(&self, name: &TableName) -> Option<u64> {
        match self.relation(name)? {
            Relation::Table { version } => Some(*version),
            Relation::Staged { .. } | Relation::View { .. } => None,
        }
    }
}
