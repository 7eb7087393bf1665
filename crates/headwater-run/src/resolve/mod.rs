//! Specs → typed graph: the columns of every table, column lineage, and all errors before anything runs.

mod added;
mod checks;
mod deliveries;
mod incremental;
mod layout;
pub(crate) mod members;
pub(crate) mod model;
mod script;
mod source;
mod star;
mod system;
mod unknown;
mod unselected;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_schema::SchemaRef;
use headwater_diagnostics::Diagnostic;
use headwater_project::plan::{Desired, definition};
use headwater_project::{Asset, AssetKind, ModelAsset, Project};
use headwater_sdk::check::CompiledCheck;
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::lineage::Sum;
use headwater_sdk::name::REJECTED_SUFFIX;
use headwater_sdk::parallel::in_parallel;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, TableName, side_table};

use crate::error::RunError;
use crate::lake::{Base, Lake};
use crate::scope::Scope;

pub(crate) use source::{Source, after_rollback};
pub(crate) use system::options_error;
pub use system::{open_stream, open_system};
pub(crate) use unknown::{Unknown, Unreadable, Why};

/// Planners recurse: the stack of a thread that plans, in bytes. The program's first thread has as much.
pub(crate) const PLANNER_STACK: usize = 8 << 20;

/// A project whose every table has typed columns, but those that nobody can know.
pub struct Resolved {
    /// Its assets; of a part of a project those that may be built.
    pub assets: BTreeMap<TableName, ResolvedAsset>,
    /// What a plan has to know of assets that are read and not selected.
    pub(crate) unselected: BTreeMap<TableName, Desired>,
    /// What is not resolved and may be built nevertheless.
    pub(crate) unknown: BTreeMap<TableName, Unknown>,
    /// What may not be as its author thinks.
    pub warnings: Vec<Diagnostic>,
}

/// What is known of an asset before anything runs.
#[derive(Clone)]
pub struct ResolvedAsset {
    /// The columns of its table, in lake types.
    pub schema: SchemaRef,
    /// For a dimension: its query with the members that its declaration adds. Its own query otherwise.
    pub(crate) sql: Option<String>,
    /// The sums in its own query.
    pub(crate) sums: Vec<Sum>,
    /// Its checks, compiled for the types of its columns.
    pub checks: Vec<CompiledCheck>,
    /// What a plan has to know of it.
    pub desired: Desired,
    pub(crate) source: Option<Arc<Source>>,
    /// Of a script: the columns that it reads of each of its inputs, in lake types.
    pub(crate) inputs: Vec<SchemaRef>,
}

impl ResolvedAsset {
    /// The same with other columns.
    pub(crate) fn with_columns(&self, schema: &SchemaRef) -> Self {
        let desired = Desired { columns: typed_names(schema), ..self.desired.clone() };
        Self { schema: Arc::clone(schema), desired, ..self.clone() }
    }
}

impl Resolved {
    /// The columns of a table, those of side tables included.
    pub(crate) fn schema(&self, table: &TableName) -> Option<SchemaRef> {
        match self.assets.get(table) {
            Some(asset) => Some(Arc::clone(&asset.schema)),
            None if table.version_number().is_some() => None,
            None if table.is_side_table() => Some(side_schema(table, &self.assets.get(&table.owner())?.schema)),
            None => None,
        }
    }

    /// The query of a model, as a run plans it.
    pub(crate) fn sql<'a>(&'a self, name: &TableName, model: &'a ModelAsset) -> &'a str {
        let completed = self.assets.get(name).and_then(|asset| asset.sql.as_deref());
        completed.unwrap_or(&model.sql)
    }

    /// What a plan has to know of every asset.
    pub fn desired(&self) -> BTreeMap<TableName, Desired> {
        let resolved = self.assets.iter().map(|(name, asset)| (name.clone(), asset.desired.clone()));
        let unknown = self.unknown.iter().map(|(name, unknown)| (name.clone(), unknown.desired.clone()));
        resolved.chain(unknown).chain(self.unselected.clone()).collect()
    }
}

