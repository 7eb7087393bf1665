//! Requests: where rows go, what is sent, and how it is signed.

use arrow_schema::Schema;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use headwater_sdk::check::OptionsError;
use headwater_sdk::{Blame, Error, Result};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::value::RawValue;
use url::Url;

use super::options::{BodyOption, DeleteOptions, DeliveryOptions, WriteMethod};
use super::rows::{DELETE, Item, hex};
use crate::codes;
use crate::http_api::{Base, Fields, Outgoing, Template, encode, plain_text};

/// What a receiver knows a request by that comes a second time.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The headers of Standard Webhooks (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
/// What a secret begins with.
const PREFIX: &str = "whsec_";

fn wrong(key: &'static str, message: impl Into<String>, help: &str) -> OptionsError {
    OptionsError { key: Some(key), message: message.into(), help: Some(help.to_owned()) }
}

/// Where rows go, and how.
struct Way {
    method: Method,
    path: Template,
}

impl Way {
    fn new(key: &'static str, path: &str, method: WriteMethod) -> Result<Self, OptionsError> {
        if path.contains("://") || path.contains('#') || path.split(['/', '?']).any(|part| part == "..") {
            return Err(wrong(key, format!("'{path}' leaves the destination's `url`"), "write a path under `url`"));
        }
        let method = match method {
            WriteMethod::Post => Method::POST,
            WriteMethod::Put => Method::PUT,
            WriteMethod::Patch => Method::PATCH,
            WriteMethod::Delete => Method::DELETE,
        };
        Ok(Self { method, path: Template::new(path.trim_start_matches('/'), &|_: &str| true) })
    }

    fn has_fields(&self) -> bool {
        self.path.names().next().is_some()
    }
}

/// What requests are made by.
pub(super) struct Requests {
    rows: Way,
    /// `None` where rows that are gone are sent as others are.
    gone: Option<Way>,
    body: BodyOption,
    is_list: bool,
    list_in: Option<String>,
    /// Rows of a request, at most.
    pub(super) batch: usize,
}

impl Requests {
    /// # Errors
    /// [`OptionsError`] when the options make no sense.
    pub(super) fn new(options: DeliveryOptions, deletes: bool) -> Result<Self, OptionsError> {
        let DeliveryOptions { path, method, body, batch, list_in, delete } = options;
        let rows = Way::new("path", &path, method)?;
        if method == WriteMethod::Delete {
            return Err(wrong("method", "rows that are there cannot be sent as deletions", "write post, put or patch"));
        }
        if deletes && delete.is_none() && body == BodyOption::Row {
            let help = "write `delete: { path: \"/things/{id}\" }`, or `body: event`, or `on_delete: keep`";
            return Err(wrong("delete", "nothing says how rows that are gone are sent", help));
        }
        let gone = delete.map(|DeleteOptions { path, method }| Way::new("delete", &path, method)).transpose()?;
        let is_list = batch.is_some();
        match batch {
            Some(0) => return Err(wrong("batch", "`batch` is 0", "write a number from 1 on")),
            Some(_) if rows.has_fields() => {
                return Err(wrong(
                    "batch",
                    "rows of one request cannot go to places of their own",
                    "leave `batch` out",
                ));
            }
            None if list_in.is_some() => return Err(wrong("list_in", "there is no list", "write `batch` beside it")),
            _ => {}
        }
        Ok(Self { rows, gone, body, is_list, list_in, batch: batch.unwrap_or(1) as usize })
    }

    /// Whether rows that are gone go another way than others.
    pub(super) fn parts(&self) -> bool {
        self.gone.is_some()
    }

    fn way(&self, operation: i8) -> &Way {
        self.gone.as_ref().filter(|_| operation == DELETE).unwrap_or(&self.rows)
    }

    /// How many rows of an operation a request has, at most.
    pub(super) fn most(&self, operation: i8) -> usize {
        if self.way(operation).has_fields() { 1 } else { self.batch }
    }

    /// Whether a request for such a row has a place of its own.
    pub(super) fn has_place(&self, operation: i8) -> bool {
        self.way(operation).has_fields()
    }

    /// Refuses places that are made from what rows do not have.
    ///
    /// # Errors
    /// With the column's name.
    pub(super) fn verify(&self, schema: &Schema, key: &[String]) -> Result<()> {
        let of_rows = self.rows.path.names().map(|name| (name, schema.index_of(name).is_ok()));
        let of_gone = self.gone.iter().flat_map(|gone| gone.path.names());
        let of_gone = of_gone.map(|name| (name, key.iter().any(|key| key == name)));
        let Some((name, _)) = of_rows.chain(of_gone).find(|(_, is_there)| !is_there) else { return Ok(()) };
        let message = format!(
            "nothing stands for {{{name}}}: it is no column that is delivered (of a row that is gone: of its key)"
        );
        Err(Error::new(codes::NO_TARGET, Blame::Project, message).help("name a column of the delivery in `path`"))
    }

