//! From the parser's events to nodes.

use std::collections::HashMap;
use std::ops::Range;

use headwater_diagnostics::{Diagnostic, FileId, Span};
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::node::{Entry, Map, Node, Text, Value};
use super::offsets::Offsets;
use super::scalar;
use crate::codes;

/// How deep lists and mappings may be nested.
pub(crate) const MAX_DEPTH: usize = 64;
/// How many values a text may have.
pub(crate) const MAX_NODES: usize = 300_000;
/// How many values and bytes of text all aliases of a text may expand to.
pub(crate) const MAX_ALIASES: usize = 1_000_000;

/// Parses the documents in a part of a file. Empty documents are left out. What is wrong goes to `diagnostics`; a
/// document that is no YAML ends the list.
pub(crate) fn parse(text: &str, range: Range<usize>, file: FileId, diagnostics: &mut Vec<Diagnostic>) -> Vec<Node> {
    let part = text.get(range.clone()).unwrap_or("");
    let mut builder = Builder {
        text: part,
        offsets: Offsets::new(file, range.start, part),
        diagnostics,
        documents: Vec::new(),
        stack: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        aliased: 0,
    };
    let mut parser = Parser::new_from_str(part);
    while let Some(event) = parser.next_event() {
        let step = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let place = builder.offsets.point(part, *error.marker());
                // The scanner has a limit of its own on brackets, which it meets before it tells of them.
                let diagnostic = if error.info().contains("recursion limit") {
                    Diagnostic::error(codes::YAML_LIMIT, too_deep())
                } else {
                    Diagnostic::error(codes::YAML_SYNTAX, format!("this is not YAML: {}", error.info()))
                };
                builder.diagnostics.push(with_hint(diagnostic.at(place, ""), part, error.info()));
                Err(Stop)
            }
        };
        if step.is_err() {
            break;
        }
    }
    builder.documents
}

fn with_hint(diagnostic: Diagnostic, text: &str, info: &str) -> Diagnostic {
    if text.lines().any(|line| line.trim_start_matches(' ').starts_with('\t')) {
        diagnostic.help("indent with blanks: YAML takes no tabs")
    } else if info.contains("mapping values are not allowed") {
        diagnostic.help("check the indentation, and put a text that holds `: ` in quotes")
    } else if info.contains("while parsing") || info.contains("expected") || info.contains("simple key") {
        diagnostic.help("check the indentation and that every quote and bracket is closed")
    } else {
        diagnostic
    }
}

fn too_deep() -> String {
    format!("lists and mappings are nested more than {MAX_DEPTH} deep")
}

/// Parsing cannot go on; the reason is among the diagnostics.
struct Stop;

/// A list or mapping that is not complete.
struct Open {
    anchor: usize,
    start: Span,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { map: Map, places: HashMap<String, Span>, key: Option<Key> },
}

struct Key {
    name: String,
    span: Span,
    /// Whether the entry is dropped: its key is there already, or is none.
    dropped: bool,
}

