//! What requests to web servers have in common.

use std::collections::BTreeMap;
use std::time::Duration;

use headwater_sdk::check::OptionsError;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// The headers of a project's file. Their values may be secrets, and are not shown.
///
/// # Errors
/// [`OptionsError`] when one is no header.
pub(crate) fn header_map(headers: &BTreeMap<String, String>) -> Result<HeaderMap, OptionsError> {
    let wrong =
        |message: String, help: &str| OptionsError { key: Some("headers"), message, help: Some(help.to_owned()) };
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let known = HeaderName::try_from(name.as_str())
            .map_err(|_| wrong(format!("'{name}' is no name of a header"), "write e.g. `authorization`"))?;
        let mut value = HeaderValue::try_from(value.as_str()).map_err(|_| {
            wrong(format!("the value of the header '{name}' has a line end or a control character"), "correct it")
        })?;
        value.set_sensitive(true);
        map.insert(known, value);
    }
    Ok(map)
}

/// Whether an answer may be another one in a moment.
pub(crate) fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// The number in a header.
pub(crate) fn number_in(headers: &HeaderMap, name: &str) -> Option<u64> {
    text_in(headers, name)?.parse().ok()
}

/// How long a server asks to wait: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3).
pub(crate) fn pause_asked_for(headers: &HeaderMap) -> Option<Duration> {
    let after = text_in(headers, RETRY_AFTER.as_str())?;
    after.parse().map(Duration::from_secs).ok().or_else(|| Some(until(headers, date(after)?.as_second())))
}

/// When a limit begins anew, which servers tell in headers of no standard, limited or not.
pub(crate) fn pause_to_reset(headers: &HeaderMap) -> Option<Duration> {
    let reset = number_in(headers, "x-ratelimit-reset").or_else(|| number_in(headers, "ratelimit-reset"))?;
    // Some write when, others how long from now.
    Some(if reset > 1_000_000_000 { until(headers, i64::try_from(reset).ok()?) } else { Duration::from_secs(reset) })
}

/// From now to a second since 1970, by the server's own clock where it tells.
fn until(headers: &HeaderMap, second: i64) -> Duration {
    let now = text_in(headers, DATE.as_str()).and_then(date).unwrap_or_else(Timestamp::now).as_second();
    Duration::from_secs(u64::try_from(second - now).unwrap_or(0))
}

fn date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

fn text_in<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
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
            (vec![("retry-after", "1"), ("x-ratelimit-reset", "12")], Some(1)),
            (vec![], None),
        ] {
            let headers = headers(&told);
            let pause = pause_asked_for(&headers).or_else(|| pause_to_reset(&headers));
            assert_eq!(pause, seconds.map(Duration::from_secs), "{told:?}");
        }
    }
}
