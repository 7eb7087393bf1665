//! One Delta table as a reader sees it: its published versions, or a branch's staged ones on top.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use deltalake_core::kernel::{EagerSnapshot, LogicalFileView};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use futures::TryStreamExt;
use headwater_sdk::error::refusal::{Refusal, refusal};
use headwater_sdk::{Blame, Error, Relation, Result, TableName};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, PutMode, PutOptions};

use super::deletion_vector;
use super::location::{Location, commit_file, commit_version};
use super::overlay::{Layer, Overlay};

/// A table at one version.
#[derive(Debug, Clone)]
pub(crate) struct TableVersion {
    pub(crate) snapshot: Arc<EagerSnapshot>,
    pub(crate) log_store: LogStoreRef,
    /// The table's folder below the storage root.
    pub(crate) folder: Path,
}

impl TableVersion {
    /// Opens what `relation` stands for; it must not be a view.
    pub(crate) async fn open(location: &Location, name: &TableName, relation: &Relation) -> Result<Self> {
        match relation.version() {
            Some(version) => {
                if matches!(relation, Relation::Staged { .. }) {
                    // A staged table without rows has no folder yet, and on a local disk Delta wants to see one.
                    location.make_table_folder(name)?;
                }
                Self::read(log_store(location, name, relation), location.table(name), version).await
            }
            None => Err(Error::new("HW0610", Blame::Headwater, format!("{name} is a view and has no files"))),
        }
    }

    /// Another version of the same table, seen from where this one was opened.
    pub(crate) async fn at(&self, version: u64) -> Result<Self> {
        if version == self.snapshot.version() {
            return Ok(self.clone());
        }
        Self::read(self.log_store.clone(), self.folder.clone(), version).await
    }

    /// Opens a published version.
    pub(crate) async fn open_published(location: &Location, name: &TableName, version: u64) -> Result<Self> {
        Self::open(location, name, &Relation::Table { version }).await
    }

    async fn read(log_store: LogStoreRef, folder: Path, version: u64) -> Result<Self> {
        let snapshot = EagerSnapshot::try_new(log_store.as_ref(), Some(version)).await.map_err(|e| {
            let name = name_of(&folder);
            let text = e.to_string();
            if is_unreachable(&text) {
                let error = Error::new("HW0612", Blame::Environment, format!("cannot read the log of {name}")).caused_by(e);
                return match refusal(&text) {
                    Some(refusal) => error.help(way_out(refusal)),
                    None => error.help("check that the lake's storage can be reached, and run again").transient(),
                };
            }
            Error::new("HW0611", Blame::Environment, format!("cannot open {name} at version {version}"))
                .help("the table's log was changed or removed by something else; `headwater history` shows the versions that are known")
                .caused_by(e)
        })?;
        Ok(Self { snapshot: Arc::new(snapshot), log_store, folder })
    }

    /// The table's columns, partition columns included.
    pub(crate) fn schema(&self) -> SchemaRef {
        self.snapshot.arrow_schema()
    }

    /// The table's name, as its folder says.
    pub(crate) fn name(&self) -> Option<TableName> {
        name_of(&self.folder).parse().ok()
    }

    /// The columns that partition the table.
    pub(crate) fn partition_columns(&self) -> &[String] {
        self.snapshot.metadata().partition_columns()
    }

    /// Where one of its data files is, below the storage root.
    pub(crate) fn place_of(&self, file: &LogicalFileView) -> Path {
        file.object_store_path().parts().fold(self.folder.clone(), Path::join)
    }

    /// The data files and the files of their deletion vectors, below the storage root.
    pub(crate) fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        for file in self.snapshot.log_data() {
            paths.push(self.place_of(&file));
            let vector = file.deletion_vector_descriptor();
            paths.extend(vector.and_then(|vector| deletion_vector::file_of(&vector, &self.folder)));
        }
        paths
    }

    /// The number of rows that the log tells; `None` when a file has no statistics.
    pub(crate) fn rows(&self) -> Option<u64> {
        let mut rows = 0u64;
        for file in self.snapshot.log_data() {
            let deleted = file.deletion_vector_descriptor().map_or(0, |vector| vector.cardinality);
            rows += (file.num_records()? as u64).checked_sub(u64::try_from(deleted).ok()?)?;
        }
        Some(rows)
    }
}

/// The name of the table in a folder.
fn name_of(folder: &Path) -> String {
    let parts: Vec<String> = folder.parts().map(|part| part.as_ref().to_owned()).collect();
    parts[parts.len().saturating_sub(2)..].join(".")
}

/// The storage with a table's log as a relation shows it.
fn overlay(location: &Location, name: &TableName, relation: &Relation) -> Overlay {
    let log = location.table(name).join("_delta_log");
    let layer = |branch: &str, upto| Layer { folder: location.staged_log(branch, name), upto };
    let (staged, base) = match relation {
        Relation::Table { version } => (Vec::new(), Some(*version)),
        Relation::Staged { branch, base, below: None, .. } => (vec![layer(branch, None)], *base),
        Relation::Staged { branch, base, below: Some(below), .. } => {
            (vec![layer(&below.branch, *base), layer(branch, None)], below.base)
        }
        Relation::View { .. } => (Vec::new(), None),
    };
    Overlay::new(location.root.clone(), log, staged, base)
}

