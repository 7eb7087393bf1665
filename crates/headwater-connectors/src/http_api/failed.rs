//! A request that failed: what it says to a person, and whether it is sent again.

use std::time::Duration;

use headwater_sdk::{Blame, Error};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::secrets::Secrets;
use crate::codes;
use crate::web::{may_pass, number_in, pause_asked_for, pause_to_reset};

/// Characters of an answer that a message shows.
const EXCERPT: usize = 300;
/// Characters of it before and behind a place.
const AROUND: usize = 80;
/// Bytes of an answer that they are taken from.
const EXCERPT_BYTES: usize = 4096;

/// A request that failed.
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// Whether it may be another matter in a moment.
    pub(crate) again: bool,
    /// How long the server asks to wait.
    pub(crate) after: Option<Duration>,
    /// The answer, unless there was none.
    pub(crate) answered: Option<(StatusCode, HeaderMap)>,
}

impl Failed {
    /// Whether the credentials were refused, or were good for too short a time (419, of catalogues).
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.answered.as_ref().is_some_and(|(status, _)| matches!(status.as_u16(), 401 | 419))
    }

    /// Whether there is nothing at the address.
    pub(crate) fn is_missing(&self) -> bool {
        self.answered.as_ref().is_some_and(|(status, _)| matches!(status.as_u16(), 404 | 410))
    }

    /// One that is not sent again.
    pub(crate) fn for_good(error: Error) -> Self {
        Self { error, again: false, after: None, answered: None }
    }

    /// No answer, or not all of one.
    pub(crate) fn unreachable(shown: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let error =
            Error::new(codes::REST_UNREACHABLE, Blame::Environment, format!("{shown} does not answer as it should"))
                .help("check `url` and the network; `timeout` says how long an answer may take")
                .transient()
                .caused_by(cause);
        Self { error, again: true, after: None, answered: None }
    }

    /// An answer without an end, that may have one if it is asked for again.
    fn cut_off(error: Error) -> Self {
        Self { error: error.transient(), again: true, after: None, answered: None }
    }

    /// An answer that is none. `auth` says what was sent with the request.
    pub(crate) fn status(
        shown: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        auth: &str,
        secrets: &Secrets,
    ) -> Self {
        let said = excerpt(body, secrets);
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let message = format!("{shown} answers {status}{said}");
        let limited = status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::FORBIDDEN && number_in(headers, "x-ratelimit-remaining") == Some(0);
        let again = limited || may_pass(status);
        let (code, help) = match status {
            _ if limited => (
                codes::REST_LIMIT,
                "ask for less: `rate_limit: { per_minute: … }` beside `url`; or run again later".to_owned(),
            ),
            StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => (
                codes::REST_REFUSED,
                format!("what is sent is {auth}: correct `auth` beside `url`, or the secret that it takes"),
            ),
            StatusCode::FORBIDDEN => (
                codes::REST_REFUSED,
                format!("what is sent is {auth}: it has to be allowed to do this, or `auth` is wrong"),
            ),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                (codes::REST_MISSING, "there is nothing there: check `url` and the stream's `path`".to_owned())
            }
            _ if status.is_server_error() => {
                (codes::REST_UNREACHABLE, "the API has a problem of its own: run again later".to_owned())
            }
            _ if status.is_redirection() => {
                let to =
                    headers.get(http::header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("somewhere else");
                let to = secrets.redact(to.split('?').next().unwrap_or(to));
                (codes::REST_STATUS, format!("it leads to {to}: write that as `url` or `path`, if it is right"))
            }
            _ => (
                codes::REST_STATUS,
                "check the stream's `path`, `params` and `body` against the API's documentation".to_owned(),
            ),
        };
        // Where nothing is, the address is wrong.
        let blame = if code == codes::REST_MISSING { Blame::Project } else { Blame::Environment };
        let error = Error::new(code, blame, message).help(help);
        let error = if again { error.transient() } else { error };
        let reset = limited.then(|| pause_to_reset(headers)).flatten();
        let after = if again { pause_asked_for(headers).or(reset) } else { None };
        Self { error, again, after, answered: Some((status, headers.clone())) }
    }

    /// An answer that is no JSON.
    pub(crate) fn no_json(
        shown: &str,
        headers: &HeaderMap,
        body: &[u8],
        error: &serde_json::Error,
        secrets: &Secrets,
    ) -> Self {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_page = kind.contains("html") || body.trim_ascii_start().first() == Some(&b'<');
        let said = excerpt(body, secrets);
        if body.trim_ascii().is_empty() {
            let error = Error::new(
                codes::REST_ANSWER,
                Blame::Environment,
                format!("{shown} answers with nothing where JSON should be"),
            );
            return Self::cut_off(error.help(
                "the request arrived, and what came back has no body, several times: look at it with `curl -i`, and check the stream's `path` and `method`",
            ));
        }
        if is_page {
            let message = format!("{shown} answers with a page for people and no JSON: {said}");
            return Self::for_good(Error::new(codes::REST_ANSWER, Blame::Environment, message).help(
                "check `url`, `path` and `auth`: a page that asks people to log in often comes in place of an error",
            ));
        }
        if error.is_eof() {
            let message = format!(
                "{shown} answers with JSON that ends too early, after {} bytes, at: {}",
                body.len(),
                around(body, body.len(), secrets)
            );
            return Self::cut_off(Error::new(codes::REST_ANSWER, Blame::Environment, message).help(
                "the body is complete for HTTP, and came like this several times: the API, or a proxy before it, cuts it off. Smaller pages may help \
                 (the API's page size in `params`)",
            ));
        }
        let place = offset_of(body, error);
        let said = if place < EXCERPT { said } else { around(body, place, secrets) };
        let message = format!("{shown} answers with something that is no JSON ({error}): {said}");
        Self::for_good(Error::new(codes::REST_ANSWER, Blame::Environment, message).help(
            "check `path`; what an API gives as CSV or another format is read by the connector files, by its address",
        ))
    }
}

