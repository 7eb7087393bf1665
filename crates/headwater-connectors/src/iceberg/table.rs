//! Where tables are, and the one of a stream.

use std::sync::Arc;

use headwater_sdk::Result;
use headwater_sdk::check::OptionsError;

use super::catalog::{Catalog, Name};
use super::metadata::Metadata;
use super::options::StreamOptions;
use crate::files::Location;
use crate::table_format::Root;
use crate::table_format::options::wrong;

/// Where a source's tables are.
#[derive(Clone)]
pub(super) enum Tables {
    /// In folders of a place.
    Folders(Location),
    /// Where a catalogue says.
    Catalog(Arc<Catalog>),
}

/// The table of a stream.
pub(super) enum Table {
    Folder {
        location: Location,
        /// Its folder in it.
        path: String,
        /// The metadata file, where one is named.
        file: Option<String>,
    },
    Named(Arc<Catalog>, Name),
}

impl Table {
    /// # Errors
    /// [`OptionsError`] when the keys do not go with the source.
    pub(super) fn new(tables: &Tables, options: &StreamOptions) -> Result<Self, OptionsError> {
        match (tables, &options.from) {
            (Tables::Folders(location), None) => {
                let (path, file) = place(&options.path);
                Ok(Self::Folder { location: location.clone(), path, file })
            }
            (Tables::Folders(_), Some(_)) => {
                let message = "`from` names a table of a catalogue, and the source has none".to_owned();
                Err(wrong("from", message, "name the table's folder with `path`, or add `catalog` to the source"))
            }
            (Tables::Catalog(_), _) if !options.path.is_empty() => {
                let message = "`path` names a folder, and the source asks a catalogue where its tables are".to_owned();
                Err(wrong("path", message, "name the table with `from: namespace.table`"))
            }
            (Tables::Catalog(_), None) => {
                let message = "the stream does not say which table of the catalogue it reads".to_owned();
                Err(wrong("from", message, "add `from: namespace.table`"))
            }
            (Tables::Catalog(catalog), Some(from)) => Ok(Self::Named(Arc::clone(catalog), Name::new(from)?)),
        }
    }

    /// Its folder, and what its metadata says now.
    ///
    /// # Errors
    /// When there is no such table, or it cannot be read.
    pub(super) async fn open(&self) -> Result<(Root, Metadata)> {
        match self {
            Self::Folder { location, path, file } => {
                let root = Root::open(location, path)?;
                let metadata = Metadata::read(&root, file.as_deref()).await?;
                Ok((root, metadata))
            }
            Self::Named(catalog, name) => catalog.open(name).await,
        }
    }
}

/// The folder that a path names, and the metadata file where it names one.
fn place(path: &str) -> (String, Option<String>) {
    let path = path.trim_end_matches('/');
    match path.rsplit_once('/').filter(|_| path.ends_with(".metadata.json")) {
        Some((folder, file)) => {
            let table = folder.strip_suffix("metadata").unwrap_or(folder).trim_end_matches('/');
            (table.to_owned(), Some(file.to_owned()))
        }
        None => (path.to_owned(), None),
    }
}