/// The log of a table as a relation shows it.
fn log_store(location: &Location, name: &TableName, relation: &Relation) -> LogStoreRef {
    let folder = location.table(name);
    let overlay: Arc<dyn ObjectStore> = Arc::new(overlay(location, name, relation));
    let in_folder: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(overlay.clone(), folder));
    default_logstore(in_folder, overlay, &location.table_url(name), &StorageConfig::default())
}

/// The versions of the commits in a log folder, in order.
pub(crate) async fn list_commits(store: &dyn ObjectStore, log: &Path) -> Result<Vec<u64>> {
    let mut versions: Vec<u64> = store
        .list(Some(log))
        .try_filter_map(|meta| std::future::ready(Ok(commit_version(&meta.location))))
        .try_collect()
        .await
        .map_err(|e| storage_error("list", log, e))?;
    versions.sort_unstable();
    Ok(versions)
}

/// The text of a commit in the log that a relation shows; `None` when there is no such commit.
pub(crate) async fn read_shown_commit(
    location: &Location,
    name: &TableName,
    relation: &Relation,
    version: u64,
) -> Result<Option<Bytes>> {
    let log = location.table(name).join("_delta_log");
    read_commit(&overlay(location, name, relation), &log, version).await
}

/// The newest published version of a table; `None` when there is no such table.
pub(crate) async fn head_version(location: &Location, name: &TableName) -> Result<Option<u64>> {
    let log = location.table(name).join("_delta_log");
    Ok(list_commits(location.root.as_ref(), &log).await?.last().copied())
}

/// The text of a commit; `None` when there is no such commit.
pub(crate) async fn read_commit(store: &dyn ObjectStore, log: &Path, version: u64) -> Result<Option<Bytes>> {
    let file = commit_file(log, version);
    let result = match store.get_opts(&file, object_store::GetOptions::default()).await {
        Ok(result) => result,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(e) => return Err(storage_error("read", &file, e)),
    };
    result.bytes().await.map(Some).map_err(|e| storage_error("read", &file, e))
}

/// Puts a commit into a log unless one with its version is there; whether it was put.
pub(crate) async fn put_commit(location: &Location, log: &Path, version: u64, commit: Bytes) -> Result<bool> {
    let file = commit_file(log, version);
    let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match location.root.put_opts(&file, commit.into(), create).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
        Err(e) => Err(storage_error("write", &file, e)),
    }
}

/// Whether an error's text tells of a disk without room. (The kind of the error is lost on its way through libraries.)
pub(crate) fn is_disk_full(text: &str) -> bool {
    text.contains("No space left") || text.contains("os error 28")
}

/// Whether a file is there.
pub(crate) async fn exists(location: &Location, path: &Path) -> Result<bool> {
    let head = object_store::GetOptions { head: true, ..Default::default() };
    match location.root.get_opts(path, head).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(e) => Err(storage_error("read", path, e)),
    }
}

/// Whether an error's text tells of a storage that did not answer, rather than of what is stored there.
fn is_unreachable(text: &str) -> bool {
    [
        "error sending request",
        "Connection refused",
        "timed out",
        "dns error",
        "Generic S3 error",
        "Generic GCS error",
        "Generic MicrosoftAzure error",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

/// What to do about a store that refuses.
fn way_out(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Credentials => {
            "give credentials that are accepted in the environment (AWS_…, AZURE_…, GOOGLE_…) or in the environment's `storage`"
        }
        Refusal::Rights => "let the credentials list, read, write and delete there, or give others",
        Refusal::Missing => "make the bucket or container of the lake, or correct `lake` in headwater.yml",
    }
}

/// An error of the storage underneath, with the way out that its kind has.
pub(crate) fn storage_error(what: &str, path: &Path, error: object_store::Error) -> Error {
    let text = error.to_string();
    let refusal = refusal(&text);
    let help = if is_disk_full(&text) {
        "the disk is full: make room, or put the lake somewhere else, and run again: nothing was published"
    } else if text.contains("ermission denied") {
        "Headwater may not write or read there: change the permissions of the lake's folder"
    } else {
        refusal.map_or("check that the lake's storage can be reached and written, and run again", way_out)
    };
    let transient = refusal.is_none()
        && !matches!(
            error,
            object_store::Error::NotFound { .. }
                | object_store::Error::InvalidPath { .. }
                | object_store::Error::PermissionDenied { .. }
                | object_store::Error::Unauthenticated { .. }
        )
        && !text.contains("os error");
    let made = Error::new("HW0612", Blame::Environment, format!("cannot {what} {path}")).help(help).caused_by(error);
    if transient { made.transient() } else { made }
}
