//! Requests on the wire, sent again where that may help.

use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use headwater_sdk::check::OptionsError;
use headwater_sdk::{Blame, Error, Result};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::value::RawValue;
use tokio::task::JoinSet;
use url::Url;

use super::failed::Failed;
use super::options::RateLimitOptions;
use super::outgoing::Outgoing;
use super::pace::Pace;
use super::secrets::Secrets;
use crate::codes;

/// The pause after the first failure; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest one of our own.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long the end of an answer is waited for that nobody wants.
const DRAIN: Duration = Duration::from_secs(2);
/// Redirections in a row.
const HOPS: u32 = 5;
/// Bytes of an answer that is an error, at most: the rest is not read.
const ERROR_BYTES: usize = 16 << 10;

/// How much is sent, and how long is waited; what is not said has a default.
pub(crate) struct Bounds {
    pub(crate) rate_limit: RateLimitOptions,
    /// How often a request is sent again.
    pub(crate) retries: Option<u32>,
    /// Seconds to wait for an answer to begin, or to go on.
    pub(crate) timeout: Option<u32>,
    /// The longest pause, in seconds, that a server may ask for.
    pub(crate) max_wait: Option<u32>,
    /// The most bytes of an answer, unpacked.
    pub(crate) max_response: Option<u64>,
}

/// What all requests to an API have in common, but for credentials.
pub(crate) struct Wire {
    client: reqwest::Client,
    pub(crate) pace: Arc<Pace>,
    pub(crate) secrets: Arc<Secrets>,
    retries: u32,
    timeout: Duration,
    max_wait: Duration,
    max_response: u64,
}

/// An answer that is JSON.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    /// Without a byte order mark.
    pub(crate) body: Bytes,
    /// Where it came from in the end.
    pub(crate) url: Url,
    /// Whether the server said that there is nothing (204).
    pub(crate) has_nothing: bool,
}

impl Wire {
    /// # Errors
    /// [`OptionsError`] when a bound is none, or the system has no certificates.
    pub(crate) fn new(options: &Bounds, secrets: Arc<Secrets>) -> Result<Self, OptionsError> {
        let wrong =
            |key, message: String, help: &str| OptionsError { key: Some(key), message, help: Some(help.into()) };
        let client = reqwest::Client::builder()
            .user_agent(concat!("headwater/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            // Where a redirection leads, credentials would go.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| {
                wrong("url", format!("no connections can be set up: {error}"), "install the system's certificates")
            })?;
        let timeout = options.timeout.unwrap_or(60);
        let max_response = options.max_response.unwrap_or(64 << 20);
        if timeout == 0 {
            return Err(wrong("timeout", "`timeout` is 0".to_owned(), "write a number of seconds"));
        }
        // Places in an answer, and in what is made of it, have 32 bits.
        if !(1..=1 << 30).contains(&max_response) {
            let message = format!("`max_response` is {max_response}");
            return Err(wrong("max_response", message, "write a number of bytes from 1 to 1073741824"));
        }
        Ok(Self {
            client,
            pace: Arc::new(Pace::new(&options.rate_limit)?),
            secrets,
            retries: options.retries.unwrap_or(5),
            timeout: Duration::from_secs(timeout.into()),
            max_wait: Duration::from_secs(options.max_wait.unwrap_or(300).into()),
            max_response,
        })
    }

    /// Sends a request without credentials of its own.
    ///
    /// # Errors
    /// When no good answer comes.
    pub(crate) async fn fetch(&self, request: &Outgoing, headers: &HeaderMap) -> Result<Answer> {
        let mut tries = 0;
        loop {
            match self.once(request, headers, "credentials of a client").await {
                Ok(answer) => return Ok(answer),
                Err(failed) => self.wait(failed, &mut tries).await?,
            }
        }
    }

