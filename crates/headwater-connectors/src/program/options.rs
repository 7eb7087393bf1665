//! The connector's keys in a project's YAML.

use std::collections::BTreeMap;

use headwater_sdk::script::DataFormat;
use schemars::JsonSchema;
use serde::Deserialize;

/// Keys of a source that is a program.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// The program and its first arguments. A path is looked for in the project's folder first, then on the `PATH`; the program runs in the
    /// project's folder.
    pub command: Vec<String>,
    /// Variables of the program's environment, beside `PATH`, `HOME` and what tells of language and time zone. Write secrets as
    /// `${NAME}`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How long one start of the program may take, e.g. `2h`. Without limit by default.
    #[serde(default)]
    #[schemars(extend("format" = "headwater-duration"))]
    pub timeout: Option<String>,
    /// How the program prints its rows. Default: `arrow`.
    #[serde(default)]
    pub format: DataFormat,
}

/// Without `env`, which may hold secrets.
impl std::fmt::Debug for SourceOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceOptions").field("command", &self.command).finish_non_exhaustive()
    }
}

/// Keys of a stream that a program prints.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// Arguments of the program for this stream, behind those of its `command`.
    #[serde(default)]
    pub args: Vec<String>,
}
