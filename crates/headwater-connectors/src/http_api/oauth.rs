//! Tokens by the credentials of a client (RFC 6749, 4.4).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use headwater_sdk::check::OptionsError;
use headwater_sdk::{Blame, Error, Result};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;

use super::auth::basic_header;
use super::options::{OAuthOptions, TokenCredentials};
use super::outgoing::Outgoing;
use super::secrets::Secrets;
use super::wire::Wire;
use crate::codes;

/// How long before its end a token is replaced.
const EARLY: Duration = Duration::from_secs(30);

/// Where tokens come from, and the one that is there.
pub(crate) struct OAuth {
    url: Url,
    form: Bytes,
    header: Option<HeaderValue>,
    secrets: Arc<Secrets>,
    token: Mutex<Option<Token>>,
}

struct Token {
    value: String,
    /// When it is replaced; never where the server does not say how long it lives.
    until: Option<Instant>,
}

/// What the server says (RFC 6749, 5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl OAuth {
    pub(crate) fn new(options: OAuthOptions, secrets: &Arc<Secrets>) -> Result<Self, OptionsError> {
        let OAuthOptions { token_url, client_id, client_secret, scopes, audience, credentials } = options;
        secrets.add(&client_secret);
        let wrong = |message: String| OptionsError {
            key: Some("auth"),
            message,
            help: Some("write https://host/path; credentials go into `client_id` and `client_secret`".to_owned()),
        };
        let url = Url::parse(&token_url).map_err(|error| wrong(format!("`token_url` is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
            return Err(wrong("`token_url` is no address that a token can be asked from".to_owned()));
        }
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        let header = match credentials {
            TokenCredentials::Body => {
                form.append_pair("client_id", &client_id).append_pair("client_secret", &client_secret);
                None
            }
            TokenCredentials::Header => {
                let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let header = basic_header(&encoded(&client_id), &encoded(&client_secret))?;
                secrets.add(header.to_str().unwrap_or_default().trim_start_matches("Basic "));
                Some(header)
            }
        };
        if !scopes.is_empty() {
            form.append_pair("scope", &scopes.join(" "));
        }
        if let Some(audience) = &audience {
            form.append_pair("audience", audience);
        }
        let form = Bytes::from(form.finish());
        Ok(Self { url, form, header, secrets: Arc::clone(secrets), token: Mutex::new(None) })
    }

    /// A token that is good for a while.
    ///
    /// # Errors
    /// When the server gives none.
    pub(crate) async fn token(&self, wire: &Wire) -> Result<String> {
        // Held while one is asked for, so that it is asked for once.
        let mut token = self.token.lock().await;
        if let Some(Token { value, .. }) = token.as_ref().filter(|t| t.until.is_none_or(|until| Instant::now() < until))
        {
            return Ok(value.clone());
        }
        let mut plain = self.url.clone();
        plain.set_query(None);
        let shown: Arc<str> = self.secrets.redact(plain.as_str()).into();
        let body = Some((self.form.clone(), "application/x-www-form-urlencoded"));
        let request =
            Outgoing { method: Method::POST, url: self.url.clone(), body, shown: Arc::clone(&shown), wants_json: true };
        let mut headers = HeaderMap::new();
        headers.extend(self.header.clone().map(|value| (AUTHORIZATION, value)));
        let no_token = |error: Error| {
            let transient = error.transient;
            let message = format!("{shown} gives no token: {}", error.full_message());
            let refused = Error::new(codes::REST_TOKEN, Blame::Environment, message)
                .help("check `token_url`, `client_id`, `client_secret`, `scopes` and `audience` under `auth`");
            if transient { refused.transient() } else { refused }
        };
        let answer = wire.fetch(&request, &headers).await.map_err(no_token)?;
        let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| {
            // The answer may hold a token under another name: nothing of it is shown.
            let message = format!("{shown} answers without an `access_token`");
            Error::new(codes::REST_TOKEN, Blame::Environment, message)
                .help("check `token_url`: it has to be the address that grants tokens for client credentials")
        })?;
        self.secrets.add(&granted.access_token);
        // Some servers write the number as a text.
        let life = match &granted.expires_in {
            serde_json::Value::String(text) => text.parse().ok(),
            number => number.as_f64(),
        };
        let life = life.filter(|seconds: &f64| seconds.is_finite() && *seconds > 0.0);
        let life = life.map(|seconds| Duration::from_secs_f64(seconds.min(1e9)));
        // Of a short life, most of it.
        let until = life.map(|life| Instant::now() + life.saturating_sub(EARLY.min(life / 10)));
        *token = Some(Token { value: granted.access_token.clone(), until });
        Ok(granted.access_token)
    }

    /// Forgets a token that was refused, unless it has been replaced.
    pub(crate) async fn forget(&self, refused: &str) {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|token| token.value == refused) {
            *token = None;
        }
    }
}
