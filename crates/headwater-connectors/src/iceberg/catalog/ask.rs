//! Questions to a catalogue, and what is said of answers that are none.

use std::collections::HashSet;

use headwater_sdk::{Blame, Error, Result};
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::Catalog;
use crate::codes;
use crate::http_api::{Failed, Outgoing};

/// How many names are asked for at a time.
const PAGE: &str = "500";

/// An answer, or what a catalogue says where there is nothing.
pub(super) enum Answered<T> {
    Found(T),
    Missing(String),
}

impl Catalog {
    /// Asks for what is at an address, below the catalogue's own.
    ///
    /// # Errors
    /// When no answer comes that can be understood.
    pub(super) async fn get<T: DeserializeOwned>(&self, address: &str, params: &[(&str, &str)]) -> Result<Answered<T>> {
        let mut url = Url::parse(address).map_err(|error| {
            let message = format!("the catalogue {} leads to an address that is none", self.api.base.shown);
            Error::new(codes::CATALOG_ANSWER, Blame::Environment, message).help(HELP).caused_by(error)
        })?;
        for (name, value) in params {
            url.query_pairs_mut().append_pair(name, value);
        }
        let shown = self.api.base.shown(&url);
        let request = Outgoing { method: Method::GET, url, body: None, shown: shown.as_str().into(), wants_json: true };
        let answer = match self.api.ask(&request).await.map_err(|error| self.told(error, &shown))? {
            Ok(answer) => answer,
            Err(failed) if failed.is_missing() => return Ok(Answered::Missing(failed.error.message)),
            Err(Failed { error, .. }) => return Err(self.told(error, &shown)),
        };
        // What is not understood may hold credentials: nothing of it is shown.
        serde_json::from_slice(&answer.body).map(Answered::Found).map_err(|error| {
            let message = format!("{shown} does not answer as a catalogue of Iceberg tables");
            Error::new(codes::CATALOG_ANSWER, Blame::Environment, message).help(HELP).caused_by(without_values(&error))
        })
    }

    /// All names of a list, page by page; `None` where there is no such list.
    ///
    /// # Errors
    /// As [`Self::get`], and when pages go round in circles.
    pub(super) async fn list(&self, address: &str, key: &str, parent: Option<&str>) -> Result<Option<Vec<Value>>> {
        let (mut all, mut token, mut seen) = (Vec::new(), String::new(), HashSet::new());
        loop {
            let mut params = vec![("pageToken", token.as_str()), ("pageSize", PAGE)];
            params.extend(parent.map(|parent| ("parent", parent)));
            let page: Value = match self.get(address, &params).await? {
                Answered::Found(page) => page,
                Answered::Missing(_) => return Ok(None),
            };
            let wrong = |what: &str| {
                let message = format!("{address} {what}");
                Error::new(codes::CATALOG_ANSWER, Blame::Environment, message).help(HELP)
            };
            let names = page.get(key).and_then(Value::as_array);
            all.extend(names.ok_or_else(|| wrong(&format!("answers without `{key}`")))?.iter().cloned());
            match page.get("next-page-token").and_then(Value::as_str).filter(|next| !next.is_empty()) {
                None => return Ok(Some(all)),
                Some(next) if seen.insert(next.to_owned()) => token = next.to_owned(),
                Some(_) => return Err(wrong("gives the same page again and again")),
            }
        }
    }

    /// An error of the API, as one of a catalogue.
    fn told(&self, error: Error, shown: &str) -> Error {
        let transient = error.transient;
        let (code, message, help) = match error.code {
            _ if transient => (
                codes::CATALOG_UNREACHABLE,
                error.full_message(),
                "check `uri` under `catalog` and the network; or the catalogue is busy or down: run again later"
                    .to_owned(),
            ),
            codes::REST_LIMIT | codes::REST_UNREACHABLE => {
                (codes::CATALOG_UNREACHABLE, error.full_message(), "run again later".to_owned())
            }
            codes::REST_REFUSED => (
                codes::CATALOG_REFUSED,
                error.message,
                format!(
                    "what is sent is {}: correct it, or let the catalogue's owner grant what is asked for",
                    self.sent
                ),
            ),
            codes::REST_TOKEN => (
                codes::CATALOG_REFUSED,
                error.message,
                "check `credential`, `oauth2_uri` and `scope` under `catalog`".to_owned(),
            ),
            codes::REST_ANSWER => {
                (codes::CATALOG_ANSWER, format!("{shown} answers with something that is no JSON"), HELP.to_owned())
            }
            _ => (codes::CATALOG_ANSWER, error.full_message(), HELP.to_owned()),
        };
        let told = Error::new(code, Blame::Environment, message).help(help);
        if transient { told.transient() } else { told }
    }
}

/// What to do about answers that are none.
pub(super) const HELP: &str = "check `uri` and `warehouse` under `catalog`: `uri` is what stands before /v1/config of a REST catalogue of Iceberg tables";

/// What is wrong with an answer, without what stands in it.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") {
        return text;
    }
    format!("something at line {} column {} is of another kind", error.line(), error.column())
}
