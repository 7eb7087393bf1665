//! One record of every kind, with every variant that it can hold. What the fixtures of the newest version say.

use headwater_sdk::check::{CheckResult, CompiledCheck, Probe, Severity, Threshold, Verdict};
use headwater_sdk::destination::{KeptRow, Mark};
use headwater_sdk::engine::{Staged, StagedTable};
use headwater_sdk::lineage::{ColumnLineage, ColumnRef, Edge, Influence, OutputColumn};
use headwater_sdk::store::{
    AssetState, BranchRecord, ColumnUse, DeliveryOutcome, DeliveryRecord, Intent, LedgerRecord, LineageRecord,
    RestrictedBy, RunRecord, RunState, SnapshotKind, SnapshotRecord, TaskRecord, TaskState, UndeliveredRecord,
    UsageRecord,
};
use headwater_sdk::{Relation, RunId, TableName};
use serde_json::json;

use super::SnapshotHeader;

const RUN: &str = "01jhd2m8k0000000000000000a";
const TIME: i64 = 1_767_225_600_000;

fn name(text: &str) -> TableName {
    text.parse().unwrap()
}

fn run_id() -> RunId {
    RunId::from_text(RUN)
}

pub(super) fn runs() -> Vec<RunRecord> {
    use RunState::{Abandoned, Failed, Interrupted, Partial, Published, Running};
    let states = [Running, Published, Partial, Failed, Interrupted, Abandoned];
    let run = |(number, state)| RunRecord {
        id: run_id(),
        number: number as u64 + 1,
        environment: "dev".into(),
        plan_fingerprint: "b3f1".into(),
        branch: None,
        base_snapshot: (number > 0).then_some(number as u64),
        snapshot: (state == Published).then_some(2),
        state,
        started_ms: TIME,
        ended_ms: (state != Running).then_some(TIME + 1_500),
        holder: None,
        command: "headwater run --select marts.*".into(),
        backfill: None,
        version: "0.1.0".into(),
    };
    states.into_iter().enumerate().map(run).collect()
}

fn checks() -> Vec<CheckResult> {
    let probes = [
        Probe::Row { fails_when: "\"dep_delay\" > 2000".into() },
        Probe::NotNull { columns: vec!["carrier".into(), "flight".into()] },
        Probe::RowCount { min: Some(1), max: None },
        Probe::Freshness { column: "time_hour".into(), max_age_seconds: 129_600 },
        Probe::Unique { columns: vec!["flight_key".into()] },
        Probe::References {
            columns: vec!["carrier_key".into()],
            to: name("marts.dim_carrier"),
            to_columns: vec!["carrier_key".into()],
        },
        Probe::Query { sql: "select 1 where false".into() },
    ];
    let severities = [Severity::Warn, Severity::Quarantine, Severity::Error];
    let verdicts = [Verdict::Passed, Verdict::Warned, Verdict::Quarantined, Verdict::Failed];
    let result = |(number, probe): (usize, Probe)| CheckResult {
        check: CompiledCheck {
            kind: "range".into(),
            name: format!("range({number})"),
            description: (number == 0).then(|| "delays of days are typing errors".into()),
            columns: vec!["dep_delay".into()],
            severity: severities[number % severities.len()],
            threshold: if number % 2 == 0 { Threshold::Rows(3) } else { Threshold::Percent(0.5) },
            filter: (number == 1).then(|| "carrier <> 'XX'".into()),
            probe,
        },
        verdict: verdicts[number % verdicts.len()],
        checked: 1_000,
        failing: number as u64,
        observed: (number == 3).then(|| "2013-12-31T23:00:00Z".into()),
        sample: vec![json!({ "carrier": "UA", "dep_delay": 2_400, "gate": null })],
    };
    probes.into_iter().enumerate().map(result).collect()
}

fn staged_table() -> StagedTable {
    StagedTable {
        table: name("marts.fct_flights"),
        base: Some(3),
        below: None,
        version: 4,
        rows: Some(998),
        bytes: 20_480,
        files: 2,
    }
}

