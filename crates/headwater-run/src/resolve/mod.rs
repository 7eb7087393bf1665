//! Specs → typed graph: the columns of every table, column lineage, and all errors before anything runs.

mod checks;
mod model;
mod side_tables;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_schema::SchemaRef;
use headwater_diagnostics::Diagnostic;
use headwater_project::plan::{Desired, definition};
use headwater_project::{Asset, AssetKind, Project};
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::lineage::ColumnLineage;
use headwater_sdk::{Blame, Error, TableName};

use crate::error::RunError;
use crate::lake::{Base, Lake};

pub(crate) use source::Source;

/// A project whose every table has typed columns.
pub struct Resolved {
    /// Its assets.
    pub assets: BTreeMap<TableName, ResolvedAsset>,
}

/// What is known of an asset before anything runs.
pub struct ResolvedAsset {
    /// The columns of its table, in lake types.
    pub schema: SchemaRef,
    /// Where each column comes from; empty for sources and seeds.
    pub lineage: ColumnLineage,
    /// What a plan has to know of it.
    pub desired: Desired,
    pub(crate) source: Option<Arc<Source>>,
}

impl Resolved {
    /// What a plan has to know of every asset.
    pub fn desired(&self) -> BTreeMap<TableName, Desired> {
        self.assets.iter().map(|(name, asset)| (name.clone(), asset.desired.clone())).collect()
    }
}

/// Resolves a project against what `main` holds. Sources are looked at (listed and sampled), nothing is written.
///
/// # Errors
/// [`RunError::Project`] with everything that is wrong with the project; models downstream of a broken one are left out,
/// so that each mistake is told once. [`RunError::Failed`] when nothing is wrong with the project but a source, the
/// lake or the catalogue cannot be reached.
pub async fn resolve(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    base: &Base,
    full_refresh: bool,
) -> Result<Resolved, RunError> {
    let mut findings = Findings::default();
    let mut looks = source::look_at_all(project, connectors, lake, base, full_refresh).await;
    for asset in &project.assets {
        let resolved = match &asset.kind {
            AssetKind::Stream(_) | AssetKind::Seed(_) => {
                looks.remove(&asset.name).and_then(|look| resolve_source(asset, look, &mut findings))
            }
            AssetKind::Model(model) => {
                let broken = asset.inputs.iter().any(|input| findings.is_broken(project, &input.table));
                if broken { None } else { model::resolve(asset, model, lake, &mut findings) }
            }
        };
        findings.settle(asset, resolved);
    }
    for asset in &project.assets {
        checks::verify(project, asset, lake, &mut findings);
    }
    findings.into_result()
}

fn resolve_source(asset: &Asset, look: Result<source::Look, Error>, findings: &mut Findings) -> Option<ResolvedAsset> {
    match look {
        Ok(look) => {
            let desired = Desired { definition: definition(asset), ..look.desired };
            let (schema, source) = (look.schema, Some(Arc::new(look.source)));
            Some(ResolvedAsset { schema, lineage: ColumnLineage::default(), desired, source })
        }
        Err(error) => {
            findings.error_at(asset, error);
            None
        }
    }
}

/// What resolving has found so far.
#[derive(Default)]
pub(crate) struct Findings {
    assets: BTreeMap<TableName, ResolvedAsset>,
    schemas: BTreeMap<TableName, SchemaRef>,
    broken: BTreeSet<TableName>,
    diagnostics: Vec<Diagnostic>,
    /// The first error that no change of the project's files can put right.
    outside: Option<Error>,
    project_at_fault: bool,
}

impl Findings {
    fn settle(&mut self, asset: &Asset, resolved: Option<ResolvedAsset>) {
        match resolved {
            Some(resolved) => {
                for side in asset.side_tables() {
                    let schema = side_tables::schema(&side, &resolved.schema);
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

    /// Reports an error that an asset as a whole has.
    pub(crate) fn error_at(&mut self, asset: &Asset, error: Error) {
        let mut diagnostic = Diagnostic::error(error.code, error.full_message()).at(asset.span, "");
        diagnostic.help.clone_from(&error.help);
        match error.blame {
            Blame::Environment | Blame::Headwater => {
                self.outside.get_or_insert(error);
                self.diagnostics.push(diagnostic);
            }
            Blame::Project | Blame::Data => self.report(diagnostic),
        }
    }

    fn into_result(self) -> Result<Resolved, RunError> {
        match self.outside {
            Some(error) if !self.project_at_fault => Err(RunError::Failed(error)),
            _ if !self.diagnostics.is_empty() => Err(RunError::Project(self.diagnostics)),
            _ => Ok(Resolved { assets: self.assets }),
        }
    }
}
