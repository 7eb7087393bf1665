//! The page of connectors, from the folders of `headwater-connectors`.

use std::fs;
use std::path::Path;

use super::tokens::tokens;
use super::{keys, manual, modules, read};

const INTRODUCTION: &str = "\
# Connectors

Where data comes from, one chapter for each system that `connector:` can name. `headwater schema source` prints the JSON
Schema of all keys, those that every connector takes included.

";

/// The folder of a connector that delivers.
const OUTLET: &str = "outlet";

const DESTINATIONS: &str = "\
# Destinations

Where tables go, one chapter for each system that `connector:` of a file in `destinations` can name. What all of them take is in
[a project's files](project.md#destinations); `headwater schema destination` prints the JSON Schema of all keys.

";

/// The page of destinations.
pub(super) fn destinations(root: &Path) -> Result<String, String> {
    let mut text = DESTINATIONS.to_owned();
    for module in modules(&root.join("crates/headwater-connectors/src"))? {
        let outlet = module.join(OUTLET);
        if !outlet.is_dir() {
            continue;
        }
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = outlet.join("mod.rs");
        let manual = manual::of_module(&read(&path)?).map_err(|e| format!("{}: {e}", path.display()))?;
        text += &format!("## {name}\n\n{manual}\n\n");
        let mut found = Vec::new();
        of_folder(&outlet, &mut found)?;
        found.sort_by_key(|keys| keys.name != "DestinationOptions");
        for keys in found {
            text += &format!("{}\n\n{}\n", keys.text.trim_end_matches('.').to_owned() + ":", keys::list(&keys.keys));
        }
    }
    Ok(text)
}

/// The page.
pub(super) fn page(root: &Path) -> Result<String, String> {
    let folder = root.join("crates/headwater-connectors/src");
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
        found.sort_by_key(|keys| place(&keys.name));
        for keys in found {
            text += &format!("{}\n\n{}\n", keys.text.trim_end_matches('.').to_owned() + ":", keys::list(&keys.keys));
        }
    }
    Ok(text)
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
