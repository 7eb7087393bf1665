//! Requests on their way: credentials, pace, what is tried again, and what an answer may be.

mod api;
mod auth;
mod base;
mod failed;
mod oauth;
mod pace;
mod secrets;
mod wire;

pub(super) use api::Api;
pub(super) use base::Base;
pub(super) use wire::Answer;