/// The beginning of an answer, on one line and without secrets.
fn excerpt(body: &[u8], secrets: &Secrets) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT_BYTES)]);
    let text = secrets.redact(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut cut: String = text.chars().filter(|c| !c.is_control()).take(EXCERPT).collect();
    if text.chars().count() > EXCERPT {
        cut.push('…');
    }
    cut
}

/// Where in a text an error of its JSON is, in bytes.
fn offset_of(body: &[u8], error: &serde_json::Error) -> usize {
    let before = body.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    (before.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1)).min(body.len())
}

/// What stands around a place of an answer, on one line and without secrets.
fn around(body: &[u8], place: usize, secrets: &Secrets) -> String {
    // More than is shown, so that no secret is cut in two and half of it shown.
    let from = place.saturating_sub(EXCERPT_BYTES);
    let clean = |to: usize| {
        let text = secrets.redact(&String::from_utf8_lossy(&body[from..to]));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.chars().filter(|c| !c.is_control()).collect::<Vec<char>>()
    };
    let (left, all) = (clean(place).len(), clean(body.len().min(place + EXCERPT_BYTES)));
    let (first, last) = (left.saturating_sub(AROUND), all.len().min(left + AROUND));
    let shown: String = all[first.min(last)..last].iter().collect();
    let (before, behind) = (if from + first > 0 { "…" } else { "" }, if last < all.len() { "…" } else { "" });
    format!("{before}{shown}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_mistake_is_shown() {
        let secrets = Secrets::default();
        secrets.add("hunter2!");
        let body =
            format!("{{\"a\": \"{}\",\n\"k\": \"hunter2!\", oops, \"b\": \"{}\"}}", "x".repeat(5000), "y".repeat(5000));
        let error = serde_json::from_str::<serde_json::Value>(&body).unwrap_err();
        let place = offset_of(body.as_bytes(), &error);
        assert_eq!(&body[place..place + 4], "oops");
        let shown = around(body.as_bytes(), place, &secrets);
        assert!(shown.contains("\"k\": \"***\", oops") && shown.chars().count() <= 2 * AROUND + 2, "{shown}");
        assert_eq!(around(b"[1, 2", 5, &secrets), "[1, 2");
    }

    #[test]
    fn what_is_shown_of_an_answer_is_short_and_has_no_secrets() {
        let secrets = Secrets::default();
        secrets.add("hunter2!");
        assert_eq!(excerpt(b"{\n  \"error\":\t\"no hunter2! here\"\r\n}", &secrets), "{ \"error\": \"no *** here\" }");
        let long = excerpt("ü".repeat(5000).as_bytes(), &secrets);
        assert_eq!(long.chars().count(), EXCERPT + 1);
        assert_eq!(excerpt(b"\x1b[31mred\xff", &secrets), "[31mred\u{fffd}");
    }
}
