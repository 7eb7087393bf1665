//! The work on one asset: tries, the judgement of its checks, and what is recorded of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use headwater_project::plan::{PlannedTask, tracked_inputs};
use headwater_project::{Asset, AssetKind};
use headwater_sdk::check::CheckCount;
use headwater_sdk::engine::Refresh;
use headwater_sdk::progress::Progress;
use headwater_sdk::store::{AssetState, LineageRecord, TaskState};
use headwater_sdk::types::type_name;
use headwater_sdk::{Error, Result, TableName};

use super::attempt::{Attempt, attempt, not_loaded_again};
use super::context::Context;
use super::freshness;
use super::outcome::{Outcome, Trouble, failed_checks};
use crate::clock;
use crate::failpoints::{AFTER_AUDIT_RECORD, AFTER_STAGE, BEFORE_AUDIT_RECORD, BEFORE_STAGE, failpoint};

/// Builds an asset. What goes wrong with the asset is in the outcome.
///
/// # Errors
/// When the catalogue cannot keep the outcome.
pub(super) async fn build(
    context: &Context,
    asset: &Asset,
    task: &PlannedTask,
    mut outcome: Outcome,
) -> Result<Outcome> {
    let visible = context.visible();
    let mut attempts = 0;
    outcome.record.started_ms = Some(clock::now_ms());
    let result: Result<Attempt, Error> = loop {
        attempts += 1;
        let progress = Arc::new(Progress::default());
        context.observer.started(&asset.name, attempts, &progress);
        failpoint(BEFORE_STAGE);
        match attempt(context, asset, task, visible.relations.clone(), progress).await {
            Err(error) if error.transient && attempts < context.retry.attempts => {
                let pause = context.retry.pause_after(attempts);
                context.observer.retrying(&asset.name, &error, pause.as_secs_f64());
                tokio::time::sleep(pause).await;
            }
            result => break result,
        }
    };
    failpoint(AFTER_STAGE);
    outcome.record.attempts = attempts;
    outcome.record.ended_ms = Some(clock::now_ms());
    match result {
        Err(error) => outcome.fail(Trouble::from(&error)),
        Ok(attempt) => judge(context, asset, attempt, &visible.contents, &mut outcome),
    }
    failpoint(BEFORE_AUDIT_RECORD);
    context.put_tasks([&outcome.record]).await?;
    failpoint(AFTER_AUDIT_RECORD);
    Ok(outcome)
}

fn judge(
    context: &Context,
    asset: &Asset,
    mut attempt: Attempt,
    contents: &BTreeMap<TableName, String>,
    outcome: &mut Outcome,
) {
    let before = context.base.states.get(&asset.name);
    if let Some(before) = before.filter(|_| attempt.appended) {
        freshness::judge_with_known(&mut attempt.staged.checks, before, jiff::Timestamp::now());
    }
    if let Some(trouble) = failed_checks(&attempt.staged.checks) {
        outcome.record.staged = Some(attempt.staged);
        outcome.fail(trouble);
        return;
    }
    let resolved = context.resolved.assets.get(&asset.name);
    let inputs = tracked_inputs(&context.project, asset)
        .into_iter()
        .filter_map(|input| contents.get(&input).map(|contents| (input.clone(), contents.clone())))
        .collect();
    let reads: BTreeSet<TableName> = asset.inputs.iter().map(|input| input.table.owner()).collect();
    let reads = reads.into_iter().filter(|name| *name != asset.name).collect();
    outcome.record.after = Some(AssetState {
        asset: asset.name.clone(),
        definition: resolved.map(|resolved| resolved.desired.definition.clone()).unwrap_or_default(),
        inputs,
        reads,
        contents: contents_after(context, before, &attempt),
        source: attempt.source,
        newest: freshness::newest(&attempt.staged.checks),
        run: context.run.id.clone(),
        snapshot: Some(context.base.next_id()),
        checks: attempt.staged.checks.iter().map(CheckCount::of).collect(),
    });
    outcome.record.lineage = resolved.map(|resolved| LineageRecord {
        asset: asset.name.clone(),
        columns: resolved
            .schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), type_name(field.data_type())))
            .collect(),
        lineage: resolved.lineage.clone(),
        origin: match &asset.kind {
            AssetKind::Stream(stream) | AssetKind::Seed(stream) => Some(stream.origin.clone()),
            AssetKind::Model(_) => None,
        },
    });
    outcome.record.staged = Some(attempt.staged);
    outcome.record.state = TaskState::Audited;
}

/// The fingerprint of an asset's contents. Where nothing was written, they are what they were.
fn contents_after(context: &Context, before: Option<&AssetState>, attempt: &Attempt) -> String {
    match (before, &attempt.staged.refresh) {
        (Some(before), Some(Refresh::Nothing)) => before.contents.clone(),
        _ => context.run.id.to_string(),
    }
}

/// Judges an asset with nothing to do: what is published is up to date, unless it has grown too old.
pub(super) fn skip(context: &Context, asset: &Asset, mut outcome: Outcome) -> Outcome {
    outcome.record.state = TaskState::UpToDate;
    if let Some(resolved) = context.resolved.assets.get(&asset.name) {
        outcome.notes.extend(not_loaded_again(&resolved.desired.changed));
    }
    if let Some(state) = context.base.states.get(&asset.name) {
        let checks = asset.checks.iter().map(|spec| &spec.check);
        outcome.rejudged = freshness::judge_again(checks, state, jiff::Timestamp::now());
        if let Some(mut trouble) = failed_checks(&outcome.rejudged) {
            trouble.code = "HW0919";
            trouble.help = Some("find out why the source brings nothing new, or allow a greater age".to_owned());
            outcome.fail(trouble);
        }
    }
    outcome
}
