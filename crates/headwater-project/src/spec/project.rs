//! `headwater.yml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::formats::{Name, Size};

/// A project: its name, its environments, its variables and its defaults.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "headwater.yml")]
pub(crate) struct ProjectFile {
    /// The project's name: lower-case letters, digits, `_` and `-`.
    pub(crate) name: Name,
    /// The targets that the project can run against, by name. Without any there is one, `dev`, with its lake in
    /// `./lake`.
    #[serde(default)]
    pub(crate) environments: BTreeMap<String, EnvironmentOptions>,
    /// Variables for templates: `{{ var("since") }}`. `--var since=…` overrides them.
    #[serde(default, rename = "vars")]
    pub(crate) _vars: BTreeMap<String, Value>,
    /// What holds where nothing else is said.
    #[serde(default)]
    pub(crate) defaults: Defaults,
}

/// A target: where tables are kept and what is remembered of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-not-built" = ["engine"]))]
pub(crate) struct EnvironmentOptions {
    /// Whether it is the one that is used where none is named. Of several environments exactly one is the default.
    #[serde(default)]
    pub(crate) default: bool,
    /// The root of the lake: a folder (relative to the project) or a URL such as `s3://bucket/lake`.
    pub(crate) lake: String,
    /// How to reach the catalogue. Default: SQLite in the lake's folder.
    pub(crate) catalog: Option<String>,
    /// Options for the object store, e.g. `aws_region`, `aws_endpoint`.
    #[serde(default)]
    pub(crate) storage: BTreeMap<String, String>,
}

/// What holds where nothing else is said.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defaults {
    /// Who answers for an asset that names no owner.
    #[serde(default, rename = "owner")]
    pub(crate) _owner: Option<String>,
    /// The memory that queries may use, e.g. `1GiB` (the default). What needs more spills to disk.
    pub(crate) memory: Option<Size>,
}
