//! An API: where it is, and what is sent with every request.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_sdk::Result;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Finding, OpenContext, Standing};
use http::{HeaderMap, Method};

use super::auth::Auth;
use super::base::Base;
use super::failed::Failed;
use super::options::AuthOptions;
use super::outgoing::Outgoing;
use super::secrets::Secrets;
use super::wire::{Answer, Bounds, Wire};
use crate::codes;
use crate::web::header_map;

/// An API.
pub(crate) struct Api {
    pub(crate) base: Base,
    wire: Wire,
    headers: HeaderMap,
    auth: Auth,
}

impl Api {
    /// # Errors
    /// [`OptionsError`] when the options make no sense.
    pub(crate) fn new(
        url: &str,
        auth: Option<AuthOptions>,
        headers: &BTreeMap<String, String>,
        bounds: &Bounds,
        context: &OpenContext,
    ) -> Result<Self, OptionsError> {
        let secrets = Arc::new(Secrets::default());
        context.secrets.iter().for_each(|value| secrets.add(value));
        let auth = Auth::new(auth, &secrets)?;
        let base = Base::new(url, Arc::clone(&secrets))?;
        let headers = header_map(headers)?;
        Ok(Self { base, wire: Wire::new(bounds, secrets)?, headers, auth })
    }

    /// Requests at the same time.
    pub(crate) fn together(&self) -> usize {
        self.wire.pace.count
    }

    /// Asks for something. A token that is refused is replaced once.
    ///
    /// # Errors
    /// When no good answer comes.
    pub(crate) async fn fetch(&self, request: &Outgoing) -> Result<Answer> {
        self.exchange(request, &HeaderMap::new).await?.map_err(|failed| failed.error)
    }

    /// As [`Self::fetch`]; what is no good answer, and will be none, is the inner error.
    ///
    /// # Errors
    /// When it may be another matter later, or there is no token.
    pub(crate) async fn ask(&self, request: &Outgoing) -> Result<Result<Answer, Failed>> {
        self.exchange(request, &HeaderMap::new).await
    }

    /// Sends something, with headers that are made anew each time it is sent. A token that is refused is replaced once, and what may
    /// pass is sent again; what is no good answer then is the inner error.
    ///
    /// # Errors
    /// When it may be another matter later, or there is no token.
    pub(crate) async fn send(
        &self,
        request: &Outgoing,
        more: &(dyn Fn() -> HeaderMap + Sync),
    ) -> Result<Result<(), Failed>> {
        Ok(self.exchange(request, more).await?.map(|_| ()))
    }

    /// Asks, with headers that are made anew each time, until there is an answer or it is no use.
    async fn exchange(
        &self,
        request: &Outgoing,
        more: &(dyn Fn() -> HeaderMap + Sync),
    ) -> Result<Result<Answer, Failed>> {
        let (mut tries, mut replaced) = (0, false);
        loop {
            let mut request = request.clone();
            let mut headers = self.headers.clone();
            headers.extend(more());
            let token = self.auth.apply(&self.wire, &mut headers, &mut request.url).await?;
            let failed = match self.wire.once(&request, &headers, self.auth.described()).await {
                Ok(answer) => return Ok(Ok(answer)),
                Err(failed) => failed,
            };
            if let (Auth::Token(oauth), Some(token), true, false) =
                (&self.auth, &token, failed.is_unauthorized(), replaced)
            {
                replaced = true;
                oauth.forget(token).await;
                continue;
            }
            if !failed.again {
                return Ok(Err(failed));
            }
            self.wire.wait(failed, &mut tries).await?;
        }
    }

    /// How things stand with it: whether it answers, and what it says of its limits.
    ///
    /// # Errors
    /// When it does not answer, or there is no token.
    pub(crate) async fn examine(&self) -> Result<Vec<Finding>> {
        let good = |what: String| Finding { standing: Standing::Good, what, help: None };
        let mut findings = Vec::new();
        let mut url = url::Url::parse(&self.base.url).map_err(|error| {
            let message = format!("{} is no address", self.base.shown);
            headwater_sdk::Error::new(codes::REST_UNREACHABLE, headwater_sdk::Blame::Project, message).caused_by(error)
        })?;
        let mut headers = self.headers.clone();
        if self.auth.apply(&self.wire, &mut headers, &mut url).await?.is_some() {
            findings.push(good("a token is given".to_owned()));
        }
        let request =
            Outgoing { method: Method::GET, url, body: None, shown: self.base.shown.as_str().into(), wants_json: true };
        // What is at the base is nobody's business: any answer shows that there is somebody.
        let shown = &self.base.shown;
        match self.wire.once(&request, &headers, self.auth.described()).await {
            Ok(answer) => {
                findings.push(good(format!("{shown} answers{}", limits(&answer.headers))));
            }
            Err(Failed { answered: Some((status, headers)), .. }) => {
                findings.push(good(format!("{shown} answers ({status}){}", limits(&headers))));
            }
            // What is there need not be JSON.
            Err(Failed { error, .. }) if error.code == codes::REST_ANSWER => {
                findings.push(good(format!("{shown} answers")));
            }
            Err(Failed { error, .. }) => return Err(error),
        }
        Ok(findings)
    }
}

/// What an answer says of limits, in words.
fn limits(headers: &HeaderMap) -> String {
    let told = headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        name.starts_with("x-ratelimit") || name.starts_with("ratelimit") || name.starts_with("x-rate-limit")
    });
    let told: Vec<String> =
        told.filter_map(|(name, value)| Some(format!("{name}: {}", value.to_str().ok()?))).collect();
    if told.is_empty() { String::new() } else { format!(", with {}", told.join(", ")) }
}
