//! The header of a model, and the file beside a seed.
//!
//! A model is `models/<schema>/<table>.sql`: one query, below a header in YAML, which may be left out. It names tables as
//! `schema.table`; what it reads is found in the query itself.
//!
//! ```sql
//! /*---
//! description: One row per customer.
//! materialize: table              # or view, incremental, scd2, snapshot
//! cluster_by: [country]
//! columns:
//!   customer_id: { description: As the shop numbers them }
//!   first_order: { description: Never before the variable since }
//! checks:
//!   - unique: customer_id
//!   - relationships: { column: country, to: seeds.countries.code, severity: warn }
//! ---*/
//! select customer_id, country, min(ordered_at) as first_order
//! from raw.orders
//! where ordered_at >= timestamp '{{ var("since") }}'
//! group by customer_id, country
//! ```
//!
//! SQL is that of PostgreSQL as far as Apache DataFusion has it. A number with a fraction is a decimal beside decimals (`price * 1.19`), unless
//! they are divided by it, and a double elsewhere; with more than 15 digits it is written `cast('…' as decimal(38,20))` (`decimal` and `numeric`
//! alone have ten digits behind the point). Decimals and doubles together are doubles. Quotients of decimals, and averages, have four digits more
//! and are cut off behind them, as are casts to whole numbers. Templates are MiniJinja: `{{ var("since") }}` is a
//! variable, `{% for … %}`, `{% if … %}` and `{% set … %}` work, and every macro of `macros/*.sql` can be called by its name.
//! A relationships check makes a model wait for the table that it compares with, whatever its severity.
//!
//! A table is brought up to date from what has changed of its inputs where that is the same as computing all of it: by new
//! rows where the query filters, projects, unites or joins rows that were added; by the rows of some keys where it groups by
//! columns of the table, partitions all windows by them, or joins what has changed otherwise. A `unique` check names the
//! key that is best to look rows up by. `headwater run-info` says how each table was made, and why not otherwise.
//!
//! `materialize: incremental` is for tables that keep what their inputs lose, or whose refresh the project wants to choose:
//!
//! ```sql
//! /*---
//! materialize: incremental
//! strategy: window                # append, merge, replace_partitions or window
//! time_column: ordered_at
//! grain: day
//! lookback: 3                     # the newest day, and three before it, are computed again
//! ---*/
//! select ordered_at, order_id, amount from raw.orders
//! ```
//!
//! The SQL says nothing of it: the rows of the query that are taken up are chosen by `time_column`, or by what has changed
//! of its inputs. The first run, a changed definition and `--full-refresh` make the table anew; a changed definition only as
//! long as no rows are lost by that.
//!
//! `cluster_by`, `cluster_order` and `target_file_size` say how the rows lie in files. They change neither rows nor columns, so
//! that changing them rebuilds nothing: `headwater maintain` lays the table out anew, and what a run writes from then on is as
//! they say.
//!
//! `materialize: scd2` keeps every version that a row has had, told apart by `key`; `materialize: snapshot` keeps all rows as
//! they were every day. Both are for sources that show only what holds now; docs/modelling.md explains them.
//!
//! A seed is a small table that is part of the project: `seeds/<table>.csv` (in the schema `seeds`) or
//! `seeds/<schema>/<table>.csv`, with what is said about it in a `.yml` of the same name.

use headwater_sdk::engine::ClusterOrder;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::columns::{ModelColumn, Named, StreamColumn};
use super::formats::Size;
use super::history::{DeletesOption, EveryOption, HistoryColumnNames};
use super::incremental::{GrainOption, LateOption, StrategyOption};
use super::star::{BridgeOptions, DimensionOptions, FactOptions};

