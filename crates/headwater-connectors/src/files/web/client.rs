//! Requests, sent again where that may help.

use std::collections::BTreeMap;
use std::time::Duration;

use headwater_sdk::check::OptionsError;
use headwater_sdk::{Blame, Error};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, ReqwestConnector,
};

use crate::codes;
use crate::web::{header_map, may_pass, pause_asked_for};

/// How often a request is sent, at most.
const TRIES: u32 = 5;
/// The pause after the first try; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long to wait for an answer to begin, or to go on.
pub(super) const STALL: Duration = Duration::from_secs(60);

/// What requests to one server have in common.
#[derive(Debug)]
pub(super) struct Client {
    http: HttpClient,
    headers: HeaderMap,
}

impl Client {
    /// A client. `secure` says that no redirection may lead to where nothing is encrypted.
    ///
    /// # Errors
    /// [`OptionsError`] when a header is none, or the system has no certificates.
    pub(super) fn new(secure: bool, headers: &BTreeMap<String, String>) -> Result<Self, OptionsError> {
        let map = header_map(headers)?;
        let options = ClientOptions::new()
            .with_allow_http(!secure)
            .with_connect_timeout(CONNECT)
            .with_timeout_disabled()
            .with_user_agent(HeaderValue::from_static(concat!("headwater/", env!("CARGO_PKG_VERSION"))));
        let http = ReqwestConnector::default().connect(&options).map_err(|error| {
            let message = format!("no connections can be set up: {error}");
            let help = Some("install the system's certificates".to_owned());
            OptionsError { key: Some("location"), message, help }
        })?;
        Ok(Self { http, headers: map })
    }

    /// Sends a request, again where that may help. Gives whatever the server answers in the end, but for answers that may pass.
    ///
    /// # Errors
    /// When there is no answer, or only ones that may pass.
    pub(super) async fn send(
        &self,
        method: &Method,
        url: &str,
        more: &[(HeaderName, String)],
        name: &str,
    ) -> Result<HttpResponse, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let sent = tokio::time::timeout(STALL, self.http.execute(self.request(method, url, more, name)?)).await;
            let (error, asked) = match sent {
                Ok(Ok(response)) if !may_pass(response.status()) => return Ok(response),
                Ok(Ok(response)) => (
                    status_error(response.status(), name).transient(),
                    pause_asked_for(response.headers()).map(|pause| pause.min(LONGEST_PAUSE)),
                ),
                Ok(Err(error)) => {
                    let again = !matches!(error.kind(), HttpErrorKind::Decode);
                    let unreachable = unreachable(name).caused_by(error);
                    if !again {
                        return Err(unreachable);
                    }
                    (unreachable, None)
                }
                Err(_) => (unreachable(name).caused_by("there was no answer for a minute"), None),
            };
            if tries == TRIES {
                return Err(error);
            }
            tokio::time::sleep(asked.unwrap_or(PAUSE * 2_u32.pow(tries - 1))).await;
        }
    }

    fn request(
        &self,
        method: &Method,
        url: &str,
        more: &[(HeaderName, String)],
        name: &str,
    ) -> Result<HttpRequest, Error> {
        let odd = |error: http::Error| {
            Error::new(codes::UNREACHABLE, Blame::Project, format!("{name} cannot be asked for"))
                .help("correct `location` or `path`: special characters are written as %XX")
                .caused_by(error)
        };
        let mut request = http::Request::builder().method(method).uri(url);
        for (header, value) in more {
            request = request.header(header, value);
        }
        let mut request = request.body(HttpRequestBody::empty()).map_err(odd)?;
        // A server may compress what is not: then sizes and parts would be those of something else.
        request.headers_mut().insert(http::header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (header, value) in &self.headers {
            request.headers_mut().insert(header, value.clone());
        }
        Ok(request)
    }
}

/// The error for a server that does not answer.
pub(super) fn unreachable(name: &str) -> Error {
    Error::new(codes::UNREACHABLE, Blame::Environment, format!("{name} cannot be read"))
        .help("check the address and the network; a server that is busy may answer later")
        .transient()
}

/// The error for an answer that is not a file.
pub(super) fn status_error(status: StatusCode, name: &str) -> Error {
    let message = format!("{name} cannot be read: the server answers {status}");
    let help = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "send what the server asks for in `headers` beside `location`, e.g. `authorization: \"Bearer ${TOKEN}\"`"
        }
        _ if status.is_server_error() => "the server has a problem of its own: run again later",
        _ => "check `location` and `path`, and open the address in a browser",
    };
    Error::new(codes::UNREACHABLE, Blame::Environment, message).help(help)
}
