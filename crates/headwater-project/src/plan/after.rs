//! What the state of an asset that was built says of its parts, for later plans.

use headwater_sdk::lineage::Fingerprint;
use headwater_sdk::store::{ColumnPart, ContentParts, Part, ReadParts};
use headwater_sdk::{RunId, TableName};

use super::changes::Changes;
use super::desired::Desired;
use super::inputs::{Use, uses};
use crate::Asset;

/// The parts of an asset that a run has built: those that the plan says do not change keep their marks.
pub fn parts_after(desired: &Desired, changes: &Changes, before: Option<&ContentParts>, run: &RunId) -> ContentParts {
    let prints = desired.query.as_ref().map(|query| &query.fingerprints);
    let part = |fingerprint: Option<&Fingerprint>, changed: bool, before: Option<&Part>| {
        let kept = before.filter(|_| !changed).map(|part| part.changed.clone());
        Part { fingerprint: fingerprint.cloned(), changed: kept.unwrap_or_else(|| run.to_string()) }
    };
    let column = |(index, (name, data_type)): (usize, &(String, String))| {
        let print = prints.and_then(|prints| prints.columns.get(index));
        let before = before.and_then(|before| before.column(name)).map(|column| &column.part);
        ColumnPart {
            name: name.clone(),
            data_type: data_type.clone(),
            part: part(print, changes.changes(name), before),
        }
    };
    ContentParts {
        rows: part(prints.map(|prints| &prints.rows), changes.rows, before.map(|before| &before.rows)),
        columns: desired.columns.iter().enumerate().map(column).collect(),
    }
}

/// What an asset has used of its inputs (`inputs`: [`tracked_inputs`](super::tracked_inputs)), whose parts `parts_of` knows.
/// An input that is used whole, or of which something is used that its parts do not tell, is left out.
pub fn parts_read<'p>(
    asset: &Asset,
    desired: &Desired,
    inputs: &[TableName],
    parts_of: impl Fn(&TableName) -> Option<&'p ContentParts>,
) -> Vec<ReadParts> {
    let read = |(table, used): (TableName, Use)| {
        let (Use::Columns(columns), Some(parts)) = (used, parts_of(&table)) else { return None };
        let mark = |name: String| parts.column(&name).map(|column| (name, column.part.changed.clone()));
        let columns = columns.into_iter().map(mark).collect::<Option<Vec<_>>>()?;
        Some(ReadParts { rows: parts.rows.changed.clone(), columns, table })
    };
    uses(asset, desired, inputs).into_iter().filter_map(read).collect()
}
