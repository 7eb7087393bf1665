//! The steps of staging a table, in order.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::physical_plan::ExecutionPlan;
use deltalake_core::kernel::{Action, Add};
use headwater_sdk::check::{CompiledCheck, Severity};
use headwater_sdk::connector::{Delivery, LoadPosition};
use headwater_sdk::engine::{Layout, Refresh, StageInput, StageRequest, Staged, StagedTable, WriteMode};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::method::Method;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Relation, Relations, Result, TableName, side_table};
use tokio::sync::Mutex;

use super::audit::Scope;
use super::decided::{Decided, Rows};
use super::history::{self, Amended};
use super::incremental::Case;
use super::keyed::{self, Taking};
use super::known::KnownRows;
use super::lanes::{self, Lane};
use super::quarantine::Target;
use super::rows::{RowChecks, Tally};
use super::side::SideTable;
use super::sink::{FileWriter, Sink, Written};
use super::stay::Stay;
use super::{audit, order, quarantine, retype, verdict, view};
use crate::branch::{Previous, RunBranch};
use crate::lake::commit::{self, CommitNote, NewCommit};
use crate::lake::delete;
use crate::lake::table::TableVersion;
use crate::lake::vacuum::remove_all;
use crate::session::{Session, Thrift};
use crate::types::lake_schema;

/// One attempt at one table.
pub(super) struct Attempt<'a> {
    pub(super) branch: &'a RunBranch,
    pub(super) table: &'a TableName,
    pub(super) mode: WriteMode,
    pub(super) partition_by: &'a [String],
    pub(super) layout: &'a Layout,
    pub(super) checks: &'a [CompiledCheck],
    pub(super) relations: &'a Relations,
    /// The newest version of the line that the run works on, which the staged commit stands on.
    pub(super) previous: Option<Previous>,
    /// The actions that take rows out of it.
    deletes: Vec<Action>,
    /// What is known of its rows that stay, when only what has changed is computed.
    stay: Option<Stay>,
    /// Table properties that the table is known by.
    properties: Vec<(&'static str, String)>,
    /// Where the load of a source ends; final when all is read.
    position: Option<LoadPosition>,
    pub(super) now_micros: i64,
}

