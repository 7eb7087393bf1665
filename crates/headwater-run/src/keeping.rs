//! Tables that keep what their queries yield no longer: what would lose it is refused, and a snapshot that is due is made.

use std::collections::BTreeMap;

use headwater_project::plan::{Action, Cause, Desired, PlannedTask, kept_history};
use headwater_project::{Asset, AssetKind, Materialize, Project};
use headwater_sdk::method::Period;
use headwater_sdk::{Blame, Error, Result, TableName};

use crate::lake::Base;

/// Refuses a plan by which a history or snapshots would be lost.
///
/// # Errors
/// For the first table that would lose something, with what to do.
pub(crate) fn refuse_loss(project: &Project, plan: &[PlannedTask], base: &Base) -> Result<()> {
    for task in plan.iter().filter(|task| task.action == Action::Build) {
        let name = &task.asset;
        let Some(state) = base.states.get(name) else { continue };
        let Some(was) = kept_history(&state.definition) else { continue };
        let kept = if was == "scd2" { "history" } else { "snapshots" };
        let is = project.asset(name).map_or("", |asset| asset.kind_name());
        let (why, help) = if is != was {
            (format!("it would be a {is} and was `materialize: {was}`"), format!("write `materialize: {was}` again"))
        } else if task.cause == Cause::FullRefresh {
            let help = format!("leave it out with --exclude {name}, or run without --full-refresh");
            ("--full-refresh builds everything from what the sources hold now".to_owned(), help)
        } else if let Some((why, help)) = lost_column(task) {
            (why, help)
        } else {
            continue;
        };
        let message = format!("the {kept} in {name} would be lost: {why}");
        let help = format!("{help}; where it may be lost, add --discard-history");
        return Err(Error::new("HW0929", Blame::Project, message).help(help));
    }
    Ok(())
}

/// A column of a history that its query yields no longer, or as another type.
fn lost_column(task: &PlannedTask) -> Option<(String, String)> {
    let difference = &task.difference;
    if let Some(column) = difference.retyped.first() {
        let (name, from, to) = (&column.name, &column.from, &column.to);
        let why = format!("its column '{name}' is {from} and would be {to}");
        return Some((why, format!("cast it in the query: cast({name} as {from}) as {name}")));
    }
    if let Some(column) = difference.renamed.first() {
        let (from, to) = (&column.from, &column.to);
        let why = format!("its column '{from}' would be called '{to}'");
        return Some((why, format!("keep its name, or keep both columns: {to}, {to} as {from}")));
    }
    let column = difference.removed.first()?;
    let (name, data_type) = (&column.name, &column.data_type);
    let why = format!("its query has no column '{name}' any more");
    Some((why, format!("keep it without values: cast(null as {data_type}) as {name}")))
}

/// What a person should know whose history tracks columns that may come out otherwise whenever they are computed.
pub(crate) fn restless(asset: &Asset, desired: &Desired) -> Option<String> {
    let AssetKind::Model(model) = &asset.kind else { return None };
    let (Materialize::Scd2(history), Some(query)) = (&model.materialize, &desired.query) else { return None };
    let is_own = |name: &String| history.key.contains(name) || history.updated_at.as_ref() == Some(name);
    let is_tracked = |name: &String| match &history.track {
        Some(track) => track.contains(name),
        None => !is_own(name) && !history.columns.names().contains(&name.as_str()),
    };
    let columns = desired.columns.iter().zip(&query.fingerprints.columns);
    let found = columns.filter(|((name, _), print)| !print.stable && is_tracked(name));
    let found: Vec<&str> = found.map(|((name, _), _)| name.as_str()).collect();
    let (what, them) = match found.as_slice() {
        [] => return None,
        [one] => (format!("'{one}'"), "it"),
        [first, rest @ ..] => (format!("'{first}' and {} more columns", rest.len()), "them"),
    };
    Some(format!(
        "{}: {what} may come out otherwise whenever computed, and that makes new versions: leave {them} out of `track`, \
         or round or order what is computed",
        asset.name
    ))
}

/// Marks the snapshots of whose period there is none yet.
pub(crate) fn mark_due(project: &Project, desired: &mut BTreeMap<TableName, Desired>, base: &Base, now_ms: i64) {
    for asset in &project.assets {
        let AssetKind::Model(model) = &asset.kind else { continue };
        let Materialize::Snapshot(snapshots) = &model.materialize else { continue };
        let (Some(desired), Some(state)) = (desired.get_mut(&asset.name), base.states.get(&asset.name)) else {
            continue;
        };
        let micros = |ms: i64| ms.saturating_mul(1000);
        let last = micros(i64::try_from(state.run.time_ms()).unwrap_or(0));
        let every = snapshots.every;
        desired.due = match every {
            Period::Run => Some("every run adds a snapshot".to_owned()),
            _ if every.start(last) == every.start(micros(now_ms)) => None,
            _ => Some(format!("this {} has no snapshot yet", every.name())),
        };
    }
}