    /// The request for rows of one way; the inner error is why the one row cannot be sent.
    ///
    /// # Errors
    /// When it makes no address.
    pub(super) fn of(
        &self,
        base: &Base,
        name: &str,
        snapshot: u64,
        items: &[Item],
    ) -> Result<Result<Outgoing, String>> {
        let operation = items.first().map_or(0, |item| item.operation);
        let way = self.way(operation);
        let fields = match items {
            [one] if way.has_fields() => fields(&one.json),
            _ => Fields::new(),
        };
        let dots = |name: &str| {
            let value = fields.get(name).and_then(|token| plain_text(token));
            value.is_none_or(|value| matches!(value.as_str(), "" | "." | ".."))
        };
        if let Some(bad) = way.path.names().find(|name| dots(name)) {
            return Ok(Err(format!("'{bad}' has no value that can stand in an address")));
        }
        let path = way.path.fill(&fields, encode).unwrap_or_default();
        let text =
            if path.is_empty() { base.url.trim_end_matches('/').to_owned() } else { format!("{}{path}", base.url) };
        let url = Url::parse(&text).map_err(|error| {
            let message = format!("{}{path} is no address", base.shown);
            Error::new(codes::WEBHOOK, Blame::Project, message).help("correct `url` or `path`").caused_by(error)
        })?;
        let shown = base.secrets.redact(&text);
        let body = (way.method != Method::DELETE || self.is_list || self.body == BodyOption::Event)
            .then(|| (Bytes::from(self.text(name, snapshot, items)), "application/json"));
        Ok(Ok(Outgoing { method: way.method.clone(), url, body, shown: shown.into(), wants_json: false }))
    }

    fn text(&self, name: &str, snapshot: u64, items: &[Item]) -> String {
        let text = |item: &Item| match (self.body, item.operation) {
            (BodyOption::Row, _) => item.json.clone(),
            (BodyOption::Event, operation) => {
                let (what, under) = if operation == DELETE { ("delete", "key") } else { ("upsert", "row") };
                let name = serde_json::Value::from(name);
                format!("{{\"type\":\"{what}\",\"delivery\":{name},\"snapshot\":{snapshot},\"{under}\":{}}}", item.json)
            }
        };
        let all: Vec<String> = items.iter().map(text).collect();
        match (self.is_list, &self.list_in) {
            (false, _) => all.concat(),
            (true, None) => format!("[{}]", all.join(",")),
            (true, Some(under)) => format!("{{{}:[{}]}}", serde_json::Value::from(under.as_str()), all.join(",")),
        }
    }
}

/// The members of an object, as JSON tokens: numbers keep their digits.
fn fields(json: &str) -> Fields {
    let members: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap_or_default();
    members.into_iter().map(|(name, value)| (name, value.get().as_bytes().to_vec())).collect()
}

/// What a request is known by: the same for the same rows of the same load.
pub(super) fn idempotency_key(items: &[Item]) -> String {
    match items {
        [one] => hex(&one.id),
        many => {
            let mut hasher = blake3::Hasher::new();
            for item in many {
                hasher.update(&item.id);
            }
            hex(&hasher.finalize().as_bytes()[..16])
        }
    }
}

/// Signs requests.
pub(super) struct Signer(ring::hmac::Key);

impl Signer {
    /// # Errors
    /// [`OptionsError`] when the secret is none.
    pub(super) fn new(secret: &str) -> Result<Self, OptionsError> {
        let bytes = secret.strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok()).filter(|b| !b.is_empty());
        let bytes = bytes.ok_or_else(|| {
            wrong("signing_secret", "the secret is not `whsec_` and base64", "take it as the receiver shows it")
        })?;
        Ok(Self(ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &bytes)))
    }

    fn sign(&self, id: &str, second: i64, body: &[u8]) -> String {
        let mut context = ring::hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{second}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

/// The headers that tell a request apart, and who has sent it and when.
pub(super) fn headers(key: &str, signer: Option<&Signer>, body: &[u8]) -> HeaderMap {
    let second = jiff::Timestamp::now().as_second();
    let mut told = vec![(KEY, key.to_owned())];
    if let Some(signer) = signer {
        told.push((ID, key.to_owned()));
        told.push((TIMESTAMP, second.to_string()));
        told.push((SIGNATURE, signer.sign(key, second, body)));
    }
    let header = |(name, value): (HeaderName, String)| Some((name, HeaderValue::try_from(value).ok()?));
    told.into_iter().filter_map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let signer = Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(Signer::new("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_err());
        assert!(Signer::new("whsec_%%%").is_err());
    }
}
