//! A request that can be sent.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use url::Url;

/// A request that can be sent, again and again.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// What is sent, and its type.
    pub(crate) body: Option<(Bytes, &'static str)>,
    /// What it is called in messages and where bad records are kept: without secrets.
    pub(crate) shown: Arc<str>,
    /// Whether an answer has to be JSON. Otherwise what it says is nobody's business, unless it is an error.
    pub(crate) wants_json: bool,
}
