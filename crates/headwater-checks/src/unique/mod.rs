//! `unique`: no two rows have the same values in all of the columns. Short: `unique: flight_key`.
//!
//! All the rows that share their values fail, not all but one. Rows with a null among the columns never fail. Reads
//! these columns of the staged table, rows of earlier loads included. With `severity: quarantine` only rows of the load
//! at hand can be set aside: rows that earlier loads published stay, unless the table is made anew.
//!
//! ```yaml
//! unique: [time_hour, carrier, flight]
//! ```
//! ```json
//! {
//!   "arguments": "time_hour, carrier, flight",
//!   "columns": ["time_hour", "carrier", "flight"],
//!   "probe": { "probe": "unique", "columns": ["time_hour", "carrier", "flight"] }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! unique: { columns: [] }            # 'columns' is an empty list
//! ```
//! ```yaml
//! unique: ""                         # 'columns' holds an empty name
//! ```

use arrow_schema::Schema;
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::options::{OneOrMany, take_columns};

/// The check type.
pub(crate) enum Unique {}

/// The options of `unique`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The columns of the key.
    columns: OneOrMany<String>,
}

impl Check for Unique {
    const NAME: &'static str = "unique";
    const SHORTHAND: Option<&'static str> = Some("columns");
    const CODE: &'static str = codes::UNIQUE;
    type Options = Options;

    fn compile(options: Options, _schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let columns = take_columns("columns", options.columns)?;
        Ok(Compiled { arguments: columns.join(", "), columns: columns.clone(), probe: Probe::Unique { columns } })
    }
}
