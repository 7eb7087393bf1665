//! Requests to APIs, for who reads them and for who delivers to them: credentials, pace, what is tried again, and what an answer
//! may be.

mod api;
mod auth;
mod base;
mod failed;
mod oauth;
pub(crate) mod options;
mod outgoing;
mod pace;
mod secrets;
mod template;
mod wire;

pub(crate) use api::Api;
pub(crate) use base::Base;
pub(crate) use failed::Failed;
pub(crate) use options::{AuthOptions, RateLimitOptions};
pub(crate) use outgoing::Outgoing;
pub(crate) use template::{Fields, Template, encode, plain_text, unknown_name};
pub(crate) use wire::{Answer, Bounds};
