//! `relationships`: the values of a column are found in a column of another table; nulls are passed over.
//!
//! For a key of several columns list both sides, in the same order. Reads these columns of the two tables.
//!
//! ```yaml
//! relationships: { column: carrier_key, to: marts.dim_carrier.carrier_key }
//! ```
//! ```json
//! {
//!   "arguments": "carrier_key, marts.dim_carrier.carrier_key",
//!   "columns": ["carrier_key"],
//!   "probe": {
//!     "probe": "references",
//!     "columns": ["carrier_key"], "to": "marts.dim_carrier", "to_columns": ["carrier_key"]
//!   }
//! }
//! ```
//! ```yaml
//! relationships: { columns: [origin, hour], to: [raw.weather.origin, raw.weather.time_hour] }
//! ```
//! ```json
//! {
//!   "arguments": "origin, hour, raw.weather.origin, raw.weather.time_hour",
//!   "columns": ["origin", "hour"],
//!   "probe": {
//!     "probe": "references",
//!     "columns": ["origin", "hour"], "to": "raw.weather", "to_columns": ["origin", "time_hour"]
//!   }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! relationships: { column: a, to: marts.dim }               # 'marts.dim' is not of the form schema.table.column
//! ```
//! ```yaml
//! relationships: { to: marts.dim.a }                        # 'column' is missing
//! ```
//! ```yaml
//! relationships: { column: a, columns: a, to: m.dim.a }     # 'column' and 'columns' are both given
//! ```
//! ```yaml
//! relationships: { columns: [a, b], to: marts.dim.a }       # 2 columns here refer to 1 there
//! ```
//! ```yaml
//! relationships: { columns: [a, b], to: [m.dim.a, m.e.b] }  # 'to' names two tables, m.dim and m.e
//! ```

use arrow_schema::Schema;
use headwater_sdk::TableName;
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::options::{OneOrMany, take_columns, wrong, wrong_but};

/// The check type.
pub(crate) enum Relationships {}

/// The options of `relationships`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The column here.
    column: Option<String>,
    /// The columns here, for a key of several.
    columns: Option<OneOrMany<String>>,
    /// The column there, or the columns in the same order, each as `schema.table.column`.
    to: OneOrMany<String>,
}

impl Check for Relationships {
    const NAME: &'static str = "relationships";
    const SHORTHAND: Option<&'static str> = None;
    const CODE: &'static str = codes::RELATIONSHIPS;
    type Options = Options;

    fn compile(options: Options, _schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let columns = match (options.column, options.columns) {
            (Some(column), None) => take_columns("column", OneOrMany::One(column))?,
            (None, Some(columns)) => take_columns("columns", columns)?,
            (None, None) => return Err(wrong_but("column", "'column' is missing", "name the column that refers")),
            (Some(_), Some(_)) => {
                return Err(wrong_but("columns", "'column' and 'columns' are both given", "leave one of them out"));
            }
        };
        let to = options.to.into_vec();
        if to.len() != columns.len() {
            return Err(wrong("to", format!("{} columns here refer to {} there", columns.len(), to.len())));
        }
        let mut table: Option<TableName> = None;
        let mut to_columns = Vec::with_capacity(to.len());
        for target in &to {
            let (this_table, column) = split_target(target)?;
            match &table {
                Some(first) if *first != this_table => {
                    let message = format!("'to' names two tables, {first} and {this_table}");
                    return Err(wrong_but("to", message, "write one check for each table"));
                }
                _ => table = Some(this_table),
            }
            if to_columns.contains(&column) {
                return Err(wrong("to", format!("column '{target}' is named twice")));
            }
            to_columns.push(column);
        }
        let Some(table) = table else {
            return Err(wrong("to", "'to' is an empty list"));
        };
        let arguments = columns.iter().chain(&to).map(String::as_str).collect::<Vec<_>>().join(", ");
        Ok(Compiled {
            arguments,
            columns: columns.clone(),
            probe: Probe::References { columns, to: table, to_columns },
        })
    }
}

/// The table and the column of `schema.table.column`.
fn split_target(target: &str) -> Result<(TableName, String), OptionsError> {
    let mut parts = target.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(schema), Some(table), Some(column)) if !column.is_empty() => {
            let table = TableName::new(schema, table).map_err(|e| wrong("to", e.to_string()))?;
            Ok((table, column.to_owned()))
        }
        _ => Err(wrong_but(
            "to",
            format!("'{target}' is not of the form schema.table.column"),
            "name the column too, e.g. marts.dim_carrier.carrier_key",
        )),
    }
}
