//! Files of web servers, each by its address (RFC 9110).
//!
//! Nothing lists what a web server has: every file is named. What a file is (its size, its entity tag or its time) is asked for before
//! it is read. Requests that fail for a reason that may pass are sent again; a body that is cut off is taken up where it ended, when
//! the server gives parts of files and the file is still the same.

mod address;
mod client;
mod file;
mod serve;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use address::Address;
pub(crate) use file::WebFile;
use headwater_sdk::check::OptionsError;
use url::Url;

use client::Client;

/// A place of a web server that files stand under.
#[derive(Clone)]
pub(crate) struct Site {
    client: Arc<Client>,
    /// Ends in `/`.
    base: Arc<str>,
}

impl Site {
    /// Checks an address and headers. Nothing is reached for yet.
    ///
    /// # Errors
    /// [`OptionsError`] when there can be no such place.
    pub(crate) fn new(location: &str, headers: &BTreeMap<String, String>) -> Result<Self, OptionsError> {
        let wrong =
            |message: String, help: &str| OptionsError { key: Some("location"), message, help: Some(help.into()) };
        let url = Url::parse(location)
            .map_err(|error| wrong(format!("the location is not a URL: {error}"), "write https://host/path"))?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("the location names no host".into(), "write https://host/path"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let help = "send them in a header, e.g. `headers: { authorization: \"Bearer ${TOKEN}\" }`";
            return Err(wrong("credentials in a location would be shown in messages".into(), help));
        }
        if url.query().is_some() || url.fragment().is_some() {
            let help = "write what follows `?` in the streams' `path`";
            return Err(wrong("a location is a folder, and has nothing after `?` or `#`".into(), help));
        }
        let client = Client::new(url.scheme() == "https", headers)?;
        Ok(Self { client: Arc::new(client), base: format!("{}/", url.as_str().trim_end_matches('/')).into() })
    }

    /// What comes before a file's path in messages.
    pub(crate) fn shown(&self) -> &str {
        &self.base
    }

    /// What a file is called in messages.
    pub(crate) fn shown_name(&self, address: &Address) -> String {
        format!("{}{}", self.base, address.shown())
    }
}
