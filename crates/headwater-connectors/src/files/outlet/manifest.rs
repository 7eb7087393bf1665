//! What a folder of delivered files holds: the file `_headwater.json` in it.

use headwater_sdk::destination::Mark;
use headwater_sdk::error::refusal::refusal;
use headwater_sdk::{Blame, Error, Result};
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};

use super::folder::{FORBIDDEN, Folder};
use crate::codes;
use crate::files::input::own_error;

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
    pub(super) async fn read(folder: &Folder) -> Result<Option<Self>> {
        let path = folder.path.clone().join(NAME);
        let bytes = match folder.store.get(&path).await {
            Ok(found) => found.bytes().await,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => Err(error),
        };
        let unreadable = |help: &str| {
            Error::new(codes::NO_TARGET, Blame::Environment, format!("{} cannot be read", folder.name(&path)))
                .help(help)
        };
        let bytes = bytes.map_err(|error| match own_error(error) {
            Ok(ours) => ours,
            Err(error) if refusal(&error.to_string()).is_some() => unreadable(FORBIDDEN).caused_by(error),
            Err(error) => unreadable("check that the place may be read").caused_by(error).transient(),
        })?;
        let manifest = serde_json::from_slice(&bytes).map_err(|e| {
            unreadable("something else has written it, or another version of Headwater: deliver to another folder, or remove the file, and all rows are delivered again")
                .caused_by(e)
        })?;
        Ok(Some(manifest))
    }

    /// Puts it in place of the one that is there, at once.
    ///
    /// # Errors
    /// When it cannot be written; the other then stays.
    pub(super) async fn write(&self, folder: &Folder) -> Result<()> {
        let path = folder.path.clone().join(NAME);
        let text = serde_json::to_vec_pretty(self).map_err(|e| folder.failed(&path, e))?;
        folder.store.put(&path, text.into()).await.map_err(|e| folder.failed(&path, e))?;
        Ok(())
    }
}