/// See [`headwater_sdk::engine::Branch::stage`].
pub(crate) async fn stage(branch: &RunBranch, request: StageRequest) -> Result<Staged> {
    let StageRequest {
        table,
        input,
        mode,
        partition_by,
        layout,
        checks,
        judge_all,
        keep_rejected,
        rejected_once,
        relations,
        position,
        progress,
    } = request;
    let mut notes = Vec::new();
    let previous = clear(branch, &table, &relations, &mut notes).await?;
    let session = branch.lake.session(&relations);
    let mut must_not_shrink = false;
    let known = || {
        let name = table.rejected();
        let again = rejected_once && mode == WriteMode::Append && previous.is_some() && relations.contains_key(&name);
        again.then(|| KnownRows::new(&session, name))
    };
    let decided = match input {
        StageInput::Source { schema, parts, delivery: Delivery::Rows, .. } => {
            Decided::whole(Rows::Source { schema, parts }, mode, None)
        }
        StageInput::Source { schema, parts, delivery, checks: seen } => {
            let location = branch.location();
            let side = |name, schema| SideTable::new(location, name, schema, &branch.run, now_micros());
            let rejected =
                keep_rejected.then(|| side(table.rejected(), side_table::rejected_schema()).knowing(known()));
            let (lake, session, delivery) = (branch.lake.as_ref(), &session, &delivery);
            let previous = previous.as_ref().filter(|_| mode == WriteMode::Append).map(|previous| &previous.table);
            let (table, progress) = (&table, &progress);
            let load = keyed::Load { lake, session, table, schema, parts, delivery, previous, rejected, progress };
            Box::pin(Taking::begin(load, &checks, &seen)).await?
        }
        StageInput::Query { sql, since, method } => {
            let plan = session.plan(&sql).await?;
            let (lake, plan, sql) = (branch.lake.as_ref(), &plan, sql.as_str());
            let (session, relations, checks) = (&session, &relations, checks.as_slice());
            let partition_by = partition_by.as_slice();
            let case = since.as_ref().zip(previous.as_ref()).map(|(since, previous)| Case {
                lake,
                session,
                plan,
                sql,
                since,
                relations,
                previous: &previous.table,
                partition_by,
                checks,
            });
            let kept = previous.as_ref().filter(|_| mode == WriteMode::Append).map(|previous| &previous.table);
            match (*method, case) {
                (method @ (Method::Whole | Method::Incremental { .. }), Some(case)) => {
                    Box::pin(Decided::by(&case, &method)).await?
                }
                (method @ (Method::Whole | Method::Incremental { .. }), None) => {
                    must_not_shrink = matches!(method, Method::Incremental { may_shrink: false, .. });
                    Decided::whole(Rows::Plan(plan.clone()), mode, Some(Refresh::Full { because: None }))
                }
                (Method::History { history, at }, case) => {
                    let (table, case) = (&table, case.as_ref());
                    let parts =
                        history::Parts { lake, session, table, history: &history, at, plan, previous: kept, case };
                    Box::pin(Decided::history(parts, checks)).await?
                }
                (Method::Snapshots { snapshots, at }, case) => {
                    let of = (&snapshots, at);
                    let snapshot = Box::pin(history::snapshot(lake, session, &table, of, plan, kept)).await?;
                    Decided::snapshot(snapshot, lake, kept, case.as_ref(), checks).await?
                }
            }
        }
    };
    let Decided { rows, mode, deletes, refresh, stay, properties } = decided;
    let partition_by = match (&mode, &previous) {
        (WriteMode::Append, Some(previous)) => {
            let partitions = previous.table.partition_columns();
            if *partitions != *partition_by && !partition_by.is_empty() {
                notes.push(
                    "the table keeps the partitions that it began with: what it holds is not written again".to_owned(),
                );
            }
            partitions.to_vec()
        }
        _ => partition_by,
    };
    let mut attempt = Attempt {
        branch,
        table: &table,
        mode,
        partition_by: &partition_by,
        layout: &layout,
        checks: &checks,
        relations: &relations,
        previous,
        deletes,
        stay,
        properties,
        position,
        now_micros: now_micros(),
    };
    let mut outcome = attempt.write(&session, rows, keep_rejected, &progress).await?;
    if must_not_shrink {
        refuse_loss(attempt.previous.as_ref().map(|previous| &previous.table), &table, outcome.written.rows_out)?;
    }
    if let (Some(amended), Some(previous)) = (&outcome.amended, &attempt.previous) {
        attempt.deletes = delete::actions(branch.location(), &previous.table, &amended.removed).await?;
    }
    failpoint("engine_after_write");
    let first_rejected = match &outcome.rejected {
        Some(side) => side.lock().await.first().cloned(),
        None => None,
    };
    let mut staged = Staged {
        rows_in: outcome.rows_in,
        first_rejected,
        rejected: outcome.written.rejected,
        bytes_in: progress.bytes_in(),
        refresh: outcome.amended.as_ref().map(|amended| amended.refresh.clone()).or(refresh),
        notes,
        scans: session.scans(),
        ..Staged::default()
    };
    let adds = std::mem::take(&mut outcome.written.adds);
    let nothing = adds.is_empty() && attempt.deletes.is_empty() && attempt.stay.is_some();
    let stays = nothing && !attempt.must_keep_position(&outcome.written);
    let target = Target::of(&attempt, &outcome);
    outcome.carried_over = retype::carry_over(&attempt, attempt.previous.as_ref(), &outcome.schema, &target).await?;
    let mut version = match &attempt.previous {
        Some(previous) if stays => previous.table.clone(),
        _ => attempt.commit(&outcome, adds).await?,
    };
    failpoint("engine_after_commit");
    let mut tallies = std::mem::take(&mut outcome.written.tallies);
    // Rows that a second look sets aside go first: what stays is what the other checks judge.
    if let Some(kept) = quarantine::second_look(&attempt, &outcome, &version, &mut tallies, &mut staged).await? {
        version = attempt.recommit(&outcome, kept).await?;
    }
    let rows = version.rows();
    let shown = judge_all || attempt.stay.as_ref().is_some_and(|stay| stay.must_be_shown(&checks));
    if shown && mode == WriteMode::Append {
        attempt.judge_all(&version, &mut tallies, &mut staged).await?;
    }
    if let Some(stay) = &attempt.stay {
        stay.add(&checks, &mut tallies, rows, shown);
    }
    attempt.audit(&outcome, &version, &mut tallies, &mut staged).await?;
    staged.checks = checks
        .iter()
        .zip(tallies)
        .map(|(check, tally)| verdict::judge(check, tally, rows, attempt.now_micros))
        .collect();
    staged.rows_out = outcome.written.rows_out - staged.quarantined;
    staged.quarantined += outcome.written.quarantined;
    if nothing {
        staged.refresh = Some(Refresh::Nothing);
    }
    if !stays {
        staged.tables.push(attempt.staged_table(&version));
    }
    for side in [outcome.quarantine, outcome.rejected].into_iter().flatten() {
        staged.tables.extend(attempt.commit_side(side.into_inner()).await?);
    }
    Ok(staged)
}

