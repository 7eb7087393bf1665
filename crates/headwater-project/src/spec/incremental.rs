//! The choices of a model that takes up new rows.

use schemars::JsonSchema;
use serde::Deserialize;

/// What becomes of the rows that an incremental model has when new ones are taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StrategyOption {
    /// They stay. New rows are those whose `time_column` is greater than all that the table has; without one, those made of
    /// rows that its inputs have gained.
    Append,
    /// A new row replaces the one with the same `key`. New rows are those from the newest step of `time_column` on; without
    /// one, those of the keys that have changed.
    Merge,
    /// The partitions that new rows belong to are computed again, whole. New rows are those from the newest step of
    /// `time_column` on; without one, those of the partitions in which something has changed.
    ReplacePartitions,
    /// All rows from the newest step of `time_column` on are computed again.
    Window,
}

/// The step by which windows of time begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GrainOption {
    /// A full hour.
    Hour,
    /// Midnight, in UTC for timestamps.
    #[default]
    Day,
    /// Monday.
    Week,
    /// The first of a month.
    Month,
    /// The first of a year.
    Year,
}

/// What becomes of changes of the inputs that lie before the newest steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LateOption {
    /// The steps that they concern are computed again, too, where the SQL tells which these are.
    #[default]
    Recompute,
    /// They are left out, and the run says of how many steps.
    Ignore,
}
