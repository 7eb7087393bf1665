//! `accepted_values`: a column holds only the listed values, or null.
//!
//! The values are all texts, all numbers or all booleans. Told during the write.
//!
//! ```yaml
//! accepted_values: { column: origin, values: [EWR, JFK, "it's"] }
//! ```
//! ```json
//! {
//!   "arguments": "origin",
//!   "columns": ["origin"],
//!   "probe": { "probe": "row", "fails_when": "\"origin\" NOT IN ('EWR', 'JFK', 'it''s')" }
//! }
//! ```
//! ```yaml
//! accepted_values: { column: day_of_week, values: [1, 2, 3] }
//! ```
//! ```json
//! {
//!   "arguments": "day_of_week",
//!   "columns": ["day_of_week"],
//!   "probe": { "probe": "row", "fails_when": "\"day_of_week\" NOT IN (1, 2, 3)" }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! accepted_values: { column: origin, values: [] }           # 'values' is an empty list
//! ```
//! ```yaml
//! accepted_values: { column: origin, values: [EWR, 1] }     # 'values' mixes texts, numbers and booleans
//! ```
//! ```yaml
//! accepted_values: { column: origin, values: [EWR, EWR] }   # value 'EWR' is listed twice
//! ```

use arrow_schema::{DataType, Schema};
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::types::type_name;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Number;

use crate::codes;
use crate::options::{OneOrMany, is_text, take_column, type_of, wrong, wrong_but};
use crate::quoting::quote_text;

/// The check type.
pub(crate) enum AcceptedValues {}

/// The options of `accepted_values`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The column.
    column: String,
    /// What it may hold: texts, numbers or booleans.
    values: OneOrMany<Value>,
}

/// A value that may be listed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
}

impl Value {
    fn to_sql(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(value) => quote_text(value),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Text(value) => value.clone(),
            other => other.to_sql(),
        }
    }

    /// Whether values of a type can be compared with this one.
    fn suits(&self, data_type: &DataType) -> bool {
        match self {
            Self::Boolean(_) => *data_type == DataType::Boolean,
            Self::Number(_) => data_type.is_numeric(),
            Self::Text(_) => is_text(data_type) || data_type.is_temporal(),
        }
    }
}

impl Check for AcceptedValues {
    const NAME: &'static str = "accepted_values";
    const SHORTHAND: Option<&'static str> = None;
    const CODE: &'static str = codes::ACCEPTED_VALUES;
    type Options = Options;

    fn compile(options: Options, schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let column = take_column("column", &options.column)?;
        let values = options.values.into_vec();
        let Some(first) = values.first() else {
            return Err(wrong_but("values", "'values' is an empty list", "list what the column may hold"));
        };
        if values.iter().any(|v| std::mem::discriminant(v) != std::mem::discriminant(first)) {
            let help = "put the values into quotation marks when the column holds text";
            return Err(wrong_but("values", "'values' mixes texts, numbers and booleans", help));
        }
        if let Some((_, twice)) = values.iter().enumerate().find(|(i, v)| values[..*i].contains(v)) {
            return Err(wrong("values", format!("value '{}' is listed twice", twice.shown())));
        }
        if let Some(data_type) = type_of(schema, column).filter(|t| !first.suits(t)) {
            let message = format!(
                "column '{column}' is of type {}, and '{}' is no such value",
                type_name(data_type),
                first.shown()
            );
            let help = "put texts, and only texts, into quotation marks";
            return Err(wrong_but("values", message, help));
        }
        let listed = values.iter().map(Value::to_sql).collect::<Vec<_>>().join(", ");
        let fails_when = format!("{} NOT IN ({listed})", quote_identifier(column));
        Ok(Compiled {
            arguments: column.to_owned(),
            columns: vec![column.to_owned()],
            probe: Probe::Row { fails_when },
        })
    }
}
