//! The keys of a source and of its streams.

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::StreamSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::table_format::options::SourceOptions;
use crate::table_format::options::{moment, verify, verify_fixed};

/// Keys of a stream of a Delta table.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The table's folder, relative to the location; the location itself by default.
    #[serde(default)]
    pub path: String,
    /// The version to read, instead of the newest one. Only in mode `full`.
    pub version: Option<u64>,
    /// The moment whose version is read, e.g. `2024-06-30T23:59:59Z`. Only in mode `full`.
    pub timestamp: Option<String>,
}

/// Which version is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Newest,
    Version(u64),
    /// Milliseconds since 1970, and as it is written.
    Moment(i64, String),
}

impl StreamOptions {
    /// Checks the keys.
    ///
    /// # Errors
    /// [`OptionsError`] when they make no sense.
    pub(super) fn asked(&self, settings: &StreamSettings) -> Result<Asked, OptionsError> {
        verify(&self.path, settings)?;
        verify_fixed(
            &[("version", self.version.is_some()), ("timestamp", self.timestamp.is_some())],
            "version",
            settings,
        )?;
        Ok(match (self.version, &self.timestamp) {
            (Some(version), _) => Asked::Version(version),
            (None, Some(text)) => Asked::Moment(moment(text)?, text.clone()),
            (None, None) => Asked::Newest,
        })
    }
}
