//! The folder that a delivery's files are in.

use std::sync::Arc;

use headwater_sdk::error::refusal::{Refusal, refusal};
use headwater_sdk::{Blame, Error, Result};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use crate::codes;
use crate::files::input::own_error;
use crate::files::location::Location;

/// What is to be done where a store refuses.
pub(super) const FORBIDDEN: &str =
    "give credentials that may list, read, write and delete there, in the environment or under `storage:`";

/// The folder, in its store.
pub(super) struct Folder {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: Path,
    /// What it is called in messages.
    pub(super) shown: String,
}

impl Folder {
    /// The folder `to` below a location, which is made if it is one of this machine.
    ///
    /// # Errors
    /// When it cannot be.
    pub(super) fn open(location: &Location, to: &Path) -> Result<Self> {
        let shown = format!("{}{to}", location.shown());
        match location {
            Location::Local { root, .. } => {
                let made = std::fs::create_dir_all(root).and_then(|()| {
                    LocalFileSystem::new_with_prefix(root).map_err(|error| std::io::Error::other(error.to_string()))
                });
                let store = made.map_err(|e| unwritable(&shown, e))?;
                Ok(Self { store: Arc::new(store.with_automatic_cleanup(true)), path: to.clone(), shown })
            }
            Location::Store { store, prefix, .. } => {
                let path = prefix.parts().chain(to.parts()).collect();
                Ok(Self { store: Arc::clone(store), path, shown })
            }
            Location::Web(_) => Err(Error::new(codes::DEFECT, Blame::Headwater, "files cannot be put to a web server")),
        }
    }

    /// A file in it, or in a folder below it.
    ///
    /// # Errors
    /// When there can be no such file.
    pub(super) fn file(&self, below: &str, name: &str) -> Result<Path> {
        let parts = [self.path.as_ref(), below, name].into_iter().filter(|part| !part.is_empty());
        Path::parse(parts.collect::<Vec<_>>().join("/")).map_err(|e| self.failed(&self.path, e))
    }

    /// A file's path from the folder on.
    pub(super) fn below(&self, file: &Path) -> String {
        let parts = file.prefix_match(&self.path).map(|parts| parts.map(|part| part.as_ref().to_owned()));
        parts.map_or_else(|| file.to_string(), |parts| parts.collect::<Vec<_>>().join("/"))
    }

    /// What a file is called in messages.
    pub(super) fn name(&self, file: &Path) -> String {
        format!("{}/{}", self.shown, self.below(file))
    }

    /// A file that cannot be written, for now: stores try by themselves what may pass at once.
    pub(super) fn failed(&self, file: &Path, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        let cause: Box<dyn std::error::Error + Send + Sync> = Box::new(cause);
        let cause = match cause.downcast::<object_store::Error>() {
            Ok(error) => match own_error(*error) {
                // The connection is the matter, and not the file.
                Ok(ours) => return ours,
                Err(error) => error.into(),
            },
            Err(cause) => cause,
        };
        let refusal = refusal(&cause.to_string());
        let error = unwritable(&self.name(file), cause);
        match refusal {
            Some(Refusal::Missing) => error.help("make the bucket or container, or correct `location`"),
            Some(_) => error.help(FORBIDDEN),
            None => error.transient(),
        }
    }
}

/// A place that cannot be written to.
fn unwritable(shown: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(codes::NOT_WRITTEN, Blame::Environment, format!("{shown} cannot be written"))
        .help("check that the place is there, that it may be written to, and that there is room")
        .caused_by(cause)
}
