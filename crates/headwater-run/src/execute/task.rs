//! The work on one asset: tries, the judgement of its checks, and what is recorded of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_project::plan::PlannedTask;
use headwater_project::{Asset, AssetKind};
use headwater_sdk::progress::Progress;
use headwater_sdk::store::{LineageRecord, TaskState};
use headwater_sdk::{Error, Result, TableName};

use super::attempt::{Attempt, attempt, not_loaded_again};
use super::context::{Contents, Context};
use super::outcome::{Outcome, Trouble, failed_checks};
use super::{freshness, known_anew, state};
use crate::clock;
use crate::failpoints::{AFTER_AUDIT_RECORD, AFTER_STAGE, BEFORE_AUDIT_RECORD, BEFORE_STAGE, failpoint};
use crate::resolve::Why;

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
        Ok(attempt) => judge(context, asset, attempt, task, &visible.contents, &mut outcome),
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
    task: &PlannedTask,
    contents: &BTreeMap<TableName, Arc<Contents>>,
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
    let anew = known_anew::after(context, asset, &attempt);
    let resolved = anew.as_deref().or_else(|| context.resolved.assets.get(&asset.name));
    outcome.record.after = resolved.map(|resolved| state::after(context, asset, resolved, task, &attempt, contents));
    outcome.record.lineage = resolved.map(|resolved| LineageRecord {
        asset: asset.name.clone(),
        columns: resolved.desired.columns.clone(),
        lineage: resolved.desired.query.as_ref().map(|query| query.lineage.clone()).unwrap_or_default(),
        origin: match &asset.kind {
            AssetKind::Stream(stream) | AssetKind::Seed(stream) => Some(stream.origin.clone()),
            // A program that reads no table reads something else.
            AssetKind::Script(script) if script.inputs.is_empty() => {
                Some(format!("script: {}", script.command.join(" ")))
            }
            AssetKind::Script(_) | AssetKind::Model(_) => None,
        },
    });
    outcome.record.staged = Some(attempt.staged);
    outcome.record.state = TaskState::Audited;
}

/// Ends what cannot be built, as nobody knows its columns.
pub(super) fn verify_known(context: &Context, mut outcome: Outcome) -> Outcome {
    match context.resolved.unknown.get(&outcome.record.asset).map(|unknown| &unknown.why) {
        None => {}
        Some(Why::Source(error)) => outcome.fail(Trouble::from(error)),
        Some(Why::Reads(input)) => outcome.hold_back(format!("{input} failed or was held back")),
    }
    outcome
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
