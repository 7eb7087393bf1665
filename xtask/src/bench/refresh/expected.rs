//! What must come out, as `bench/refresh/make.py` has worked it out.

use std::path::Path;

use serde_json::{Value, json};

use super::super::places::read;

/// What must come out.
pub(super) struct Expected(Value);

impl Expected {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        serde_json::from_str(&read(path)?).map(Self).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Holds what was found to what is expected after a share of new events, or before any.
    pub(super) fn verify(&self, share: Option<&str>, found: &Value) -> Result<(), String> {
        let expected = &self.0[share.unwrap_or("base")];
        for figure in ["sales", "cents", "last", "customers", "tiers", "versions"] {
            if expected[figure].is_null() || expected[figure] != found[figure] {
                return Err(format!("{figure}: expected {}, found {}", expected[figure], found[figure]));
            }
        }
        Ok(())
    }
}

/// The figures of rows of a query for each: `{ "tiers": { … } }` of rows with `tier` and `n`.
pub(super) fn tiers(rows: &[Value]) -> Value {
    let tier = |row: &Value| Some((row["tier"].as_str()?.to_owned(), row["n"].clone()));
    json!(rows.iter().filter_map(tier).collect::<serde_json::Map<_, _>>())
}
