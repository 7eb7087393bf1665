//! Reads the manual's examples: a small YAML document as JSON.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Parses one document.
pub(crate) fn parse(text: &str) -> Value {
    let mut events = Parser::new_from_str(text)
        .map(|event| event.unwrap_or_else(|e| panic!("{e} in {text}")).0)
        .filter(|event| !matches!(event, Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_)))
        .collect::<Vec<_>>()
        .into_iter();
    value(&mut events).unwrap_or_else(|| panic!("no value in {text}"))
}

fn value<'a>(events: &mut impl Iterator<Item = Event<'a>>) -> Option<Value> {
    match events.next()? {
        Event::Scalar(text, style, ..) => Some(scalar(&text, style)),
        Event::SequenceStart(..) => Some(Value::Array(std::iter::from_fn(|| value(events)).collect())),
        Event::MappingStart(..) => {
            let mut map = Map::new();
            while let Some(key) = value(events) {
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                map.insert(key, value(events)?);
            }
            Some(Value::Object(map))
        }
        Event::SequenceEnd | Event::MappingEnd => None,
        other => panic!("{other:?} is not used in the manual"),
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let plain = if style == ScalarStyle::Plain { serde_json::from_str(text).ok() } else { None };
    plain.unwrap_or_else(|| Value::String(text.to_owned()))
}
