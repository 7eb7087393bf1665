//! The connector's keys in a project's YAML.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Keys of a source of Airbyte.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// The connector and its arguments, e.g. `[.venv/bin/source-faker]`. A path is looked for in the project's folder first, then on the `PATH`;
    /// the connector runs in the project's folder.
    pub command: Vec<String>,
    /// What the connector is configured with (`--config`); `source-… spec` says what it asks for. Write secrets as `${NAME}`.
    #[serde(default)]
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Variables of the connector's environment, beside `PATH`, `HOME` and what tells of language and time zone.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How long one start of the connector may take, e.g. `2h`. Without limit by default.
    #[serde(default)]
    #[schemars(extend("format" = "headwater-duration"))]
    pub timeout: Option<String>,
    /// A file with the catalogue (what `discover` prints), relative to the project's folder, in place of asking for it in every run.
    #[serde(default)]
    pub catalog: Option<String>,
}

/// Without `config` and `env`, which may hold secrets.
impl std::fmt::Debug for SourceOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceOptions").field("command", &self.command).finish_non_exhaustive()
    }
}

/// Keys of a stream of Airbyte.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The stream: its name, or `namespace.name` where several have it.
    pub stream: String,
    /// In the mode `incremental`: the column by which it is read on, where the connector does not name one itself.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Columns that are left out.
    #[serde(default)]
    pub exclude: Vec<String>,
}
