//! Auditing a view: its query is computed once for all one-pass checks, and nothing is written.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use headwater_sdk::check::{CompiledCheck, Probe};
use headwater_sdk::engine::{AuditViewRequest, Staged};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Relation, Result, TableName};
use tokio::task::JoinSet;

use super::audit::{self, Scope};
use super::lanes::{self, Lane};
use super::rows::{self, RowChecks, Tally};
use super::sink::task_error;
use super::task::now_micros;
use super::verdict;
use crate::branch::RunBranch;
use crate::session::{Session, Thrift};

/// See [`headwater_sdk::engine::Branch::audit_view`].
pub(crate) async fn audit_view(branch: &RunBranch, request: AuditViewRequest) -> Result<Staged> {
    let AuditViewRequest { view, sql, checks, mut relations, progress } = request;
    relations.insert(view.clone(), Relation::View { sql: sql.clone() });
    let session = branch.lake.session(&relations);
    let staged = audit_query(&session, &sql, &view, &checks, &progress, now_micros()).await?;
    Ok(Staged { scans: session.scans(), ..staged })
}

/// Evaluates checks over a query, which `table` stands for in the session.
pub(crate) async fn audit_query(
    session: &Session,
    sql: &str,
    table: &TableName,
    checks: &[CompiledCheck],
    progress: &Arc<Progress>,
    now_micros: i64,
) -> Result<Staged> {
    let plan = session.plan(sql).await?;
    let mut staged = Staged::default();
    let mut tallies = rows::tallies(checks.len());
    let mut rows = None;
    if checks.iter().any(|check| check.is_one_pass() || matches!(check.probe, Probe::Unique { .. })) {
        let physical = session.physical(&plan, Thrift::Spilling).await?;
        let looked = look(session, &physical, checks, progress).await?;
        tallies = looked.tallies;
        rows = Some(looked.rows);
        staged.rows_in = looked.rows;
        staged.rows_out = looked.rows;
    }
    for (index, check) in checks.iter().enumerate() {
        if check.is_one_pass() || tallies[index].proven {
            continue;
        }
        let found = audit::audit(session, check, table, rows, Scope::All).await?;
        tallies[index] = found.tally;
        staged.bytes_audited += found.bytes;
    }
    staged.checks =
        checks.iter().zip(tallies).map(|(check, tally)| verdict::judge(check, tally, rows, now_micros)).collect();
    Ok(staged)
}

/// What a plan's rows have shown.
pub(super) struct Looked {
    pub(super) rows: u64,
    pub(super) tallies: Vec<Tally>,
}

/// Shows all rows of a plan to checks.
pub(super) async fn look(
    session: &Session,
    plan: &Arc<dyn ExecutionPlan>,
    checks: &[CompiledCheck],
    progress: &Arc<Progress>,
) -> Result<Looked> {
    let row_checks = Arc::new(RowChecks::compile(checks, &plan.schema(), session.state(), &|_| true)?);
    let mut tasks = JoinSet::new();
    for lane in lanes::of_plan(plan, &session.state().task_ctx())? {
        let (row_checks, progress) = (row_checks.clone(), progress.clone());
        tasks.spawn(async move { look_at_lane(lane, &row_checks, &progress).await });
    }
    let mut looked = Looked { rows: 0, tallies: rows::tallies(checks.len()) };
    while let Some(lane) = tasks.join_next().await {
        let lane = lane.map_err(task_error)??;
        looked.rows += lane.rows;
        rows::merge(&mut looked.tallies, lane.tallies);
    }
    rows::prove(&mut looked.tallies).await;
    Ok(looked)
}

async fn look_at_lane(mut lane: Lane, checks: &RowChecks, progress: &Progress) -> Result<Looked> {
    let mut seen = checks.begin();
    let mut rows = 0;
    while let Some(batch) = lane.next().await {
        let batch = batch?.rows;
        rows += batch.num_rows() as u64;
        progress.add_rows_in(batch.num_rows() as u64);
        checks.look(batch, &mut seen)?;
        tokio::task::yield_now().await;
    }
    Ok(Looked { rows, tallies: seen.tallies })
}
