//! Auditing a view: its query is computed once for all one-pass checks, and nothing is written.

use futures::StreamExt;
use headwater_sdk::check::Probe;
use headwater_sdk::engine::{AuditViewRequest, Staged};
use headwater_sdk::{Relation, Result};
use tokio::task::JoinSet;

use super::lanes::{self, Lane};
use super::rows::{self, RowChecks, Tally};
use super::sink::task_error;
use super::task::now_micros;
use super::{audit, verdict};
use crate::branch::RunBranch;
use crate::session::Thrift;

/// See [`headwater_sdk::engine::Branch::audit_view`].
pub(crate) async fn audit_view(branch: &RunBranch, request: AuditViewRequest) -> Result<Staged> {
    let AuditViewRequest { view, sql, checks, mut relations, progress } = request;
    relations.insert(view.clone(), Relation::View { sql: sql.clone() });
    let session = branch.lake.session(&relations);
    let plan = session.plan(&sql).await?;
    let mut staged = Staged::default();
    let mut tallies = rows::tallies(checks.len());
    let mut rows = None;
    if checks.iter().any(|check| check.is_one_pass() || matches!(check.probe, Probe::Unique { .. })) {
        let physical = session.physical(&plan, Thrift::Spilling).await?;
        let row_checks = std::sync::Arc::new(RowChecks::compile(&checks, &physical.schema(), session.state(), true)?);
        let mut tasks = JoinSet::new();
        for lane in lanes::of_plan(&physical, &session.state().task_ctx())? {
            let (row_checks, progress) = (row_checks.clone(), progress.clone());
            tasks.spawn(async move { look(lane, &row_checks, &progress).await });
        }
        let mut count = 0;
        while let Some(lane) = tasks.join_next().await {
            let (lane_rows, lane_tallies) = lane.map_err(task_error)??;
            count += lane_rows;
            rows::merge(&mut tallies, lane_tallies);
        }
        rows::prove(&mut tallies).await;
        rows = Some(count);
        staged.rows_in = count;
        staged.rows_out = count;
    }
    for (index, check) in checks.iter().enumerate() {
        if check.is_one_pass() || tallies[index].proven {
            continue;
        }
        let found = audit::audit(&session, check, &view, rows).await?;
        tallies[index] = found.tally;
        staged.bytes_audited += found.bytes;
    }
    let now = now_micros();
    staged.checks = checks.iter().zip(tallies).map(|(check, tally)| verdict::judge(check, tally, rows, now)).collect();
    Ok(staged)
}

async fn look(
    mut lane: Lane,
    checks: &RowChecks,
    progress: &headwater_sdk::progress::Progress,
) -> Result<(u64, Vec<Tally>)> {
    let mut seen = checks.begin();
    let mut rows = 0;
    while let Some(batch) = lane.next().await {
        let batch = batch?.rows;
        rows += batch.num_rows() as u64;
        progress.add_rows_in(batch.num_rows() as u64);
        checks.look(batch, &mut seen)?;
        tokio::task::yield_now().await;
    }
    Ok((rows, seen.tallies))
}