/// Resolves a project against what `main` holds. Sources are looked at (listed and sampled), nothing is written.
///
/// # Errors
/// [`RunError::Project`] with everything that is wrong with the project; what is downstream of a broken asset is left out,
/// so that each mistake is told once. [`RunError::OutOfReach`] when nothing is wrong with the project but a source cannot be
/// reached, and [`RunError::Failed`] when the lake or the catalogue cannot.
pub async fn resolve(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    base: &Base,
    full_refresh: bool,
) -> Result<Resolved, RunError> {
    resolve_part(project, connectors, lake, base, full_refresh, &Scope::default(), Unreadable::Refuse).await
}

/// Resolves a part of a project; what it reads of the rest, it reads as `main` has it.
///
/// # Errors
/// As [`resolve`], about the part.
pub(crate) async fn resolve_part(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    base: &Base,
    full_refresh: bool,
    scope: &Scope,
    unreadable: Unreadable,
) -> Result<Resolved, RunError> {
    let mut findings = Findings::default();
    let mut looks = source::look_at_all(project, connectors, lake, base, full_refresh, scope).await;
    let part: Vec<&Asset> = project.assets.iter().filter(|asset| scope.resolves(&asset.name)).collect();
    let is_source = |asset: &&&Asset| matches!(asset.kind, AssetKind::Stream(_) | AssetKind::Seed(_));
    for asset in part.iter().filter(is_source) {
        let resolved = looks.remove(&asset.name).and_then(|look| resolve_source(asset, look, &mut findings));
        findings.settle(asset, resolved);
    }
    unselected::settle(project, lake, base, scope, &mut looks, &mut findings).await?;
    let mut told = BTreeMap::new();
    for level in levels(project, &part) {
        let planned = in_parallel(&level, PLANNER_STACK, |asset| {
            let broken = asset.inputs.iter().any(|input| findings.is_broken(project, &input.table));
            match &asset.kind {
                AssetKind::Model(model) if !broken => model::resolve(asset, model, lake, &findings),
                AssetKind::Script(script) if !broken => script::resolve(asset, script, lake, &findings),
                _ => (None, Vec::new()),
            }
        });
        for (asset, (resolved, diagnostics)) in level.into_iter().zip(planned) {
            findings.settle(asset, resolved);
            told.insert(&asset.name, diagnostics);
        }
    }
    // In the project's order, whatever the levels.
    for asset in &project.assets {
        findings.report_all(told.remove(&asset.name).unwrap_or_default());
    }
    for asset in &part {
        let found = star::verify(project, asset, &findings);
        if !found.is_empty() {
            findings.misdeclared.insert(asset.name.clone());
        }
        findings.report_all(found);
    }
    let warnings = star::warn_of_sums(project, &findings);
    findings.report_all(warnings);
    let checked = in_parallel(&part, PLANNER_STACK, |asset| checks::resolve(project, asset, lake, &findings));
    for (asset, checked) in part.iter().zip(checked) {
        if let Some(resolved) = findings.assets.get_mut(&asset.name) {
            (resolved.checks, resolved.desired.checked) = (checked.checks, checked.reads);
        }
        findings.report_all(checked.diagnostics);
    }
    findings.report_all(deliveries::verify(project, lake, &findings));
    lake.engine.keep_analyses();
    findings.into_result(&part, unreadable).map_err(|error| scope.explain(error, project, base))
}

/// A table's columns, with the names of their types.
pub(crate) fn typed_names(schema: &SchemaRef) -> Vec<(String, String)> {
    schema.fields().iter().map(|field| (field.name().clone(), type_name(field.data_type()))).collect()
}

