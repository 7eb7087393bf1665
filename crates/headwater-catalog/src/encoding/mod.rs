//! Records as the catalogue keeps them: JSON, and beside it the version of its format.
//!
//! A field that is added with `#[serde(default)]` needs no new version. Anything else (a field renamed, a meaning
//! changed) does: raise [`Record::VERSION`], turn the old form into the new one in [`Record::upgrade`], and add
//! fixtures under `fixtures/v<version>/`. Fixtures are never edited or removed: they are what people have on disk.

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use headwater_sdk::store::{
    AssetState, BranchRecord, DeliveryRecord, Intent, LedgerRecord, LineageRecord, RunRecord, SnapshotKind,
    SnapshotRecord, TaskRecord, UndeliveredRecord, UsageRecord,
};
use headwater_sdk::{Blame, Error, Relation, Relations, Result, RunId, TableName};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::codes;

/// Something that the catalogue keeps as JSON.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// What it is called in messages, and the name of its fixtures.
    const KIND: &'static str;
    /// The version of the format that is written.
    const VERSION: u32 = 1;

    /// Turns a body of version `from` into one of version `from + 1`.
    fn upgrade(_from: u32, body: Value) -> Value {
        body
    }
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encoded {
    /// The version of the body's format.
    pub(crate) version: u32,
    /// JSON.
    pub(crate) body: String,
}

/// Encodes a record in its newest format.
pub(crate) fn encode<R: Record>(record: &R) -> Result<Encoded> {
    let body = serde_json::to_string(record).map_err(|e| {
        let message = format!("a record of kind '{}' cannot be written as JSON", R::KIND);
        Error::new(codes::DEFECT, Blame::Headwater, message).caused_by(e)
    })?;
    Ok(Encoded { version: R::VERSION, body })
}

/// Reads a record of any version up to the newest.
pub(crate) fn decode<R: Record>(encoded: &Encoded) -> Result<R> {
    let Encoded { version, body } = encoded;
    let decoded = match *version {
        newer if newer > R::VERSION => {
            let message = format!("the catalogue holds a record of kind '{}' in format {newer}", R::KIND);
            return Err(Error::new(codes::NEWER_RECORD, Blame::Environment, message)
                .help(format!("this headwater reads formats up to {}: use a newer one", R::VERSION)));
        }
        current if current == R::VERSION => serde_json::from_str(body),
        older => serde_json::from_str(body).and_then(|value: Value| {
            serde_json::from_value((older..R::VERSION).fold(value, |value, from| R::upgrade(from, value)))
        }),
    };
    decoded.map_err(|e| {
        let message = format!("the catalogue holds a record of kind '{}' that cannot be read", R::KIND);
        Error::new(codes::DAMAGED, Blame::Environment, message)
            .help("put back a copy of the catalogue from before it was damaged")
            .caused_by(e)
    })
}

/// A [`SnapshotRecord`] without its relations, which are kept as changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SnapshotHeader {
    id: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    parent: Option<u64>,
    kind: SnapshotKind,
    run: RunId,
    published_ms: i64,
    changed: Vec<TableName>,
    #[serde(default)]
    vacuumed: bool,
}

impl SnapshotHeader {
    /// Everything but the relations.
    pub(crate) fn of(record: &SnapshotRecord) -> Self {
        Self {
            id: record.id,
            branch: record.branch.clone(),
            parent: record.parent,
            kind: record.kind.clone(),
            run: record.run.clone(),
            published_ms: record.published_ms,
            changed: record.changed.clone(),
            vacuumed: record.vacuumed,
        }
    }

    /// The header of a snapshot that is vacuumed.
    pub(crate) fn vacuumed(self) -> Self {
        Self { vacuumed: true, ..self }
    }

    /// The snapshot's number.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The whole record.
    pub(crate) fn with_relations(self, relations: Relations) -> SnapshotRecord {
        let Self { id, branch, parent, kind, run, published_ms, changed, vacuumed } = self;
        SnapshotRecord { id, branch, parent, kind, run, published_ms, relations, changed, vacuumed }
    }
}

impl Record for RunRecord {
    const KIND: &'static str = "run";
}

impl Record for TaskRecord {
    const KIND: &'static str = "task";
}

impl Record for BranchRecord {
    const KIND: &'static str = "branch";
}

impl Record for Intent {
    const KIND: &'static str = "intent";
    // Since 2 a snapshot may be made by maintenance, which a Headwater that knows 1 cannot read.
    const VERSION: u32 = 2;
}

impl Record for SnapshotHeader {
    const KIND: &'static str = "snapshot";
    // As of an intent.
    const VERSION: u32 = 2;
}

impl Record for Relation {
    const KIND: &'static str = "relation";
}

impl Record for AssetState {
    const KIND: &'static str = "asset_state";
}

impl Record for LineageRecord {
    const KIND: &'static str = "lineage";
}

impl Record for DeliveryRecord {
    const KIND: &'static str = "delivery";
}

impl Record for LedgerRecord {
    const KIND: &'static str = "ledger";
}

impl Record for UndeliveredRecord {
    const KIND: &'static str = "undelivered";
}

impl Record for UsageRecord {
    const KIND: &'static str = "usage";
}