struct Builder<'a> {
    text: &'a str,
    offsets: Offsets,
    diagnostics: &'a mut Vec<Diagnostic>,
    documents: Vec<Node>,
    stack: Vec<Open>,
    /// The value of each anchor; `None` while it is not complete.
    anchors: HashMap<usize, Option<Node>>,
    nodes: usize,
    aliased: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: saphyr_parser::Span) -> Result<(), Stop> {
        let range = self.offsets.range(self.text, span);
        let place = self.offsets.span(range);
        match event {
            Event::Alias(anchor) => self.alias(anchor, place),
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(text.into_owned(), style, tag.as_deref(), place);
                self.add(Node { span: place, value }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", place);
                self.open(Open { anchor, start: place, kind: Kind::List(Vec::new()) })
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", place);
                let kind = Kind::Map { map: Map::default(), places: HashMap::new(), key: None };
                self.open(Open { anchor, start: place, kind })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, tag: Option<&Tag>, place: Span) -> Value {
        let as_text = |value| Value::Text(Text { value, written: None });
        match tag {
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => as_text(text),
            Some(tag) if tag.is_yaml_core_schema() && matches!(&*tag.suffix, "int" | "float" | "bool" | "null") => {
                scalar::resolve(&text)
            }
            Some(tag) => {
                self.unsupported_tag(tag, place);
                as_text(text)
            }
            None if style == ScalarStyle::Plain => scalar::resolve(&text),
            None => as_text(text),
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, allowed: &str, place: Span) {
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix == allowed)
        {
            self.unsupported_tag(tag, place);
        }
    }

    fn unsupported_tag(&mut self, tag: &Tag, place: Span) {
        let message = format!("the tag '{tag}' is not supported");
        self.diagnostics.push(Diagnostic::error(codes::YAML_FEATURE, message).at(place, "").help("leave the tag out"));
    }

    fn open(&mut self, open: Open) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return self.limit(open.start, too_deep());
        }
        if open.anchor > 0 {
            self.anchors.insert(open.anchor, None);
        }
        self.stack.push(open);
        Ok(())
    }

    fn close(&mut self, place: Span) -> Result<(), Stop> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let last = match &open.kind {
            Kind::List(items) => items.last().map(|item| item.span),
            Kind::Map { map, .. } => map.entries.last().map(Entry::span),
        };
        // A block collection has no end of its own: it ends with its last item. A bracket or brace does.
        let end = [Some(place), last].into_iter().flatten().filter(|s| s.end > s.start).map(|s| s.end).max();
        let span = Span { end: end.unwrap_or(open.start.end).max(open.start.end), ..open.start };
        let value = match open.kind {
            Kind::List(items) => Value::List(items),
            Kind::Map { map, .. } => Value::Map(map),
        };
        self.add(Node { span, value }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, place: Span) -> Result<(), Stop> {
        match self.anchors.get(&anchor) {
            Some(Some(node)) => {
                self.aliased += node.weight();
                if self.aliased > MAX_ALIASES {
                    return self.limit(place, "aliases expand to too many values".to_owned());
                }
                let copy = Node { span: place, value: node.value.clone() };
                self.add(copy, 0)
            }
            _ => {
                let diagnostic = Diagnostic::error(codes::YAML_FEATURE, "an alias inside of its own anchor");
                self.diagnostics.push(diagnostic.at(place, "this would never end"));
                self.add(Node { span: place, value: Value::Null }, 0)
            }
        }
    }

    fn limit(&mut self, place: Span, message: String) -> Result<(), Stop> {
        self.diagnostics.push(Diagnostic::error(codes::YAML_LIMIT, message).at(place, "here"));
        Err(Stop)
    }

    /// Adds a complete value to what is open, or to the documents.
    fn add(&mut self, mut node: Node, anchor: usize) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.limit(node.span, format!("there are more than {MAX_NODES} values"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Some(node.clone()));
            self.aliased += node.weight();
            if self.aliased > MAX_ALIASES {
                return self.limit(node.span, "anchors hold too many values".to_owned());
            }
        }
        match self.stack.last_mut() {
            None => {
                if !node.is_null() {
                    self.documents.push(node);
                }
            }
            Some(Open { kind: Kind::List(items), .. }) => items.push(node),
            Some(Open { kind: Kind::Map { key: empty @ None, places, .. }, .. }) => {
                *empty = Some(key_of(node, places, self.diagnostics));
            }
            Some(Open { kind: Kind::Map { map, key, .. }, .. }) => {
                if let Some(key) = key.take()
                    && !key.dropped
                {
                    if node.is_null() && node.span.start == node.span.end {
                        // Nothing is written: point at the key instead.
                        node.span = key.span;
                    }
                    map.entries.push(Entry { key: key.name, key_span: key.span, value: node });
                }
            }
        }
        Ok(())
    }
}

fn key_of(node: Node, places: &mut HashMap<String, Span>, diagnostics: &mut Vec<Diagnostic>) -> Key {
    let span = node.span;
    let name = match node.value {
        Value::Text(text) => text.value,
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::List(_) | Value::Map(_) => {
            let diagnostic = Diagnostic::error(codes::YAML_FEATURE, format!("a key is {}", node_kind(&node.value)));
            diagnostics.push(diagnostic.at(span, "").help("keys are texts; put a text with `{` or `[` in quotes"));
            return Key { name: String::new(), span, dropped: true };
        }
    };
    if name == "<<" {
        let diagnostic = Diagnostic::error(codes::YAML_FEATURE, "merge keys (`<<`) are not part of YAML 1.2");
        diagnostics.push(diagnostic.at(span, "").help("write the keys out, or use an alias for a whole value"));
        return Key { name, span, dropped: true };
    }
    if let Some(first) = places.get(&name) {
        let diagnostic = Diagnostic::error(codes::DUPLICATE_KEY, format!("the key '{name}' is written twice"));
        diagnostics.push(diagnostic.at(span, "again here").also(*first, "first here").help("keep one of the two"));
        return Key { name, span, dropped: true };
    }
    places.insert(name.clone(), span);
    Key { name, span, dropped: false }
}

fn node_kind(value: &Value) -> &'static str {
    if matches!(value, Value::List(_)) { "a list" } else { "a mapping" }
}
