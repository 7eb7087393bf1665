//! The part of a project that a run or a plan is about, and what has to be known of the rest.

use std::collections::{BTreeMap, BTreeSet};

use headwater_diagnostics::Diagnostic;
use headwater_project::plan::{PlannedTask, definition};
use headwater_project::select::{Selection, Standing, unbuilt_inputs, unchecked_views};
use headwater_project::{Asset, AssetKind, Materialize, Project};
use headwater_sdk::{Relation, TableName};

use crate::error::RunError;
use crate::lake::Base;

/// The part of a project that a run or a plan is about.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// `None` for all of the project.
    part: Option<Part>,
}

#[derive(Debug)]
struct Part {
    selected: BTreeSet<TableName>,
    /// Unselected views of `main` that show what is selected: they are audited again when it is rebuilt.
    views: BTreeSet<TableName>,
    /// What these are made from, as far as `main` has it: read as it is there.
    upstream: BTreeSet<TableName>,
}

impl Scope {
    /// What a selection chooses, seen from what `main` holds.
    ///
    /// # Errors
    /// [`RunError::Project`] when something selected reads what was never built and is not selected.
    pub(crate) fn of(project: &Project, selection: Option<&Selection>, base: &Base) -> Result<Self, RunError> {
        let Some(selection) = selection else { return Ok(Self::default()) };
        Self::of_assets(project, selection.assets(project, &|asset| base.standing(asset)), base)
    }

    /// The part of a project that these assets are, seen from what `main` holds.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(crate) fn of_assets(project: &Project, selected: BTreeSet<TableName>, base: &Base) -> Result<Self, RunError> {
        let unbuilt = unbuilt_inputs(project, &selected, &|table| base.relation(table).is_some());
        if !unbuilt.is_empty() {
            return Err(RunError::Project(unbuilt));
        }
        let mut part = Part { selected, views: BTreeSet::new(), upstream: BTreeSet::new() };
        for asset in &project.assets {
            if !part.selected.contains(&asset.name) && part.shows(asset) && base.standing(asset) == Standing::Unmodified
            {
                part.views.insert(asset.name.clone());
            }
        }
        // In dependency order from the end, so that an asset is met after all that read it.
        for asset in project.assets.iter().rev() {
            if part.resolves(&asset.name) || part.upstream.contains(&asset.name) {
                let inputs = asset.inputs.iter().chain(&asset.check_inputs).map(|input| input.table.owner());
                part.upstream.extend(inputs.filter(|input| base.states.contains_key(input)));
            }
        }
        Ok(Self { part: Some(part) })
    }

    /// What was selected; `None` for all of the project.
    pub(crate) fn selected(&self) -> Option<&BTreeSet<TableName>> {
        self.part.as_ref().map(|part| &part.selected)
    }

    /// Whether an asset has to be resolved: it may be built.
    pub(crate) fn resolves(&self, asset: &TableName) -> bool {
        self.part.as_ref().is_none_or(|part| part.resolves(asset))
    }

    /// Whether an asset is not resolved, and is an input, near or far, of what is.
    pub(crate) fn reads(&self, asset: &TableName) -> bool {
        self.part.as_ref().is_some_and(|part| part.upstream.contains(asset) && !part.resolves(asset))
    }

    /// Refuses a plan after which `main` would show what nothing has checked.
    ///
    /// # Errors
    /// [`RunError::Project`].
    pub(crate) fn verify(&self, project: &Project, plan: &[PlannedTask], base: &Base) -> Result<(), RunError> {
        if self.part.is_none() {
            return Ok(());
        }
        let is_view = |name: &TableName| matches!(base.relation(name), Some(Relation::View { .. }));
        let views = base.states.values().filter(|state| is_view(&state.asset));
        let views: BTreeMap<_, _> = views.map(|state| (&state.asset, state.reads.as_slice())).collect();
        let unchecked = unchecked_views(project, plan, &views);
        if unchecked.is_empty() { Ok(()) } else { Err(RunError::Project(unchecked)) }
    }

    /// Adds to diagnostics of what is selected which of its inputs `main` has of another definition than the project: a
    /// column may be missing for that.
    pub(crate) fn explain(&self, error: RunError, project: &Project, base: &Base) -> RunError {
        let stays = |asset: &&Asset| self.reads(&asset.name) && base.standing(asset) != Standing::Unmodified;
        let changed: Vec<String> = project.assets.iter().filter(stays).map(|asset| asset.name.to_string()).collect();
        match error {
            RunError::Project(diagnostics) if !changed.is_empty() => {
                let note = format!("read as main has it, for its changes are not selected: {}", changed.join(", "));
                RunError::Project(
                    diagnostics.into_iter().map(|diagnostic: Diagnostic| diagnostic.note(&note)).collect(),
                )
            }
            other => other,
        }
    }
}

impl Part {
    fn resolves(&self, asset: &TableName) -> bool {
        self.selected.contains(asset) || self.views.contains(asset)
    }

    /// Whether an asset is a view on something that may be built.
    fn shows(&self, asset: &Asset) -> bool {
        let is_view = matches!(&asset.kind, AssetKind::Model(model) if model.materialize == Materialize::View);
        is_view && asset.inputs.iter().any(|input| self.resolves(&input.table.owner()))
    }
}

impl Base {
    /// How an asset compares with what `main` holds.
    pub fn standing(&self, asset: &Asset) -> Standing {
        match self.states.get(&asset.name) {
            None => Standing::New,
            Some(state) if state.definition == definition(asset) => Standing::Unmodified,
            Some(_) => Standing::Modified,
        }
    }
}
