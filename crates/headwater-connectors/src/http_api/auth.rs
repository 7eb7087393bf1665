//! How requests are authorised.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use headwater_sdk::check::OptionsError;
use headwater_sdk::{Blame, Error, Result};
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::oauth::OAuth;
use super::options::{ApiKeyOptions, AuthOptions};
use super::secrets::Secrets;
use super::wire::Wire;
use crate::codes;

/// What is sent with each request.
pub(crate) enum Auth {
    None,
    /// A header, and what it is called in messages.
    Header(HeaderName, HeaderValue, &'static str),
    /// A parameter.
    Param(String, String),
    Token(Box<OAuth>),
}

fn wrong(message: impl Into<String>, help: &str) -> OptionsError {
    OptionsError { key: Some("auth"), message: message.into(), help: Some(help.to_owned()) }
}

impl Auth {
    /// # Errors
    /// [`OptionsError`] when it is not one way.
    pub(crate) fn new(options: Option<AuthOptions>, secrets: &Arc<Secrets>) -> Result<Self, OptionsError> {
        let one = "write one of bearer, basic, api_key and oauth2: `auth: { bearer: \"${TOKEN}\" }`";
        let Some(AuthOptions { bearer, basic, api_key, oauth2 }) = options else { return Ok(Self::None) };
        match (bearer, basic, api_key, oauth2) {
            (Some(token), None, None, None) => {
                secrets.add(&token);
                let value = sensitive(&format!("Bearer {token}"))?;
                Ok(Self::Header(AUTHORIZATION, value, "a bearer token"))
            }
            (None, Some(basic), None, None) => {
                secrets.add(&basic.password);
                let value = basic_header(&basic.user, &basic.password)?;
                secrets.add(value.to_str().unwrap_or_default().trim_start_matches("Basic "));
                Ok(Self::Header(AUTHORIZATION, value, "a user and a password"))
            }
            (None, None, Some(ApiKeyOptions { value, header, param }), None) => {
                secrets.add(&value);
                match (header, param) {
                    (Some(header), None) => {
                        let name = HeaderName::try_from(header.as_str())
                            .map_err(|_| wrong(format!("'{header}' is no name of a header"), "write e.g. x-api-key"))?;
                        Ok(Self::Header(name, sensitive(&value)?, "an API key in a header"))
                    }
                    (None, Some(param)) => Ok(Self::Param(param, value)),
                    _ => Err(wrong("where the API key goes is not said", "write `header: …` or `param: …` beside it")),
                }
            }
            (None, None, None, Some(oauth)) => Ok(Self::Token(Box::new(OAuth::new(oauth, secrets)?))),
            (None, None, None, None) => Err(wrong("`auth` is empty", one)),
            _ => Err(wrong("`auth` says more than one way", one)),
        }
    }

    /// What is sent, in words.
    pub(crate) fn described(&self) -> &'static str {
        match self {
            Self::None => "nothing: there is no `auth` beside `url`",
            Self::Header(_, _, what) => what,
            Self::Param(..) => "an API key in a parameter",
            Self::Token(_) => "a token of `token_url`",
        }
    }

    /// Puts it into a request. What is returned is the token, where there is one.
    ///
    /// # Errors
    /// When there is no token to be had.
    pub(crate) async fn apply(&self, wire: &Wire, headers: &mut HeaderMap, url: &mut Url) -> Result<Option<String>> {
        match self {
            Self::None => {}
            Self::Header(name, value, _) => drop(headers.insert(name, value.clone())),
            Self::Param(name, value) => {
                // A link in an answer may have it already.
                if url.query_pairs().all(|(known, _)| known != *name) {
                    url.query_pairs_mut().append_pair(name, value);
                }
            }
            Self::Token(oauth) => {
                let token = oauth.token(wire).await?;
                let value = sensitive(&format!("Bearer {token}")).map_err(|wrong| {
                    Error::new(
                        codes::REST_TOKEN,
                        Blame::Environment,
                        format!("the token cannot be sent: {}", wrong.message),
                    )
                    .help("check `token_url`: what it gives as `access_token` is no token")
                })?;
                headers.insert(AUTHORIZATION, value);
                return Ok(Some(token));
            }
        }
        Ok(None)
    }
}

/// The header of basic authentication (RFC 7617).
///
/// # Errors
/// [`OptionsError`] when it cannot be sent.
pub(crate) fn basic_header(user: &str, password: &str) -> Result<HeaderValue, OptionsError> {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// A header's value that logs must not show.
pub(crate) fn sensitive(text: &str) -> Result<HeaderValue, OptionsError> {
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| wrong("a secret has a line end or a control character", "correct it where it comes from"))?;
    value.set_sensitive(true);
    Ok(value)
}
