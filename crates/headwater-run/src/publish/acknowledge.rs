//! What is published is acknowledged: systems that keep something for their readers, as a database its log, may let go of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_project::AssetKind;
use headwater_sdk::Result;
use headwater_sdk::connector::{ReadMode, Source as System};

use crate::execute::Context;
use crate::lake::Base;

/// Tells the systems that this run has read changes of how far all of their tables are published on `main`. Returns what a person
/// should know. What cannot be acknowledged now is so by a later run.
pub(crate) async fn acknowledge(context: &Context) -> Vec<String> {
    // What a branch has read, `main` still has to read.
    if context.base.branch.is_some() {
        return Vec::new();
    }
    let mut systems: BTreeMap<(String, String), Arc<dyn System>> = BTreeMap::new();
    for (asset, stream) in changes(context) {
        let resolved = context.resolved.assets.get(&asset.name);
        if let Some(source) = resolved.and_then(|resolved| resolved.source.as_ref()) {
            systems.entry(stream.system()).or_insert_with(|| Arc::clone(&source.system));
        }
    }
    if systems.is_empty() {
        return Vec::new();
    }
    let base = match context.lake.base().await {
        Ok(base) => base,
        Err(error) => return vec![failed(&error)],
    };
    let mut notes = Vec::new();
    for (name, system) in systems {
        let told = async { system.acknowledge(&positions(context, &base, &name).await?).await };
        match told.await {
            Ok(said) => notes.extend(said),
            Err(error) => notes.push(failed(&error)),
        }
    }
    notes
}

fn failed(error: &headwater_sdk::Error) -> String {
    format!("what was published could not be acknowledged, so that the source keeps it: {}", error.full_message())
}

/// The streams that read changes.
fn changes(context: &Context) -> impl Iterator<Item = (&headwater_project::Asset, &headwater_project::StreamAsset)> {
    context.project.assets.iter().filter_map(|asset| match &asset.kind {
        AssetKind::Stream(stream) if stream.settings.mode == ReadMode::Cdc => Some((asset, stream)),
        _ => None,
    })
}

/// How far the tables of a system are published.
async fn positions(context: &Context, base: &Base, system: &(String, String)) -> Result<Vec<serde_json::Value>> {
    let mut positions = Vec::new();
    for (asset, stream) in changes(context) {
        if stream.system() != *system {
            continue;
        }
        if let Some(relation) = base.relation(&asset.name) {
            positions.extend(context.lake.engine.position(&asset.name, relation).await?);
        }
    }
    Ok(positions)
}
