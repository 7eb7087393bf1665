//! The files that hold deletion vectors: which rows of a data file are deleted. Headwater writes none; other engines do.

use deltalake_core::kernel::{DeletionVectorDescriptor, StorageType};
use object_store::path::Path;
use url::Url;
use uuid::Uuid;

/// The file of a deletion vector of the table in `folder`; `None` for one that is kept in the log, and for a descriptor
/// that breaks the protocol.
///
/// Delta protocol, "Derived Fields": a relative one is `<prefix><20 characters>`, the characters being the Z85 of a UUID,
/// and its file `<prefix>/deletion_vector_<uuid>.bin`.
pub(super) fn file_of(vector: &DeletionVectorDescriptor, folder: &Path) -> Option<Path> {
    match vector.storage_type {
        StorageType::Inline => None,
        StorageType::AbsolutePath => Path::from_url_path(Url::parse(&vector.path_or_inline_dv).ok()?.path()).ok(),
        StorageType::UuidRelativePath => {
            let text = &vector.path_or_inline_dv;
            let (prefix, encoded) = text.split_at_checked(text.len().checked_sub(20)?)?;
            let name = format!("deletion_vector_{}.bin", Uuid::from_slice(&z85(encoded)?).ok()?);
            let folder = if prefix.is_empty() { folder.clone() } else { folder.clone().join(prefix) };
            Some(folder.join(name))
        }
    }
}

/// What tells a logical file from others: its data file and its deletion vector (Delta protocol, "Add File and Remove
/// File").
pub(super) fn identity(path: &str, vector: Option<&DeletionVectorDescriptor>) -> String {
    vector.map_or_else(
        || path.to_owned(),
        |vector| format!("{path} {} {:?}", vector.path_or_inline_dv, vector.offset.unwrap_or(0)),
    )
}

/// Decodes Z85 (ZeroMQ RFC 32): five characters for four bytes, the most significant first.
fn z85(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let mut bytes = Vec::with_capacity(text.len() / 5 * 4);
    for group in text.as_bytes().chunks(5) {
        let mut value = 0u32;
        for character in group {
            let digit = DIGITS.iter().position(|digit| digit == character)?;
            value = value.checked_mul(85)?.checked_add(u32::try_from(digit).ok()?)?;
        }
        bytes.extend(value.to_be_bytes());
    }
    Some(bytes)
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
