//! Publishing a branch: a run on `main` that takes over what the branch has built where `main` has not moved on, and
//! rebuilds the rest, all in one snapshot or not at all.

use std::collections::BTreeSet;
use std::sync::Arc;

use headwater_project::Project;
use headwater_project::plan::Action;
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::{Blame, Error, RunId, TableName};
use serde::Serialize;

use super::adopt::{Judged, Sides, judge};
use super::lines::refuse_main;
use crate::error::RunError;
use crate::failpoints::{AFTER_LEASE, AFTER_RESOLVE, failpoint};
use crate::lake::{Base, Lake};
use crate::lease;
use crate::observer::Observer;
use crate::recover;
use crate::resolve::{Resolved, Unreadable, resolve_part};
use crate::run::{Job, Prepared, RunOptions, carry_out};
use crate::scope::Scope;
use crate::summary::RunSummary;

/// What publishing does about an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// It is published as it is on the branch.
    AsItIs,
    /// It is rebuilt on `main`.
    Rebuild,
    /// It goes from `main`, as it went from the branch.
    Remove,
    /// `main` has it already.
    Nothing,
}

/// What publishing does about an asset, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishedAsset {
    /// The asset.
    pub asset: TableName,
    /// What is done.
    pub verb: Verb,
    /// Why it is not published as it is: a sentence.
    pub because: Option<String>,
}

/// What publishing a branch would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedPublish {
    /// The branch.
    pub branch: String,
    /// The snapshot of `main` that the branch stands on.
    pub base: Option<u64>,
    /// The newest snapshot of `main`.
    pub main: Option<u64>,
    /// The assets, in the project's order; those that go come last.
    pub assets: Vec<PublishedAsset>,
}

/// Says what publishing a branch would do. Changes nothing and needs no lease.
///
/// # Errors
/// As [`publish_branch`].
pub async fn plan_publish(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    name: &str,
) -> Result<PlannedPublish, RunError> {
    let ready = prepare(project, connectors, lake, name).await?;
    Ok(ready.planned(project, name))
}

/// Publishes a branch as a new snapshot of `main`. The branch then begins anew on that snapshot.
///
/// # Errors
/// `HW0930` for `main`, `HW0712` when there is no such branch, `HW0932` when nothing differs on it, and whatever stops a run.
pub async fn publish_branch(
    project: &Arc<Project>,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    name: &str,
    options: &RunOptions,
    observer: &Arc<dyn Observer>,
) -> Result<(RunSummary, PlannedPublish), RunError> {
    refuse_main(name, "published")?;
    let id = RunId::from_ulid(ulid::Ulid::generate());
    let held = lease::take(&lake.store, &id, &options.lease, &options.cancel, observer.as_ref()).await?;
    failpoint(AFTER_LEASE);
    let job = Job { id, project, lake, options, observer, held: &held };
    held.during(Box::pin(under_lease(&job, connectors, name))).await
}

async fn under_lease(
    job: &Job<'_>,
    connectors: &[Box<dyn ConnectorType>],
    name: &str,
) -> Result<(RunSummary, PlannedPublish), RunError> {
    let Job { project, lake, options, .. } = job;
    let unfinished = recover::recover(lake, job.held, job.observer.as_ref()).await?;
    let ready = tokio::select! {
        ready = prepare(project, connectors, lake, name) => ready?,
        () = options.cancel.cancelled() => return Err(RunError::Interrupted),
    };
    failpoint(AFTER_RESOLVE);
    let planned = ready.planned(project, name);
    let Ready { now, scope, resolved, mut judged } = ready;
    for task in judged.plan.iter_mut().filter(|task| task.action == Action::Build) {
        if let Some(why) = judged.moved.get(&task.asset) {
            task.reason.clone_from(why);
        }
    }
    // What stands on the branch's area could not be gone on with once the branch begins anew.
    recover::abandon(lake, job.held.lease(), unfinished.clone().on(Some(name)).all()).await?;
    let Judged { adoption, plan, .. } = judged;
    let prepared = Prepared { resolved, plan, base: now, scope, adoption: Some(adoption) };
    let summary = carry_out(job, prepared, unfinished.on(None)).await?;
    Ok((summary, planned))
}

/// What is known before anything is done.
struct Ready {
    now: Base,
    scope: Scope,
    resolved: Resolved,
    judged: Judged,
}

impl Ready {
    fn planned(&self, project: &Project, name: &str) -> PlannedPublish {
        let (branch, base) = (name.to_owned(), self.judged.adoption.branch.base);
        PlannedPublish { branch, base, main: self.now.id(), assets: listed(project, &self.judged) }
    }
}

async fn prepare(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    name: &str,
) -> Result<Ready, RunError> {
    refuse_main(name, "published")?;
    let branch = lake.base_on(Some(name)).await?;
    let Some(record) = branch.branch.clone() else { return Err(nothing_to_publish(name).into()) };
    let then = match record.base {
        Some(base) => lake.store.snapshot(base).await?,
        None => None,
    };
    let (then, now) = (lake.base_of(None, then).await?, lake.base().await?);
    let sides = Sides { branch: &branch, then: &then, now: &now };
    let changed = sides.changed();
    if changed.is_empty() {
        return Err(nothing_to_publish(name).into());
    }
    let candidates = sides.candidates(lake, &changed).await?;
    let mut selected: BTreeSet<TableName> = changed.into_iter().filter(|name| project.asset(name).is_some()).collect();
    let direct: Vec<TableName> = selected.iter().cloned().collect();
    for asset in direct {
        selected.extend(project.downstream_of(&asset).into_iter().map(|reader| reader.name.clone()));
    }
    let scope = Scope::of_assets(project, selected.clone(), &now)?;
    let resolved = resolve_part(project, connectors, lake, &now, false, &scope, Unreadable::Refuse).await?;
    let judged = judge(project, &resolved, &sides, record, &selected, candidates);
    scope.verify(project, &judged.plan, &now)?;
    Ok(Ready { scope, resolved, judged, now })
}

fn listed(project: &Project, judged: &Judged) -> Vec<PublishedAsset> {
    let mut assets = Vec::new();
    for asset in &project.assets {
        let task = judged.plan.iter().find(|task| task.asset == asset.name);
        let builds = task.filter(|task| task.action == Action::Build);
        let (verb, because) = match (judged.adoption.assets.contains_key(&asset.name), builds) {
            (true, _) => (Verb::AsItIs, None),
            (false, Some(task)) => (Verb::Rebuild, Some(judged.moved.get(&asset.name).unwrap_or(&task.reason).clone())),
            (false, None) if judged.moved.contains_key(&asset.name) => {
                (Verb::Nothing, Some("main has it up to date".to_owned()))
            }
            (false, None) => continue,
        };
        assets.push(PublishedAsset { asset: asset.name.clone(), verb, because });
    }
    for gone in &judged.adoption.removed {
        let because = Some("the project has it no more".to_owned());
        assets.push(PublishedAsset { asset: gone.clone(), verb: Verb::Remove, because });
    }
    assets
}

fn nothing_to_publish(name: &str) -> Error {
    Error::new("HW0932", Blame::Project, format!("nothing differs on the branch {name} from what it was made from"))
        .help(format!("`headwater run --branch {name}` builds what the project has changed on it"))
}
