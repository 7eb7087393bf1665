//! Deletion vectors: which rows of a data file are deleted.

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::{Blame, Error, Result};
use object_store::ObjectStoreExt;
use roaring::RoaringTreemap;
use tokio::sync::OnceCell;

use super::actions::Descriptor;
use crate::codes;
use crate::files::{Place, store_error};
use crate::table_format::{Deletes, Gone, Root, percent_decoded};

/// What a bitmap begins with.
const MAGIC: u32 = 1_681_511_377;
/// The digits of Z85 (<https://rfc.zeromq.org/spec/32/>).
const DIGITS: &[u8; 85] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// A vector that is read when it is asked for, once.
#[derive(Debug)]
pub(super) struct Vector {
    pub(super) root: Root,
    pub(super) descriptor: Descriptor,
    pub(super) read: OnceCell<Arc<Gone>>,
}

impl Vector {
    /// The vector of a file; `None` where it has none.
    pub(super) fn of(root: &Root, descriptor: Option<&Descriptor>) -> Option<Arc<dyn Deletes>> {
        let vector = Self { root: root.clone(), descriptor: descriptor?.clone(), read: OnceCell::new() };
        Some(Arc::new(vector))
    }

    async fn load(&self) -> Result<Arc<Gone>> {
        let Descriptor { storage_type, path_or_inline_dv: text, offset, size_in_bytes, cardinality } = &self.descriptor;
        let damaged = |why: &str| {
            let message = format!("a deletion vector of the table {} cannot be read: {why}", self.root.shown());
            Error::new(codes::TABLE_FILE, Blame::Data, message)
                .help("let the program that keeps the table check it and write the rows anew (in Spark: REORG TABLE … APPLY (PURGE))")
        };
        let bitmap = if storage_type == "i" {
            let mut bytes = z85(text).ok_or_else(|| damaged("its text is not Z85"))?;
            bytes.truncate(*size_in_bytes as usize);
            bytes
        } else {
            let file = match storage_type.as_str() {
                "p" => self.root.file_at(&percent_decoded(text), 0)?,
                "u" => {
                    let name = vector_file(text).ok_or_else(|| damaged("its name is not Z85"))?;
                    self.root.file(&name, 0)
                }
                other => return Err(damaged(&format!("it is kept in the way '{other}'"))),
            };
            let Place::Store(store, path) = &file.place else { return Err(damaged("it is in no store")) };
            let from = offset.unwrap_or(0);
            // Its length before it, and a checksum behind it.
            let range = from..from + size_in_bytes + 8;
            let bytes = store.get_range(path, range).await.map_err(|error| store_error(error, &file.name))?;
            let framed = bytes.split_at_checked(4).and_then(|(length, rest)| {
                let (bitmap, sum) = rest.split_at_checked(*size_in_bytes as usize)?;
                Some((u32::from_be_bytes(length.try_into().ok()?), bitmap, u32::from_be_bytes(sum.try_into().ok()?)))
            });
            let (length, bitmap, sum) = framed.ok_or_else(|| damaged("it ends too early"))?;
            if u64::from(length) != *size_in_bytes {
                return Err(damaged("it has another length than the log says"));
            }
            if crc32fast::hash(bitmap) != sum {
                return Err(damaged("its checksum is wrong"));
            }
            bitmap.to_vec()
        };
        let (magic, rest) = bitmap.split_at_checked(4).ok_or_else(|| damaged("it is too short"))?;
        if magic != MAGIC.to_le_bytes() {
            return Err(damaged("it is of no known kind"));
        }
        let positions =
            RoaringTreemap::deserialize_from(rest).map_err(|error| damaged("it is damaged").caused_by(error))?;
        if positions.len() != *cardinality {
            return Err(damaged("it has another number of rows than the log says"));
        }
        Ok(Arc::new(Gone { positions, keys: Vec::new() }))
    }
}

#[async_trait]
impl Deletes for Vector {
    async fn gone(&self) -> Result<Arc<Gone>> {
        self.read.get_or_try_init(|| self.load()).await.cloned()
    }
}

/// The file of a vector whose name is a UUID, with a folder before it.
fn vector_file(text: &str) -> Option<String> {
    let (folder, id) = text.split_at_checked(text.len().checked_sub(20)?)?;
    let bytes: [u8; 16] = z85(id)?.try_into().ok()?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    let slash = if folder.is_empty() { "" } else { "/" };
    Some(format!("{folder}{slash}deletion_vector_{id}.bin"))
}

/// The bytes of a text in Z85.
fn z85(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 5 * 4);
    for five in text.chunks(5) {
        if five.len() < 5 {
            return None;
        }
        let digit = |byte: &u8| DIGITS.iter().position(|digit| digit == byte);
        let mut value: u64 = 0;
        for byte in five {
            value = value * 85 + digit(byte)? as u64;
        }
        bytes.extend(u32::try_from(value).ok()?.to_be_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_vectors() {
        // Both are of the protocol's own text and of the specification of Z85.
        assert_eq!(z85("HelloWorld").unwrap(), [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]);
        assert_eq!(
            vector_file("ab^-aqEH.-t@S}K{vb[*k^").unwrap(),
            "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"
        );
        assert!(z85("abc").is_none() && z85("ab\"cd").is_none() && vector_file("x").is_none());
    }
}
