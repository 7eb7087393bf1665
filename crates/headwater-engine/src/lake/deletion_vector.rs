//! Deletion vectors: which rows of a data file are deleted.

use deltalake_core::kernel::{DeletionVectorDescriptor, StorageType};
use headwater_kernels::deletion_vector;
use headwater_sdk::{Blame, Error, Result};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, PutOptions};
use roaring::RoaringTreemap;
use url::Url;
use uuid::Uuid;

use super::location::Location;
use super::table::storage_error;

/// The file of a deletion vector of the table in `folder`; `None` for one that is kept in the log, and for a descriptor
/// that breaks the protocol.
pub(super) fn file_of(vector: &DeletionVectorDescriptor, folder: &Path) -> Option<Path> {
    match vector.storage_type {
        StorageType::Inline => None,
        StorageType::AbsolutePath => Path::from_url_path(Url::parse(&vector.path_or_inline_dv).ok()?.path()).ok(),
        StorageType::UuidRelativePath => {
            let (prefix, name) = deletion_vector::file_of(&vector.path_or_inline_dv)?;
            let folder = if prefix.is_empty() { folder.clone() } else { folder.clone().join(prefix) };
            Some(folder.join(name))
        }
    }
}

/// The rows, counted from 0 through the data file, that a vector of the table in `folder` deletes.
///
/// # Errors
/// `HW0612` when its file cannot be read, `HW0620` when it is damaged.
pub(crate) async fn load(
    location: &Location,
    folder: &Path,
    vector: &DeletionVectorDescriptor,
) -> Result<RoaringTreemap> {
    let size = usize::try_from(vector.size_in_bytes).unwrap_or(0);
    let rows = match file_of(vector, folder) {
        Some(file) => {
            // Before the vector stands its size, after it its checksum.
            let begin = u64::try_from(vector.offset.unwrap_or(1)).unwrap_or(1);
            let range = Some(GetRange::Bounded(begin..begin + size as u64 + 8));
            let options = GetOptions { range, ..GetOptions::default() };
            let unreadable = |e| storage_error("read", &file, e);
            let framed = location.root.get_opts(&file, options).await.map_err(unreadable)?;
            deletion_vector::from_framed(&framed.bytes().await.map_err(unreadable)?, size)
        }
        None => deletion_vector::from_inline(&vector.path_or_inline_dv, size),
    };
    let rows = rows.map_err(|what| damaged(folder, &what))?;
    if i64::try_from(rows.len()).ok() != Some(vector.cardinality) {
        return Err(damaged(folder, "it deletes another number of rows than the log says"));
    }
    Ok(rows)
}

/// The first byte of a file of deletion vectors: its version.
const FILE_VERSION: u8 = 1;

/// Writes the vectors of one commit to the table in `folder`, all into one file, and describes each.
///
/// # Errors
/// When the file cannot be written.
pub(crate) async fn store(
    location: &Location,
    folder: &Path,
    vectors: &[&RoaringTreemap],
) -> Result<Vec<DeletionVectorDescriptor>> {
    let id = Uuid::new_v4();
    let mut bytes = vec![FILE_VERSION];
    let mut described = Vec::with_capacity(vectors.len());
    for rows in vectors {
        let framed = deletion_vector::to_framed(rows).zip(i32::try_from(bytes.len()).ok());
        let Some(((framed, size_in_bytes), offset)) = framed else {
            let message = format!("a deletion vector of {folder} is too large");
            return Err(
                Error::new("HW0620", Blame::Headwater, message).help("a run with --full-refresh builds the table anew")
            );
        };
        bytes.extend(framed);
        described.push(DeletionVectorDescriptor {
            storage_type: StorageType::UuidRelativePath,
            path_or_inline_dv: deletion_vector::to_z85(id.as_bytes()),
            offset: Some(offset),
            size_in_bytes,
            cardinality: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        });
    }
    if let Some(file) = described.first().and_then(|first| file_of(first, folder)) {
        location
            .root
            .put_opts(&file, bytes.into(), PutOptions::default())
            .await
            .map_err(|e| storage_error("write", &file, e))?;
    }
    Ok(described)
}

fn damaged(folder: &Path, what: &str) -> Error {
    Error::new("HW0620", Blame::Environment, format!("a deletion vector of {folder} is damaged: {what}"))
        .help("a run with --full-refresh builds the table anew")
}

/// What tells a logical file from others: its data file and its deletion vector (Delta protocol, "Add File and Remove
/// File").
pub(super) fn identity(path: &str, vector: Option<&DeletionVectorDescriptor>) -> String {
    vector.map_or_else(
        || path.to_owned(),
        |vector| format!("{path} {} {:?}", vector.path_or_inline_dv, vector.offset.unwrap_or(0)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(storage_type: StorageType, text: &str) -> DeletionVectorDescriptor {
        let path_or_inline_dv = text.to_owned();
        DeletionVectorDescriptor { storage_type, path_or_inline_dv, offset: Some(4), size_in_bytes: 40, cardinality: 6 }
    }

    /// The examples of the Delta protocol's text.
    #[test]
    fn files_are_where_the_protocol_puts_them() {
        let folder = Path::from("lake/raw/a");
        let at = |kind, text| file_of(&vector(kind, text), &folder).map(|path| path.to_string());
        assert_eq!(
            at(StorageType::UuidRelativePath, "ab^-aqEH.-t@S}K{vb[*k^").as_deref(),
            Some("lake/raw/a/ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin")
        );
        let absolute = "s3://mytable/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin";
        assert_eq!(
            at(StorageType::AbsolutePath, absolute).as_deref(),
            Some("deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin")
        );
        assert_eq!(at(StorageType::Inline, "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L"), None);
        assert_eq!(at(StorageType::UuidRelativePath, "short"), None);
    }
}
