//! `${NAME}` and `${NAME:-default}`: values from the process's environment.

use std::collections::BTreeMap;

use headwater_diagnostics::{Diagnostic, Span};

use super::node::{Node, Value};
use crate::codes;

/// The values that were put in place of `${NAME}`.
pub(crate) struct Secrets<'a> {
    env: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Value → name.
    found: BTreeMap<String, String>,
}

/// A part of a text.
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

impl<'a> Secrets<'a> {
    /// Reads from an environment.
    pub(crate) fn new(env: &'a (dyn Fn(&str) -> Option<String> + Sync)) -> Self {
        Self { env, found: BTreeMap::new() }
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
            match part {
                Part::Literal(literal) => out.push_str(literal),
                Part::Reference { name, default } => match (self.env)(name).filter(|v| !v.is_empty()) {
                    Some(value) => {
                        out.push_str(&value);
                        self.found.insert(value, name.to_owned());
                    }
                    None => match default {
                        Some(default) => out.push_str(default),
                        None => diagnostics.push(
                            Diagnostic::error(
                                codes::SECRET,
                                format!("the environment variable {name} is not set, or empty"),
                            )
                            .at(span, "")
                            .help(format!("set it, or give a default: ${{{name}:-…}}")),
                        ),
                    },
                },
                Part::Malformed => diagnostics.push(
                    Diagnostic::error(codes::SECRET, "a malformed ${…}")
                        .at(span, "")
                        .help("write ${NAME} or ${NAME:-default}; write $${ for the characters themselves"),
                ),
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

/// The reference at the start of a text, and its length.
fn reference(text: &str) -> (Part<'_>, usize) {
    let Some(close) = text.find('}') else { return (Part::Malformed, text.len()) };
    let inside = &text[2..close];
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let part = if is_name { Part::Reference { name, default } } else { Part::Malformed };
    (part, close + 1)
}