/// A table that keeps rows which its inputs may not have any more does not lose them without a word.
fn refuse_loss(previous: Option<&TableVersion>, table: &TableName, rows: u64) -> Result<()> {
    let before = previous.and_then(TableVersion::rows).unwrap_or(0);
    if rows >= before {
        return Ok(());
    }
    let message = format!("made anew, {table} would have {rows} rows, and it has {before}: the others would be lost");
    Err(Error::new("HW0627", Blame::Data, message)
        .help("undo the change of its definition, or accept the loss with --full-refresh"))
}

/// Throws away what an earlier attempt has staged, and opens the table as published.
/// Throws away what an earlier attempt has staged, and opens the table as the run finds it.
async fn clear(
    branch: &RunBranch,
    table: &TableName,
    relations: &Relations,
    notes: &mut Vec<String>,
) -> Result<Option<Previous>> {
    for name in [table.clone(), table.quarantine(), table.rejected()] {
        let log = branch.location().staged_log(&branch.name, &name);
        remove_all(branch.location(), &log).await?;
    }
    let previous = branch.previous(table, relations).await?;
    if let (Some(Relation::Table { version }), Some(previous)) = (relations.get(table), &previous)
        && let Relation::Table { version: head } = &previous.relation
        && head > version
    {
        notes.push(format!(
            "{} commits of another program were found above version {version}: this run builds on top of them",
            head - version
        ));
    }
    Ok(previous)
}

/// What writing has led to.
pub(super) struct Outcome {
    /// The table's columns, in lake types.
    pub(super) schema: SchemaRef,
    /// The columns as the files hold them.
    pub(super) write_schema: SchemaRef,
    pub(super) written: Written,
    pub(super) rows_in: u64,
    pub(super) quarantine: Option<Mutex<SideTable>>,
    pub(super) rejected: Option<Mutex<SideTable>>,
    /// The rows that the table had, written again because a column's type changes.
    pub(super) carried_over: Option<Vec<Add>>,
    /// What takes the place of which rows, where a walk along all of them tells.
    amended: Option<Amended>,
}

