//! `sources/*.yml`: the systems that data comes from. A file holds one source, or several documents parted by `---`.
//!
//! ```yaml
//! connector: files
//! location: data
//! streams:
//!   - table: raw.orders
//!     path: orders/*.csv
//!     mode: new_files
//!     on_bad_row: reject          # unreadable rows go to raw.orders__rejected
//!     drift: add                  # a new column of the files becomes one of the table
//!     columns:
//!       order_id: { type: bigint }
//!       ordered_at: { type: timestamp, description: When the customer confirmed }
//!     freshness: { column: ordered_at, warn_after: 36h, error_after: 7d }
//!     checks:
//!       - unique: order_id
//! ```
//!
//! The connector's own keys are in [connectors](connectors.md), the checks in [checks](checks.md).
//!
//! A changed definition loads a stream again from the start; where files that were loaded are gone, a person has to say
//! that this is meant (`--full-refresh`). Changed checks that set nothing aside are judged on the rows that are there.

use headwater_sdk::connector::{Drift, OnBadRow, ReadMode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::checks::ThresholdText;
use super::columns::{Named, StreamColumn};
use super::formats::{Duration, TableText};

/// A system that data comes from. Beside these keys a source has those of its connector.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(title = "a source")]
pub(crate) struct SourceCommon {
    /// The kind of system.
    #[serde(rename = "connector")]
    pub(crate) _connector: String,
    /// What the source is.
    #[serde(default, rename = "description")]
    pub(crate) _description: Option<String>,
    /// Who answers for its streams.
    pub(crate) owner: Option<String>,
    /// Tags of all its streams.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// What is read from it; each stream fills a table.
    #[serde(rename = "streams")]
    pub(crate) _streams: Vec<Value>,
}

/// What fills one table. Beside these keys a stream has those of its connector.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "a stream", extend("x-not-built" = ["schedule", "contract"]))]
pub(crate) struct StreamCommon {
    /// The table that it fills: `schema.table`.
    pub(crate) table: TableText,
    /// What a row of the table is.
    pub(crate) description: Option<String>,
    /// Who answers for it. Default: the source's owner.
    pub(crate) owner: Option<String>,
    /// Its tags, beside those of the source.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// What a run reads. Default: `full` where the connector can.
    pub(crate) mode: Option<ReadMode>,
    /// The columns by which a row takes the place of another, in the modes `incremental` and `cdc`. In the mode `incremental` they are
    /// checked to be there and unique; without them rows are only added. Of `cdc` the default is the table's primary key.
    #[serde(default)]
    pub(crate) key: Vec<String>,
    /// In the mode `incremental`, with a `key`: how far before the greatest value of the cursor a run reads once more, so that rows are found
    /// that were committed late: a duration of a cursor that is a time (`2h`), a number of one that is a number. Rows that are as they were are
    /// not written again.
    pub(crate) lookback: Option<LookbackOption>,
    /// What happens to a row that cannot be read.
    #[serde(default)]
    pub(crate) on_bad_row: OnBadRow,
    /// How many of the rows that a run reads may be set aside: a number of rows, or a share of them such as `0.5%`; with more of them nothing
    /// is loaded. By default any number, but a table is not replaced by a load of which no row can be read.
    pub(crate) most_bad_rows: Option<ThresholdText>,
    /// What happens when the source's columns are not those of the table.
    #[serde(default)]
    pub(crate) drift: Drift,
    /// Types and meanings of its columns, by name; others are inferred.
    #[serde(default)]
    pub(crate) columns: Named<StreamColumn>,
    /// How old its newest row may be.
    pub(crate) freshness: Option<FreshnessOptions>,
    /// What must hold for its rows.
    #[serde(default, rename = "checks")]
    pub(crate) _checks: Vec<Value>,
}

/// How far back rows are read once more.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum LookbackOption {
    /// So many steps of a cursor that is a number.
    Steps(u64),
    /// So long before a cursor that is a time.
    Time(Duration),
}

/// How old a stream's newest row may be at the time of a run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FreshnessOptions {
    /// The date or timestamp column whose newest value counts. Default: the only such column under `columns`.
    pub(crate) column: Option<String>,
    /// The age past which a run warns, e.g. `36h`.
    pub(crate) warn_after: Option<Duration>,
    /// The age past which nothing is published, e.g. `3d`.
    pub(crate) error_after: Option<Duration>,
}