/// The models and scripts of a part in groups: those of one depend on those of earlier ones only.
fn levels<'a>(project: &'a Project, part: &[&'a Asset]) -> Vec<Vec<&'a Asset>> {
    let mut depths: BTreeMap<&TableName, usize> = BTreeMap::new();
    let mut levels: Vec<Vec<&Asset>> = Vec::new();
    // The project's assets are in dependency order.
    for asset in part.iter().copied() {
        if !matches!(asset.kind, AssetKind::Model(_) | AssetKind::Script(_)) {
            continue;
        }
        let makers = asset.inputs.iter().filter_map(|input| project.maker_of(&input.table));
        let depth = makers.filter_map(|maker| depths.get(&maker.name)).map(|depth| depth + 1).max().unwrap_or(0);
        depths.insert(&asset.name, depth);
        if levels.len() <= depth {
            levels.resize_with(depth + 1, Vec::new);
        }
        levels[depth].push(asset);
    }
    levels
}

fn resolve_source(asset: &Asset, look: Result<source::Look, Error>, findings: &mut Findings) -> Option<ResolvedAsset> {
    match look {
        Ok(look) => {
            let (schema, source) = (look.schema, Some(Arc::new(look.source)));
            let (definition, columns) = (definition(asset), typed_names(&schema));
            let desired = Desired { definition, columns, ..look.desired };
            let (sums, checks, inputs) = (Vec::new(), Vec::new(), Vec::new());
            Some(ResolvedAsset { schema, sql: None, sums, checks, desired, source, inputs })
        }
        Err(error) => {
            findings.cannot_read(asset, error);
            None
        }
    }
}

/// The columns of a side table, from those of its asset.
fn side_schema(side: &TableName, schema: &SchemaRef) -> SchemaRef {
    match side.table().ends_with(REJECTED_SUFFIX) {
        true => side_table::rejected_schema(),
        false => side_table::quarantine_schema(schema),
    }
}

/// What resolving has found so far.
#[derive(Default)]
pub(crate) struct Findings {
    assets: BTreeMap<TableName, ResolvedAsset>,
    /// What is known of assets that are read and not selected.
    unselected: BTreeMap<TableName, Desired>,
    schemas: BTreeMap<TableName, SchemaRef>,
    broken: BTreeSet<TableName>,
    /// Tables whose declaration as a fact, dimension or bridge is wrong.
    misdeclared: BTreeSet<TableName>,
    diagnostics: Vec<Diagnostic>,
    /// Why streams that were never loaded cannot be read.
    unreadable: BTreeMap<TableName, Error>,
    project_at_fault: bool,
}

impl Findings {
    fn settle(&mut self, asset: &Asset, resolved: Option<ResolvedAsset>) {
        match resolved {
            Some(resolved) => {
                for side in asset.side_tables() {
                    let schema = side_schema(&side, &resolved.schema);
                    self.schemas.insert(side, schema);
                }
                self.schemas.insert(asset.name.clone(), Arc::clone(&resolved.schema));
                self.assets.insert(asset.name.clone(), resolved);
            }
            None => {
                self.broken.insert(asset.name.clone());
            }
        }
    }

    pub(crate) fn schema(&self, table: &TableName) -> Option<&SchemaRef> {
        self.schemas.get(table)
    }

    pub(crate) fn is_broken(&self, project: &Project, table: &TableName) -> bool {
        project.maker_of(table).is_some_and(|maker| self.broken.contains(&maker.name))
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.project_at_fault |= diagnostic.is_error();
        self.diagnostics.push(diagnostic);
    }

    fn report_all(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            self.report(diagnostic);
        }
    }

    /// Reports that a stream of which nothing is known cannot be read.
    fn cannot_read(&mut self, asset: &Asset, error: Error) {
        let mut diagnostic = Diagnostic::error(error.code, error.full_message()).at(asset.span, "");
        diagnostic.help.clone_from(&error.help);
        if error.blame == Blame::Project {
            return self.report(diagnostic);
        }
        self.diagnostics.push(diagnostic);
        self.unreadable.insert(asset.name.clone(), error);
    }

    /// `part` is what was to be resolved.
    fn into_result(mut self, part: &[&Asset], unreadable: Unreadable) -> Result<Resolved, RunError> {
        let lets = unreadable == Unreadable::HoldBack && !self.assets.is_empty() && !self.project_at_fault;
        if lets && !self.unreadable.is_empty() {
            self.diagnostics.retain(|diagnostic| !diagnostic.is_error());
        }
        if !self.diagnostics.iter().any(Diagnostic::is_error) {
            let unknown = unknown::among(part, self.unreadable);
            self.assets.retain(|name, _| !unknown.contains_key(name));
            let Self { assets, unselected, diagnostics: warnings, .. } = self;
            return Ok(Resolved { assets, unselected, unknown, warnings });
        }
        let faulty = |error: &Error| error.blame == Blame::Data;
        match self.unreadable.into_values().reduce(|first, next| if faulty(&next) { next } else { first }) {
            Some(error) if !self.project_at_fault && !faulty(&error) => {
                Err(RunError::OutOfReach(Box::new(error), self.diagnostics))
            }
            _ => Err(RunError::Project(self.diagnostics)),
        }
    }
}
