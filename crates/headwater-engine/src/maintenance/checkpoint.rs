//! Checkpoints: the state of a table at a version, beside its log, so that a reader begins there.

use std::sync::Arc;

use deltalake_core::DeltaTable;
use deltalake_core::checkpoints::create_checkpoint;
use deltalake_core::logstore::{StorageConfig, default_logstore};
use futures::TryStreamExt;
use headwater_sdk::{Blame, Error, Result, TableName};
use object_store::ObjectStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use crate::lake::location::Location;
use crate::lake::table::storage_error;

/// See [`headwater_sdk::engine::Engine::checkpoint`].
///
/// It lies in the published log, where readers look for it; what it says is what the commits up to its version say.
pub(crate) async fn checkpoint(location: &Location, table: &TableName) -> Result<()> {
    let folder: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(location.root.clone(), location.table(table)));
    let log = default_logstore(folder, location.root.clone(), &location.table_url(table), &StorageConfig::default());
    let mut opened = DeltaTable::new(log);
    let written = match opened.load().await {
        Ok(()) => create_checkpoint(&opened, None).await,
        Err(e) => Err(e),
    };
    written.map_err(|e| {
        Error::new("HW0628", Blame::Environment, format!("the log of {table} cannot be given a checkpoint"))
            .help(
                "nothing is lost: readers go by the commits; check that the lake's storage can be reached and written",
            )
            .caused_by(e)
    })
}

/// The number of commits that a reader of version `head` reads one by one.
pub(super) async fn commits_since(location: &Location, table: &TableName, head: u64) -> Result<u64> {
    let log = location.table(table).join("_delta_log");
    let files = location.root.list(Some(&log)).map_ok(|file| checkpoint_version(&file.location));
    let newest = files.try_fold(None, |newest: Option<u64>, version| async move { Ok(newest.max(version)) });
    let newest = newest.await.map_err(|e| storage_error("list", &log, e))?;
    Ok(newest.map_or(head + 1, |newest| head.saturating_sub(newest)))
}

/// The version of a checkpoint, from its file's name (Delta protocol, "Checkpoints"); `None` for any other file.
fn checkpoint_version(file: &Path) -> Option<u64> {
    let (version, rest) = file.filename()?.split_once('.')?;
    (version.len() == 20 && rest.starts_with("checkpoint.")).then(|| version.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_known_by_their_names() {
        let version = |name: &str| checkpoint_version(&Path::from(format!("lake/raw/a/_delta_log/{name}")));
        assert_eq!(version("00000000000000000020.checkpoint.parquet"), Some(20));
        assert_eq!(version("00000000000000000030.checkpoint.0000000001.0000000003.parquet"), Some(30));
        for other in ["00000000000000000020.json", "_last_checkpoint", "20.checkpoint.parquet"] {
            assert_eq!(version(other), None, "{other}");
        }
    }
}
