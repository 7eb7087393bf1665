//! What a load reads of a table: its data files, in the columns that the lake's table will have.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use headwater_sdk::Result;
use headwater_sdk::connector::{Operation, ReadPart, StreamSettings};

use super::columns::{Naming, TableField};
use super::data_file::DataFile;
use super::part::{Load, parts, target_of};
use crate::columns::Target;

/// The files to read, in their order. The rows of some are changes.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    pub(crate) files: Vec<(DataFile, Option<Operation>)>,
}

impl Steps {
    /// The rows of files.
    pub(crate) fn of_rows(files: impl Iterator<Item = Result<DataFile>>) -> Result<Self> {
        Ok(Self { files: files.map(|file| Ok((file?, None))).collect::<Result<_>>()? })
    }
}

/// What is read, with the columns for it.
pub(crate) struct Reading {
    /// The columns.
    pub(crate) schema: SchemaRef,
    /// The files, in parts.
    pub(crate) parts: Vec<Box<dyn ReadPart>>,
    /// How the columns have drifted.
    pub(crate) notes: Vec<String>,
    /// How many files there are.
    pub(crate) files: usize,
    /// How many bytes they have.
    pub(crate) bytes: u64,
}

/// A table's side of a load.
pub(crate) struct Columns<'a> {
    /// Its columns.
    pub(crate) fields: &'a [TableField],
    /// How data files name them.
    pub(crate) naming: Naming,
    /// What the table is called in messages.
    pub(crate) shown: &'a str,
    /// What to do about a data file that is not there.
    pub(crate) lost: &'static str,
}

impl Reading {
    /// What steps read into a table of the lake, if there is one already. `goes_on` says that it was loaded before.
    ///
    /// # Errors
    /// When the columns have drifted and the policy is to fail.
    pub(crate) fn new(
        steps: Steps,
        columns: &Columns<'_>,
        settings: &StreamSettings,
        table: Option<&SchemaRef>,
        goes_on: bool,
    ) -> Result<Self> {
        let Columns { fields, naming, shown, lost } = *columns;
        let (target, notes) = match table {
            // Nothing to read changes nothing.
            Some(table) if goes_on && steps.files.is_empty() => (Arc::new(unchanged(table, settings)), Vec::new()),
            _ => target_of(fields, shown, settings, table.map(AsRef::as_ref))?,
        };
        let load = |fields| Arc::new(Load { fields, naming, target: Arc::clone(&target), lost: lost.into() });
        // Of a row that is gone, its key is all that is asked for.
        let key = load(fields.iter().filter(|field| settings.key.contains(&field.name)).cloned().collect());
        let whole = load(fields.to_vec());
        let (files, bytes) = (steps.files.len(), steps.files.iter().map(|(file, _)| file.entry.stamp.size).sum());
        let load = |operation| if operation == Some(Operation::Delete) { &key } else { &whole };
        let of = |(file, operation): (DataFile, _)| parts(&file, load(operation), operation);
        let parts = steps.files.into_iter().flat_map(of).collect();
        Ok(Self { schema: Arc::clone(&target.schema), parts, notes, files, bytes })
    }
}

fn unchanged(table: &SchemaRef, settings: &StreamSettings) -> Target {
    Target {
        schema: Arc::clone(table),
        inferred: vec![false; table.fields().len()],
        on_bad_row: settings.on_bad_row,
        unit: "row",
        key: Vec::new(),
    }
}
