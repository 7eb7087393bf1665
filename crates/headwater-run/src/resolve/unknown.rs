//! Assets whose columns nobody knows: streams that were never loaded and cannot be read, and what is made from them.

use std::collections::BTreeMap;

use headwater_project::Asset;
use headwater_project::plan::{Desired, definition};
use headwater_sdk::{Error, TableName};

/// What becomes of a project of which streams cannot be read that were never loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not resolved: all of it was to be looked at.
    Refuse,
    /// They fail, what is made from them is held back, and the rest goes on, if there is any.
    HoldBack,
}

/// An asset whose columns nobody knows.
#[derive(Debug)]
pub(crate) struct Unknown {
    /// What a plan has to know of it.
    pub(crate) desired: Desired,
    /// Why: its source cannot be read, or it is made from a table whose columns are not known.
    pub(crate) why: Why,
}

/// Why nobody knows an asset's columns.
#[derive(Debug)]
pub(crate) enum Why {
    /// Its source cannot be read.
    Source(Error),
    /// It, or a check of it, reads this asset, whose columns are not known.
    Reads(TableName),
}

/// Those of a part of a project that are not known, as these streams cannot be read.
pub(super) fn among(part: &[&Asset], unreadable: BTreeMap<TableName, Error>) -> BTreeMap<TableName, Unknown> {
    let mut why: BTreeMap<TableName, Why> =
        unreadable.into_iter().map(|(name, error)| (name, Why::Source(error))).collect();
    // A check may read what comes later in the project's order.
    loop {
        let found: Vec<_> = part.iter().filter(|asset| !why.contains_key(&asset.name)).collect();
        let found: Vec<_> =
            found.iter().filter_map(|asset| Some((asset.name.clone(), culprit(asset, &why)?))).collect();
        if found.is_empty() {
            break;
        }
        why.extend(found.into_iter().map(|(name, culprit)| (name, Why::Reads(culprit))));
    }
    part.iter().filter_map(|asset| Some((asset.name.clone(), unknown(asset, why.remove(&asset.name)?)))).collect()
}

fn culprit(asset: &Asset, why: &BTreeMap<TableName, Why>) -> Option<TableName> {
    let mut read = asset.inputs.iter().chain(&asset.check_inputs).map(|input| input.table.owner());
    read.find(|name| why.contains_key(name))
}

fn unknown(asset: &Asset, why: Why) -> Unknown {
    let told = match &why {
        Why::Source(error) => format!("its source cannot be read: {}", error.full_message()),
        Why::Reads(input) => format!("the columns of {input} are not known"),
    };
    Unknown { desired: Desired { definition: definition(asset), unknown: Some(told), ..Desired::default() }, why }
}
