//! `not_null`: the columns hold a value in every row. Short: `not_null: carrier`.
//!
//! A row fails once, however many of the columns are null in it. Told from null counts during the write.
//!
//! ```yaml
//! not_null: [flight_key, carrier]
//! ```
//! ```json
//! {
//!   "arguments": "flight_key, carrier",
//!   "columns": ["flight_key", "carrier"],
//!   "probe": { "probe": "not_null", "columns": ["flight_key", "carrier"] }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! not_null: []                       # 'columns' is an empty list
//! ```
//! ```yaml
//! not_null: [carrier, carrier]       # column 'carrier' is named twice
//! ```

use arrow_schema::Schema;
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::options::{OneOrMany, take_columns};

/// The check type.
pub(crate) enum NotNull {}

/// The options of `not_null`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The columns that may not be null.
    columns: OneOrMany<String>,
}

impl Check for NotNull {
    const NAME: &'static str = "not_null";
    const SHORTHAND: Option<&'static str> = Some("columns");
    const CODE: &'static str = codes::NOT_NULL;
    type Options = Options;

    fn compile(options: Options, _schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let columns = take_columns("columns", options.columns)?;
        Ok(Compiled { arguments: columns.join(", "), columns: columns.clone(), probe: Probe::NotNull { columns } })
    }
}
