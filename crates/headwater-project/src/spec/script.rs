//! `scripts/<schema>/<name>.yml`: a program that reads tables and yields the table `<schema>.<name>`.
//!
//! ```yaml
//! description: How much later than its model suggests an aircraft is, on average.
//! command: [python3, score.py]
//! inputs:
//!   - marts.dim_plane
//!   - { table: marts.fct_flights, columns: [tail_number, dep_delay], where: dep_delay is not null }
//! columns:
//!   tail_number: { type: string, description: Registration of the aircraft }
//!   score: { type: double, from: [marts.fct_flights.dep_delay] }
//! files: [lib/*.py]
//! timeout: 10m
//! checks:
//!   - unique: tail_number
//! ```
//!
//! The program is run in the folder of this file, without a shell. It reads the rows of `inputs` from its standard input and
//! writes those of its table to its standard output; what it writes to its standard error is shown. It may be written in any
//! language. An exit status other than 0 publishes nothing. [Scripts](../scripts.md) has the whole of it.

use std::collections::BTreeMap;

use headwater_sdk::connector::OnBadRow;
use headwater_sdk::engine::ClusterOrder;
use headwater_sdk::script::DataFormat;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::columns::Named;
use super::formats::{ColumnType, Duration, Size, TableText};

/// What is said about a script.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a script", extend("x-not-built" = ["schedule", "contract", "access"]))]
pub(crate) struct ScriptFile {
    /// What a row of the table is.
    pub(crate) description: Option<String>,
    /// The program and its arguments, as a list. The program is a file in the folder, or is looked for on the `PATH`. The files
    /// in the folder that are named here are a part of the definition.
    #[schemars(length(min = 1))]
    pub(crate) command: Vec<String>,
    /// The tables that it reads, in the order in which their rows are given to it.
    #[serde(default)]
    pub(crate) inputs: Vec<InputOption>,
    /// How rows are given to it. `jsonl` and `csv` are for a single input.
    #[serde(default)]
    pub(crate) input_format: DataFormat,
    /// How it writes its rows.
    #[serde(default)]
    pub(crate) output_format: DataFormat,
    /// The columns of its table, each with its type: nothing is run to find them out.
    pub(crate) columns: Named<ScriptColumn>,
    /// More files that are a part of the definition, such as modules that the program imports: paths from the folder, with `*`
    /// and `**`. A changed file makes the next run run the script again.
    #[serde(default)]
    pub(crate) files: Vec<String>,
    /// Variables of the project that it is given in `HEADWATER_VARS`, as one JSON object.
    #[serde(default)]
    pub(crate) vars: Vec<String>,
    /// Variables of its environment. Of those that Headwater has been started with it gets `PATH`, `HOME` and what tells
    /// language and time zone, and no others: `${NAME}` hands one on.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// How long it may take, e.g. `10m`; it is then stopped, and fails.
    pub(crate) timeout: Option<Duration>,
    /// When it is run.
    #[serde(default)]
    pub(crate) refresh: ScriptRefreshOption,
    /// What happens to a row of JSON or CSV that it writes and that cannot be read.
    pub(crate) on_bad_row: Option<OnBadRow>,
    /// Columns that partition the table's files.
    #[serde(default)]
    pub(crate) partition_by: Vec<String>,
    /// Columns by which `headwater maintain` lays rows together, as for a model.
    #[serde(default)]
    pub(crate) cluster_by: Vec<String>,
    /// How `cluster_by` orders rows.
    #[serde(default)]
    pub(crate) cluster_order: ClusterOrder,
    /// The size at which a file is full, e.g. `128MiB`; at least `1MiB`. Default: `256MiB`.
    pub(crate) target_file_size: Option<Size>,
    /// Who answers for it.
    pub(crate) owner: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// What must hold for its rows.
    #[serde(default, rename = "checks")]
    pub(crate) _checks: Vec<Value>,
}

/// A table that a script reads: its name, or more about it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum InputOption {
    /// The whole of a table: `schema.table`.
    Table(TableText),
    /// Some of it.
    Part(InputPart),
}

/// What a script reads of a table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputPart {
    /// The table: `schema.table`.
    pub(crate) table: TableText,
    /// The columns that are read, in this order; all unless given. The script is not run when others change.
    pub(crate) columns: Option<Vec<String>>,
    /// A SQL condition: only rows for which it is true are read.
    pub(crate) r#where: Option<String>,
}

/// A column of a script's table.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-not-built" = ["classification", "mask"]))]
pub(crate) struct ScriptColumn {
    /// Its type: boolean, smallint, int, bigint, float, double, decimal(p,s), string, binary, date, timestamp or
    /// `timestamp_ntz`. It has to be there.
    #[serde(rename = "type")]
    pub(crate) data_type: Option<ColumnType>,
    /// What it means.
    pub(crate) description: Option<String>,
    /// Its tags, e.g. `pii`.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// The columns of inputs that its values are made from, each as `schema.table.column`; all that are read unless given.
    pub(crate) from: Option<Vec<String>>,
}

/// When a script is run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScriptRefreshOption {
    /// When what it reads of its inputs, its files or its declaration have changed.
    #[default]
    Auto,
    /// In every run: for programs that read the outside world.
    Always,
}
