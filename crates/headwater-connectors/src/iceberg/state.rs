//! A snapshot of an Iceberg table: its columns and files.

use std::sync::Arc;

use headwater_sdk::{Blame, Error, Result};

use super::deletes::DeleteFiles;
use super::manifest::{Content, Listed, entry, files};
use super::metadata::{Metadata, Snapshot};
use crate::codes;
use crate::columns::cast;
use crate::table_format::{DataFile, Deletes, Root, TableField, Wanted, leaf};

/// A state of a table.
#[derive(Debug)]
pub(super) struct State<'a> {
    root: &'a Root,
    metadata: &'a Metadata,
    fields: &'a [TableField],
    /// All of its files.
    pub(super) listed: Vec<Listed>,
    /// Those of deleted rows.
    pub(super) deletes: DeleteFiles,
}

impl<'a> State<'a> {
    /// Reads which files a snapshot is made of; of no snapshot, there are none.
    ///
    /// # Errors
    /// When its lists cannot be read.
    pub(super) async fn read(
        root: &'a Root,
        metadata: &'a Metadata,
        fields: &'a [TableField],
        snapshot: Option<&Snapshot>,
    ) -> Result<Self> {
        let listed = match snapshot {
            Some(snapshot) => files(root, metadata, snapshot).await?,
            None => Vec::new(),
        };
        let deletes = DeleteFiles::of(root, metadata, &listed)?;
        Ok(Self { root, metadata, fields, listed, deletes })
    }

    /// A state of which only the columns count.
    pub(super) fn columns(root: &'a Root, metadata: &'a Metadata, fields: &'a [TableField]) -> Self {
        Self { root, metadata, fields, listed: Vec::new(), deletes: DeleteFiles::default() }
    }

    /// The data files, without the rows that are deleted.
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<DataFile>> {
        let rows = self.listed.iter().filter(|file| file.content == Content::Rows);
        rows.map(|file| self.data_file(file, self.deletes.for_file(file)))
    }

    /// A data file of it.
    ///
    /// # Errors
    /// When it lies in another store.
    pub(super) fn data_file(&self, file: &Listed, without: Option<Arc<dyn Deletes>>) -> Result<DataFile> {
        let entry = entry(self.root, self.metadata, &file.path, file.size)?;
        let mut constants = Vec::new();
        let spec = self.metadata.spec(file.spec).unwrap_or_default();
        for (by, value) in spec.iter().zip(&file.partition).filter(|(by, _)| by.transform == "identity") {
            let Some(field) = self.fields.iter().find(|field| field.id == by.source_id) else { continue };
            let wanted = field.data_type();
            let mut bad = false;
            let value =
                leaf(value, &wanted, value.data_type()).and_then(|value| cast(&value, &wanted, &mut |_, _| bad = true));
            match value {
                Ok(value) if !bad => constants.push((field.name.clone(), value)),
                failed => {
                    let message =
                        format!("the partition of {} says of '{}' what is none of its values", entry.name, field.name);
                    let error = Error::new(codes::TABLE_LOG, Blame::Data, message)
                        .help("write the table anew with the program that keeps it");
                    return Err(match failed {
                        Ok(_) => error,
                        Err(cause) => error.caused_by(cause),
                    });
                }
            }
        }
        Ok(DataFile { entry, constants: Arc::new(constants), wanted: Wanted { without, ..Wanted::default() } })
    }
}