impl Attempt<'_> {
    pub(super) fn session(&self, relations: &Relations) -> Session {
        self.branch.lake.session(relations)
    }

    async fn write(
        &self,
        session: &Session,
        rows: Rows,
        keep_rejected: bool,
        progress: &Arc<Progress>,
    ) -> Result<Outcome> {
        match rows {
            Rows::Source { schema, parts } => {
                let lanes = lanes::of_parts(parts, self.branch.lake.threads(), progress);
                let input = schema.clone();
                self.write_lanes(session, &schema, &input, lanes, keep_rejected, progress).await
            }
            Rows::Plan(plan) => {
                let mut thrift = Thrift::Fast;
                loop {
                    let physical = order::sorted(session.physical(&plan, thrift).await?, &self.order());
                    let lanes = lanes::of_plan(&physical, &session.context(thrift))?;
                    let schema = physical.schema();
                    match self.write_lanes(session, &schema, &schema, lanes, false, progress).await {
                        Err(e) => thrift = thrift.next_after(&e).ok_or(e)?,
                        Ok(outcome) => return Ok(Outcome { rows_in: rows_scanned(&physical), ..outcome }),
                    }
                }
            }
            Rows::Keyed(mut taking) => {
                let mut thrift = Thrift::Fast;
                loop {
                    let (schema, lanes, pass) = taking.walk(session, thrift).await?;
                    match self.write_lanes(session, &schema, &schema, lanes, false, progress).await {
                        Err(e) => thrift = thrift.next_after(&e).ok_or(e)?,
                        Ok(mut outcome) => {
                            let amended = Some(taking.end(&pass).await?);
                            outcome.rejected = taking.rejected.take();
                            outcome.written.rejected = taking.rejected_rows;
                            return Ok(Outcome { rows_in: taking.rows_in, amended, ..outcome });
                        }
                    }
                }
            }
            Rows::History(amending) => {
                let mut thrift = Thrift::Fast;
                loop {
                    let (schema, lanes, pass) = amending.walk(session, thrift).await?;
                    match self.write_lanes(session, &schema, &schema, lanes, false, progress).await {
                        Err(e) => thrift = thrift.next_after(&e).ok_or(e)?,
                        Ok(outcome) => {
                            let rows_in = rows_scanned(&pass.physical);
                            return Ok(Outcome { rows_in, amended: Some(amending.end(&pass)), ..outcome });
                        }
                    }
                }
            }
        }
    }

    /// Whether the position is kept though no row changes: it is worth it, or rows that were set aside would be so again.
    fn must_keep_position(&self, written: &Written) -> bool {
        let worth = self.position.as_ref().is_some_and(LoadPosition::is_worth_a_commit);
        self.position.is_some() && (worth || written.rejected + written.quarantined > 0)
    }

    async fn write_lanes(
        &self,
        session: &Session,
        schema: &SchemaRef,
        input: &SchemaRef,
        lanes: Vec<Lane>,
        keep_rejected: bool,
        progress: &Arc<Progress>,
    ) -> Result<Outcome> {
        let schema = Arc::new(lake_schema(schema)?);
        let write_schema = lanes::write_schema(&schema, input, self.partition_by);
        let quarantines = self.checks.iter().any(|check| check.severity == Severity::Quarantine);
        let sink = Arc::new(Sink {
            schema: write_schema.clone(),
            files: FileWriter::new(self.branch.location(), self.table, &write_schema, self.partition_by, self.layout),
            order: self.order(),
            checks: RowChecks::compile(self.checks, &write_schema, session.state(), &|check| self.proves(check))?,
            quarantine: quarantines
                .then(|| Mutex::new(self.side(self.table.quarantine(), side_table::quarantine_schema(&schema)))),
            rejected: keep_rejected
                .then(|| Mutex::new(self.side(self.table.rejected(), side_table::rejected_schema()))),
            progress: progress.clone(),
        });
        let written = sink.write(lanes).await?;
        let rows_in = written.rows_in;
        // Every lane has ended: nobody else holds the sink.
        let (quarantine, rejected) =
            Arc::into_inner(sink).map_or((None, None), |sink| (sink.quarantine, sink.rejected));
        Ok(Outcome { schema, write_schema, written, rows_in, quarantine, rejected, carried_over: None, amended: None })
    }

    /// The columns by which the rows of a query are sorted.
    pub(super) fn order(&self) -> Vec<String> {
        order::columns(self.layout, self.partition_by)
    }

    /// Whether the rows of this attempt alone tell whether a unique check holds.
    fn proves(&self, check: &CompiledCheck) -> bool {
        let is_empty = |previous: &Previous| previous.table.snapshot.log_data().num_files() == 0;
        self.mode == WriteMode::Replace
            || self.previous.as_ref().is_none_or(is_empty)
            || self.stay.as_ref().is_some_and(|stay| stay.is_unique_apart(check))
    }

    fn side(&self, name: TableName, schema: SchemaRef) -> SideTable {
        SideTable::new(self.branch.location(), name, schema, &self.branch.run, self.now_micros)
    }

    /// Commits files on the branch and opens the table with them.
    async fn commit(&self, outcome: &Outcome, mut adds: Vec<Add>) -> Result<TableVersion> {
        let carried_over = outcome.carried_over.as_ref();
        adds.extend(carried_over.into_iter().flatten().cloned());
        let commit = NewCommit {
            table: self.table,
            branch: &self.branch.name,
            previous: self.previous.as_ref().map(|previous| &previous.table),
            schema: outcome.schema.clone(),
            partition_by: self.partition_by,
            mode: carried_over.map_or(self.mode, |_| WriteMode::Replace),
            adds,
            deletes: &self.deletes,
            properties: &self.properties,
            note: &CommitNote { run: self.branch.run.clone(), position: self.position.as_ref().map(LoadPosition::get) },
        };
        let version = commit::stage_commit(self.branch.location(), commit).await?;
        TableVersion::open(self.branch.location(), self.table, &self.staged_relation(version)).await
    }

    /// Replaces the staged commit by one with other files.
    async fn recommit(&self, outcome: &Outcome, adds: Vec<Add>) -> Result<TableVersion> {
        remove_all(self.branch.location(), &self.branch.location().staged_log(&self.branch.name, self.table)).await?;
        self.commit(outcome, adds).await
    }

    /// What the table's name stands for once `version` is staged.
    fn staged_relation(&self, version: u64) -> Relation {
        let previous = self.previous.as_ref().map(|previous| &previous.relation);
        Relation::staged_on(previous, &self.branch.name, version)
    }

    /// The run's relations with the staged version of this table.
    pub(super) fn relations_with(&self, version: &TableVersion) -> Relations {
        let mut relations = self.relations.clone();
        relations.insert(self.table.clone(), self.staged_relation(version.snapshot.version()));
        relations
    }

    /// Shows the rows that the table had, too, to the one-pass checks that do not set rows aside.
    async fn judge_all(&self, version: &TableVersion, tallies: &mut [Tally], staged: &mut Staged) -> Result<()> {
        let (judging, places) = quarantine::judging_checks(self.checks);
        if judging.is_empty() {
            return Ok(());
        }
        let session = self.session(&self.relations_with(version));
        let plan = session.plan(&format!("SELECT * FROM {}", self.table)).await?;
        let physical = session.physical(&plan, Thrift::Fast).await?;
        let looked = view::look(&session, &physical, &judging, &Arc::default()).await?;
        for (place, tally) in places.into_iter().zip(looked.tallies) {
            tallies[place] = tally;
        }
        staged.bytes_audited += audit::bytes_scanned(&physical);
        Ok(())
    }

    /// The second look of the checks that do not set rows aside.
    async fn audit(
        &self,
        outcome: &Outcome,
        version: &TableVersion,
        tallies: &mut [Tally],
        staged: &mut Staged,
    ) -> Result<()> {
        let session = quarantine::session(self, outcome, version)?;
        let rows = version.rows();
        for (index, check) in self.checks.iter().enumerate() {
            if check.is_one_pass() || tallies[index].proven || check.severity == Severity::Quarantine {
                continue;
            }
            let only_new = self.stay.as_ref().is_some_and(|stay| stay.only_new_can_fail(check));
            let scope = if only_new { Scope::NewRows } else { Scope::All };
            let found = audit::audit(&session, check, self.table, rows, scope).await?;
            tallies[index] = found.tally;
            staged.bytes_audited += found.bytes;
        }
        staged.scans.extend(session.scans());
        Ok(())
    }

    fn staged_table(&self, version: &TableVersion) -> StagedTable {
        let before = self.previous.as_ref().map(|previous| files_of(&previous.table)).unwrap_or_default();
        let new = version.snapshot.log_data().into_iter().filter(|file| !before.contains(file.path().as_ref()));
        let (files, bytes) =
            new.fold((0, 0), |(n, bytes), file| (n + 1, bytes + u64::try_from(file.size()).unwrap_or(0)));
        let counts = Counts { rows: version.rows(), bytes, files };
        counts.of(self.table.clone(), &self.staged_relation(version.snapshot.version()))
    }

    /// Commits a side table, unless nothing changes for it.
    async fn commit_side(&self, mut side: SideTable) -> Result<Option<StagedTable>> {
        let location = self.branch.location();
        let mut adds = side.finish().await?;
        let previous = self.branch.previous(&side.name, self.relations).await?;
        if let Some(Previous { relation, table }) = &previous {
            let same_columns = *table.schema() == *side.schema;
            let stays = self.mode == WriteMode::Append || table.snapshot.log_data().num_files() == 0;
            let is_known = self.relations.get(&side.name) == Some(relation);
            if adds.is_empty() && stays && same_columns && is_known {
                return Ok(None);
            }
        }
        let layout = &Layout::default();
        let target = Target { table: &side.name, schema: &side.schema, partition_by: &[], layout, checks: &[] };
        let carried_over = retype::carry_over(self, previous.as_ref(), &side.schema, &target).await?;
        let mode = carried_over.as_ref().map_or(self.mode, |_| WriteMode::Replace);
        adds.extend(carried_over.into_iter().flatten());
        let (files, bytes) = (adds.len() as u64, adds.iter().map(|add| u64::try_from(add.size).unwrap_or(0)).sum());
        let commit = NewCommit {
            table: &side.name,
            branch: &self.branch.name,
            previous: previous.as_ref().map(|previous| &previous.table),
            schema: side.schema.clone(),
            partition_by: &[],
            mode,
            adds,
            deletes: &[],
            properties: &[],
            note: &CommitNote { run: self.branch.run.clone(), position: None },
        };
        let version = commit::stage_commit(location, commit).await?;
        let rows = match self.mode {
            WriteMode::Replace => Some(side.rows()),
            WriteMode::Append => {
                let before = previous.as_ref().map_or(Some(0), |previous| previous.table.rows());
                before.map(|before| before + side.rows())
            }
        };
        let previous = previous.as_ref().map(|previous| &previous.relation);
        let relation = Relation::staged_on(previous, &self.branch.name, version);
        Ok(Some(Counts { rows, bytes, files }.of(side.name, &relation)))
    }
}

