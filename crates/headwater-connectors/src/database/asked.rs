//! What a stream of a database is asked for, and how far it was read.

use headwater_sdk::Result;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Delivery, ReadMode, StreamSettings};
use headwater_sdk::name::{TableName, quote_identifier};
use serde::de::DeserializeOwned;

use crate::position::Position;

/// The keys of a stream, as they were written.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) from: Option<String>,
    pub(crate) query: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) cursor: Option<String>,
}

/// How a database writes names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    /// How a table's name is written in messages, e.g. `schema.table`.
    pub(crate) table: &'static str,
    /// Whether names without quotes are those in small letters.
    pub(crate) fold: bool,
    /// What stands around a name that is quoted; twice within it for itself.
    pub(crate) quote: char,
    /// How many parts a name has at most.
    pub(crate) parts: usize,
}

impl Names {
    pub(crate) fn quoted(self, name: &str) -> String {
        let quote = self.quote;
        format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
    }
}

/// A table, a view or a query, and what of it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) relation: Relation,
    pub(crate) condition: Option<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) cursor: Option<String>,
    /// The parts of the table's name; none of a query.
    pub(crate) name: Vec<String>,
    /// The table that is filled; none where something is only looked at.
    table: Option<TableName>,
}

#[derive(Debug)]
pub(crate) enum Relation {
    /// Its name in SQL, quoted.
    Table(String),
    Query(String),
}

impl Asked {
    /// # Errors
    /// When the keys do not go together.
    pub(crate) fn new(wanted: Wanted, names: Names, settings: &StreamSettings) -> Result<Self, OptionsError> {
        let wrong = |key: &'static str, message: &str, help: &str| OptionsError {
            key: Some(key),
            message: message.to_owned(),
            help: Some(help.to_owned()),
        };
        let Wanted { from, query, condition, exclude, cursor } = wanted;
        let mut name = Vec::new();
        let relation = match (from, query) {
            (Some(from), None) => {
                name = table_name(&from, names).ok_or_else(|| {
                    let (quote, odd) = (names.quote, if names.fold { "capitals" } else { "dots" });
                    let help = format!("write {}, with {quote} around names with {odd}", names.table);
                    wrong("from", &format!("'{from}' is no table's name"), &help)
                })?;
                Relation::Table(name.iter().map(|part| names.quoted(part)).collect::<Vec<_>>().join("."))
            }
            (None, Some(query)) => Relation::Query(query.trim().trim_end_matches(';').to_owned()),
            (Some(_), Some(_)) => {
                return Err(wrong("query", "a stream reads a table or a query", "leave `from` or `query` out"));
            }
            (None, None) => {
                let help = format!("add `from: {}`, or `query: …`", names.table);
                return Err(wrong("from", "the stream does not say what it reads", &help));
            }
        };
        if condition.is_some() && matches!(relation, Relation::Query(_)) {
            return Err(wrong("where", "`where` goes with `from`", "write the condition into the query"));
        }
        match (settings.mode, &cursor) {
            (ReadMode::Incremental, None) => {
                let help = "name a column that only grows and is never null: `cursor: order_id`";
                return Err(wrong("cursor", "the mode incremental needs a cursor", help));
            }
            (mode, Some(_)) if mode != ReadMode::Incremental => {
                let help = "write `mode: incremental`, or leave `cursor` out";
                return Err(wrong("cursor", "a cursor says nothing where all rows are read", help));
            }
            _ => {}
        }
        if let Some(cursor) = cursor.as_ref().filter(|cursor| exclude.contains(cursor)) {
            let help = "leave it out of `exclude`: it says how far the table was read";
            return Err(wrong("exclude", &format!("'{cursor}' is the cursor"), help));
        }
        Ok(Self { relation, condition, exclude, cursor, name, table: Some(settings.table.clone()) })
    }

    /// Refuses what changes cannot be told of: they are those of all rows of a table. `choose` says what to do in place of a condition.
    ///
    /// # Errors
    /// When it is a query, or has a condition.
    pub(crate) fn verify_followed(&self, names: Names, choose: &str) -> Result<(), OptionsError> {
        let (key, message, help) = match &self.relation {
            Relation::Query(_) => ("query", "changes are those of a table", format!("write `from: {}`", names.table)),
            Relation::Table(_) if self.condition.is_some() => {
                ("where", "changes come of all rows", format!("leave `where` out{choose}"))
            }
            Relation::Table(_) => return Ok(()),
        };
        Err(OptionsError { key: Some(key), message: message.to_owned(), help: Some(help) })
    }

    /// All of a table that has this name.
    pub(crate) fn whole(name: &str) -> Self {
        let relation = Relation::Table(quote_identifier(name));
        let name = vec![name.to_owned()];
        Self { relation, condition: None, exclude: Vec::new(), cursor: None, name, table: None }
    }

    /// All of a table whose name has these parts.
    pub(crate) fn named(parts: &[String], names: Names) -> Self {
        let sql = parts.iter().map(|part| names.quoted(part)).collect::<Vec<_>>().join(".");
        let (relation, name) = (Relation::Table(sql), parts.to_vec());
        Self { relation, condition: None, exclude: Vec::new(), cursor: None, name, table: None }
    }

    /// What stands behind FROM.
    pub(crate) fn relation(&self) -> String {
        match &self.relation {
            Relation::Table(name) => name.clone(),
            Relation::Query(query) => format!("(\n{query}\n) as query"),
        }
    }

    /// What it is called in messages.
    pub(crate) fn shown(&self) -> String {
        match &self.relation {
            Relation::Table(_) => self.name.join("."),
            Relation::Query(_) => match &self.table {
                Some(table) => format!("the query of {table}"),
                None => "the query".to_owned(),
            },
        }
    }

    /// What the rows of a load are to those of the table, when it is the `first` one or not.
    pub(crate) fn delivery(settings: &StreamSettings, first: bool) -> Delivery {
        match settings.key.as_slice() {
            [] => Delivery::Rows,
            // All rows of a table: none takes the place of another.
            _ if first => Delivery::Rows,
            key => Delivery::Upserts { key: key.to_vec() },
        }
    }

    /// # Errors
    /// When it is none, or of another cursor.
    pub(crate) fn read_position<V: DeserializeOwned>(&self, position: serde_json::Value) -> Result<Position<V>> {
        Position::read(position, self.cursor.as_deref(), &self.shown())
    }

    /// What may have gone from the source of what led to a position.
    pub(crate) fn vanished<V: DeserializeOwned>(&self, position: serde_json::Value) -> Vec<String> {
        Position::<V>::vanished(position, &self.shown())
    }
}

