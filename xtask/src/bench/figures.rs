//! Whether what was written is what was expected: counts and sums.

use std::path::Path;

use serde_json::Value;

use super::measure::capture;
use super::places::Places;
use super::tools::Tool;

/// How far sums of floats may be apart, of themselves.
const TOLERANCE: f64 = 1e-9;

/// What DuckDB says of the Parquet files in a folder, by the statement in the file `sql`, which has `{lineitem}` for the table.
pub(super) fn of_parquet(places: &Places, sql: &Path, folder: &Path) -> Result<Value, String> {
    let mut figures = Tool::Floor.script(places, "bench/files/figures.py");
    let found = capture(figures.arg(sql).arg(folder))?;
    serde_json::from_str(&found).map_err(|e| format!("{found}: {e}"))
}

/// Holds figures to those expected.
pub(super) fn verify(expected: &Value, found: &Value) -> Result<(), String> {
    let equal = |name: &String, value: &Value| match (value.as_f64(), found[name].as_f64()) {
        (Some(value), Some(found)) => (value - found).abs() <= TOLERANCE * value.abs(),
        _ => false,
    };
    match expected.as_object().filter(|figures| !figures.is_empty()) {
        Some(figures) if figures.iter().all(|(name, value)| equal(name, value)) => Ok(()),
        _ => Err(format!("expected {expected}, and found {found}")),
    }
}
