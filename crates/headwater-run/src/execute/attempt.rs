//! One try at an asset: its rows are staged on the run's branch, and its checks evaluated.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use headwater_project::plan::PlannedTask;
use headwater_project::{Asset, AssetKind, Materialize, ModelAsset, Refresh as RefreshPolicy, StreamAsset};
use headwater_sdk::check::CompiledCheck;
use headwater_sdk::connector::{Delivery, LOST, OnBadRow, ReadMode};
use headwater_sdk::engine::{
    AuditViewRequest, Branch, Layout, Refresh, Since, StageInput, StageRequest, Staged, WriteMode,
};
use headwater_sdk::method::Method;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Relation, Relations, Result, TableName};

use super::context::Context;
use super::{bad_rows, script};
use crate::keeping;
use crate::resolve::{ResolvedAsset, after_rollback};

/// A load whose rows have columns that none of its sample had is planned and read again. One such pass finds all of them, unless the first bad
/// row ends it.
const MOST_PASSES: u32 = 20;

/// What one try led to.
pub(super) struct Attempt {
    pub(super) staged: Staged,
    /// For a source: the fingerprint of what it had read.
    pub(super) source: Option<String>,
    /// For a source: the columns that were read.
    pub(super) schema: Option<SchemaRef>,
    /// Whether rows were added to those of the published table.
    pub(super) appended: bool,
}

/// What a plan says beside what is to be read.
struct Told {
    schema: SchemaRef,
    fingerprint: String,
    delivery: Delivery,
    drift: Vec<String>,
    changed: Vec<String>,
}

/// Stages an asset and evaluates its checks.
pub(super) async fn attempt(
    context: &Context,
    asset: &Asset,
    task: &PlannedTask,
    relations: Relations,
    progress: Arc<Progress>,
) -> Result<Attempt> {
    let Some(branch) = &context.branch else {
        return Err(Error::new("HW0914", Blame::Headwater, "a run with nothing to build was asked to build"));
    };
    match &asset.kind {
        AssetKind::Stream(stream) | AssetKind::Seed(stream) => {
            load(context, branch.as_ref(), asset, stream, task, relations, progress).await
        }
        AssetKind::Model(model) => {
            let checks = resolved(context, asset)?.checks.clone();
            let mut staged = match &model.materialize {
                Materialize::View => {
                    let (view, sql) = (asset.name.clone(), context.resolved.sql(&asset.name, model).to_owned());
                    branch.audit_view(AuditViewRequest { view, sql, checks, relations, progress }).await?
                }
                _ => {
                    let since = since(context, asset, model, task).await?;
                    let request = table_request(context, asset, model, since, checks);
                    branch.stage(StageRequest { relations, progress, ..request }).await?
                }
            };
            staged.notes.extend(keeping::restless(asset, &resolved(context, asset)?.desired));
            let appended = matches!(staged.refresh, Some(Refresh::Append | Refresh::Nothing));
            Ok(Attempt { staged, source: None, schema: None, appended })
        }
        AssetKind::Script(program) => {
            let resolved = resolved(context, asset)?;
            let staged = script::stage(context, branch.as_ref(), asset, program, resolved, relations, progress).await?;
            Ok(Attempt { staged, source: None, schema: None, appended: false })
        }
    }
}

