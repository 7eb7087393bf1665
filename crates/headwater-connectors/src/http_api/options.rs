//! `auth` and `rate_limit`: how requests are authorised, and how many are sent.

use schemars::JsonSchema;
use serde::Deserialize;

/// How requests are authorised: one of these. Secrets come as `${NAME}`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthOptions {
    /// A token, sent as `authorization: Bearer …`.
    #[serde(default)]
    pub bearer: Option<String>,
    /// A user and a password (RFC 7617).
    #[serde(default)]
    pub basic: Option<BasicOptions>,
    /// A key in a header or a parameter.
    #[serde(default)]
    pub api_key: Option<ApiKeyOptions>,
    /// A token that is asked for with the credentials of a client (OAuth 2.0, RFC 6749, 4.4).
    #[serde(default)]
    pub oauth2: Option<OAuthOptions>,
}

/// A user and a password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicOptions {
    /// The user; some APIs take a key here.
    pub user: String,
    /// The password. Empty by default.
    #[serde(default)]
    pub password: String,
}

/// A key in a header or a parameter.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyOptions {
    /// The key.
    pub value: String,
    /// The header that takes it, e.g. `x-api-key`. This or `param`.
    #[serde(default)]
    pub header: Option<String>,
    /// The parameter that takes it, e.g. `api_key`.
    #[serde(default)]
    pub param: Option<String>,
}

/// Where a token comes from.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuthOptions {
    /// The address that gives tokens.
    pub token_url: String,
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    /// What the token shall allow.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whom the token is for, where the server asks for that.
    #[serde(default)]
    pub audience: Option<String>,
    /// How the id and the secret are sent. `body` by default.
    #[serde(default)]
    pub credentials: TokenCredentials,
}

/// How the credentials of a client are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenCredentials {
    /// As `client_id` and `client_secret` of the form.
    #[default]
    Body,
    /// As user and password of HTTP's basic authentication.
    Header,
}

/// How many requests are sent, at most, by all streams of a source, or all deliveries to a destination, in one process.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimitOptions {
    /// Requests in a second.
    #[serde(default)]
    pub per_second: Option<u32>,
    /// Requests in a minute. This or `per_second`.
    #[serde(default)]
    pub per_minute: Option<u32>,
    /// Requests at the same time. 4 by default.
    #[serde(default)]
    pub together: Option<u32>,
}
