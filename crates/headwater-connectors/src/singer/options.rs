//! The connector's keys in a project's YAML.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Keys of a source of Singer.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// The tap and its arguments, e.g. `[.venv/bin/tap-csv]`. A path is looked for in the project's folder first, then on the `PATH`; the tap
    /// runs in the project's folder.
    pub command: Vec<String>,
    /// What the tap is configured with (`--config`). Write secrets as `${NAME}`.
    #[serde(default)]
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Variables of the tap's environment, beside `PATH`, `HOME` and what tells of language and time zone.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How long one start of the tap may take, e.g. `2h`. Without limit by default.
    #[serde(default)]
    #[schemars(extend("format" = "headwater-duration"))]
    pub timeout: Option<String>,
    /// A file with the catalogue, relative to the project's folder, for a tap that cannot be asked for it.
    #[serde(default)]
    pub catalog: Option<String>,
    /// How the tap takes the streams that it is to print. Default: `catalog`.
    #[serde(default)]
    pub selection: Selection,
}

/// Without `config` and `env`, which may hold secrets.
impl std::fmt::Debug for SourceOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceOptions").field("command", &self.command).finish_non_exhaustive()
    }
}

/// How a tap takes the streams that it is to print (`selection`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// By `--catalog`.
    #[default]
    Catalog,
    /// By `--properties`, as older taps do: what is selected stands in the schemas, too.
    Properties,
}

/// Keys of a stream of Singer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The stream: its `tap_stream_id` in the catalogue, or its name where only one has it.
    pub stream: String,
    /// In the mode `incremental`: the column by which it is read on (its replication key), where the tap does not name one itself.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Columns that are left out.
    #[serde(default)]
    pub exclude: Vec<String>,
}