async fn load(
    context: &Context,
    branch: &dyn Branch,
    asset: &Asset,
    stream: &StreamAsset,
    task: &PlannedTask,
    relations: Relations,
    progress: Arc<Progress>,
) -> Result<Attempt> {
    let resolved = resolved(context, asset)?;
    let Some(source) = &resolved.source else {
        return Err(Error::new("HW0914", Blame::Headwater, format!("the source of {} was not opened", asset.name)));
    };
    let mut appended = stream.settings.mode.adds_rows() && !task.reload && !source.is_anew();
    if stream.settings.mode.adds_rows() && task.reload && !context.full_refresh && source.begins_anew.is_none() {
        refuse_loss(context, asset, source).await?;
    }
    let kept = match &source.begins_anew {
        Some((kept, _)) => Some(keep(branch, &asset.name, kept, &relations).await?),
        None => None,
    };
    let drift = stream.settings.drift;
    let mut altered = source.because.clone();
    let (mut plan, mut passes) = (source.read_plan().await?, 1);
    let (mut staged, plan) = loop {
        let told = Told {
            schema: Arc::clone(&plan.schema),
            fingerprint: plan.fingerprint,
            delivery: plan.delivery.clone(),
            drift: plan.drift,
            changed: plan.changed,
        };
        let seen = context.base.states.get(&asset.name).filter(|_| appended && !task.checks_changed);
        let request = StageRequest {
            table: asset.name.clone(),
            input: StageInput::Source {
                schema: plan.schema,
                parts: plan.parts,
                delivery: plan.delivery,
                checks: seen.map(|state| state.checks.clone()).unwrap_or_default(),
            },
            mode: if appended { WriteMode::Append } else { WriteMode::Replace },
            partition_by: Vec::new(),
            layout: Layout::default(),
            checks: resolved.checks.clone(),
            judge_all: task.checks_changed,
            keep_rejected: stream.settings.on_bad_row == OnBadRow::Reject,
            // What is read by a key may be read again: what lies within `lookback`, or has the value that the last load ended with.
            rejected_once: stream.settings.mode == ReadMode::Incremental && !stream.settings.key.is_empty(),
            relations: relations.clone(),
            position: Some(plan.position),
            progress: Arc::clone(&progress),
        };
        let staged = branch.stage(request).await;
        // Columns that no sample had belong to the table, too.
        let is_read = staged.as_ref().err().is_none_or(|error| error.blame == Blame::Data);
        let wider = if is_read && passes < MOST_PASSES { source.wider_plan(drift).await } else { None };
        if let Some(wider) = wider.filter(|wider| wider.schema != told.schema) {
            drop(progress.take_notes());
            (plan, passes) = (wider, passes + 1);
            continue;
        }
        match staged {
            // Some sources know only when they read.
            Err(error) if appended && source.begin_anew(&error, drift) => {
                (altered, appended) = (Some(error.message), false);
            }
            Err(error) if appended && LOST.contains(&error.code) => {
                let Some(to) = context.lake.rolled_back(&context.base, &asset.name).await? else { return Err(error) };
                source.begin_anew_after_rollback();
                (altered, appended) = (Some(after_rollback(to)), false);
            }
            staged => break (staged?, told),
        }
        plan = source.read_plan().await?;
    };
    bad_rows::judge(&asset.name, &staged, stream.most_bad_rows, !appended)?;
    let only_gains = plan.delivery == Delivery::Rows;
    staged.notes.extend(altered.map(|why| format!("{why}: the table was read anew")));
    if let (Some(kept), Some((name, why))) = (kept, &source.begins_anew) {
        staged.tables.extend(kept.tables);
        staged.notes.push(format!("{why}: the table began anew, and what it held is {name}"));
    }
    staged.notes.extend(plan.drift);
    staged.notes.extend(progress.take_notes());
    staged.notes.extend(not_loaded_again(&plan.changed));
    let appended = appended && (only_gains || staged.refresh == Some(Refresh::Nothing));
    Ok(Attempt { staged, source: Some(plan.fingerprint), schema: Some(plan.schema), appended })
}

/// Copies what a table holds into another one.
async fn keep(branch: &dyn Branch, table: &TableName, kept: &TableName, relations: &Relations) -> Result<Staged> {
    let request = StageRequest {
        table: kept.clone(),
        input: StageInput::Query { sql: format!("SELECT * FROM {table}"), since: None, method: Method::Whole.into() },
        mode: WriteMode::Replace,
        partition_by: Vec::new(),
        layout: Layout::default(),
        checks: Vec::new(),
        judge_all: false,
        keep_rejected: false,
        rejected_once: false,
        relations: relations.clone(),
        position: None,
        progress: Arc::default(),
    };
    branch.stage(request).await
}

