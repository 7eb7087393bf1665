//! What of an asset's contents a build changes.

use std::collections::BTreeSet;

use headwater_sdk::TableName;
use headwater_sdk::check::Severity;
use headwater_sdk::lineage::Edge;
use headwater_sdk::store::AssetState;
use serde::{Deserialize, Serialize};

use super::definition;
use super::desired::Desired;
use super::inputs::{PartOf, Past};
use super::words::listed;
use crate::{Asset, AssetKind, Materialize};

/// What of an asset's contents a build changes, or may change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Which rows there are, and with them the values of every column.
    pub rows: bool,
    /// Columns with other values, new ones, and those that are gone.
    pub columns: BTreeSet<String>,
}

impl Changes {
    /// Everything.
    pub fn all() -> Self {
        Self { rows: true, columns: BTreeSet::new() }
    }

    /// Whether a column has other values, or may have.
    pub fn changes(&self, column: &str) -> bool {
        self.rows || self.columns.contains(column)
    }

    /// The columns in words: `a`, `a and b`, `a, b, c and 4 more`.
    pub fn words(&self) -> String {
        listed(&self.columns.iter().collect::<Vec<_>>(), 6)
    }

    pub(super) fn touch(&self, part: PartOf<'_>) -> bool {
        match part {
            PartOf::Rows => self.rows,
            PartOf::Column(name) => self.changes(name),
            // Its side tables are built with it.
            PartOf::Anything => true,
        }
    }
}

/// What building an asset changes, compared with what is published of it. Everything, unless it is proven that less is:
/// by the fingerprints of its columns and rows, which tell what its SQL makes of the same inputs, and by its lineage, which
/// tells what in it changes with its inputs.
pub(super) fn of_build(asset: &Asset, desired: &Desired, state: Option<&AssetState>, past: &Past<'_>) -> Changes {
    if asset.keeps_history() {
        // What it holds comes from what it held.
        return Changes::all();
    }
    let known = state.and_then(|state| Some((state, state.parts.as_ref()?))).zip(desired.query.as_deref());
    let Some(((state, old), query)) = known else { return Changes::all() };
    // Which rows a check sets aside depends on all that it reads.
    let sets_aside = asset.checks.iter().any(|spec| spec.check.severity == Severity::Quarantine);
    // What a table keeps of before is not what its query makes of its inputs.
    let keeps_rows =
        matches!(&asset.kind, AssetKind::Model(model) if matches!(model.materialize, Materialize::Incremental(_)));
    if sets_aside || keeps_rows || !definition::keeps_parts(&state.definition, &desired.definition) {
        return Changes::all();
    }
    let changed = |edge: &Edge| past.has_changed(state, &edge.from.table, PartOf::Column(&edge.from.column));
    // What it did not read before has no part in rows that are made as before.
    let read = |table: &TableName| state.inputs.iter().any(|(name, _)| *name == table.owner());
    let mut inputs_of_rows = asset.inputs.iter().filter(|input| read(&input.table));
    let same_rows = old.rows.fingerprint.as_ref().is_some_and(|old| query.fingerprints.rows.vouches_for(old))
        && !inputs_of_rows.any(|input| past.has_changed(state, &input.table, PartOf::Rows))
        && !query.lineage.dataset.iter().any(changed);
    if !same_rows || query.fingerprints.columns.len() != desired.columns.len() {
        return Changes::all();
    }
    let mut columns = BTreeSet::new();
    for (index, (name, data_type)) in desired.columns.iter().enumerate() {
        let (print, lineage) = (query.fingerprints.columns.get(index), query.lineage.columns.get(index));
        let same = old.column(name).zip(print).zip(lineage).is_some_and(|((old, print), lineage)| {
            old.data_type == *data_type
                && old.part.fingerprint.as_ref().is_some_and(|old| print.vouches_for(old))
                && !lineage.edges.iter().any(changed)
        });
        if !same {
            columns.insert(name.clone());
        }
    }
    let gone = old.columns.iter().filter(|old| desired.columns.iter().all(|(name, _)| *name != old.name));
    columns.extend(gone.map(|column| column.name.clone()));
    Changes { rows: false, columns }
}
