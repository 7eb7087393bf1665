//! What a folder of delivered files holds: the file `_headwater.json` in it.

use std::sync::Arc;

use headwater_sdk::destination::Mark;
use headwater_sdk::{Blame, Error, Result};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};

use super::writer::failed;
use crate::codes;

/// The name of the file.
pub(super) const NAME: &str = "_headwater.json";

/// The files that count, and what they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The delivery.
    pub(super) delivery: String,
    /// Which snapshot of the lake they are of.
    pub(super) mark: Mark,
    /// The files.
    pub(super) files: Vec<File>,
}

/// A file that counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct File {
    /// Its path from the folder on.
    pub(super) path: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl Manifest {
    /// That of a folder; `None` when nothing was delivered to it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn read(store: &Arc<dyn ObjectStore>, folder: &Path) -> Result<Option<Self>> {
        let path = folder.clone().join(NAME);
        let bytes = match store.get(&path).await {
            Ok(found) => found.bytes().await,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => Err(error),
        };
        let unreadable =
            |help: &str| Error::new(codes::NO_TARGET, Blame::Environment, format!("{path} cannot be read")).help(help);
        let bytes = bytes.map_err(|e| unreadable("check that the place may be read").caused_by(e).transient())?;
        let manifest = serde_json::from_slice(&bytes).map_err(|e| {
            unreadable("something else has written it, or another version of Headwater: deliver to another folder")
                .caused_by(e)
        })?;
        Ok(Some(manifest))
    }

    /// Puts it in place of the one that is there, at once.
    ///
    /// # Errors
    /// When it cannot be written; the other then stays.
    pub(super) async fn write(&self, store: &Arc<dyn ObjectStore>, folder: &Path) -> Result<()> {
        let path = folder.clone().join(NAME);
        let text = serde_json::to_vec_pretty(self).map_err(|e| failed(&path, e))?;
        store.put(&path, text.into()).await.map_err(|e| failed(&path, e))?;
        Ok(())
    }
}
