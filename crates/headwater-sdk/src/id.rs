//! Identifiers of runs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One execution of a plan. Sorts by start time (a ULID in lower case: 26 characters, `[0-9a-z]`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// Takes the text of an identifier that was printed before.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into().to_ascii_lowercase())
    }

    /// A new identifier from a ULID made by the caller.
    pub fn from_ulid(ulid: ulid::Ulid) -> Self {
        Self(ulid.to_string().to_ascii_lowercase())
    }

    /// When the run was made, in milliseconds since 1970-01-01T00:00:00Z; 0 when the text is no ULID.
    pub fn time_ms(&self) -> u64 {
        ulid::Ulid::from_string(&self.0.to_ascii_uppercase()).map_or(0, |ulid| ulid.timestamp_ms())
    }

    /// The identifier's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
