//! What an asset uses of its inputs, and what of that has changed since it was built.

use std::collections::{BTreeMap, BTreeSet};

use headwater_sdk::TableName;
use headwater_sdk::lineage::{ColumnLineage, ColumnRef};
use headwater_sdk::store::AssetState;

use super::changes::Changes;
use super::desired::Desired;
use super::words;
use crate::{Asset, AssetKind, Materialize};

/// What an asset uses of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Use {
    /// Everything, or nobody knows what.
    Whole,
    /// Which rows there are, and these columns.
    Columns(BTreeSet<String>),
}

/// What an asset's query and checks use of each of its inputs (`inputs`: [`tracked_inputs`](super::tracked_inputs)).
pub(super) fn uses(asset: &Asset, desired: &Desired, inputs: &[TableName]) -> BTreeMap<TableName, Use> {
    let mut read = BTreeMap::new();
    for column in desired.query.iter().flat_map(|query| columns_read(&query.lineage)) {
        read.entry(&column.table).or_insert_with(BTreeSet::new).insert(column.column.clone());
    }
    let of = |input: &TableName| {
        // Rows of a side table come and go with builds of its owner.
        let side = |table: &TableName| table != input && table.owner() == *input;
        let named = asset.inputs.iter().chain(&asset.check_inputs).map(|named| &named.table);
        if named.clone().any(side) {
            return Use::Whole;
        }
        let mut columns = BTreeSet::new();
        if asset.inputs.iter().any(|named| named.table == *input) {
            if desired.query.is_none() {
                return Use::Whole;
            }
            columns.extend(read.get(input).into_iter().flatten().cloned());
        }
        // Checks may read what the query reads, too.
        let checked = desired.checked.get(input);
        if checked.is_none() && asset.check_inputs.iter().any(|named| named.table == *input) {
            return Use::Whole;
        }
        columns.extend(checked.into_iter().flatten().cloned());
        Use::Columns(columns)
    };
    inputs.iter().map(|input| (input.clone(), of(input))).collect()
}

/// Every column that a query's columns or rows are made from.
fn columns_read(lineage: &ColumnLineage) -> impl Iterator<Item = &ColumnRef> {
    let edges = lineage.columns.iter().flat_map(|column| &column.edges).chain(&lineage.dataset);
    edges.map(|edge| &edge.from)
}

/// What is known of the assets before one in the project's order.
pub(super) struct Past<'a> {
    pub(super) states: &'a BTreeMap<&'a TableName, &'a AssetState>,
    /// What the plan builds, and what that changes.
    pub(super) rebuilt: &'a BTreeMap<TableName, Changes>,
    pub(super) earlier: &'a BTreeSet<TableName>,
}

/// A part of a table.
#[derive(Debug, Clone, Copy)]
pub(super) enum PartOf<'a> {
    Rows,
    Column(&'a str),
    Anything,
}

impl Past<'_> {
    /// Whether an input is built by the plan, or is not what it was when `state` was built.
    pub(super) fn has_moved(&self, state: &AssetState, input: &TableName) -> bool {
        self.rebuilt.contains_key(input) || self.was_published_since(state, input)
    }

    fn was_published_since(&self, state: &AssetState, input: &TableName) -> bool {
        let read = state.inputs.iter().find(|(name, _)| name == input).map(|(_, contents)| contents);
        self.states.get(input).is_some_and(|now| read != Some(&now.contents))
    }

    /// Whether a part of a table will be another than the one that `state` was built on.
    pub(super) fn has_changed(&self, state: &AssetState, table: &TableName, part: PartOf<'_>) -> bool {
        let owner = table.owner();
        let part = if owner == *table { part } else { PartOf::Anything };
        if self.rebuilt.get(&owner).is_some_and(|changes| changes.touch(part)) {
            return true;
        }
        let Some(now) = self.states.get(&owner) else { return true };
        if !self.was_published_since(state, &owner) {
            return false;
        }
        let read = state.read_parts.iter().find(|read| read.table == owner);
        let (Some(parts), Some(read)) = (&now.parts, read) else { return true };
        match part {
            PartOf::Anything => true,
            PartOf::Rows => read.rows != parts.rows.changed,
            PartOf::Column(name) => {
                let then = read.columns.iter().find(|(column, _)| column == name).map(|(_, changed)| changed);
                let now = parts.column(name).map(|column| &column.part.changed);
                then.is_none() || then != now
            }
        }
    }

    /// Which of the columns that an asset uses of an input have changed; `None` when it has to take all for another.
    fn changed_columns<'u>(&self, state: &AssetState, input: &TableName, used: &'u Use) -> Option<Vec<&'u str>> {
        let whole = |part| self.has_changed(state, input, part);
        match used {
            Use::Whole => (!whole(PartOf::Anything)).then(Vec::new),
            Use::Columns(_) if whole(PartOf::Rows) => None,
            Use::Columns(columns) => {
                Some(columns.iter().map(String::as_str).filter(|column| whole(PartOf::Column(column))).collect())
            }
        }
    }
}