/// What a model's header says about its table.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "the header of a model", extend("x-not-built" = ["schedule", "contract", "access"]))]
pub(crate) struct ModelHeader {
    /// What a row of the table is.
    pub(crate) description: Option<String>,
    /// How its rows are kept.
    #[serde(default)]
    pub(crate) materialize: MaterializeOption,
    /// What a run computes anew.
    #[serde(default)]
    pub(crate) refresh: RefreshOption,
    /// Columns that partition the table's files.
    #[serde(default)]
    pub(crate) partition_by: Vec<String>,
    /// Of an incremental model: what becomes of the rows that it has.
    pub(crate) strategy: Option<StrategyOption>,
    /// Of a history: the columns whose values a row keeps. They are not null, and no two rows of the query have the same. With
    /// the strategy merge: the columns by which a new row replaces another. They are checked to be there and unique.
    #[serde(default)]
    pub(crate) key: Vec<String>,
    /// Of an incremental model: the column of the query that tells which rows are new. It is checked to be there. With the
    /// strategy append any that grows, otherwise a date or timestamp.
    pub(crate) time_column: Option<String>,
    /// The step of time that is taken up again as a whole.
    #[serde(default)]
    pub(crate) grain: GrainOption,
    /// How many steps before the newest one are taken up again.
    #[serde(default)]
    pub(crate) lookback: u32,
    /// What becomes of changes that lie before these steps.
    #[serde(default)]
    pub(crate) late: LateOption,
    /// Columns by which rows that belong together lie together in files, within each partition: queries about a few of their
    /// values then skip most files.
    #[serde(default)]
    pub(crate) cluster_by: Vec<String>,
    /// How `cluster_by` orders rows.
    #[serde(default)]
    pub(crate) cluster_order: ClusterOrder,
    /// The size at which a file is full, e.g. `128MiB`; at least `1MiB`. Default: `256MiB`.
    pub(crate) target_file_size: Option<Size>,
    /// Of a history: the columns whose changes make new versions; all but those of `key` and `updated_at` unless given. The
    /// others are overwritten in the current version.
    pub(crate) track: Option<Vec<String>>,
    /// Of a history: the date or timestamp column from which on a version holds; unless given, that is when the run began
    /// which found it. A row that was updated before its current version began takes its place among the earlier ones.
    pub(crate) updated_at: Option<String>,
    /// Of a history: what becomes of a key that the query does not yield any more (default: `close`).
    pub(crate) deletes: Option<DeletesOption>,
    /// Of a history: what the added columns are called, where the names are taken.
    pub(crate) history_columns: Option<HistoryColumnNames>,
    /// Of snapshots: how often there is a new one (default: `day`).
    pub(crate) every: Option<EveryOption>,
    /// Of snapshots: how many are kept, the newest; all unless given.
    pub(crate) keep: Option<u32>,
    /// Of snapshots: what the added column is called; `snapshot_date`, of hours and runs `snapshot_at`, unless given.
    pub(crate) snapshot_column: Option<String>,
    /// Who answers for it.
    pub(crate) owner: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// What its columns mean, by name.
    #[serde(default)]
    pub(crate) columns: Named<ModelColumn>,
    /// That it is a fact of a star schema.
    pub(crate) fact: Option<FactOptions>,
    /// That it is a dimension of a star schema.
    pub(crate) dimension: Option<DimensionOptions>,
    /// That it is a bridge of a star schema.
    pub(crate) bridge: Option<BridgeOptions>,
    /// What must hold for its rows.
    #[serde(default, rename = "checks")]
    pub(crate) _checks: Vec<Value>,
}

/// How a model is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MaterializeOption {
    /// Its rows are written to a Delta table.
    #[default]
    Table,
    /// Its query is expanded where it is read.
    View,
    /// New rows of its query are taken up by a Delta table as `strategy` says; the rows that it has stay, also when its inputs
    /// lose theirs.
    Incremental,
    /// Its query says what holds now; the table keeps every version that a row has had, each with `valid_from`, `valid_to`
    /// (null while it holds), `is_current` and `row_hash` (a slowly changing dimension of type 2).
    Scd2,
    /// All rows of its query are added at most once in a period, with the day in `snapshot_date`: for sources that keep no
    /// history.
    Snapshot,
}

/// What a run computes anew of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefreshOption {
    /// What has changed of its inputs, where the SQL proves that it comes to the same: new rows are added, or the rows of some
    /// keys are replaced. All of it otherwise, and nothing when nothing has changed.
    #[default]
    Auto,
    /// All of it, always.
    Full,
}

/// What is said about a seed in the YAML file beside it, with the format's keys of the connector `files`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(title = "a seed")]
pub(crate) struct SeedFile {
    /// What a row of the table is.
    pub(crate) description: Option<String>,
    /// Who answers for it.
    pub(crate) owner: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// Types and meanings of its columns, by name; others are inferred.
    #[serde(default)]
    pub(crate) columns: Named<StreamColumn>,
    /// What must hold for its rows.
    #[serde(default, rename = "checks")]
    pub(crate) _checks: Vec<Value>,
}
