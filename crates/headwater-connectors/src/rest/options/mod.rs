//! The connector's keys in a project's YAML.

mod paginate;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub use crate::http_api::options::{
    ApiKeyOptions, AuthOptions, BasicOptions, OAuthOptions, RateLimitOptions, TokenCredentials,
};
pub use paginate::{CountOptions, PaginateOptions, TokenOptions};

/// Keys of a source of an API.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// Where the API begins, e.g. `https://api.example.com/v1`; without a scheme it is `https`. `http` sends everything in the clear.
    pub url: String,
    /// Headers of every request, e.g. `accept-language: en`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How requests are authorised. Default: not at all.
    #[serde(default)]
    pub auth: Option<AuthOptions>,
    /// Parameters of every request, beside those of the streams.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// How answers come in pages, where a stream does not say it itself.
    #[serde(default)]
    pub paginate: Option<PaginateOptions>,
    /// How many requests are sent, at most.
    #[serde(default)]
    pub rate_limit: RateLimitOptions,
    /// How often a request is sent again that failed for a reason that may pass. 5 by default.
    #[serde(default)]
    pub retries: Option<u32>,
    /// Seconds to wait for an answer to begin, or to go on. 60 by default.
    #[serde(default)]
    pub timeout: Option<u32>,
    /// The longest pause, in seconds, that the API may ask for (`Retry-After`) before the load fails. 300 by default.
    #[serde(default)]
    pub max_wait: Option<u32>,
    /// The most bytes of an answer, unpacked; each is held in memory. 67108864 (64 MiB) by default.
    #[serde(default)]
    pub max_response: Option<u64>,
}

/// Keys of a stream of an API.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// What is asked for, under the source's `url`, e.g. `/orders` or `/users/{user_id}/orders` with a field of the parent.
    pub path: String,
    /// How it is asked for. `get` by default.
    #[serde(default)]
    pub method: MethodOption,
    /// Parameters of the request (`?name=value`): texts, numbers, truth values, or lists of these. `{field}` stands for a field of the parent,
    /// `{cursor}` for the value of the cursor that is read from.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// The JSON body of a request of the method `post`. A text that is `{field}` becomes the field's value.
    #[serde(default)]
    pub body: Option<Value>,
    /// Where the records are in an answer: `data.items`, `orders[].lines`; `$` is the answer itself. By default the answer is a list of them.
    #[serde(default)]
    pub records: Option<String>,
    /// Columns that come of what is around the records, by their paths: `{ order_id: "orders[].id", as_of: meta.as_of }`.
    #[serde(default)]
    pub include: BTreeMap<String, String>,
    /// How answers come in pages. Default: what the source says, or else one answer is all there is.
    #[serde(default)]
    pub paginate: Option<PaginateOptions>,
    /// Records for each of which a request is sent.
    #[serde(default)]
    pub parent: Option<ParentOptions>,
    /// In the mode `incremental`: what tells which records are new.
    #[serde(default)]
    pub cursor: Option<CursorOptions>,
}

/// How something is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MethodOption {
    /// GET.
    #[default]
    Get,
    /// POST: for APIs that take a query in a body. It is sent again after a failure, as GET is.
    Post,
}

/// Records for each of which a request is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParentOptions {
    /// What is asked for, under the source's `url`.
    pub path: String,
    /// How it is asked for. `get` by default.
    #[serde(default)]
    pub method: MethodOption,
    /// Parameters of the request.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// The JSON body of a request of the method `post`.
    #[serde(default)]
    pub body: Option<Value>,
    /// Where the parent's records are in an answer. By default the answer is a list of them.
    #[serde(default)]
    pub records: Option<String>,
    /// How its answers come in pages. Default: what the source says.
    #[serde(default)]
    pub paginate: Option<PaginateOptions>,
    /// Fields of a parent's record, by the names that they have as columns of the stream and in `{…}`: `{ user_id: id }`.
    pub fields: BTreeMap<String, String>,
    /// What happens when there is nothing for a parent (404 or 410). `fail` by default.
    #[serde(default)]
    pub missing: MissingOption,
}

/// What happens when there is nothing for a parent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingOption {
    /// The load fails.
    #[default]
    Fail,
    /// The parent has no records; the run says how many such there were.
    Skip,
}

/// What tells which records are new.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CursorOptions {
    /// The column: a number, a date, a time, or a text that sorts.
    pub field: String,
    /// The parameter that takes the value to read from. Without it, and without `{cursor}` somewhere in the request, all records are asked
    /// for, and those that are known are left out.
    #[serde(default)]
    pub param: Option<String>,
    /// How a time is written in the request: `iso` (2024-01-31T10:00:00Z), `date` (2024-01-31), `epoch` (seconds), `epoch_ms`, or `strftime`
    /// directives. By default the value is sent as the API wrote it, and one that `lookback` led to as `iso`, or as `date` if it is one.
    #[serde(default)]
    pub format: Option<String>,
    /// The value of the first load, e.g. `2024-01-01`. Without it, all records are asked for.
    #[serde(default)]
    pub start: Option<StartOption>,
}

/// A value to start from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StartOption {
    /// A number.
    Number(i64),
    /// A date, a time or a text.
    Text(String),
}
