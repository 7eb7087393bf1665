//! Opening a lake: its engine and its catalogue.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_catalog::memory::MemoryStore;
use headwater_engine::{INTERNAL_FOLDER, LakeEngine, LakeOptions};
use headwater_project::Project;
use headwater_run::Lake;
use headwater_sdk::store::{SnapshotRecord, Store};
use headwater_sdk::{Blame, Error, Result};

use crate::failure::Failure;

/// The catalogue's file inside a lake.
const CATALOG_FILE: &str = "catalog.db";

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

/// The snapshot that a person means by a number or a time.
pub(crate) async fn snapshot_as_of(lake: &Lake, text: &str) -> Result<SnapshotRecord, Failure> {
    let found = if let Ok(number) = text.parse() {
        lake.store.snapshot(number).await?
    } else {
        lake.store.snapshot_at(parse_time(text)?).await?
    };
    found.ok_or_else(|| {
        Error::new("HW0805", Blame::Project, format!("there is no snapshot as of {text}"))
            .help("`headwater history` lists the snapshots")
            .into()
    })
}

/// Milliseconds since 1970-01-01T00:00:00Z of an RFC 3339 time, or of a date or wall-clock time in UTC.
fn parse_time(text: &str) -> Result<i64> {
    let civil = || {
        let date = || Some(text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0));
        let time = text.parse::<jiff::civil::DateTime>().ok().filter(|_| text.len() > 10).or_else(date)?;
        jiff::tz::TimeZone::UTC.to_timestamp(time).ok()
    };
    let time: Option<jiff::Timestamp> = text.parse().ok().or_else(civil);
    time.map(jiff::Timestamp::as_millisecond).ok_or_else(|| {
        Error::new("HW0804", Blame::Project, format!("'{text}' is neither a snapshot's number nor a time"))
            .help("write e.g. 12, 2026-01-31 or 2026-01-31T08:00:00Z")
    })
}

pub(crate) fn nothing_published() -> Error {
    Error::new("HW0806", Blame::Project, "nothing has been published in this environment yet")
        .help("`headwater run` publishes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_instants_or_utc() {
        assert_eq!(parse_time("1970-01-02").unwrap(), 86_400_000);
        assert_eq!(parse_time("1970-01-01T00:00:01").unwrap(), 1_000);
        assert_eq!(parse_time("1970-01-01T01:00:00+01:00").unwrap(), 0);
        assert!(parse_time("yesterday").is_err());
    }
}
