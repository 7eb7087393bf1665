//! The names of a delivery's tables in SQL.

use headwater_sdk::check::OptionsError;
use headwater_sdk::name::quote_identifier;

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
