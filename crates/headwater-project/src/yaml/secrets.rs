//! `${NAME}` and `${NAME:-default}`: values of declared secrets, and from the process's environment.

use std::collections::BTreeMap;

use headwater_diagnostics::{Diagnostic, Span};

use super::node::{Node, Value};
use crate::codes;
use crate::secrets::{SecretSources, Unread};

/// The values that were put in place of `${NAME}`.
pub(crate) struct Secrets<'a> {
    env: &'a (dyn Fn(&str) -> Option<String> + Sync),
    sources: SecretSources,
    /// Value → name.
    found: BTreeMap<String, String>,
}

/// A part of a text.
#[derive(Clone, Copy)]
enum Part<'a> {
    Literal(&'a str),
    /// `${NAME}` or `${NAME:-default}`.
    Reference {
        name: &'a str,
        default: Option<&'a str>,
    },
    /// `${` that is none of these.
    Malformed,
}

/// What stands in the place of a part.
enum Filled<'a> {
    Plain(&'a str),
    Secret { name: &'a str, value: String },
}

/// Why nothing does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfilled {
    /// The environment has no variable of the name, or an empty one, and there is no default.
    Unset(String),
    /// A secret of the name is declared, and cannot be read.
    Unread(Unread),
    /// `${` begins something else than a reference.
    Malformed,
}

/// What is wrong with a `${` that begins no reference, and what to do.
const MALFORMED: &str = "a malformed ${…}";
const MALFORMED_HELP: &str = "write ${NAME} or ${NAME:-default}; write $${ for the characters themselves";

impl Unfilled {
    /// What is wrong: lower case, no full stop.
    pub fn message(&self) -> String {
        match self {
            Self::Unset(name) => format!("the environment variable {name} is not set, or empty"),
            Self::Unread(unread) => unread.message.clone(),
            Self::Malformed => MALFORMED.to_owned(),
        }
    }

    /// The code of the diagnostic that says so.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unset(_) | Self::Malformed => codes::SECRET,
            Self::Unread(_) => codes::SECRET_UNREAD,
        }
    }

    /// What to do.
    pub fn help(&self) -> String {
        match self {
            Self::Unset(name) => format!("set it, give a default: ${{{name}:-…}}, or declare it under `secrets`"),
            Self::Unread(unread) => unread.help.clone(),
            Self::Malformed => MALFORMED_HELP.to_owned(),
        }
    }
}

/// Takes out of what was found those that say that nothing stands for a `${NAME}`; the rest are told.
pub(crate) fn unfilled(found: Vec<Diagnostic>, told: &mut Vec<Diagnostic>) -> Vec<Diagnostic> {
    let is_unfilled = |diagnostic: &Diagnostic| [codes::SECRET, codes::SECRET_UNREAD].contains(&diagnostic.code);
    let (unfilled, others): (Vec<_>, Vec<_>) = found.into_iter().partition(is_unfilled);
    told.extend(others);
    unfilled
}

/// A text of a connector's keys with values of declared secrets or of an environment in place of `${NAME}`, as in a project's files, and
/// these values, which are secrets.
///
/// # Errors
/// With the first reference that nothing stands for.
pub fn expand(
    text: &str,
    sources: &SecretSources,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(String, Vec<String>), Unfilled> {
    let (mut out, mut secrets) = (String::with_capacity(text.len()), Vec::new());
    for part in parts(text) {
        match fill(part, sources, env)? {
            Filled::Plain(plain) => out.push_str(plain),
            Filled::Secret { value, .. } => {
                out.push_str(&value);
                secrets.push(value);
            }
        }
    }
    Ok((out, secrets))
}

fn fill<'t>(
    part: Part<'t>,
    sources: &SecretSources,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Filled<'t>, Unfilled> {
    match part {
        Part::Literal(literal) => Ok(Filled::Plain(literal)),
        Part::Reference { name, default } => match sources.value(name) {
            Some(value) => Ok(Filled::Secret { name, value: value.map_err(Unfilled::Unread)? }),
            None => match (env(name).filter(|value| !value.is_empty()), default) {
                (Some(value), _) => Ok(Filled::Secret { name, value }),
                (None, Some(default)) => Ok(Filled::Plain(default)),
                (None, None) => Err(Unfilled::Unset(name.to_owned())),
            },
        },
        Part::Malformed => Err(Unfilled::Malformed),
    }
}

