//! The flights example as a project of its own, with its data elsewhere.

use std::path::Path;

use super::super::places::{copy_folder, read, write};

/// Where the example's sources have their files.
const LOCATION: &str = "\nlocation: data\n";
/// The example's sources.
const SOURCES: [&str; 2] = ["sources/monthly.yml", "sources/reference.yml"];

/// Copies the example to `project`, with sources that read from `data`.
pub(super) fn make(example: &Path, project: &Path, data: &Path) -> Result<(), String> {
    copy_folder(example, project, &["data", "lake"])?;
    for source in SOURCES {
        let path = project.join(source);
        let text = read(&path)?;
        if text.matches(LOCATION).count() != 1 {
            return Err(format!("{source} does not say 'location: data', once"));
        }
        let there = format!("\nlocation: {:?}\nallow_outside: true\n", data.display().to_string());
        write(&path, &text.replace(LOCATION, &there))?;
    }
    Ok(())
}