/// What a person is told of files that changed after they were loaded.
pub(super) fn not_loaded_again(changed: &[String]) -> Option<String> {
    Some(match changed {
        [] => return None,
        [one] => format!("{one} changed after it was loaded and is not loaded again"),
        [first, others @ ..] => {
            format!("{first} and {} more changed after they were loaded and are not loaded again", others.len())
        }
    })
}

/// A changed definition loads everything again. Rows whose files are gone would be lost: that only a person may decide.
async fn refuse_loss(context: &Context, asset: &Asset, source: &crate::resolve::Source) -> Result<()> {
    // An asset that the project had dropped and has again still has its log.
    let relation = match context.base.relation(&asset.name).filter(|relation| relation.version().is_some()) {
        Some(relation) => Some(relation.clone()),
        // One that is gone by a rollback is to be as it was then: not there.
        None if context.lake.rolled_back(&context.base, &asset.name).await?.is_some() => None,
        None => context.lake.engine.head_version(&asset.name).await?.map(|version| Relation::Table { version }),
    };
    let Some(relation) = relation else { return Ok(()) };
    let Some(position) = context.lake.engine.position(&asset.name, &relation).await? else { return Ok(()) };
    let vanished = source.vanished(position).await?;
    let Some(first) = vanished.first() else { return Ok(()) };
    let which = match vanished.len() - 1 {
        0 => format!("{first} is"),
        1 => format!("{first} and one other are"),
        more => format!("{first} and {more} others are"),
    };
    let message =
        format!("{} has to be loaded again, but {which} no longer in its source: its rows would be lost", asset.name);
    Err(Error::new("HW0912", Blame::Data, message)
        .help("undo the change of its definition, bring back what is gone, or accept the loss with --full-refresh"))
}

/// What a model's table as it is published was made from, if it can be refreshed from there.
async fn since(context: &Context, asset: &Asset, model: &ModelAsset, task: &PlannedTask) -> Result<Option<Since>> {
    if model.refresh == RefreshPolicy::Full || task.reload {
        return Ok(None);
    }
    let (Some(state), Some(version)) = (context.base.states.get(&asset.name), context.base.version(&asset.name)) else {
        return Ok(None);
    };
    let Some(snapshot) = state.snapshot else { return Ok(None) };
    let snapshot = context.lake.store.snapshot(snapshot).await?;
    // What other checks have seen says nothing of these.
    let checks = if task.checks_changed { Vec::new() } else { state.checks.clone() };
    Ok(snapshot.map(|snapshot| Since { relations: snapshot.relations, version, checks }))
}

/// A request to write a model's table, without what it reads.
fn table_request(
    context: &Context,
    asset: &Asset,
    model: &ModelAsset,
    since: Option<Since>,
    checks: Vec<CompiledCheck>,
) -> StageRequest {
    // The beginning of the run, also of one that is gone on with.
    let at = context.run.started_ms.saturating_mul(1000);
    let method = match &model.materialize {
        Materialize::Scd2(history) => Method::History { history: history.clone(), at },
        Materialize::Snapshot(snapshots) => Method::Snapshots { snapshots: snapshots.clone(), at },
        Materialize::Incremental(how) => {
            Method::Incremental { how: how.clone(), range: context.range, may_shrink: context.full_refresh }
        }
        Materialize::Table | Materialize::View => Method::Whole,
    };
    let sql = context.resolved.sql(&asset.name, model).to_owned();
    let stays = asset.keeps_history() && !context.full_refresh;
    StageRequest {
        table: asset.name.clone(),
        input: StageInput::Query { sql, since, method: method.into() },
        mode: if stays { WriteMode::Append } else { WriteMode::Replace },
        partition_by: model.partition_by.clone(),
        layout: model.layout.clone(),
        checks,
        judge_all: false,
        keep_rejected: false,
        rejected_once: false,
        relations: Relations::default(),
        position: None,
        progress: Arc::default(),
    }
}

fn resolved<'a>(context: &'a Context, asset: &Asset) -> Result<&'a ResolvedAsset> {
    context.resolved.assets.get(&asset.name).ok_or_else(|| {
        Error::new("HW0914", Blame::Headwater, format!("{} is to be built and was not resolved", asset.name))
    })
}
