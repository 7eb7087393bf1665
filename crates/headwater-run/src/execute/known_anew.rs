//! What is known of assets that have other columns than was planned: a load has come upon columns that its sample did not have, and so has what
//! is made from its table in the same run. What is recorded of them, lineage above all, is what they are.

use std::sync::{Arc, PoisonError};

use headwater_project::{Asset, AssetKind};
use headwater_sdk::TableName;

use super::attempt::Attempt;
use super::context::Context;
use crate::resolve::{ResolvedAsset, model, typed_names};

/// What is known of an asset after an attempt; `None` where it is what was planned.
pub(super) fn after(context: &Context, asset: &Asset, attempt: &Attempt) -> Option<Arc<ResolvedAsset>> {
    let planned = context.resolved.assets.get(&asset.name)?;
    let mut known = context.known_anew.lock().unwrap_or_else(PoisonError::into_inner);
    let now = match &asset.kind {
        AssetKind::Stream(_) | AssetKind::Seed(_) => {
            let schema = attempt.schema.as_ref().filter(|schema| typed_names(schema) != planned.desired.columns)?;
            planned.with_columns(schema)
        }
        AssetKind::Model(of) if asset.inputs.iter().any(|input| known.contains_key(&input.table.owner())) => {
            let schemas = |name: &TableName| match known.get(name) {
                Some(asset) => Some(Arc::clone(&asset.schema)),
                None => context.resolved.schema(name),
            };
            model::resolve_again(of, &context.lake, planned, &schemas)?
        }
        AssetKind::Model(_) | AssetKind::Script(_) => return None,
    };
    let now = Arc::new(now);
    known.insert(asset.name.clone(), Arc::clone(&now));
    Some(now)
}
