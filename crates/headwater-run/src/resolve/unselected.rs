//! Inputs that were not selected: their columns are those that `main` has, and nothing is wrong with them.

use std::collections::BTreeMap;

use headwater_project::plan::{Desired, definition};
use headwater_project::{Asset, Project};
use headwater_sdk::{Result, TableName};

use super::Findings;
use super::source::Look;
use crate::lake::{Base, Lake};
use crate::scope::Scope;

/// Settles what the selected part of a project reads and does not build.
///
/// # Errors
/// When the lake cannot be read.
pub(super) async fn settle(
    project: &Project,
    lake: &Lake,
    base: &Base,
    scope: &Scope,
    looks: &mut BTreeMap<TableName, Result<Look>>,
    findings: &mut Findings,
) -> Result<()> {
    for asset in project.assets.iter().filter(|asset| scope.reads(&asset.name)) {
        let desired = desired(asset, looks.remove(&asset.name));
        findings.unselected.insert(asset.name.clone(), desired);
    }
    let relations = base.relations();
    for asset in project.assets.iter().filter(|asset| scope.resolves(&asset.name)) {
        for input in asset.inputs.iter().chain(&asset.check_inputs) {
            let table = &input.table;
            let known = findings.schemas.contains_key(table) || scope.resolves(&table.owner());
            if !known && base.relation(table).is_some() {
                findings.schemas.insert(table.clone(), lake.engine.schema(&relations, table).await?);
            }
        }
    }
    Ok(())
}

/// What a plan has to know to say that an input has changes. A source that cannot be asked has none that are known.
fn desired(asset: &Asset, look: Option<Result<Look>>) -> Desired {
    let seen = look.and_then(Result::ok).map(|look| look.desired).filter(|desired| desired.trouble.is_none());
    Desired { definition: definition(asset), ..seen.unwrap_or_default() }
}
