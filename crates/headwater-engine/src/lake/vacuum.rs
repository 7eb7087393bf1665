//! Vacuum: removing data files and staging areas that nothing refers to.

use std::collections::HashSet;
use std::path::PathBuf;

use futures::{StreamExt, TryStreamExt};
use headwater_sdk::engine::{KeepSet, VacuumReport};
use headwater_sdk::{Below, Blame, Error, Relation, Result, TableName};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::kept;
use super::location::{INTERNAL_FOLDER, Location, commit_version};
use super::table::{TableVersion, head_version, storage_error};

/// Removes what is in no kept version, no table's newest version and no kept branch. Must run under the lake's lease:
/// files of a writer at work are in no version yet.
pub(crate) async fn vacuum(location: &Location, keep: &KeepSet, dry_run: bool) -> Result<VacuumReport> {
    let mut report = VacuumReport::default();
    let staged = remove_dead_branches(location, keep, dry_run, &mut report).await?;
    for cut_off in cut_off_uploads(folders(location, keep))? {
        report.files += 1;
        report.bytes += cut_off.metadata().map_or(0, |meta| meta.len());
        if !dry_run && let Err(e) = std::fs::remove_file(&cut_off) {
            return Err(local_error(&cut_off, e));
        }
    }
    for table in &keep.tables {
        let used = used_files(location, table, keep, &staged).await?;
        let folder = location.table(table);
        let files: Vec<ObjectMeta> = list(location, &folder).await?;
        for file in files {
            let Some(mut parts) = file.location.prefix_match(&folder) else { continue };
            if parts.next().is_some_and(|first| first.as_ref() == "_delta_log") || used.contains(&file.location) {
                continue;
            }
            report.files += 1;
            report.bytes += file.size;
            if !dry_run {
                remove(location, &file.location).await?;
            }
        }
    }
    Ok(report)
}

/// The folders of a local lake that uploads can be left in; none of a lake in an object store.
fn folders(location: &Location, keep: &KeepSet) -> Vec<PathBuf> {
    let Some(root) = location.local_folder() else { return Vec::new() };
    let tables = keep.tables.iter().map(|table| root.join(table.schema()).join(table.table()));
    tables.chain([root.join(INTERNAL_FOLDER)]).collect()
}

/// Files in folders of this machine, and below, that a process which died was still writing. The object store writes `name#1`, `name#2`, …,
/// gives the file its name when it is whole, and never lists the others.
pub(crate) fn cut_off_uploads(mut folders: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(local_error(&folder, e)),
        };
        for entry in entries {
            let entry = entry.map_err(|e| local_error(&folder, e))?;
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if entry.file_name().to_str().and_then(|name| name.rsplit_once('#')).is_some_and(is_upload_number) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn is_upload_number((name, number): (&str, &str)) -> bool {
    !name.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

pub(crate) fn local_error(path: &std::path::Path, error: std::io::Error) -> Error {
    Error::new("HW0612", Blame::Environment, format!("cannot clean up {}", path.display()))
        .help("check the permissions of the lake's folder")
        .caused_by(error)
}

/// Every (branch, table, version) that a kept branch has staged; the staging areas of other branches are removed.
async fn remove_dead_branches(
    location: &Location,
    keep: &KeepSet,
    dry_run: bool,
    report: &mut VacuumReport,
) -> Result<Vec<(String, TableName, u64)>> {
    let root = location.branches();
    let mut dead = HashSet::new();
    let mut staged = Vec::new();
    for file in list(location, &root).await? {
        let Some(parts) = file.location.prefix_match(&root) else { continue };
        let parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
        let Some(branch) = parts.first() else { continue };
        if !keep.branches.contains_key(branch) {
            dead.insert(branch.clone());
            if !dry_run {
                remove(location, &file.location).await?;
            }
        } else if let [_, schema, table, ..] = parts.as_slice()
            && let (Ok(name), Some(version)) = (TableName::new(schema, table), commit_version(&file.location))
        {
            staged.push((branch.clone(), name, version));
        }
    }
    report.branches = dead.len() as u64;
    Ok(staged)
}

/// The files of every version of a table that has to stay readable.
async fn used_files(
    location: &Location,
    table: &TableName,
    keep: &KeepSet,
    staged: &[(String, TableName, u64)],
) -> Result<HashSet<Path>> {
    let mut versions = keep.versions.get(table).cloned().unwrap_or_default();
    versions.extend(head_version(location, table).await?);
    let mut used = kept::files(location, table, &versions).await?;
    // A branch's commits stand on the version before its first one.
    let base_of = |branch: &String| {
        let first = staged.iter().filter(|(b, name, _)| b == branch && name == table).map(|(_, _, v)| *v).min();
        first.map(|first| first.checked_sub(1))
    };
    for (branch, _, version) in staged.iter().filter(|(_, name, _)| name == table) {
        let base = base_of(branch).flatten();
        let on = keep.branches.get(branch).and_then(Option::as_ref);
        // What it stands on is the other branch's, if that has any of the versions below.
        let below = on.and_then(|on| Some((on, base_of(on)?))).filter(|(_, lowest)| *lowest < base);
        let below = below.map(|(on, base)| Below { branch: on.clone(), base });
        let relation = Relation::Staged { branch: branch.clone(), base, version: *version, below };
        used.extend(TableVersion::open(location, table, &relation).await?.paths());
    }
    Ok(used)
}

/// The files below a path.
pub(crate) async fn list(location: &Location, path: &Path) -> Result<Vec<ObjectMeta>> {
    location.root.list(Some(path)).try_collect().await.map_err(|e| storage_error("list", path, e))
}

/// Removes a file, unless it is gone already.
pub(crate) async fn remove(location: &Location, path: &Path) -> Result<()> {
    match location.root.delete(path).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(e) => Err(storage_error("remove", path, e)),
    }
}

/// Removes everything below a path.
pub(crate) async fn remove_all(location: &Location, path: &Path) -> Result<()> {
    let mut paths = futures::stream::iter(list(location, path).await?).boxed();
    while let Some(file) = paths.next().await {
        remove(location, &file.location).await?;
    }
    Ok(())
}
