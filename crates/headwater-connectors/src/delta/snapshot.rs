//! A version of a Delta table.

use std::collections::HashMap;
use std::sync::Arc;

use headwater_sdk::{Blame, Error, Result};

use super::actions::{Action, Add, Descriptor, Metadata, PartitionValues, Protocol, verify};
use super::log::Log;
use super::schema;
use super::vector::Vector;
use crate::codes;
use crate::files::FileEntry;
use crate::table_format::{DataFile, Naming, Root, TableField, Wanted, constant, percent_decoded};

/// What a version is.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) version: u64,
    pub(super) id: String,
    pub(super) fields: Vec<TableField>,
    pub(super) naming: Naming,
    partitioned_by: Vec<String>,
    /// Its data files, in the order of their paths; none when they were not asked for.
    pub(super) files: Vec<Add>,
}

impl Snapshot {
    /// Finds out what a version is.
    ///
    /// # Errors
    /// When the log is not whole, or the table needs what is not known.
    pub(super) async fn read(log: &Log, version: u64, with_files: bool) -> Result<Self> {
        let (mut protocol, mut metadata): (Option<Protocol>, Option<Metadata>) = (None, None);
        // A file may come back with other deleted rows.
        let mut files: HashMap<(String, Option<String>), Add> = HashMap::new();
        log.replay(version, with_files, &mut |action: Action| {
            let key = |path: String, vector: Option<&Descriptor>| (path, vector.map(Descriptor::id));
            if let Some(found) = action.protocol {
                protocol = Some(found);
            } else if let Some(found) = action.meta_data {
                metadata = Some(found);
            } else if let Some(add) = action.add.filter(|_| with_files) {
                files.insert(key(add.path.clone(), add.deletion_vector.as_ref()), add);
            } else if let Some(remove) = action.remove.filter(|_| with_files) {
                files.remove(&key(remove.path, remove.deletion_vector.as_ref()));
            }
        })
        .await?;
        let (Some(protocol), Some(metadata)) = (protocol, metadata) else {
            let message = format!("the log of the table {} does not say what the table is", log.shown());
            return Err(Error::new(codes::TABLE_LOG, Blame::Data, message)
                .help("the log of the table is damaged: let its owner write the table anew"));
        };
        verify(&protocol, &metadata, log.shown())?;
        let (fields, naming) = schema::columns(&metadata, log.shown())?;
        let mut files: Vec<Add> = files.into_values().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { version, id: metadata.id, fields, naming, partitioned_by: metadata.partition_columns, files })
    }

    /// A data file of the table.
    ///
    /// # Errors
    /// When it is in another store, or its partition's values cannot be understood.
    pub(super) fn data_file(&self, root: &Root, add: &Add) -> Result<DataFile> {
        let entry = entry(root, &add.path, add.size)?;
        let wanted = Wanted { without: Vector::of(root, add.deletion_vector.as_ref()), ..Wanted::default() };
        let constants = Arc::new(self.constants(&add.partition_values, &entry.name)?);
        Ok(DataFile { entry, constants, wanted })
    }

    /// Whether files are of partitions.
    pub(super) fn is_partitioned(&self) -> bool {
        !self.partitioned_by.is_empty()
    }

    /// The values of a file's partition.
    ///
    /// # Errors
    /// When one of them cannot be understood.
    pub(super) fn constants(
        &self,
        values: &PartitionValues,
        file: &str,
    ) -> Result<Vec<(String, arrow_array::ArrayRef)>> {
        let columns = self.fields.iter().filter(|field| self.partitioned_by.contains(&field.name));
        let value = |field: &TableField| {
            // An empty text is no value: paths cannot tell them apart.
            let text =
                field.physical.first().and_then(|name| values.get(name)?.as_deref()).filter(|text| !text.is_empty());
            let value = constant(text, &field.data_type()).ok_or_else(|| {
                let text = text.unwrap_or_default();
                let message =
                    format!("the log says of {file} that '{}' is '{text}', which is no value of its type", field.name);
                Error::new(codes::TABLE_LOG, Blame::Data, message).help("let the table's owner write the file anew")
            })?;
            Ok((field.name.clone(), value))
        };
        columns.map(value).collect()
    }
}

/// A file that the log names: by a path from the table's folder on, or by a URL.
///
/// # Errors
/// When it is in another store.
pub(super) fn entry(root: &Root, path: &str, size: u64) -> Result<FileEntry> {
    root.file_of(&percent_decoded(path), size)
}
