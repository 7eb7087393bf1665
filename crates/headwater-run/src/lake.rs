//! What a run works on: a lake's engine and catalogue, and what `main`, or a branch, held when the run began.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_diagnostics::nearest;
use headwater_sdk::engine::Engine;
use headwater_sdk::store::{AssetState, BranchRecord, SnapshotKind, SnapshotRecord, Store};
use headwater_sdk::{Blame, Error, Relation, Relations, Result, TableName};

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
        let head = self.store.head().await?;
        self.base_of(None, head).await
    }

    /// What a branch holds now; `None` for `main`.
    ///
    /// # Errors
    /// `HW0712` when there is no such branch; otherwise when the catalogue cannot be read.
    pub async fn base_on(&self, branch: Option<&str>) -> Result<Base> {
        let Some(name) = branch else { return self.base().await };
        let branch = self.branch(name).await?;
        let head = match branch.head {
            Some(head) => self.store.snapshot(head).await?,
            None => None,
        };
        self.base_of(Some(branch), head).await
    }

    /// What a snapshot holds.
    pub(crate) async fn base_of(&self, branch: Option<BranchRecord>, snapshot: Option<SnapshotRecord>) -> Result<Base> {
        let states = match &snapshot {
            Some(snapshot) => self.store.asset_states(snapshot.id).await?,
            None => Vec::new(),
        };
        let last_id = self.store.last_snapshot_id().await?;
        let states = states.into_iter().map(|state| (state.asset.clone(), state)).collect();
        Ok(Base { branch, snapshot, states, last_id })
    }

    /// The snapshot that a table was rolled back to, if nothing has been published to it since.
    pub(crate) async fn rolled_back(&self, base: &Base, table: &TableName) -> Result<Option<u64>> {
        let mut snapshot = base.snapshot.clone();
        while let Some(SnapshotRecord { kind, changed, parent, .. }) = snapshot {
            match kind {
                SnapshotKind::Rollback { to } if changed.contains(table) => return Ok(Some(to)),
                SnapshotKind::Publish if changed.contains(table) => return Ok(None),
                _ => {}
            }
            snapshot = match parent {
                Some(parent) => self.store.snapshot(parent).await?,
                None => None,
            };
        }
        Ok(None)
    }

    /// The branch of a name.
    ///
    /// # Errors
    /// `HW0712` when there is none, with the nearest name; otherwise when the catalogue cannot be read.
    pub async fn branch(&self, name: &str) -> Result<BranchRecord> {
        let branches = self.store.branches().await?;
        branches.iter().find(|branch| branch.name == name).cloned().ok_or_else(|| {
            let error = Error::new("HW0712", Blame::Project, format!("there is no branch {name}"));
            match nearest(name, branches.iter().map(|branch| branch.name.as_str())) {
                Some(near) => error.help(format!("did you mean {near}?")),
                None => error.help(format!(
                    "`headwater branch list` lists them, `headwater branch create {name}` makes this one"
                )),
            }
        })
    }
}

/// What `main`, or a branch, holds at a moment.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// The branch; `None` for `main`.
    pub branch: Option<BranchRecord>,
    /// The newest snapshot; `None` in a new lake.
    pub snapshot: Option<SnapshotRecord>,
    /// The state of every asset in it.
    pub states: BTreeMap<TableName, AssetState>,
    /// The largest number that a snapshot of the lake ever had.
    pub last_id: u64,
}

impl Base {
    /// The branch's name; `None` for `main`.
    pub fn branch_name(&self) -> Option<&str> {
        self.branch.as_ref().map(|branch| branch.name.as_str())
    }

    /// The branch's staging area, which runs on it stand on and publish into; `None` for `main`.
    pub(crate) fn area(&self) -> Option<&str> {
        self.branch.as_ref().map(|branch| branch.area.as_str())
    }

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
        self.last_id + 1
    }

    /// What a name stands for.
    pub fn relation(&self, name: &TableName) -> Option<&Relation> {
        self.snapshot.as_ref()?.relations.get(name)
    }

    /// The version of a table; `None` for a view and for what is not there.
    pub fn version(&self, name: &TableName) -> Option<u64> {
        self.relation(name)?.version()
    }
}