/// ` where …`, of conditions that all have to hold.
pub(crate) fn filter(conditions: &[&str]) -> String {
    let all: Vec<String> = conditions.iter().map(|condition| format!("({condition})")).collect();
    if all.is_empty() { String::new() } else { format!(" where {}", all.join(" and ")) }
}

/// The parts of a table's name as a person writes it (`public.orders`, `"Odd schema"."Orders"`); `None` for another text.
pub(crate) fn table_name(written: &str, names: Names) -> Option<Vec<String>> {
    let (mut parts, mut rest) = (Vec::new(), written.trim());
    loop {
        let (part, behind) = match rest.strip_prefix(names.quote) {
            Some(quoted) => {
                let mut end = quoted.find(names.quote)?;
                while quoted[end + 1..].starts_with(names.quote) {
                    end += 2 + quoted[end + 2..].find(names.quote)?;
                }
                let (one, two) = (names.quote.to_string(), names.quote.to_string().repeat(2));
                (quoted[..end].replace(&two, &one), &quoted[end + 1..])
            }
            None => {
                let (part, behind) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                (if names.fold { part.to_lowercase() } else { part.to_owned() }, behind)
            }
        };
        if part.is_empty() {
            return None;
        }
        parts.push(part);
        match behind.strip_prefix('.') {
            Some(behind) => rest = behind,
            None if behind.is_empty() && parts.len() <= names.parts => return Some(parts),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, table_name};

    #[test]
    fn names_are_read_as_databases_read_them() {
        let as_is = Names { table: "schema.table", fold: false, quote: '"', parts: 2 };
        let of = |written: &str| table_name(written, Names { fold: true, ..as_is }).map(|parts| parts.join("|"));
        assert_eq!(of("public.orders").unwrap(), "public|orders");
        assert_eq!(of("Orders").unwrap(), "orders");
        assert_eq!(table_name("Orders", as_is).unwrap(), ["Orders"]);
        assert_eq!(of("\"Odd.schema\".\"a \"\"b\"\"\"").unwrap(), "Odd.schema|a \"b\"");
        assert_eq!(as_is.quoted("a \"b\""), "\"a \"\"b\"\"\"");
        let backticks = Names { quote: '`', ..as_is };
        assert_eq!(table_name("shop.`odd ``one``.`", backticks).unwrap(), ["shop", "odd `one`."]);
        for wrong in ["", "a.", ".a", "a.b.c", "\"a", "\"a\"b"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
