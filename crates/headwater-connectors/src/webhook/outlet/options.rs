//! The keys of deliveries to webhooks in a project's YAML.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::http_api::{AuthOptions, RateLimitOptions};

/// Keys of a destination of webhooks.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationOptions {
    /// Where it is, e.g. `https://api.example.com/v1`; without a scheme it is `https`. `http` sends everything in the clear.
    pub url: String,
    /// Headers of every request, e.g. `x-team: data`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How requests are authorised, as for a source of `rest`: one of `bearer`, `basic`, `api_key` and `oauth2`. Default: not at all.
    #[serde(default)]
    pub auth: Option<AuthOptions>,
    /// The secret by which requests are signed (Standard Webhooks): `whsec_` and base64. Default: they are not.
    #[serde(default)]
    pub signing_secret: Option<String>,
    /// How many requests are sent, at most: `per_second` or `per_minute`, and `together` (at the same time, 4 by default).
    #[serde(default)]
    pub rate_limit: RateLimitOptions,
    /// How often a request is sent again that failed for a reason that may pass. 5 by default.
    #[serde(default)]
    pub retries: Option<u32>,
    /// Seconds to wait for an answer. 60 by default.
    #[serde(default)]
    pub timeout: Option<u32>,
    /// The longest pause, in seconds, that may be asked for (`Retry-After`) before the delivery fails. 300 by default.
    #[serde(default)]
    pub max_wait: Option<u32>,
}

/// Keys of a delivery to a webhook.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOptions {
    /// Where rows go, under the destination's `url`, e.g. `/contacts` or `/contacts/{id}` with a column of the row. Default: the `url`.
    #[serde(default)]
    pub path: String,
    /// How they are sent. `post` by default.
    #[serde(default)]
    pub method: WriteMethod,
    /// What is sent of a row. `row` by default.
    #[serde(default)]
    pub body: BodyOption,
    /// How many rows a request has, at most; they are sent as a list. Without it each row is a request of its own.
    #[serde(default)]
    pub batch: Option<u32>,
    /// With `batch`: the name under which the list is sent, in an object. Default: the list is all there is.
    #[serde(default)]
    pub list_in: Option<String>,
    /// What is sent for a row that is gone. Needed for `body: row`, unless `on_delete` is `keep`.
    #[serde(default)]
    pub delete: Option<DeleteOptions>,
}

/// What is sent for a row that is gone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteOptions {
    /// Where it goes, e.g. `/contacts/{id}` with a column of the key.
    pub path: String,
    /// How it is sent. `delete` by default.
    #[serde(default = "delete")]
    pub method: WriteMethod,
}

fn delete() -> WriteMethod {
    WriteMethod::Delete
}

/// How a request is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteMethod {
    /// POST.
    #[default]
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE; a single one has no body.
    Delete,
}

/// What is sent of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyOption {
    /// The row, as an object; of one that is gone, its key.
    #[default]
    Row,
    /// What has become of it: `{"type": "upsert", "delivery": …, "snapshot": …, "row": {…}}`, or `{"type": "delete", …, "key": {…}}`.
    Event,
}