pub(super) fn tasks() -> Vec<TaskRecord> {
    use TaskState::{Audited, Failed, HeldBack, Pending, Published, UpToDate};
    let task = |(position, state)| TaskRecord {
        run: run_id(),
        position: position as u32,
        asset: name("marts.fct_flights"),
        reason: "its SQL has changed".into(),
        state,
        attempts: 1,
        started_ms: Some(TIME),
        ended_ms: (state != Pending).then_some(TIME + 700),
        staged: (state == Audited).then(|| Staged {
            tables: vec![staged_table(), StagedTable { base: None, rows: None, ..staged_table() }],
            rows_in: 1_000,
            rows_out: 998,
            quarantined: 1,
            rejected: 1,
            first_rejected: None,
            bytes_in: 65_536,
            bytes_audited: 4_096,
            checks: checks(),
            refresh: None,
            notes: vec!["somebody else had written to the table".into()],
            scans: Vec::new(),
        }),
        message: (state == Failed).then(|| "no such column: gate".into()),
        after: (state == Audited).then(|| asset_states().remove(0)),
        lineage: (state == Audited).then(|| lineage().remove(0)),
    };
    [Pending, Audited, Published, Failed, HeldBack, UpToDate].into_iter().enumerate().map(task).collect()
}

pub(super) fn asset_states() -> Vec<AssetState> {
    let model = AssetState {
        asset: name("marts.fct_flights"),
        definition: "d1".into(),
        inputs: vec![(name("marts.dim_carrier"), "c7".into()), (name("staging.flights"), "c9".into())],
        reads: Vec::new(),
        contents: "c10".into(),
        parts: None,
        read_parts: Vec::new(),
        source: None,
        newest: vec![("freshness(time_hour)".into(), "2013-12-31T23:00:00Z".into())],
        run: run_id(),
        snapshot: None,
        checks: Vec::new(),
        clustering: Default::default(),
    };
    let source = AssetState {
        asset: name("raw.flights"),
        inputs: Vec::new(),
        source: Some("12 files".into()),
        newest: Vec::new(),
        ..model.clone()
    };
    vec![model, source]
}

pub(super) fn lineage() -> Vec<LineageRecord> {
    use Influence::{Aggregation, Conditional, Filter, GroupBy, Identity, Join, Sort, Transformation, Window};
    let influences = [Identity, Transformation, Aggregation, Join, GroupBy, Filter, Sort, Window, Conditional];
    let edge = |influence: &Influence| Edge {
        from: ColumnRef { table: name("staging.flights"), column: "carrier".into() },
        influence: *influence,
        masking: *influence == Aggregation,
    };
    let (direct, indirect): (Vec<Edge>, Vec<Edge>) =
        influences.iter().map(edge).partition(|edge| edge.influence.is_direct());
    let model = LineageRecord {
        asset: name("marts.fct_flights"),
        columns: vec![("carrier".into(), "string".into()), ("flights".into(), "bigint".into())],
        lineage: ColumnLineage {
            columns: vec![
                OutputColumn { name: "carrier".into(), edges: direct },
                OutputColumn { name: "flights".into(), edges: Vec::new() },
            ],
            dataset: indirect,
        },
        origin: None,
    };
    let source = LineageRecord {
        asset: name("raw.flights"),
        columns: vec![("carrier".into(), "string".into())],
        lineage: ColumnLineage::default(),
        origin: Some("files: flights/*.csv.gz".into()),
    };
    vec![model, source]
}

pub(super) fn relations() -> Vec<Relation> {
    vec![
        Relation::Table { version: 4 },
        Relation::Staged { branch: "run-7".into(), base: Some(3), version: 4, below: None },
        Relation::Staged { branch: "run-7".into(), base: None, version: 0, below: None },
        Relation::View { sql: "select * from raw.flights".into() },
    ]
}

