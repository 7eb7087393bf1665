//! The page of connectors, from the folders of `headwater-connectors`.

use std::fs;
use std::path::{Path, PathBuf};

use super::tokens::tokens;
use super::{keys, manual, modules, read};

const INTRODUCTION: &str = "\
# Connectors

Where data comes from, one chapter for each system that `connector:` can name. `headwater schema source` prints the JSON
Schema of all keys, those that every connector takes included.

";

/// The connectors' folders.
const SOURCES: &str = "crates/headwater-connectors/src";
/// The folder of a connector that delivers.
const OUTLET: &str = "outlet";
/// What delivers by the engine, and its folder.
const ENGINES: (&str, &str) = ("delta", "crates/headwater-engine/src/outlet");

const DESTINATIONS: &str = "\
# Destinations

Where tables go, one chapter for each system that `connector:` of a file in `destinations` can name. What all of them take is in
[a project's files](project.md#destinations); `headwater schema destination` prints the JSON Schema of all keys.

";

/// Keys that connectors have in common: the file, and what stands in those that have them.
const SHARED: [(&str, &str); 2] = [
    ("http_api/options.rs", "auth: Option<AuthOptions>"),
    ("table_format/options.rs", "table_format::options::SourceOptions"),
];

/// The page of destinations.
pub(super) fn destinations(root: &Path) -> Result<String, String> {
    let mut text = DESTINATIONS.to_owned();
    let of_connector = |module: PathBuf| {
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Some((name, module.join(OUTLET))).filter(|(_, outlet)| outlet.is_dir())
    };
    let mut outlets: Vec<(String, PathBuf)> =
        modules(&root.join(SOURCES))?.into_iter().filter_map(of_connector).collect();
    outlets.push((ENGINES.0.to_owned(), root.join(ENGINES.1)));
    outlets.sort();
    for (name, outlet) in outlets {
        let mut found = Vec::new();
        of_folder(&outlet, &mut found)?;
        // What several destinations share is none.
        if found.iter().all(|keys| keys.name != "DestinationOptions") {
            continue;
        }
        let path = outlet.join("mod.rs");
        let manual = manual::of_module(&read(&path)?).map_err(|e| format!("{}: {e}", path.display()))?;
        text += &format!("## {name}\n\n{manual}\n\n");
        found.sort_by_key(|keys| keys.name != "DestinationOptions");
        found.extend(shared(&root.join(SOURCES), &outlet)?);
        for keys in found {
            text += &format!("{}\n\n{}\n", keys.text.trim_end_matches('.').to_owned() + ":", keys::list(&keys.keys));
        }
    }
    Ok(text)
}

/// The page.
pub(super) fn page(root: &Path) -> Result<String, String> {
    let folder = root.join(SOURCES);
    let listed = manual::listed(&tokens(&read(&folder.join("lib.rs"))?)?);
    let mut text = INTRODUCTION.to_owned();
    for module in modules(&folder)? {
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !listed.contains(&name) {
            continue;
        }
        let path = module.join("mod.rs");
        let manual = manual::of_module(&read(&path)?).map_err(|e| format!("{}: {e}", path.display()))?;
        text += &format!("## {name}\n\n{manual}\n\n");
        let mut found = Vec::new();
        of_folder(&module, &mut found)?;
        // The source's own keys first, then those of its streams, then what these refer to.
        let place = |name: &str| match name {
            "SourceOptions" => 0,
            "StreamOptions" => 1,
            _ => 2,
        };
        found.extend(shared(&folder, &module)?);
        found.sort_by_key(|keys| place(&keys.name));
        for keys in found {
            text += &format!("{}\n\n{}\n", keys.text.trim_end_matches('.').to_owned() + ":", keys::list(&keys.keys));
        }
    }
    Ok(text)
}

/// The keys that a connector has in common with others.
fn shared(sources: &Path, folder: &Path) -> Result<Vec<keys::Keys>, String> {
    let mut found = Vec::new();
    for (file, import) in SHARED {
        if imports(folder, import)? {
            found.extend(keys::of_source(&read(&sources.join(file))?));
        }
    }
    Ok(found)
}

/// Whether a file of a folder has a text in it, but for deliveries, which have a page of their own.
fn imports(folder: &Path, text: &str) -> Result<bool, String> {
    let failed = |e: std::io::Error| format!("cannot read {}: {e}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_found = match path.is_dir() {
            true => !path.ends_with(OUTLET) && imports(&path, text)?,
            false => read(&path)?.contains(text),
        };
        if is_found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Every type with keys in a folder, its `options.rs` first.
fn of_folder(folder: &Path, found: &mut Vec<keys::Keys>) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot read {}: {e}", folder.display());
    let entries = fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort_by_key(|path| (!path.ends_with("options.rs"), path.clone()));
    for path in paths {
        // Deliveries have a page of their own.
        if path.ends_with(OUTLET) {
            continue;
        }
        if path.is_dir() {
            of_folder(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(keys::of_source(&read(&path)?));
        }
    }
    Ok(())
}
