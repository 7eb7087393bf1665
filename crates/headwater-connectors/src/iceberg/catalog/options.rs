//! The keys of a catalogue.

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http_api::options::{OAuthOptions, TokenCredentials};
use crate::http_api::{Api, AuthOptions, Bounds, RateLimitOptions};

/// The header by which a reader asks for credentials of the table's store, and the way that is known here.
const DELEGATION: (&str, &str) = ("x-iceberg-access-delegation", "vended-credentials");
/// The most bytes of an answer. What a catalogue says of a table holds its schemas and refs.
const MAX_RESPONSE: u64 = 256 << 20;

/// Keys of a REST catalogue of Iceberg tables.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogOptions {
    /// Where the catalogue is: what stands before `/v1/config`, e.g. `https://catalog.acme.example/api/catalog`.
    pub uri: String,
    /// Which of its warehouses, as the catalogue calls it.
    #[serde(default)]
    pub warehouse: Option<String>,
    /// A token, sent as `authorization: Bearer …`. Write `${NAME}`.
    #[serde(default)]
    pub token: Option<String>,
    /// Id and secret of a client, `${ID}:${SECRET}`, for which a token is asked for (OAuth 2.0, RFC 6749, 4.4). This or `token`.
    #[serde(default)]
    pub credential: Option<String>,
    /// The address that gives tokens. `/v1/oauth/tokens` of the catalogue by default.
    #[serde(default)]
    pub oauth2_uri: Option<String>,
    /// What the token shall allow. `catalog` by default.
    #[serde(default)]
    pub scope: Option<String>,
    /// Headers of every request to the catalogue.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

fn wrong(message: impl Into<String>, help: &str) -> OptionsError {
    OptionsError { key: Some("catalog"), message: message.into(), help: Some(help.to_owned()) }
}

impl CatalogOptions {
    /// What asks the catalogue, and what it sends with a request, in words.
    ///
    /// # Errors
    /// [`OptionsError`] when the keys make no sense.
    pub(super) fn api(self, context: &OpenContext) -> Result<(Api, &'static str), OptionsError> {
        let Self { uri, warehouse: _, token, credential, oauth2_uri, scope, mut headers } = self;
        if credential.is_none() {
            let lonely = [("oauth2_uri", oauth2_uri.is_some()), ("scope", scope.is_some())];
            if let Some((key, _)) = lonely.iter().find(|(_, given)| *given) {
                let message = format!("`{key}` goes with `credential`, which is not given");
                return Err(wrong(message, "add `credential: \"${CLIENT_ID}:${CLIENT_SECRET}\"`, or remove it"));
            }
        }
        let (auth, sent) = match (token, credential) {
            (Some(_), Some(_)) => {
                return Err(wrong("`token` and `credential` are two ways to be let in", "remove one of them"));
            }
            (None, None) => (None, "nothing: `catalog` has no `token` and no `credential`"),
            (Some(token), None) => {
                (Some(AuthOptions { bearer: Some(token), basic: None, api_key: None, oauth2: None }), "`token`")
            }
            (None, Some(credential)) => {
                let Some((id, secret)) =
                    credential.split_once(':').filter(|(id, secret)| !id.is_empty() && !secret.is_empty())
                else {
                    let help = "write `credential: \"${CLIENT_ID}:${CLIENT_SECRET}\"`";
                    return Err(wrong("`credential` is not an id and a secret with a colon between them", help));
                };
                let oauth2 = OAuthOptions {
                    token_url: oauth2_uri.unwrap_or_else(|| token_url(&uri)),
                    client_id: id.to_owned(),
                    client_secret: secret.to_owned(),
                    scopes: vec![scope.unwrap_or_else(|| "catalog".to_owned())],
                    audience: None,
                    credentials: TokenCredentials::Body,
                };
                let auth = AuthOptions { bearer: None, basic: None, api_key: None, oauth2: Some(oauth2) };
                (Some(auth), "a token for `credential`")
            }
        };
        if !headers.keys().any(|name| name.eq_ignore_ascii_case(DELEGATION.0)) {
            headers.insert(DELEGATION.0.to_owned(), DELEGATION.1.to_owned());
        }
        let bounds = Bounds {
            rate_limit: RateLimitOptions::default(),
            retries: None,
            timeout: None,
            max_wait: None,
            max_response: Some(MAX_RESPONSE),
        };
        // What speaks to APIs calls its keys otherwise.
        let api = Api::new(&uri, auth, &headers, &bounds, context).map_err(|error| match error.key {
            Some("url") => wrong(
                error.message.replace("`url`", "`uri`"),
                "write https://host/path, as it stands before /v1/config; credentials go into `token` or `credential`",
            ),
            Some("auth") => wrong(
                error.message.replace("`token_url`", "`oauth2_uri`"),
                "check `token`, `credential` and `oauth2_uri`",
            ),
            _ => OptionsError { key: Some("catalog"), ..error },
        })?;
        Ok((api, sent))
    }
}

/// Where a catalogue gives tokens itself.
fn token_url(uri: &str) -> String {
    let uri = uri.trim().trim_end_matches('/');
    let scheme = if uri.contains("://") { "" } else { "https://" };
    format!("{scheme}{uri}/v1/oauth/tokens")
}
