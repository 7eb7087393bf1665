//! The snapshot to be: that of `main` or of the branch, with everything that the run has audited, and without what the project has dropped.

use std::collections::BTreeSet;

use headwater_project::{Asset, AssetKind};
use headwater_sdk::store::{AssetState, Intent, SnapshotKind, SnapshotRecord};
use headwater_sdk::{Relation, Relations, TableName};

use crate::clock;
use crate::execute::{Context, Outcomes, is_view};

/// The intent of a run; `None` when nothing would change. `retained` are assets that the project has dropped and that
/// stay for now.
pub(super) fn compose(context: &Context, outcomes: &Outcomes, retained: &BTreeSet<TableName>) -> Option<Intent> {
    let (project, base) = (&context.project, &context.base);
    let mut relations = base.relations();
    let (mut tables, mut assets, mut lineage) = (Vec::new(), Vec::new(), Vec::new());
    // A run that is about a selection leaves all the rest as it is.
    let gone_on_branch = |name: &TableName| context.adoption.as_ref().is_some_and(|a| a.removed.contains(name));
    let stays = |name: &TableName| {
        let left_alone = context.part.is_some() && !gone_on_branch(name);
        left_alone || project.asset(name).is_some() || retained.contains(name)
    };
    // What becomes of side tables is decided with their assets: one that is not published keeps them.
    relations.retain(|name, _| stays(&name.owner()));
    for (name, outcome) in outcomes.iter().filter(|(_, outcome)| outcome.is_audited()) {
        let (Some(asset), Some(staged)) = (project.asset(name), &outcome.record.staged) else { continue };
        set_relations(context, asset, staged, &mut relations);
        tables.extend(staged.tables.iter().cloned());
        // The number is known for certain only now: other lines of the lake count with this one.
        let snapshot = Some(base.next_id());
        assets.extend(outcome.record.after.clone().map(|state| AssetState { snapshot, ..state }));
        lineage.extend(outcome.record.lineage.clone());
    }
    let removed: Vec<TableName> = base.states.keys().filter(|name| !stays(name)).cloned().collect();
    let changed = changed_names(&base.relations(), &relations);
    if assets.is_empty() && removed.is_empty() && changed.is_empty() {
        return None;
    }
    let snapshot = SnapshotRecord {
        id: base.next_id(),
        branch: base.branch_name().map(str::to_owned),
        parent: base.id(),
        kind: SnapshotKind::Publish,
        run: context.run.id.clone(),
        published_ms: clock::now_ms(),
        relations,
        changed,
        vacuumed: false,
    };
    let (run, branch, onto) = (context.run.id.clone(), context.branch_name.clone(), base.area().map(str::to_owned));
    let rebases = context.adoption.as_ref().map(|adoption| adoption.rebased(snapshot.id));
    Some(Intent { run, branch, onto, tables, snapshot, assets, lineage, removed, rebases })
}

fn set_relations(context: &Context, asset: &Asset, staged: &headwater_sdk::engine::Staged, relations: &mut Relations) {
    let kept: BTreeSet<TableName> = if is_view(asset) { BTreeSet::new() } else { asset.side_tables().collect() };
    for side in [asset.name.quarantine(), asset.name.rejected()] {
        if !kept.contains(&side) {
            relations.remove(&side);
        }
    }
    if let AssetKind::Model(model) = &asset.kind
        && is_view(asset)
    {
        let sql = context.resolved.sql(&asset.name, model).to_owned();
        relations.insert(asset.name.clone(), Relation::View { sql });
    }
    for table in &staged.tables {
        relations.insert(table.table.clone(), table.relation_once_put(context.base.area()));
    }
}

/// The names whose relation differs, those that are gone included. Sorted.
pub(crate) fn changed_names(before: &Relations, after: &Relations) -> Vec<TableName> {
    let names: BTreeSet<&TableName> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}
