//! Opening a lake: its engine and its catalogue.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_catalog::memory::MemoryStore;
use headwater_engine::{INTERNAL_FOLDER, LakeEngine, LakeOptions};
use headwater_project::Project;
use headwater_run::Lake;
use headwater_sdk::store::Store;
use headwater_sdk::{Blame, Error, Result};

/// The catalogue's file inside a lake.
const CATALOG_FILE: &str = "catalog.db";
/// The file beside the catalogue with what planning told.
const ANALYSES_FILE: &str = "analyses";

/// What a command does with a lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing is made that is not there: a lake without a catalogue is an empty one.
    Read,
    /// The catalogue is made when it is missing.
    Write,
}

/// Opens the lake of a project's environment.
pub(crate) fn open(project: &Project, access: Access) -> Result<Lake> {
    let environment = &project.environment;
    let catalog = catalog_path(project)?;
    let engine = LakeEngine::open(&LakeOptions {
        location: environment.lake.clone(),
        storage: environment.storage.clone(),
        memory: environment.memory,
        threads: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        create: access == Access::Write,
        analyses: Some(catalog.with_file_name(ANALYSES_FILE)),
    })?;
    let store: Arc<dyn Store> = if access == Access::Read && !catalog.exists() {
        Arc::new(MemoryStore::new())
    } else {
        Arc::new(headwater_catalog::open(&catalog)?)
    };
    Ok(Lake { engine: Arc::new(engine), store })
}

/// Where a project's catalogue is.
pub(crate) fn catalog_path(project: &Project) -> Result<PathBuf> {
    let environment = &project.environment;
    let local = local_path(&environment.lake);
    match (&environment.catalog, local) {
        (Some(catalog), _) => {
            if let Some((scheme, _)) = catalog.split_once("://").filter(|(scheme, _)| *scheme != "sqlite") {
                let message = format!("a catalogue in {scheme} is not built yet");
                return Err(Error::new("HW0803", Blame::Project, message)
                    .help("set `catalog` of the environment to the path of a file on this machine"));
            }
            let path = catalog.strip_prefix("sqlite://").unwrap_or(catalog);
            Ok(project.dir.join(path))
        }
        (None, Some(folder)) => Ok(folder.join(INTERNAL_FOLDER).join(CATALOG_FILE)),
        (None, None) => {
            let message =
                format!("the environment '{}' has a lake in object storage and no catalogue", environment.name);
            Err(Error::new("HW0801", Blame::Project, message)
                .help("set `catalog` of the environment to the path of a file on this machine"))
        }
    }
}

fn local_path(lake: &str) -> Option<PathBuf> {
    match lake.split_once("://") {
        None => Some(PathBuf::from(lake)),
        Some(("file", path)) => Some(Path::new(path).to_path_buf()),
        Some(_) => None,
    }
}

pub(crate) fn nothing_published() -> Error {
    Error::new("HW0806", Blame::Project, "nothing has been published in this environment yet")
        .help("`headwater run` publishes")
}
