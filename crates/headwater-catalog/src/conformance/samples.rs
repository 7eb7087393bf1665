//! Records to try stores with.

use std::collections::BTreeSet;

use headwater_sdk::engine::StagedTable;
use headwater_sdk::lineage::{ColumnLineage, ColumnRef, Edge, Fingerprint, Influence, OutputColumn};
use headwater_sdk::store::{
    AssetState, ColumnPart, ContentParts, Intent, Lease, LineageRecord, Part, ReadParts, RunRecord, RunState,
    SnapshotKind, SnapshotRecord, Store, TaskRecord, TaskState,
};
use headwater_sdk::{Blame, Error, Relation, Relations, Result, RunId, TableName};

/// When the samples begin: 2026-01-01T00:00:00Z, in milliseconds since 1970.
pub const START_MS: i64 = 1_767_225_600_000;
/// How long the samples' leases last, in milliseconds.
pub const TTL_MS: u64 = 30_000;

/// The identifier of the run with a number.
pub fn run_id(number: u64) -> RunId {
    RunId::from_text(format!("01j{number:023}"))
}

/// A table's name of a text that is one.
///
/// # Errors
/// When it is none.
pub fn name(text: &str) -> Result<TableName> {
    text.parse().map_err(|e| Error::new(crate::codes::DEFECT, Blame::Headwater, "a sample has no name").caused_by(e))
}

/// The run with a number, at work.
pub fn run(number: u64) -> RunRecord {
    RunRecord {
        id: run_id(number),
        number,
        environment: "dev".into(),
        plan_fingerprint: format!("plan-{number}"),
        branch: None,
        base_snapshot: number.checked_sub(1).filter(|base| *base > 0),
        snapshot: None,
        state: RunState::Running,
        started_ms: START_MS + number as i64,
        ended_ms: None,
        holder: None,
        command: "headwater run".into(),
        backfill: None,
        version: "0.1.0".into(),
    }
}

/// A task of the run with a number.
///
/// # Errors
/// When `asset` is no name.
pub fn task(run: u64, position: u32, asset: &str) -> Result<TaskRecord> {
    Ok(TaskRecord {
        run: run_id(run),
        position,
        asset: name(asset)?,
        reason: "it has not been built yet".into(),
        state: TaskState::Pending,
        attempts: 0,
        started_ms: None,
        ended_ms: None,
        staged: None,
        message: None,
        after: None,
        lineage: None,
    })
}

/// The state of an asset that a run published; `contents` tells states apart.
///
/// # Errors
/// When `asset` is no name.
pub fn state(asset: &str, run: u64, contents: &str) -> Result<AssetState> {
    Ok(AssetState {
        asset: name(asset)?,
        definition: format!("definition of {asset}"),
        inputs: vec![(name("raw.input")?, "input-1".into())],
        reads: vec![name("raw.input")?],
        contents: contents.into(),
        parts: Some(ContentParts {
            rows: Part { fingerprint: None, changed: contents.into() },
            columns: vec![ColumnPart {
                name: "at".into(),
                data_type: "timestamp".into(),
                part: Part {
                    fingerprint: Some(Fingerprint { hash: format!("hash of {contents}"), stable: true }),
                    changed: "run-1".into(),
                },
            }],
        }),
        read_parts: vec![ReadParts {
            table: name("raw.input")?,
            rows: "run-1".into(),
            columns: vec![("at".into(), "run-0".into())],
        }],
        source: None,
        newest: vec![("freshness(at)".into(), "2026-01-01T00:00:00Z".into())],
        run: run_id(run),
        snapshot: None,
        checks: Vec::new(),
        clustering: Default::default(),
    })
}