/// What there is to count of a staged table.
struct Counts {
    rows: Option<u64>,
    bytes: u64,
    files: u64,
}

impl Counts {
    /// The table that a relation of this run's branch shows.
    fn of(self, table: TableName, relation: &Relation) -> StagedTable {
        let Self { rows, bytes, files } = self;
        let version = relation.version().unwrap_or_default();
        let (base, below) = match relation {
            Relation::Staged { base, below, .. } => (*base, below.clone()),
            Relation::Table { .. } | Relation::View { .. } => (None, None),
        };
        StagedTable { table, base, below, version, rows, bytes, files }
    }
}

/// The paths of a version's files, as in the log.
pub(super) fn files_of(version: &TableVersion) -> std::collections::HashSet<String> {
    version.snapshot.log_data().into_iter().map(|file| file.path().into_owned()).collect()
}

/// Rows that the scans below a plan have read.
fn rows_scanned(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let children = plan.children();
    if children.is_empty() {
        return plan.metrics().and_then(|metrics| metrics.output_rows()).unwrap_or(0) as u64;
    }
    children.into_iter().map(rows_scanned).sum()
}

pub(crate) fn now_micros() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Lanes of a query, with joins that spill, each sorted by some columns.
pub(super) async fn query_lanes(session: &Session, sql: &str, sorted_by: &[String]) -> Result<Vec<Lane>> {
    let plan = session.plan(sql).await?;
    let physical = order::sorted(session.physical(&plan, Thrift::Spilling).await?, sorted_by);
    lanes::of_plan(&physical, &session.state().task_ctx())
}
