//! `destinations/*.yml`: each document is a destination, each of its deliveries a table that goes there.

mod delivery;
mod of_source;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use headwater_diagnostics::{Diagnostic, nearest};
use headwater_sdk::destination::DestinationType;
use serde_json::Value;

use delivery::{Of, delivery_of};
use of_source::deliveries_of;

use super::Parts;
use super::checks::split;
use super::files::Folder;
use super::sources::expand_own_keys;
use crate::codes;
use crate::delivery::Delivery;
use crate::graph::Draft;
use crate::spec::{DeliveryCommon, DestinationCommon};
use crate::validate::{self, Schema, merge};
use crate::yaml::{self, Node};

/// The folder of destinations.
const FOLDER: &str = "destinations";

/// A kind of destination and the schemas of its YAML, made when they are first needed.
struct Kind<'a> {
    kind: &'a dyn DestinationType,
    destination: OnceCell<Schema>,
    delivery: OnceCell<Schema>,
}

/// The schema of a destination of a connector.
pub(crate) fn destination_schema(kind: &dyn DestinationType) -> Value {
    let prefix = format!("{}_destination_", kind.name());
    merge(Schema::of::<DestinationCommon>().root, kind.destination_schema(), &prefix)
}

/// The schema of a delivery of a connector.
pub(crate) fn delivery_schema(kind: &dyn DestinationType) -> Value {
    merge(Schema::of::<DeliveryCommon>().root, kind.delivery_schema(), &format!("{}_delivery_", kind.name()))
}

/// Reads all destinations. Their keys become checks of the tables.
pub(crate) fn read(
    folder: &mut Folder,
    parts: &mut Parts<'_>,
    kinds: &[Box<dyn DestinationType>],
    environment: &str,
    drafts: &mut [Draft],
) -> Vec<Delivery> {
    let kinds: BTreeMap<&str, Kind<'_>> = kinds
        .iter()
        .map(|kind| {
            let (destination, delivery) = (OnceCell::new(), OnceCell::new());
            (kind.name(), Kind { kind: kind.as_ref(), destination, delivery })
        })
        .collect();
    let keys = |schema: Schema| {
        let properties = schema.root.get("properties").and_then(Value::as_object);
        properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
    };
    let mut reader = Reader {
        kinds,
        destination_keys: keys(Schema::of::<DestinationCommon>()),
        delivery_keys: keys(Schema::of::<DeliveryCommon>()),
        environment,
        names: BTreeSet::new(),
    };
    let mut deliveries = Vec::new();
    for found in folder.list_deep(FOLDER) {
        let Some(stem) = found.name.strip_suffix(".yml").or_else(|| found.name.strip_suffix(".yaml")) else {
            super::ignored::warn(folder, &found.path, "destinations are .yml files");
            continue;
        };
        let Some(file) = folder.read(&found.path) else { continue };
        let text = folder.files.text(file).to_owned();
        for document in yaml::parse(&text, 0..text.len(), file, &mut folder.diagnostics) {
            deliveries.extend(reader.destination(document, stem, parts, drafts, &mut folder.diagnostics));
        }
    }
    deliveries
}

struct Reader<'a> {
    kinds: BTreeMap<&'a str, Kind<'a>>,
    destination_keys: Vec<String>,
    delivery_keys: Vec<String>,
    environment: &'a str,
    /// Of deliveries.
    names: BTreeSet<String>,
}

