//! What a model's header may say of a history or of snapshots.

use schemars::JsonSchema;
use serde::Deserialize;

/// What becomes of a key that the query does not yield any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeletesOption {
    /// Its current version ends when the run began.
    #[default]
    Close,
    /// Its current version stays current.
    Keep,
}

/// How often there is a new snapshot, on the calendar of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EveryOption {
    /// With every run.
    Run,
    /// Every hour; a later run of the same hour replaces it.
    Hour,
    /// Every day; a later run of the same day replaces it.
    #[default]
    Day,
    /// Every week from Monday on; a later run of the same week replaces it.
    Week,
    /// Every month; a later run of the same month replaces it.
    Month,
}

/// What the added columns of a history are called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryColumnNames {
    /// From when on the version holds: a timestamp in UTC.
    pub(crate) valid_from: Option<String>,
    /// Until when, that moment excluded; null while it holds.
    pub(crate) valid_to: Option<String>,
    /// Whether it holds now.
    pub(crate) is_current: Option<String>,
    /// A hash of the tracked columns: 32 hexadecimal digits.
    pub(crate) row_hash: Option<String>,
}
