//! What is asked for, with places for fields, and the request that comes of it.

use std::collections::BTreeMap;

use bytes::Bytes;
use headwater_sdk::check::OptionsError;
use headwater_sdk::{Blame, Error, Result};
use http::Method;
use serde_json::Value;
use url::Url;

use crate::codes;
use crate::http_api::{Base, Fields, Outgoing, Template, encode, plain_text, unknown_name};
use crate::rest::answer::set;
use crate::rest::options::MethodOption;

/// The name of the cursor's value in `{…}`.
const CURSOR: &str = "cursor";

/// The keys of a request, as they were written.
pub(crate) struct RequestOptions<'a> {
    pub(crate) path: &'a str,
    pub(crate) method: MethodOption,
    pub(crate) params: &'a BTreeMap<String, Value>,
    pub(crate) body: Option<&'a Value>,
    /// The parameter that takes the value of the cursor.
    pub(crate) cursor_param: Option<&'a str>,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    method: Method,
    path: Template,
    params: Vec<(String, Template)>,
    body: Option<Value>,
    /// The fields of the parent, whose names may be in texts of the body.
    fields: Vec<String>,
}

/// Where a request takes something that changes from one page to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A parameter.
    Param(String),
    /// A place in the body.
    Body(Vec<String>),
}

/// What stands for the names in a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values {
    /// The fields of a parent.
    pub(crate) fields: Fields,
    /// What records are read from on, as a JSON token.
    pub(crate) cursor: Option<Vec<u8>>,
}

