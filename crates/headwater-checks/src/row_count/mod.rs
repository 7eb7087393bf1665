//! `row_count`: the table has so many rows after the write, rows of earlier loads included.
//!
//! Both bounds are allowed values; one of them may be left out. Told during the write.
//!
//! ```yaml
//! row_count: { min: 1000 }
//! ```
//! ```json
//! {
//!   "arguments": "at least 1000",
//!   "columns": [],
//!   "probe": { "probe": "row_count", "min": 1000, "max": null }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! row_count: { min: 10, max: 5 }    # 'min' is 10, above 'max', which is 5
//! ```
//! ```yaml
//! row_count: { min: 0 }             # 'min: 0' alone is true of every table
//! ```

use arrow_schema::Schema;
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::options::{describe_bounds, refuse_crossed, wrong};

/// The check type.
pub(crate) enum RowCount {}

/// The options of `row_count`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// Fewest rows.
    min: Option<u64>,
    /// Most rows.
    max: Option<u64>,
}

impl Check for RowCount {
    const NAME: &'static str = "row_count";
    const SHORTHAND: Option<&'static str> = None;
    const CODE: &'static str = codes::ROW_COUNT;
    type Options = Options;

    fn compile(options: Options, _schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let Options { min, max } = options;
        refuse_crossed(min.as_ref(), max.as_ref())?;
        if min == Some(0) && max.is_none() {
            return Err(wrong("min", "'min: 0' alone is true of every table"));
        }
        Ok(Compiled {
            arguments: describe_bounds(min.as_ref(), max.as_ref()),
            columns: Vec::new(),
            probe: Probe::RowCount { min, max },
        })
    }
}
