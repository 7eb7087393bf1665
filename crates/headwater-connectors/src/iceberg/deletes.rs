//! Which rows of data files are deleted: by places and by values, in files of their own.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType};
use async_trait::async_trait;
use headwater_sdk::{Blame, Error, Result};
use roaring::RoaringTreemap;
use tokio::sync::OnceCell;

use super::manifest::{Content, Listed, entry};
use super::metadata::Metadata;
use super::schema;
use crate::codes;
use crate::files::FileEntry;
use crate::table_format::{Deletes, Gone, KeysGone, Kind, Naming, Root, TableField, each_batch};

/// The numbers of the columns of a file of places, which the specification sets.
const FILE_PATH: i32 = 2_147_483_546;
const POS: i32 = 2_147_483_545;

/// A file of deleted rows, read once.
#[derive(Debug)]
struct DeleteFile {
    listed: Listed,
    entry: FileEntry,
    /// The columns whose values it holds.
    fields: Vec<TableField>,
    positions: OnceCell<HashMap<String, RoaringTreemap>>,
    keys: OnceCell<Arc<KeysGone>>,
}

/// The files of deleted rows of a state.
#[derive(Debug, Default)]
pub(super) struct DeleteFiles(Vec<Arc<DeleteFile>>);

impl DeleteFiles {
    /// Those among the files of a state.
    ///
    /// # Errors
    /// When they name columns that the table never had.
    pub(super) fn of(root: &Root, metadata: &Metadata, listed: &[Listed]) -> Result<Self> {
        let mut files = Vec::new();
        for listed in listed.iter().filter(|listed| listed.content != Content::Rows) {
            let ids = match &listed.content {
                Content::Equal(ids) => ids.as_slice(),
                _ => &[],
            };
            let column = |id: &i32| {
                schema::column(metadata, *id).filter(|field| matches!(field.kind, Kind::Leaf(_))).ok_or_else(|| {
                    let message = format!("{} deletes rows by a column that is no plain one of the table", listed.path);
                    Error::new(codes::TABLE_FEATURE, Blame::Data, message)
                        .help("let the table's owner take deleted rows out of its files (rewrite_data_files)")
                })
            };
            let fields = ids.iter().map(column).collect::<Result<_>>()?;
            let entry = entry(root, metadata, &listed.path, listed.size)?;
            let (positions, keys) = (OnceCell::new(), OnceCell::new());
            files.push(Arc::new(DeleteFile { listed: listed.clone(), entry, fields, positions, keys }));
        }
        Ok(Self(files))
    }

    /// What there is to know of a data file; `None` when it has lost nothing.
    pub(super) fn for_file(&self, data: &Listed) -> Option<Arc<dyn Deletes>> {
        let files: Vec<_> = self.applying_to(data).cloned().collect();
        if files.is_empty() { None } else { Some(Arc::new(FileDeletes { path: data.path.clone(), files })) }
    }

    /// Whether a data file has lost the same here as there.
    pub(super) fn same_for(&self, data: &Listed, there: &Self) -> bool {
        let paths = |of: &Self| {
            let mut paths: Vec<String> = of.applying_to(data).map(|file| file.listed.path.clone()).collect();
            paths.sort();
            paths
        };
        paths(self) == paths(there)
    }

    fn applying_to<'a>(&'a self, data: &'a Listed) -> impl Iterator<Item = &'a Arc<DeleteFile>> {
        let same = |deletes: &Listed| {
            deletes.spec == data.spec
                && deletes.partition.len() == data.partition.len()
                && deletes.partition.iter().zip(&data.partition).all(|(a, b)| a.to_data() == b.to_data())
        };
        self.0.iter().filter(move |file| match &file.listed.content {
            Content::Positions => file.listed.sequence >= data.sequence && same(&file.listed),
            // Rows that came with the deletion stay; without a partition it goes for all of them.
            Content::Equal(_) => {
                file.listed.sequence > data.sequence && (file.listed.partition.is_empty() || same(&file.listed))
            }
            Content::Rows => false,
        })
    }
}

/// What a data file has lost.
#[derive(Debug)]
struct FileDeletes {
    path: String,
    files: Vec<Arc<DeleteFile>>,
}

#[async_trait]
impl Deletes for FileDeletes {
    async fn gone(&self) -> Result<Arc<Gone>> {
        let mut gone = Gone::default();
        for file in &self.files {
            if file.listed.content == Content::Positions {
                if let Some(positions) = file.positions.get_or_try_init(|| file.read_positions()).await?.get(&self.path)
                {
                    gone.positions |= positions;
                }
            } else {
                gone.keys.push(Arc::clone(file.keys.get_or_try_init(|| file.read_keys()).await?));
            }
        }
        Ok(Arc::new(gone))
    }
}

impl DeleteFile {
    async fn read_positions(&self) -> Result<HashMap<String, RoaringTreemap>> {
        let field = |name: &str, id, of| TableField {
            name: name.into(),
            physical: vec![name.into()],
            id: Some(id),
            kind: Kind::Leaf(of),
        };
        let fields = [field("file_path", FILE_PATH, DataType::Utf8), field("pos", POS, DataType::Int64)];
        let mut found: HashMap<String, RoaringTreemap> = HashMap::new();
        each_batch(&self.entry, &fields, Naming::Ids, &mut |columns: &[ArrayRef]| {
            let [paths, places] = columns else { return Ok(()) };
            if paths.null_count() + places.null_count() > 0 {
                return Err(ArrowError::ParseError("a place of a deleted row is null".into()));
            }
            for (path, place) in paths.as_string::<i32>().iter().zip(places.as_primitive::<Int64Type>().values()) {
                let path = path.unwrap_or_default();
                // Most rows in a row are of one file.
                let of_file = match found.get_mut(path) {
                    Some(of_file) => of_file,
                    None => found.entry(path.to_owned()).or_default(),
                };
                of_file.insert(place.unsigned_abs());
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    async fn read_keys(&self) -> Result<Arc<KeysGone>> {
        let incomparable = |error| {
            let message = format!("{} deletes rows by values that cannot be compared", self.entry.name);
            Error::new(codes::TABLE_FEATURE, Blame::Data, message).caused_by(error)
        };
        let mut keys = KeysGone::new(self.fields.clone()).map_err(incomparable)?;
        each_batch(&self.entry, &self.fields, Naming::Ids, &mut |columns| keys.add(columns)).await?;
        Ok(Arc::new(keys))
    }
}