fn snapshots() -> Vec<SnapshotRecord> {
    let first = SnapshotRecord {
        id: 1,
        branch: None,
        parent: None,
        kind: SnapshotKind::Publish,
        run: run_id(),
        published_ms: TIME,
        relations: [(name("raw.flights"), Relation::Table { version: 0 })].into(),
        changed: vec![name("raw.flights")],
        vacuumed: false,
    };
    let second = SnapshotRecord {
        id: 3,
        parent: Some(2),
        kind: SnapshotKind::Rollback { to: 1 },
        relations: [(name("marts.v_carriers"), relations().remove(3)), (name("raw.flights"), relations().remove(0))]
            .into(),
        ..first.clone()
    };
    vec![first, second]
}

pub(super) fn snapshot_headers() -> Vec<SnapshotHeader> {
    snapshots().iter().map(SnapshotHeader::of).collect()
}

pub(super) fn branches() -> Vec<BranchRecord> {
    let fresh = BranchRecord {
        name: "dev".into(),
        area: "dev-01jhd2m8k0000000000000000a".into(),
        base: None,
        head: None,
        created_ms: TIME,
    };
    vec![fresh.clone(), BranchRecord { base: Some(3), head: Some(5), ..fresh }]
}

pub(super) fn usage() -> Vec<UsageRecord> {
    let used = |column: &str, by, known, amount| ColumnUse { column: column.into(), by, known, amount };
    let columns = vec![used("carrier", RestrictedBy::Values, 3, 4.0), used("at", RestrictedBy::Range, 2, 0.125)];
    let whole =
        UsageRecord { table: name("marts.fct"), day: 20_454, columns: Vec::new(), scans: 3, rows: 3_000, read: 3_000 };
    vec![whole.clone(), UsageRecord { columns, read: 1_500, ..whole }]
}

pub(super) fn deliveries() -> Vec<DeliveryRecord> {
    let delivered = DeliveryRecord {
        run: run_id(),
        delivery: "crm/marts.fct".into(),
        connector: "postgres".into(),
        table: name("marts.fct"),
        outcome: DeliveryOutcome::Delivered,
        from: None,
        to: Some(2),
        written: 10,
        deleted: 1,
        undelivered: 2,
        bytes: 4_096,
        attempts: 1,
        started_ms: TIME,
        ended_ms: TIME + 900,
        code: None,
        message: None,
    };
    let outcome = |outcome| DeliveryRecord { outcome, from: Some(2), ..delivered.clone() };
    let failed = DeliveryRecord {
        attempts: 3,
        code: Some("HW0341".into()),
        message: Some("the database cannot be reached".into()),
        ..outcome(DeliveryOutcome::Failed)
    };
    vec![delivered.clone(), outcome(DeliveryOutcome::UpToDate), outcome(DeliveryOutcome::NotPublished), failed]
}

pub(super) fn ledgers() -> Vec<LedgerRecord> {
    let mark = |snapshot| {
        let relation = Relation::Table { version: snapshot };
        Mark { snapshot, run: RUN.into(), relation, definition: "[]".into() }
    };
    let first = LedgerRecord { delivery: "hook/marts.fct".into(), mark: None, pending: Some(mark(1)) };
    vec![first.clone(), LedgerRecord { mark: Some(mark(1)), pending: None, ..first }]
}

pub(super) fn undelivered() -> Vec<UndeliveredRecord> {
    let row = KeptRow { id: "0a".into(), operation: 1, row: "{\"id\":1}".into(), reason: "no such contact".into() };
    vec![UndeliveredRecord { delivery: "hook/marts.fct".into(), run: run_id(), since_ms: TIME, row }]
}

pub(super) fn intents() -> Vec<Intent> {
    let intent = |snapshot| Intent {
        run: run_id(),
        branch: "run-7".into(),
        onto: None,
        tables: vec![staged_table()],
        snapshot,
        assets: asset_states(),
        lineage: lineage(),
        removed: vec![name("marts.old")],
        rebases: None,
    };
    snapshots().into_iter().map(intent).collect()
}
