//! The flights example as a project of its own, with its data elsewhere.

use std::path::Path;

use super::super::places::{copy_folder, read, write};

/// Where the example's sources have their files.
const LOCATION: &str = "\nlocation: data\n";
/// The example's sources.
const SOURCES: [&str; 2] = ["sources/monthly.yml", "sources/reference.yml"];

/// The year of the example's flights: those of its data `scale` times are as many years from it on.
const YEAR: u32 = 2013;

/// Copies the example to `project`, with sources that read from `data`, which has its flights `scale` times.
pub(super) fn make(example: &Path, project: &Path, data: &Path, scale: u32) -> Result<(), String> {
    copy_folder(example, project, &["data", "lake"])?;
    let settings = project.join("headwater.yml");
    let (text, last_day) = (read(&settings)?, |year| format!("last_day: \"{year}-12-31\""));
    if text.matches(&last_day(YEAR)).count() != 1 {
        return Err(format!("headwater.yml does not say '{}', once", last_day(YEAR)));
    }
    write(&settings, &text.replace(&last_day(YEAR), &last_day(YEAR + scale - 1)))?;
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