    /// Waits before a request is sent again.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) async fn wait(&self, failed: Failed, tries: &mut u32) -> Result<()> {
        *tries += 1;
        if !failed.again || *tries > self.retries {
            return Err(failed.error);
        }
        let pause = match failed.after {
            Some(asked) if asked > self.max_wait => {
                let message = format!("{}; it asks to wait {} s", failed.error.message, asked.as_secs());
                let help =
                    "ask for less (`rate_limit`), run again later, or allow the pause with `max_wait`, in seconds";
                return Err(Error::new(codes::REST_LIMIT, Blame::Environment, message).help(help));
            }
            Some(asked) => {
                // All others would be told the same.
                self.pace.pause(asked);
                asked
            }
            None => backoff(*tries),
        };
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Sends a request once, in its turn. `auth` says what is sent with it. A task of its own waits for the turn and takes it, so that
    /// nobody else waits for a turn that is taken by what nobody asks for at the moment.
    ///
    /// # Errors
    /// [`Failed`].
    pub(crate) async fn once(
        &self,
        request: &Outgoing,
        headers: &HeaderMap,
        auth: &'static str,
    ) -> Result<Answer, Failed> {
        let (timeout, max, secrets) = (self.timeout, self.max_response, Arc::clone(&self.secrets));
        let exchange = Exchange { client: self.client.clone(), timeout, max, secrets, auth };
        // A set ends its tasks with itself.
        let mut sending = JoinSet::new();
        let (request, headers, shown) = (request.clone(), headers.clone(), Arc::clone(&request.shown));
        let pace = Arc::clone(&self.pace);
        sending.spawn(async move {
            let _turn = pace.turn().await;
            exchange.run(&request, headers).await
        });
        match sending.join_next().await {
            Some(Ok(done)) => done,
            _ => Err(Failed::unreachable(&shown, "the request was given up")),
        }
    }
}

/// About so long, each time another: requests that failed together shall not come back together.
fn backoff(tries: u32) -> Duration {
    let longest = (PAUSE * 2_u32.saturating_pow(tries.min(10) - 1)).min(LONGEST_PAUSE);
    let chance = RandomState::new().hash_one(tries) % 1000;
    longest.mul_f64(0.5 + chance as f64 / 2000.0)
}

/// One request and its answer.
struct Exchange {
    client: reqwest::Client,
    timeout: Duration,
    max: u64,
    secrets: Arc<Secrets>,
    auth: &'static str,
}

impl Exchange {
    async fn run(&self, request: &Outgoing, headers: HeaderMap) -> Result<Answer, Failed> {
        let shown = &*request.shown;
        let (mut url, mut hops) = (request.url.clone(), 0);
        loop {
            let sent = tokio::time::timeout(self.timeout, self.send(request, &url, headers.clone())).await;
            let response = match sent {
                Ok(Ok(response)) => response,
                // The address in it may hold secrets.
                Ok(Err(error)) => return Err(Failed::unreachable(shown, error.without_url())),
                Err(_) => return Err(self.stalled(shown)),
            };
            let status = response.status();
            if let Some(next) = redirected(&request.method, &url, status, response.headers()).filter(|_| hops < HOPS) {
                (url, hops) = (next, hops + 1);
                continue;
            }
            if status.is_success() && !request.wants_json {
                // The rest of it, so that the connection can be used again; what becomes of it changes nothing.
                let _said = tokio::time::timeout(DRAIN, drain(response)).await;
                return Ok(Answer { headers: HeaderMap::new(), body: Bytes::new(), url, has_nothing: true });
            }
            return self.read(shown, url, response).await;
        }
    }

