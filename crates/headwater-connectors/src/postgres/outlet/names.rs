//! The names of a delivery's tables in SQL.

use headwater_sdk::check::OptionsError;
use headwater_sdk::name::quote_identifier;

use crate::database::POSTGRES_LONGEST;

/// A table, by its schema and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) schema: String,
    pub(super) table: String,
}

impl Target {
    /// Of `schema.table` or `table`.
    ///
    /// # Errors
    /// [`OptionsError`] when a part is empty or there are more than two.
    pub(super) fn new(text: &str) -> Result<Self, OptionsError> {
        let (schema, table) = text.split_once('.').unwrap_or(("public", text));
        if schema.is_empty() || table.is_empty() || table.contains('.') {
            return Err(OptionsError {
                key: Some("to"),
                message: format!("'{text}' cannot name a table"),
                help: Some("write schema.table".to_owned()),
            });
        }
        if let Some(long) = [schema, table].into_iter().find(|part| part.len() > POSTGRES_LONGEST) {
            return Err(OptionsError {
                key: Some("to"),
                message: format!(
                    "'{long}' has {} bytes, and PostgreSQL's names have {POSTGRES_LONGEST} at most",
                    long.len()
                ),
                help: Some("give a shorter name: PostgreSQL would cut it off".to_owned()),
            });
        }
        Ok(Self { schema: schema.to_owned(), table: table.to_owned() })
    }

    /// Quoted.
    pub(super) fn sql(&self) -> String {
        self.beside(&self.table)
    }

    /// Another table of its schema.
    pub(super) fn beside(&self, table: &str) -> String {
        format!("{}.{}", quote_identifier(&self.schema), quote_identifier(table))
    }

    /// The name of a table that takes this one's place.
    pub(super) fn replacement(&self) -> String {
        let end = "__headwater_new";
        let room = POSTGRES_LONGEST - end.len();
        if self.table.len() <= room {
            return format!("{}{end}", self.table);
        }
        // Tables that begin alike have replacements of their own.
        let hash = &blake3::hash(self.table.as_bytes()).to_hex()[..8];
        let kept = self.table.floor_char_boundary(room - hash.len());
        format!("{}{hash}{end}", &self.table[..kept])
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }
}

/// Quoted columns, with commas.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>, prefix: &str) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("{prefix}{}", quote_identifier(name))).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_long_as_the_database_has_them() {
        let table = |text: &str| Target::new(text).map(|target| target.replacement());
        assert_eq!(table("s.orders").unwrap(), "orders__headwater_new");
        let (long, other) = ("x".repeat(63), format!("{}y", "x".repeat(62)));
        assert_eq!(table(&long).unwrap().len(), 63);
        assert_ne!(table(&long).unwrap(), table(&other).unwrap(), "tables that begin alike");
        assert!(table(&format!("s.{}", "é".repeat(31))).unwrap().len() <= 63);
        assert!(table(&"x".repeat(64)).is_err());
    }
}
