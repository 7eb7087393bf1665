//! Names in FROM that mean no table.

use std::collections::HashSet;
use std::fmt;

use datafusion::common::{DataFusionError, TableReference};
use headwater_sdk::name::TableName;

use super::TableSchema;

/// Why a name in FROM means no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadTable {
    /// The name has no schema, and no CTE has it.
    NotQualified(String),
    /// The name has more parts than schema and table, or characters that no table's name has.
    NotAName(String),
    /// There is no such table.
    Unknown(TableName),
}

impl BadTable {
    pub(super) fn into_error(self) -> DataFusionError {
        DataFusionError::External(Box::new(self))
    }
}

impl fmt::Display for BadTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotQualified(name) => write!(f, "table '{name}' is named without its schema"),
            Self::NotAName(name) => write!(f, "'{name}' is not the name of a table"),
            Self::Unknown(name) => write!(f, "there is no table '{name}'"),
        }
    }
}

impl std::error::Error for BadTable {}

/// The table that a reference in SQL means.
pub(super) fn table_name(reference: &TableReference) -> Result<TableName, BadTable> {
    match reference {
        TableReference::Bare { table } => Err(BadTable::NotQualified(table.to_string())),
        TableReference::Partial { schema, table } => {
            TableName::new(schema.as_ref(), table.as_ref()).map_err(|_| BadTable::NotAName(reference.to_string()))
        }
        TableReference::Full { .. } => Err(BadTable::NotAName(reference.to_string())),
    }
}

/// A table whose name is one mistake in typing away: a character too much, too few, wrong, or two swapped, in either part.
/// The caller's tables can only be asked for by name, so all such names are tried: about a thousand.
pub(super) fn similar_table(name: &TableName, table_schema: &TableSchema<'_>) -> Option<TableName> {
    let exists = |candidate: &TableName| table_schema(candidate).is_some();
    let tables = one_mistake_away(name.table()).into_iter().filter_map(|t| TableName::new(name.schema(), t).ok());
    let schemas = one_mistake_away(name.schema()).into_iter().filter_map(|s| TableName::new(s, name.table()).ok());
    tables.chain(schemas).find(exists)
}

/// Longer names are not corrected: the number of candidates grows with the length.
const MAX_CORRECTED: usize = 64;

fn one_mistake_away(word: &str) -> HashSet<String> {
    let letters = || ('a'..='z').chain('0'..='9').chain(['_']);
    let mut words = HashSet::new();
    if !word.is_ascii() || word.len() > MAX_CORRECTED {
        return words;
    }
    for at in 0..=word.len() {
        let (head, tail) = word.split_at(at);
        words.extend(letters().map(|letter| format!("{head}{letter}{tail}")));
        let mut rest = tail.chars();
        let Some(first) = rest.next() else { continue };
        words.insert(format!("{head}{}", rest.as_str()));
        words.extend(letters().map(|letter| format!("{head}{letter}{}", rest.as_str())));
        if let Some(second) = rest.next() {
            words.insert(format!("{head}{second}{first}{}", rest.as_str()));
        }
    }
    words
}