fn wrong(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> OptionsError {
    OptionsError { key: Some(key), message: message.into(), help: Some(help.into()) }
}

impl Asked {
    /// Checks what a stream, or its parent, asks for. `fields` are those of its parent.
    ///
    /// # Errors
    /// [`OptionsError`] when it makes no sense.
    pub(crate) fn new(
        options: &RequestOptions<'_>,
        of_source: &BTreeMap<String, Value>,
        fields: &[String],
    ) -> Result<Self, OptionsError> {
        let RequestOptions { path, method, params, body, cursor_param } = options;
        let known = |name: &str| name == CURSOR || fields.iter().any(|field| field == name);
        if path.contains("://") || path.split(['/', '?']).any(|part| part == "..") {
            let help = "write a path under the source's `url`; another API is another source";
            return Err(wrong("path", format!("'{path}' leaves the source's `url`"), help));
        }
        if path.contains('#') {
            return Err(wrong("path", format!("'{path}' has a `#`"), "write it as %23"));
        }
        if let Some(name) = unknown_name(path, &known) {
            let help = format!("name it under `fields` of `parent`: `parent: {{ …, fields: {{ {name}: id }} }}`");
            return Err(wrong("path", format!("nothing stands for {{{name}}}"), help));
        }
        let method = match method {
            MethodOption::Get => Method::GET,
            MethodOption::Post => Method::POST,
        };
        if body.is_some() && method == Method::GET {
            return Err(wrong("body", "a request of the method get has no body", "say `method: post`"));
        }
        let mut all = Vec::new();
        for (name, value) in of_source.iter().filter(|(name, _)| !params.contains_key(*name)).chain(params.iter()) {
            for text in texts(name, value)? {
                if let Some(unknown) = unknown_name(&text, &known) {
                    let help = "name it under `fields` of `parent`, or correct it";
                    return Err(wrong("params", format!("nothing stands for {{{unknown}}} in '{name}'"), help));
                }
                all.push((name.clone(), Template::new(&text, &known)));
            }
        }
        if let Some(param) = cursor_param {
            if all.iter().any(|(name, _)| name == param) {
                let help = "leave it out of `params`, or write `{cursor}` there and leave `param` out of `cursor`";
                return Err(wrong("cursor", format!("'{param}' is among the `params`"), help));
            }
            all.push(((*param).to_owned(), Template::new("{cursor}", &known)));
        }
        let body = match (body, &method) {
            (Some(body), _) => Some((*body).clone()),
            (None, method) => (*method == Method::POST).then_some(Value::Null),
        };
        let path = Template::new(path.trim_start_matches('/'), &known);
        Ok(Self { method, path, params: all, body, fields: fields.to_vec() })
    }

    /// Whether there is a body.
    pub(crate) fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// Whether the value of the cursor is sent.
    pub(crate) fn takes_cursor(&self) -> bool {
        let in_body = self.body.as_ref().is_some_and(|body| body.to_string().contains("{cursor}"));
        in_body || self.params.iter().map(|(_, value)| value).chain([&self.path]).any(uses_cursor)
    }

    /// The fields of the parent that are sent.
    pub(crate) fn sent_fields(&self) -> Vec<String> {
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let templates = || self.params.iter().map(|(_, value)| value).chain([&self.path]);
        let is_sent = |field: &&String| {
            templates().any(|template| template.names().any(|name| name == *field))
                || body.contains(&format!("{{{field}}}"))
        };
        self.fields.iter().filter(is_sent).cloned().collect()
    }

    /// Whether it can be asked for without a value of the cursor.
    pub(crate) fn needs_cursor(&self) -> bool {
        uses_cursor(&self.path) || self.body.as_ref().is_some_and(|body| body.to_string().contains("{cursor}"))
    }

    /// The request, with what changes from page to page.
    ///
    /// # Errors
    /// When a field that it needs has no value, or it makes no address.
    pub(crate) fn fill(&self, base: &Base, values: &Values, more: &[(Place, Value)]) -> Result<Outgoing> {
        let mut fields = values.fields.clone();
        fields.extend(values.cursor.clone().map(|value| (CURSOR.to_owned(), value)));
        let lacks = |name: String| {
            let message = format!("{}: a parent has no '{name}', which the request needs", base.shown);
            Error::new(codes::REST_ANSWER, Blame::Data, message)
                .help("choose another field of the parent's records under `fields`")
        };
        let dots =
            |name: &str| fields.get(name).and_then(|token| plain_text(token)).is_some_and(|t| t == "." || t == "..");
        if let Some(name) = self.path.names().find(|name| dots(name)) {
            return Err(lacks(name.to_owned()));
        }
        let path = self.path.fill(&fields, encode).map_err(lacks)?;
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.params {
            if uses_cursor(value) && values.cursor.is_none() {
                continue;
            }
            pairs.push((name.clone(), value.fill(&fields, str::to_owned).map_err(lacks)?));
        }
        let mut body = self.body.as_ref().map(|body| self.fill_body(body, &fields)).transpose().map_err(lacks)?;
        for (place, value) in more {
            match place {
                Place::Param(name) => {
                    pairs.retain(|(known, _)| known != name);
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    pairs.push((name.clone(), text));
                }
                Place::Body(keys) => {
                    let body = body.get_or_insert(Value::Null);
                    set(body, keys, value.clone()).map_err(|what| {
                        Error::new(codes::REST_ANSWER, Blame::Project, format!("{}{path}: {what}", base.shown))
                            .help("correct `body`, or the place that pages are asked for with")
                    })?;
                }
            }
        }
        let mut url = Url::parse(&format!("{}{path}", base.url)).map_err(|error| {
            let message = format!("{}{path} is no address", base.shown);
            Error::new(codes::REST_UNREACHABLE, Blame::Project, message)
                .help("correct `url` or `path`")
                .caused_by(error)
        })?;
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(&pairs);
        }
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if query.is_empty() {
            ""
        } else if path.contains('?') {
            "&"
        } else {
            "?"
        };
        let shown = base.secrets.redact(&format!("{}{path}{mark}{}", base.shown, query.join("&")));
        let body = body.filter(|body| !body.is_null()).map(|body| (Bytes::from(body.to_string()), "application/json"));
        Ok(Outgoing { method: self.method.clone(), url, body, shown: shown.into(), wants_json: true })
    }

    fn fill_body(&self, body: &Value, fields: &Fields) -> Result<Value, String> {
        let known = |name: &str| name == CURSOR || self.fields.iter().any(|field| field == name);
        Ok(match body {
            Value::String(text) => Template::new(text, &known).fill_value(fields)?,
            Value::Array(items) => items.iter().map(|item| self.fill_body(item, fields)).collect::<Result<_, _>>()?,
            Value::Object(map) => {
                let filled = map.iter().map(|(key, value)| Ok((key.clone(), self.fill_body(value, fields)?)));
                Value::Object(filled.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }
}

fn uses_cursor(template: &Template) -> bool {
    template.names().any(|name| name == CURSOR)
}

/// The texts of a parameter.
fn texts(name: &str, value: &Value) -> Result<Vec<String>, OptionsError> {
    Ok(match value {
        Value::String(text) => vec![text.clone()],
        Value::Number(_) | Value::Bool(_) => vec![value.to_string()],
        Value::Array(items) if items.iter().all(|item| !item.is_array()) => {
            let texts = items.iter().map(|item| texts(name, item)).collect::<Result<Vec<_>, _>>()?;
            texts.into_iter().flatten().collect()
        }
        _ => {
            let help = "write a text, a number, a truth value, or a list of these";
            return Err(wrong("params", format!("the parameter '{name}' has no value that could be sent"), help));
        }
    })
}
