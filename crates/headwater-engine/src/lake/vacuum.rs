//! Vacuum: removing data files and staging areas that nothing refers to.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt};
use headwater_sdk::engine::{KeepSet, VacuumReport};
use headwater_sdk::{Result, TableName};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::location::{INTERNAL_FOLDER, Location, commit_version};
use super::table::{TableVersion, head_version, storage_error};

/// Removes what is in no kept version, no table's newest version and no kept branch. Must run under the lake's lease:
/// files of a writer at work are in no version yet.
pub(crate) async fn vacuum(location: &Location, keep: &KeepSet, dry_run: bool) -> Result<VacuumReport> {
    let mut report = VacuumReport::default();
    let staged = remove_dead_branches(location, keep, dry_run, &mut report).await?;
    for table in tables(location).await? {
        let used = used_files(location, &table, keep, &staged).await?;
        let folder = location.table(&table);
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
        if !keep.branches.contains(branch) {
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
    let mut used = HashSet::new();
    let head = head_version(location, table).await?;
    let mut versions = keep.versions.get(table).cloned().unwrap_or_default();
    versions.extend(head);
    for version in versions {
        used.extend(TableVersion::open_at(location, table, None, Some(version), version).await?.paths());
    }
    for (branch, _, version) in staged.iter().filter(|(_, name, _)| name == table) {
        // A branch's commits stand on the version before its first one.
        let first = staged.iter().filter(|(b, name, _)| b == branch && name == table).map(|(_, _, v)| *v).min();
        let base = first.and_then(|first| first.checked_sub(1));
        used.extend(TableVersion::open_at(location, table, Some(branch), base, *version).await?.paths());
    }
    Ok(used)
}

/// Every folder in the lake that has the shape of a table: `<schema>/<table>`.
async fn tables(location: &Location) -> Result<Vec<TableName>> {
    let mut tables = Vec::new();
    for schema in folders(location, location.prefix()).await? {
        let Some(schema_name) = schema.filename().filter(|name| *name != INTERNAL_FOLDER) else { continue };
        for table in folders(location, &schema).await? {
            if let Some(Ok(name)) = table.filename().map(|table| TableName::new(schema_name, table)) {
                tables.push(name);
            }
        }
    }
    Ok(tables)
}

async fn folders(location: &Location, path: &Path) -> Result<Vec<Path>> {
    let listing = location.root.list_with_delimiter(Some(path)).await.map_err(|e| storage_error("list", path, e))?;
    Ok(listing.common_prefixes)
}

async fn list(location: &Location, path: &Path) -> Result<Vec<ObjectMeta>> {
    location.root.list(Some(path)).try_collect().await.map_err(|e| storage_error("list", path, e))
}

async fn remove(location: &Location, path: &Path) -> Result<()> {
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
