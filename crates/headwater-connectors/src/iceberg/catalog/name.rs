//! Names of tables in a catalogue.

use headwater_sdk::check::OptionsError;

use crate::database::{Names, parts_of};
use crate::http_api::encode;

/// How names are written: levels of a namespace and a table, dots between them.
const NAMES: Names = Names { table: "namespace.table", fold: false, quote: '"', parts: usize::MAX };

/// A table's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Name {
    /// The levels of its namespace; one at least.
    pub(super) namespace: Vec<String>,
    pub(super) table: String,
}

impl Name {
    /// The name that a stream says.
    ///
    /// # Errors
    /// [`OptionsError`] when it is none.
    pub(in super::super) fn new(from: &str) -> Result<Self, OptionsError> {
        let mut parts = parts_of(from, NAMES).unwrap_or_default();
        match parts.pop() {
            Some(table) if !parts.is_empty() => Ok(Self { namespace: parts, table }),
            _ => Err(OptionsError {
                key: Some("from"),
                message: format!("'{from}' is no name of a table in a catalogue"),
                help: Some("write `namespace.table`, with \" around parts that have dots".to_owned()),
            }),
        }
    }

    /// As a person writes it.
    pub(super) fn shown(&self) -> String {
        format!("{}.{}", written(&self.namespace), part(&self.table))
    }
}

/// A namespace as a person writes it.
pub(super) fn written(namespace: &[String]) -> String {
    namespace.iter().map(|level| part(level)).collect::<Vec<_>>().join(".")
}

fn part(name: &str) -> String {
    if name.is_empty() || name.trim() != name || name.contains(['.', '"']) {
        NAMES.quoted(name)
    } else {
        name.to_owned()
    }
}

/// A namespace as a part of an address; the separator is as the catalogue wants it.
pub(super) fn encoded(namespace: &[String], separator: &str) -> String {
    namespace.iter().map(|level| encode(level)).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_read_and_sent() {
        for (from, namespace, sent) in [
            ("shop.orders", "shop", "shop"),
            ("a.b.orders", "a.b", "a%1Fb"),
            ("\"a.b\".\"c d\".orders", "\"a.b\".c d", "a.b%1Fc%20d"),
            ("ü/x.orders", "ü/x", "%C3%BC%2Fx"),
        ] {
            let name = Name::new(from).unwrap();
            assert_eq!((name.table.as_str(), written(&name.namespace).as_str()), ("orders", namespace));
            assert_eq!(encoded(&name.namespace, "%1F"), sent);
            assert_eq!(Name::new(&name.shown()).unwrap(), name);
        }
        for wrong in ["", "orders", "shop.", ".orders", "\"shop"] {
            assert_eq!(Name::new(wrong).unwrap_err().key, Some("from"), "{wrong}");
        }
    }
}