/// Whether an asset is computed anew whenever it is read, and may come out otherwise: what was made from it is then of
/// another choice than the one that it shows.
fn shows_choices(asset: &Asset, desired: &Desired) -> bool {
    let view = matches!(&asset.kind, AssetKind::Model(model) if model.materialize == Materialize::View);
    let prints = desired.query.as_deref().map(|query| &query.fingerprints);
    view && prints.is_some_and(|prints| prints.columns.iter().chain([&prints.rows]).any(|print| !print.stable))
}

/// What an asset's inputs mean for it.
pub(super) enum Told {
    /// It has to be built, for this reason.
    Stale(String),
    /// It is up to date, though inputs of it are built: how that can be.
    Untouched(String),
    /// None of its inputs has moved.
    Still,
}

/// Whether the inputs of an asset with an unchanged definition make it stale.
pub(super) fn judge(asset: &Asset, desired: &Desired, state: &AssetState, past: &Past<'_>) -> Told {
    let inputs: Vec<TableName> = super::inputs_among(asset, past.earlier).into_iter().collect();
    let moved: Vec<&TableName> = inputs.iter().filter(|input| past.has_moved(state, input)).collect();
    if moved.is_empty() {
        return Told::Still;
    }
    let uses = uses(asset, desired, &inputs);
    let (mut rebuilt, mut columns, mut older) = (Vec::new(), Vec::new(), None);
    for input in moved.iter().copied() {
        let used = uses.get(input).unwrap_or(&Use::Whole);
        let planned = past.rebuilt.get(input);
        match past.changed_columns(state, input, used) {
            Some(changed) if changed.is_empty() => {}
            Some(changed) if planned.is_some_and(|planned| changed.iter().all(|c| planned.columns.contains(*c))) => {
                columns.push((input, changed));
            }
            _ if planned.is_some() => rebuilt.push(input),
            _ => older = older.or(Some(input)),
        }
    }
    if !rebuilt.is_empty() {
        rebuilt.extend(columns.iter().map(|(input, _)| *input));
        rebuilt.sort();
        return Told::Stale(words::rebuilt(&rebuilt));
    }
    if !columns.is_empty() {
        return Told::Stale(words::columns_change(&columns));
    }
    if let Some(input) = older {
        return Told::Stale(format!("its input {input} was published since"));
    }
    if shows_choices(asset, desired) {
        return Told::Stale(format!(
            "{}, and what this view makes of it may come out otherwise",
            words::rebuilt(&moved)
        ));
    }
    if let Some(difference) = super::difference::of_output(desired, state) {
        return Told::Stale(difference);
    }
    // A natural join, say, of tables that have fewer columns in common now.
    let fewer = |input: &TableName| {
        let read = state.read_parts.iter().find(|read| read.table == *input);
        let used = |(column, _): &(String, String)| match uses.get(input) {
            Some(Use::Columns(columns)) => columns.contains(column),
            Some(Use::Whole) | None => true,
        };
        read.is_some_and(|read| !read.columns.iter().all(used))
    };
    if let Some(input) = moved.iter().find(|input| fewer(input)) {
        return Told::Stale(format!("it uses fewer columns of {input}, which has others now"));
    }
    let planned: Vec<_> = moved.iter().filter_map(|input| Some((*input, past.rebuilt.get(*input)?))).collect();
    match planned.as_slice() {
        [] => Told::Still,
        [(input, changes), rest @ ..] => Told::Untouched(words::untouched(input, changes, rest.len())),
    }
}
