//! What was measured on, and with which versions.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::measure::capture;

/// Today (UTC), e.g. `2026-11-23`.
pub(super) fn today() -> Result<String, String> {
    Ok(capture(Command::new("date").args(["-u", "+%Y-%m-%d"]))?.trim().to_owned())
}

/// The machine in a line: processor, cores, memory, kernel.
pub(super) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let word = if cores == 1 { "core" } else { "cores" };
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let kib: u64 = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let memory = kib as f64 / f64::from(1 << 20);
    format!("{processor}, {cores} {word}, {memory:.0} GiB of memory, Linux {}", kernel.trim())
}

/// The value of the first line `key : value` of a file.
fn field(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned()).next()
}

/// The commit of the workspace, and whether files differ from it.
pub(super) fn commit(root: &Path) -> Result<String, String> {
    let git = |arguments: &[&str]| capture(Command::new("git").args(arguments).current_dir(root));
    let commit = git(&["rev-parse", "--short=10", "HEAD"])?;
    // What benchmarks write does not change what they measure.
    let changed = git(&["status", "--porcelain", "--", "Cargo.toml", "Cargo.lock", "crates", "examples"])?;
    Ok(format!("{}{}", commit.trim(), if changed.is_empty() { "" } else { " with changes" }))
}

/// The compiler.
pub(super) fn compiler(root: &Path) -> Result<String, String> {
    let text = capture(Command::new("rustc").arg("--version").current_dir(root))?;
    Ok(text.split(" (").next().unwrap_or_default().trim().to_owned())
}