    async fn send(&self, request: &Outgoing, url: &Url, mut headers: HeaderMap) -> reqwest::Result<reqwest::Response> {
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let mut builder = self.client.request(request.method.clone(), url.clone());
        if let Some((body, kind)) = &request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            builder = builder.body(body.clone());
        }
        builder.headers(headers).send().await
    }

    async fn read(&self, shown: &str, url: Url, mut response: reqwest::Response) -> Result<Answer, Failed> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut stored = Vec::new();
        loop {
            let chunk = match tokio::time::timeout(self.timeout, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break,
                // What there is of an error says what it is about.
                _ if !status.is_success() => break,
                Ok(Err(error)) => return Err(Failed::unreachable(shown, error.without_url())),
                Err(_) => return Err(self.stalled(shown)),
            };
            stored.extend_from_slice(&chunk);
            if !status.is_success() && stored.len() >= ERROR_BYTES {
                break;
            }
            if stored.len() as u64 > self.max {
                return Err(self.too_large(shown));
            }
        }
        let stored = Bytes::from(stored);
        let body = match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
            Some(b"gzip" | b"x-gzip") => match (self.unpacked(stored).await, status.is_success()) {
                (Ok(body), _) if body.len() as u64 > self.max => return Err(self.too_large(shown)),
                (Ok(body), _) => body,
                (Err(_), false) => Bytes::new(),
                (Err(error), true) => return Err(Failed::unreachable(shown, error)),
            },
            None | Some(b"identity") => stored,
            Some(other) => {
                let message = format!("{shown} answers compressed by {}", String::from_utf8_lossy(other));
                let error = Error::new(codes::REST_ANSWER, Blame::Environment, message);
                return Err(Failed::for_good(error.help("only gzip was asked for: look for a setting of the API")));
            }
        };
        if !status.is_success() {
            return Err(Failed::status(shown, status, &headers, &body, self.auth, &self.secrets));
        }
        let has_nothing = status == StatusCode::NO_CONTENT;
        let body = if has_nothing { Bytes::from_static(b"null") } else { body };
        let body = if body.starts_with(b"\xef\xbb\xbf") { body.slice(3..) } else { body };
        let text = body.clone();
        // All of it is looked at before anything of it is believed.
        let verified = tokio::task::spawn_blocking(move || serde_json::from_slice::<&RawValue>(&text).map(drop)).await;
        match verified {
            Ok(Ok(())) => Ok(Answer { headers, body, url, has_nothing }),
            Ok(Err(error)) => Err(Failed::no_json(shown, &headers, &body, &error, &self.secrets)),
            Err(error) => Err(Failed::unreachable(shown, error)),
        }
    }

    /// A body unpacked, or the beginning of one that is too large.
    async fn unpacked(&self, stored: Bytes) -> std::io::Result<Bytes> {
        let most = self.max + 1;
        let unpack = move || {
            let mut body = Vec::new();
            flate2::read::MultiGzDecoder::new(&*stored).take(most).read_to_end(&mut body)?;
            Ok(Bytes::from(body))
        };
        tokio::task::spawn_blocking(unpack).await.map_err(std::io::Error::other)?
    }

    fn stalled(&self, shown: &str) -> Failed {
        Failed::unreachable(shown, format!("nothing came for {} s", self.timeout.as_secs()))
    }

    fn too_large(&self, shown: &str) -> Failed {
        let message = format!("{shown} answers with more than {} bytes", self.max);
        let help = "ask for fewer records in a page, or allow more with `max_response`: an answer is held in memory";
        Failed::for_good(Error::new(codes::REST_SIZE, Blame::Environment, message).help(help))
    }
}

/// Reads what there is of an answer that nobody wants, up to a bound.
async fn drain(mut response: reqwest::Response) {
    let mut bytes = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes += chunk.len();
        if bytes > ERROR_BYTES {
            return;
        }
    }
}

/// Where an answer sends on to: the same host only, and nothing that would change what is asked.
fn redirected(method: &Method, from: &Url, status: StatusCode, headers: &HeaderMap) -> Option<Url> {
    let kept = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT)
        || *method == Method::GET
            && matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER);
    let to = from.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    (kept && to.origin() == from.origin()).then_some(to)
}
