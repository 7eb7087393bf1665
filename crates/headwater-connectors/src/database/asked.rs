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
    /// How a table's name is written in messages, e.g. `schema.table`.
    pub(crate) name_as: &'static str,
    /// Whether names without quotes are those in small letters.
    pub(crate) folds_names: bool,
}

/// A table, a view or a query, and what of it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) relation: Relation,
    pub(crate) condition: Option<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) cursor: Option<String>,
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
    pub(crate) fn new(wanted: Wanted, settings: &StreamSettings) -> Result<Self, OptionsError> {
        let wrong = |key: &'static str, message: &str, help: &str| OptionsError {
            key: Some(key),
            message: message.to_owned(),
            help: Some(help.to_owned()),
        };
        let Wanted { from, query, condition, exclude, cursor, name_as, folds_names } = wanted;
        let relation = match (from, query) {
            (Some(from), None) => Relation::Table(table_name(&from, folds_names).ok_or_else(|| {
                wrong(
                    "from",
                    &format!("'{from}' is no table's name"),
                    &format!(
                        "write {name_as}, with \" around names with {}",
                        if folds_names { "capitals" } else { "dots" }
                    ),
                )
            })?),
            (None, Some(query)) => Relation::Query(query.trim().trim_end_matches(';').to_owned()),
            (Some(_), Some(_)) => {
                return Err(wrong("query", "a stream reads a table or a query", "leave `from` or `query` out"));
            }
            (None, None) => {
                let help = format!("add `from: {name_as}`, or `query: …`");
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
        Ok(Self { relation, condition, exclude, cursor, table: Some(settings.table.clone()) })
    }

    /// All of a table that has this name.
    pub(crate) fn whole(name: &str) -> Self {
        let relation = Relation::Table(quote_identifier(name));
        Self { relation, condition: None, exclude: Vec::new(), cursor: None, table: None }
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
            Relation::Table(name) => name.replace('"', ""),
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

/// A name of a table as a person writes it (`public.orders`, `"Odd schema"."Orders"`), quoted; `None` for another text.
fn table_name(written: &str, folds: bool) -> Option<String> {
    let (mut parts, mut rest) = (Vec::new(), written.trim());
    loop {
        let (part, behind) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut end = quoted.find('"')?;
                while quoted[end + 1..].starts_with('"') {
                    end += 2 + quoted[end + 2..].find('"')?;
                }
                (quoted[..end].replace("\"\"", "\""), &quoted[end + 1..])
            }
            None => {
                let (part, behind) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                (if folds { part.to_lowercase() } else { part.to_owned() }, behind)
            }
        };
        if part.is_empty() {
            return None;
        }
        parts.push(quote_identifier(&part));
        match behind.strip_prefix('.') {
            Some(behind) => rest = behind,
            None if behind.is_empty() && parts.len() <= 2 => return Some(parts.join(".")),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::table_name;

    #[test]
    fn names_are_read_as_databases_read_them() {
        let of = |written: &str| table_name(written, true);
        assert_eq!(of("public.orders").unwrap(), "\"public\".\"orders\"");
        assert_eq!(of("Orders").unwrap(), "\"orders\"");
        assert_eq!(table_name("Orders", false).unwrap(), "\"Orders\"");
        assert_eq!(of("\"Odd.schema\".\"a \"\"b\"\"\"").unwrap(), "\"Odd.schema\".\"a \"\"b\"\"\"");
        for wrong in ["", "a.", ".a", "a.b.c", "\"a", "\"a\"b"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
