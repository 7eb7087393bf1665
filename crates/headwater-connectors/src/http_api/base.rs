//! Where an API begins.

use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use url::Url;

use super::secrets::Secrets;

/// Where an API begins, and what nobody may see of it.
pub(crate) struct Base {
    /// Ends in `/`.
    pub(crate) url: String,
    /// The same without secrets.
    pub(crate) shown: String,
    pub(crate) secrets: Arc<Secrets>,
}

impl Base {
    /// # Errors
    /// [`OptionsError`] when it is no address.
    pub(crate) fn new(written: &str, secrets: Arc<Secrets>) -> Result<Self, OptionsError> {
        let wrong = |message: String, help: &str| OptionsError { key: Some("url"), message, help: Some(help.into()) };
        let written = written.trim();
        let full = if written.contains("://") { written.to_owned() } else { format!("https://{written}") };
        let url = Url::parse(&full)
            .map_err(|error| wrong(format!("`url` is no address: {error}"), "write https://host/path"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("`url` is no address of a web server".to_owned(), "write https://host/path"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let help = "write them under `auth`: `auth: { basic: { user: …, password: \"${PASSWORD}\" } }`";
            return Err(wrong("credentials in `url` would be shown in messages".to_owned(), help));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("`url` has something after `?` or `#`".to_owned(), "write parameters under `params`"));
        }
        let url = format!("{}/", url.as_str().trim_end_matches('/'));
        Ok(Self { shown: secrets.redact(&url), url, secrets })
    }

    /// The address of a link in an answer to a request for `from`: one on the same host, by the same or a safer scheme.
    ///
    /// # Errors
    /// A clause: it leads elsewhere, where credentials must not go.
    pub(crate) fn follow(&self, from: &Url, link: &str) -> Result<Url, String> {
        let mut url = from.join(link).map_err(|error| format!("is no address: {error}"))?;
        if from.scheme() == "https" && url.scheme() == "http" && url.port().is_none() {
            // Servers behind a proxy that decrypts often know nothing of it.
            let _is_a_web_address = url.set_scheme("https");
        }
        if url.origin() != from.origin() {
            let host = url.host_str().unwrap_or_default();
            return Err(format!("leads to {}, where credentials are not sent", self.secrets.redact(host)));
        }
        Ok(url)
    }

    /// An address as messages show it: values of parameters may be secrets of the API's own, and are left out.
    pub(crate) fn shown(&self, url: &Url) -> String {
        let names: Vec<String> = url.query_pairs().map(|(name, _)| format!("{name}=…")).collect();
        let mut plain = url.clone();
        plain.set_query(None);
        let mark = if names.is_empty() { "" } else { "?" };
        self.secrets.redact(&format!("{plain}{mark}{}", names.join("&")))
    }
}