impl Reader<'_> {
    fn destination(
        &mut self,
        mut node: Node,
        stem: &str,
        parts: &mut Parts<'_>,
        drafts: &mut [Draft],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Delivery> {
        if node.as_map().is_none() {
            let message = format!("a destination is a mapping, not {}", node.kind());
            let diagnostic = Diagnostic::error(codes::WRONG_TYPE, message).at(node.span, "");
            diagnostics.push(diagnostic.help("start with `connector: …` and `deliveries: …`"));
            return Vec::new();
        }
        let Some(kind) = self.kind_of(&node, diagnostics) else { return Vec::new() };
        let own_keys: Vec<String> = self.destination_keys.clone();
        let mut unfilled = Vec::new();
        expand_all(&mut node, &own_keys, &self.delivery_keys, parts, &mut unfilled);
        let mut unfilled = yaml::unfilled(unfilled, diagnostics);
        let kind = &self.kinds[kind];
        let schema = kind.destination.get_or_init(|| Schema { root: destination_schema(kind.kind) });
        let Some(json) = validate::read(schema, &node, "a destination", diagnostics) else {
            diagnostics.append(&mut unfilled);
            return Vec::new();
        };
        let (common, system) = split(json, &self.destination_keys);
        let common: DestinationCommon = serde_json::from_value(common).unwrap_or_default();
        let is_here =
            common.environments.as_ref().is_none_or(|names| names.iter().any(|name| name == self.environment));
        let is_filled = unfilled.is_empty();
        if parts.reaches.destinations && is_here {
            diagnostics.append(&mut unfilled);
        }
        let mut deliveries = Vec::new();
        for delivery in node.get("deliveries").map_or(&[] as &[Node], Node::each) {
            let schema = kind.delivery.get_or_init(|| Schema { root: delivery_schema(kind.kind) });
            let Some(json) = validate::read(schema, delivery, "a delivery", diagnostics) else { continue };
            let source = delivery.get("source").and_then(Node::as_text);
            let all = match source {
                None => vec![(Cow::Borrowed(delivery), json)],
                Some(source) => deliveries_of(source, delivery, &self.delivery_keys, drafts, diagnostics)
                    .into_iter()
                    .filter_map(|one| Some((validate::read(schema, &one, "a delivery", diagnostics)?, one)))
                    .map(|(json, one)| (Cow::Owned(one), json))
                    .collect(),
            };
            for (delivery, json) in all {
                let (common, options) = split(json, &self.delivery_keys);
                let Ok(common) = serde_json::from_value::<DeliveryCommon>(common) else { continue };
                let of = Of {
                    kind: kind.kind,
                    node: &delivery,
                    destination: &node,
                    stem,
                    system: &system,
                    source,
                    is_filled,
                };
                let Some(read) = delivery_of(&of, common, options, parts, drafts, diagnostics) else { continue };
                if !self.names.insert(read.settings.name.clone()) {
                    let message = format!("there are two deliveries {}", read.settings.name);
                    let diagnostic = Diagnostic::error(codes::CONTRADICTION, message).at(read.span, "");
                    diagnostics.push(diagnostic.help("give one of them a `name`"));
                }
                deliveries.push(read);
            }
        }
        if is_here { deliveries } else { Vec::new() }
    }

    fn kind_of(&self, node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<&'static str> {
        let names = || self.kinds.keys().copied().collect::<Vec<_>>().join(", ");
        let Some(name) = node.get("connector") else {
            let at = node.as_map().and_then(|map| map.entries.first()).map_or(node.span, |entry| entry.key_span);
            let help = format!("add `connector: …`; this version delivers to {}", names());
            let message = "a destination has no 'connector'";
            diagnostics.push(Diagnostic::error(codes::MISSING_KEY, message).at(at, "").help(help));
            return None;
        };
        let text = name.as_text().unwrap_or_default();
        if let Some(kind) = self.kinds.get(text) {
            return Some(kind.kind.name());
        }
        let diagnostic =
            Diagnostic::error(codes::CONNECTOR, format!("nothing can be delivered by a connector '{text}'"));
        diagnostics.push(diagnostic.at(name.span, "").help(match nearest(text, self.kinds.keys().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("this version delivers to {}", names()),
        }));
        None
    }
}

/// Puts secrets into the connector's own keys, those of its deliveries included.
fn expand_all(
    node: &mut Node,
    destination_keys: &[String],
    delivery_keys: &[String],
    parts: &mut Parts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let yaml::Value::Map(map) = &mut node.value else { return };
    for entry in &mut map.entries {
        if entry.key != "deliveries" {
            continue;
        }
        if let yaml::Value::List(items) = &mut entry.value.value {
            items.iter_mut().for_each(|item| expand_own_keys(item, delivery_keys, parts, diagnostics));
        }
    }
    let keys: Vec<String> = destination_keys.iter().filter(|key| *key != "deliveries").cloned().collect();
    for entry in &mut map.entries {
        if keys.contains(&entry.key) {
            yaml::forbid(&entry.value, diagnostics);
        } else if entry.key != "deliveries" {
            parts.secrets.expand(&mut entry.value, diagnostics);
        }
    }
}