impl<'a> Secrets<'a> {
    /// Reads from an environment.
    pub(crate) fn new(env: &'a (dyn Fn(&str) -> Option<String> + Sync)) -> Self {
        Self { env, sources: SecretSources::default(), found: BTreeMap::new() }
    }

    /// Reads declared secrets from where they are.
    pub(crate) fn declare(&mut self, sources: SecretSources) {
        self.sources = sources;
    }

    /// Where declared secrets are.
    pub(crate) fn into_sources(self) -> SecretSources {
        self.sources
    }

    /// Replaces every `${NAME}` in the texts of a node. `$${` stands for `${`.
    pub(crate) fn expand(&mut self, node: &mut Node, diagnostics: &mut Vec<Diagnostic>) {
        match &mut node.value {
            Value::Text(text) if text.value.contains("${") => {
                let value = self.expand_text(&text.value, node.span, diagnostics);
                text.written = Some(std::mem::replace(&mut text.value, value));
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.expand(item, diagnostics)),
            Value::Map(map) => map.entries.iter_mut().for_each(|entry| self.expand(&mut entry.value, diagnostics)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        }
    }

    fn expand_text(&mut self, text: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> String {
        let mut out = String::with_capacity(text.len());
        for part in parts(text) {
            match fill(part, &self.sources, self.env) {
                Ok(Filled::Plain(plain)) => out.push_str(plain),
                Ok(Filled::Secret { name, value }) => {
                    out.push_str(&value);
                    self.found.insert(value, name.to_owned());
                }
                Err(unfilled) => diagnostics
                    .push(Diagnostic::error(unfilled.code(), unfilled.message()).at(span, "").help(unfilled.help())),
            }
        }
        out
    }

    /// A text of somebody else's with every secret value replaced by `${NAME}`.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (value, name) in self.longest_first() {
            if out.contains(value) {
                out = out.replace(value, &format!("${{{name}}}"));
            }
        }
        out
    }

    /// The values, longest first.
    pub(crate) fn values(&self) -> Vec<String> {
        self.longest_first().into_iter().map(|(value, _)| value.to_owned()).collect()
    }

    fn longest_first(&self) -> Vec<(&str, &str)> {
        let mut all: Vec<_> = self.found.iter().map(|(value, name)| (value.as_str(), name.as_str())).collect();
        all.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        all
    }
}

/// Reports every `${NAME}` in a node whose texts are kept in the catalogue.
pub(crate) fn forbid(node: &Node, diagnostics: &mut Vec<Diagnostic>) {
    match &node.value {
        Value::Text(text) => {
            let named = parts(text.written()).find_map(|part| match part {
                Part::Reference { name, .. } => Some(name),
                Part::Literal(_) | Part::Malformed => None,
            });
            if let Some(name) = named {
                diagnostics.push(
                    Diagnostic::error(codes::SECRET_PLACE, format!("${{{name}}} cannot be used here"))
                        .at(node.span, "this text is kept in the catalogue")
                        .help("use ${…} in environments, in a connector's own keys and in a script's `env`; elsewhere use `vars` and --var"),
                );
            }
        }
        Value::List(items) => items.iter().for_each(|item| forbid(item, diagnostics)),
        Value::Map(map) => map.entries.iter().for_each(|entry| forbid(&entry.value, diagnostics)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (part, length) = match rest.find("${") {
            None => (Part::Literal(rest), rest.len()),
            // `$${` stands for `${`.
            Some(at) if at > 0 && rest.as_bytes().get(at - 1) == Some(&b'$') => {
                if at == 1 {
                    (Part::Literal("${"), 3)
                } else {
                    (Part::Literal(&rest[..at - 1]), at - 1)
                }
            }
            Some(0) => reference(rest),
            Some(at) => (Part::Literal(&rest[..at]), at),
        };
        rest = &rest[length..];
        Some(part)
    })
}

/// Whether a text can stand in `${…}`.
pub(crate) fn is_reference(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The reference at the start of a text, and its length.
fn reference(text: &str) -> (Part<'_>, usize) {
    let Some(close) = text.find('}') else { return (Part::Malformed, text.len()) };
    let inside = &text[2..close];
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let part = if is_reference(name) { Part::Reference { name, default } } else { Part::Malformed };
    (part, close + 1)
}
