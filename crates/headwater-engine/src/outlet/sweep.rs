//! Removing the files of a delivered table that no version needs which can still be read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use headwater_sdk::{Result, TableName};

use crate::lake::kept;
use crate::lake::location::{INTERNAL_FOLDER, Location, commit_version};
use crate::lake::vacuum::{cut_off_uploads, list, local_error, remove};

/// The folder of the log.
const LOG: &str = "_delta_log";

/// Removes data files that no version of the last `keep_for` seconds needs, and what deliveries that died have left. A file is older
/// than that, too: what is being written is in no version yet.
///
/// # Errors
/// When the storage cannot be read or written.
pub(super) async fn sweep(location: &Location, table: &TableName, keep_for: u64) -> Result<()> {
    let now = SystemTime::now();
    let Some(since) = now.checked_sub(Duration::from_secs(keep_for)) else { return Ok(()) };
    let folder = location.table(table);
    let commits: BTreeMap<u64, SystemTime> = list(location, &folder.clone().join(LOG))
        .await?
        .into_iter()
        .filter_map(|file| Some((commit_version(&file.location)?, SystemTime::from(file.last_modified))))
        .collect();
    // The version that was the newest when the time began was still to be read then.
    let before = commits.iter().rev().find(|(_, at)| **at < since).map(|(version, _)| *version);
    let mut versions: BTreeSet<u64> =
        commits.iter().filter(|(_, at)| **at >= since).map(|(version, _)| *version).collect();
    versions.extend(before);
    let used = kept::files(location, table, &versions).await?;
    for file in list(location, &folder).await? {
        let Some(first) = file.location.prefix_match(&folder).and_then(|mut below| below.next()) else { continue };
        // Folders with other names of that kind are other programs' own.
        let is_others = first.as_ref().starts_with(['_', '.']) && first.as_ref() != INTERNAL_FOLDER;
        if !is_others && SystemTime::from(file.last_modified) < since && !used.contains(&file.location) {
            remove(location, &file.location).await?;
        }
    }
    for file in cut_off_uploads(location.local_folder().into_iter().collect())? {
        let modified = file.metadata().and_then(|metadata| metadata.modified());
        if modified.is_ok_and(|modified| modified < since) {
            std::fs::remove_file(&file).map_err(|error| local_error(&file, error))?;
        }
    }
    Ok(())
}