/// The lineage of an asset with one column; `column` tells records apart.
///
/// # Errors
/// When `asset` is no name.
pub fn lineage(asset: &str, column: &str) -> Result<LineageRecord> {
    let from = ColumnRef { table: name("raw.input")?, column: column.into() };
    let edge = Edge { from, influence: Influence::Identity, masking: false };
    Ok(LineageRecord {
        asset: name(asset)?,
        columns: vec![(column.into(), "string".into())],
        lineage: ColumnLineage {
            columns: vec![OutputColumn { name: column.into(), edges: vec![edge] }],
            dataset: Vec::new(),
        },
        origin: None,
    })
}

/// An intent of the run with the new snapshot's number: on top of `parent`, each table of `tables` at a version, with a
/// state and a lineage that name that version.
///
/// # Errors
/// When a table has no proper name.
pub fn intent(parent: Option<&SnapshotRecord>, tables: &[(&str, u64)]) -> Result<Intent> {
    let id = parent.map_or(1, |parent| parent.id + 1);
    let mut intent = Intent {
        run: run_id(id),
        branch: format!("run-{id}"),
        onto: None,
        tables: Vec::new(),
        snapshot: SnapshotRecord {
            id,
            branch: None,
            parent: parent.map(|parent| parent.id),
            kind: SnapshotKind::Publish,
            run: run_id(id),
            published_ms: START_MS + 1_000 * id as i64,
            relations: parent.map(|parent| parent.relations.clone()).unwrap_or_default(),
            changed: Vec::new(),
            vacuumed: false,
        },
        assets: Vec::new(),
        lineage: Vec::new(),
        removed: Vec::new(),
        rebases: None,
    };
    for (table, version) in tables {
        let (table, version) = (name(table)?, *version);
        intent.assets.push(state(&table.to_string(), id, &format!("v{version}"))?);
        intent.lineage.push(lineage(&table.to_string(), &format!("v{version}"))?);
        intent.tables.push(StagedTable {
            table: table.clone(),
            base: version.checked_sub(1),
            below: None,
            version,
            rows: Some(version),
            bytes: 1_024,
            files: 1,
        });
        intent.snapshot.relations.insert(table, Relation::Table { version });
    }
    intent.snapshot.changed = changed(parent.map(|parent| &parent.relations), &intent.snapshot.relations);
    Ok(intent)
}

/// Takes assets out of an intent's snapshot, on top of `parent`.
///
/// # Errors
/// When an asset has no proper name.
pub fn remove(intent: &mut Intent, parent: &SnapshotRecord, assets: &[&str]) -> Result<()> {
    for asset in assets {
        let asset = name(asset)?;
        intent.snapshot.relations.remove(&asset);
        intent.removed.push(asset);
    }
    intent.snapshot.changed = changed(Some(&parent.relations), &intent.snapshot.relations);
    Ok(())
}

/// Takes the lease that publishing needs.
///
/// # Errors
/// When the store fails or somebody else has the lease.
pub async fn lease(store: &dyn Store, holder: &str) -> Result<Lease> {
    store.acquire_lease("publish", holder, TTL_MS).await?.map_err(|other| {
        Error::new(
            crate::codes::DEFECT,
            Blame::Headwater,
            format!("{holder} should have the lease, {} has", other.holder),
        )
    })
}

/// Publishes what [`intent`] makes, and returns the snapshot.
///
/// # Errors
/// When the store fails.
pub async fn publish(
    store: &dyn Store,
    lease: &Lease,
    parent: Option<&SnapshotRecord>,
    tables: &[(&str, u64)],
) -> Result<SnapshotRecord> {
    let intent = intent(parent, tables)?;
    store.put_intent(&intent, lease).await?;
    store.publish(&intent, lease).await?;
    Ok(intent.snapshot)
}

/// The names that two maps differ in.
pub fn changed(before: Option<&Relations>, after: &Relations) -> Vec<TableName> {
    let names: BTreeSet<_> = before.iter().flat_map(|before| before.keys()).chain(after.keys()).collect();
    let differs = |name: &&&TableName| before.and_then(|before| before.get(**name)) != after.get(**name);
    names.iter().filter(differs).map(|name| (*name).clone()).collect()
}
