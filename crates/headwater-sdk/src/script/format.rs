//! How rows pass through a pipe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How rows are written for a program, or by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataFormat {
    /// Streams in the Arrow IPC streaming format. For a program that reads: one for each input, one after another, in the order
    /// of `inputs`. For one that writes: exactly one.
    #[default]
    Arrow,
    /// One JSON object a line, of a single input.
    Jsonl,
    /// Comma-separated values with a header, of a single input; an empty field is null.
    Csv,
}

impl DataFormat {
    /// Its name in YAML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arrow => "arrow",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}
