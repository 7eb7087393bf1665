//! The name of a table: `schema.table`, and names as SQL text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Suffix of the table that holds rows which a `quarantine` check set aside.
pub const QUARANTINE_SUFFIX: &str = "__quarantine";
/// Suffix of the table that holds source rows which could not be read.
pub const REJECTED_SUFFIX: &str = "__rejected";
/// What stands before the number in the suffix of a table that holds what a source's table held before it began anew.
pub const VERSION_SUFFIX: &str = "__v";

/// A table's name in the lake: a schema (layer or domain) and a table, both in lower case.
///
/// Written `schema.table`. Each part is `[a-z_][a-z0-9_]*`, at most 128 bytes, so that it is at once a safe SQL
/// identifier, a safe folder name and a safe object-store key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName {
    schema: String,
    table: String,
}

/// Why a text is not a [`TableName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text has no dot, or more than one.
    #[error("'{0}' is not of the form schema.table")]
    NotQualified(String),
    /// A part holds a character that no name may hold, or is empty or too long.
    #[error(
        "'{0}' is not a name: use lower-case letters, digits and _, starting with a letter or _, at most 128 characters"
    )]
    BadPart(String),
}

impl TableName {
    /// Makes a name of its two parts.
    ///
    /// # Errors
    /// [`NameError::BadPart`] when a part is not `[a-z_][a-z0-9_]*` or is longer than 128 bytes.
    pub fn new(schema: impl Into<String>, table: impl Into<String>) -> Result<Self, NameError> {
        let (schema, table) = (schema.into(), table.into());
        for part in [&schema, &table] {
            if !is_name_part(part) {
                return Err(NameError::BadPart(part.clone()));
            }
        }
        Ok(Self { schema, table })
    }

    /// The schema: the part before the dot.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The table: the part after the dot.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The table that takes this table's quarantined rows.
    pub fn quarantine(&self) -> Self {
        self.with_suffix(QUARANTINE_SUFFIX)
    }

    /// The table that takes this source table's rejected rows.
    pub fn rejected(&self) -> Self {
        self.with_suffix(REJECTED_SUFFIX)
    }

    /// The table that takes what this source's table held before it began anew, the `number`th time.
    pub fn version(&self, number: u32) -> Self {
        self.with_suffix(&format!("{VERSION_SUFFIX}{number}"))
    }

    /// The number of a table that [`Self::version`] has named.
    pub fn version_number(&self) -> Option<u32> {
        self.version_parts().map(|(_, number)| number)
    }

    fn version_parts(&self) -> Option<(&str, u32)> {
        let (table, number) = self.table.rsplit_once(VERSION_SUFFIX)?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
        Some((table, number.parse().ok().filter(|_| is_number && !table.is_empty())?))
    }

    /// Whether this is a table that Headwater makes beside another one (quarantined or rejected rows, or what it held before it began anew).
    pub fn is_side_table(&self) -> bool {
        self.table.ends_with(QUARANTINE_SUFFIX)
            || self.table.ends_with(REJECTED_SUFFIX)
            || self.version_number().is_some()
    }

    /// The table that this one is a side table of; a table that is none is its own owner.
    #[must_use]
    pub fn owner(&self) -> Self {
        let table = self.table.as_str();
        let table =
            table.strip_suffix(QUARANTINE_SUFFIX).or_else(|| table.strip_suffix(REJECTED_SUFFIX)).unwrap_or(table);
        let table = self.version_parts().map_or(table, |(table, _)| table);
        Self { schema: self.schema.clone(), table: table.to_owned() }
    }

    fn with_suffix(&self, suffix: &str) -> Self {
        Self { schema: self.schema.clone(), table: format!("{}{suffix}", self.table) }
    }
}

/// Whether `text` may be a schema, a table or another name that becomes a path.
pub fn is_name_part(text: &str) -> bool {
    let mut bytes = text.bytes();
    matches!(bytes.next(), Some(b'a'..=b'z' | b'_'))
        && bytes.all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && text.len() <= 128
}

/// Whether `text` may name a branch: lower-case letters, digits, `_` and `-`, at most 128 characters. It becomes a
/// folder's name.
pub fn is_branch_name(text: &str) -> bool {
    let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    !text.is_empty() && text.len() <= 128 && text.bytes().all(allowed)
}

/// Any name as a quoted identifier of SQL, so that it keeps its letter case and is never a keyword: `"total ""net"""`.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

impl FromStr for TableName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('.') {
            Some((schema, table)) if !table.contains('.') => Self::new(schema, table),
            _ => Err(NameError::NotQualified(text.to_owned())),
        }
    }
}

impl TryFrom<String> for TableName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<TableName> for String {
    fn from(name: TableName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_two_safe_parts() {
        let name: TableName = "marts.fct_flights".parse().unwrap();
        assert_eq!((name.schema(), name.table()), ("marts", "fct_flights"));
        assert_eq!(name.quarantine().to_string(), "marts.fct_flights__quarantine");
        assert_eq!(
            (name.quarantine().owner(), name.rejected().owner(), name.owner()),
            (name.clone(), name.clone(), name)
        );
        let name: TableName = "raw.orders".parse().unwrap();
        assert_eq!(
            (name.version(12).to_string(), name.version(12).version_number()),
            ("raw.orders__v12".to_owned(), Some(12))
        );
        assert!(name.version(1).is_side_table() && name.version(1).owner() == name);
        for none in ["raw.orders__v", "raw.orders__v01", "raw.orders__v1a", "raw.__v1", "raw.orders_v1"] {
            let none: TableName = none.parse().unwrap();
            assert_eq!((none.version_number(), none.is_side_table()), (None, false), "{none}");
        }
        for bad in ["flights", "a.b.c", "../x.y", "a.", ".b", "A.b", "a.b-c", "1a.b"] {
            assert!(bad.parse::<TableName>().is_err(), "{bad} must be refused");
        }
    }
}
