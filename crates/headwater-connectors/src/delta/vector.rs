//! Deletion vectors: which rows of a data file are deleted.

use std::sync::Arc;

use async_trait::async_trait;
use headwater_kernels::deletion_vector;
use headwater_sdk::{Blame, Error, Result};
use object_store::ObjectStoreExt;
use tokio::sync::OnceCell;

use super::actions::Descriptor;
use crate::codes;
use crate::files::{Place, store_error};
use crate::table_format::{Deletes, Gone, Root, percent_decoded};

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
        let size = usize::try_from(*size_in_bytes).map_err(|_| damaged("it is too large"))?;
        let positions = if storage_type == "i" {
            deletion_vector::from_inline(text, size)
        } else {
            let file = match storage_type.as_str() {
                "p" => self.root.file_at(&percent_decoded(text), 0)?,
                "u" => {
                    let (folder, name) =
                        deletion_vector::file_of(text).ok_or_else(|| damaged("its name is not Z85"))?;
                    let slash = if folder.is_empty() { "" } else { "/" };
                    self.root.file(&format!("{folder}{slash}{name}"), 0)
                }
                other => return Err(damaged(&format!("it is kept in the way '{other}'"))),
            };
            let Place::Store(store, path) = &file.place else { return Err(damaged("it is in no store")) };
            let from = offset.unwrap_or(0);
            // Its length before it, and a checksum behind it.
            let range = from..from + size_in_bytes + 8;
            let bytes = store.get_range(path, range).await.map_err(|error| store_error(error, &file.name))?;
            deletion_vector::from_framed(&bytes, size)
        };
        let positions = positions.map_err(|what| damaged(&what))?;
        if positions.len() != *cardinality {
            return Err(damaged("it deletes another number of rows than the log says"));
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
