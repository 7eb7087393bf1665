//! A request that failed: what it says to a person, and whether it is sent again.

use std::time::Duration;

use headwater_sdk::{Blame, Error};
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::secrets::Secrets;
use crate::codes;

/// Characters of an answer that a message shows.
const EXCERPT: usize = 300;
/// Bytes of an answer that they are taken from.
const EXCERPT_BYTES: usize = 4096;

/// A request that failed.
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// Whether it may be another matter in a moment.
    pub(crate) again: bool,
    /// How long the server asks to wait.
    pub(crate) after: Option<Duration>,
    /// Whether the credentials were refused.
    pub(crate) unauthorized: bool,
}

impl Failed {
    /// One that is not sent again.
    pub(crate) fn for_good(error: Error) -> Self {
        Self { error, again: false, after: None, unauthorized: false }
    }

    /// No answer, or not all of one.
    pub(crate) fn unreachable(shown: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let error =
            Error::new(codes::REST_UNREACHABLE, Blame::Environment, format!("{shown} does not answer as it should"))
                .help("check `url` and the network; `timeout` says how long an answer may take")
                .transient()
                .caused_by(cause);
        Self { error, again: true, after: None, unauthorized: false }
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
            || status == StatusCode::FORBIDDEN && number(headers, "x-ratelimit-remaining") == Some(0);
        let again = limited
            || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
            || status == StatusCode::REQUEST_TIMEOUT;
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
                format!("what is sent is {auth}: it has to be allowed to read this, or `auth` is wrong"),
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
        let error = Error::new(code, Blame::Environment, message).help(help);
        let error = if again { error.transient() } else { error };
        let after = if again { pause(headers) } else { None };
        Self { error, again, after, unauthorized: status == StatusCode::UNAUTHORIZED }
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
            return Self::unreachable(shown, "the answer is empty");
        }
        if is_page {
            let message = format!("{shown} answers with a page for people and no JSON: {said}");
            return Self::for_good(Error::new(codes::REST_ANSWER, Blame::Environment, message).help(
                "check `url`, `path` and `auth`: a page that asks people to log in often comes in place of an error",
            ));
        }
        if error.is_eof() {
            return Self::unreachable(shown, format!("the answer ends too early, after {} bytes", body.len()));
        }
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

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// How long a server asks to wait: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or else when its limit begins anew.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    // By the server's own clock, where it tells.
    let date = |text: &str| rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let now = text(DATE.as_str()).and_then(date).unwrap_or_else(Timestamp::now).as_second();
    let until = |second: i64| Duration::from_secs(u64::try_from(second - now).unwrap_or(0));
    if let Some(after) = text(RETRY_AFTER.as_str()) {
        return after.parse().map(Duration::from_secs).ok().or_else(|| date(after).map(|at| until(at.as_second())));
    }
    let reset = number(headers, "x-ratelimit-reset").or_else(|| number(headers, "ratelimit-reset"))?;
    // Some write when, others how long from now.
    Some(if reset > 1_000_000_000 { until(i64::try_from(reset).ok()?) } else { Duration::from_secs(reset) })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        all.iter().map(pair).collect()
    }

    #[test]
    fn servers_say_how_long_to_wait() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (told, seconds) in [
            (vec![("retry-after", "7")], Some(7)),
            (vec![date, ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")], Some(30)),
            (vec![date, ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], Some(0)),
            (vec![("retry-after", "soon")], None),
            (vec![("x-ratelimit-reset", "12")], Some(12)),
            (vec![("date", "Sat, 01 Jan 2022 00:00:00 GMT"), ("x-ratelimit-reset", "1640995260")], Some(60)),
            (vec![], None),
        ] {
            assert_eq!(pause(&headers(&told)), seconds.map(Duration::from_secs), "{told:?}");
        }
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
