//! `headwater.yml`: what the project is called, where its tables are kept, and what holds everywhere.
//!
//! ```yaml
//! name: shop
//! environments:
//!   dev:  { default: true, lake: ./lake }
//!   prod:
//!     lake: "s3://shop/lake"
//!     storage: { aws_region: eu-central-1, aws_secret_access_key: "${SHOP_SECRET}" }
//!     vars: { since: "2020-01-01" }
//! vars:
//!   since: "2025-01-01"
//! defaults: { owner: data-team, memory: 2GiB }
//! secrets:
//!   SHOP_SECRET: { command: [pass, show, shop/s3] }
//! ```
//!
//! `--env prod` chooses an environment, whose `vars` go before those of the project; `--var since=2026-01-01` goes before both. `${NAME}` stands for a variable of the
//! process's environment, `${NAME:-default}` for one that may be missing, `$${` for the characters themselves; they can be
//! used in environments and in the keys of connectors, and what they stand for is never kept nor shown. A name that is declared under
//! `secrets` (of the project, or of the environment) stands for what a file holds or a command prints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::formats::{Duration, Name, Size};

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
    /// Where the values of `${NAME}` come from that are not in the process's environment, by name.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretOptions>,
}

/// Where a secret comes from: a file that holds it, or a command that prints it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretOptions {
    /// A file that holds the secret and nothing else; relative to the project's folder. `${NAME}` may stand for a variable of the environment.
    pub(crate) file: Option<String>,
    /// A program and its arguments, e.g. `[pass, show, crm/token]`. It runs without a shell, in the project's folder, when the secret is used, which
    /// `headwater check` does, too.
    pub(crate) command: Option<Vec<String>>,
    /// Where the file or the output is JSON: the keys on the way to the value, with dots between, e.g. `data.password`.
    pub(crate) field: Option<String>,
    /// How long the command may take. Default: `1m`.
    pub(crate) timeout: Option<Duration>,
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
    /// Options for object stores, e.g. `aws_region`, `aws_endpoint`: for the lake, and for what else is in a store of the service that is named.
    /// Those without a service (`region`) are for that of the lake.
    #[serde(default)]
    pub(crate) storage: BTreeMap<String, String>,
    /// Values that variables have in this environment; each is declared under `vars` of the project.
    #[serde(default, rename = "vars")]
    pub(crate) _vars: BTreeMap<String, Value>,
    /// Secrets of this environment, in place of the project's of the same name.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretOptions>,
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
    /// Whether it is recorded by which columns queries restrict tables, and how much they read, for
    /// `headwater maintain --suggest`. No values are. Default: true.
    pub(crate) record_queries: Option<bool>,
}
