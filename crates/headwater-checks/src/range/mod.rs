//! `range`: a number, date or timestamp lies between bounds, or is null.
//!
//! The bounds are allowed values, unless `exclusive: true`; one of them may be left out. Dates and timestamps are
//! written as texts: `2013-01-01`, `2013-01-01T10:00:00Z`; without an offset a timestamp is in UTC. Told during the
//! write.
//!
//! ```yaml
//! range: { column: dep_delay, min: -120, max: 2000 }
//! ```
//! ```json
//! {
//!   "arguments": "dep_delay, -120 to 2000",
//!   "columns": ["dep_delay"],
//!   "probe": { "probe": "row", "fails_when": "\"dep_delay\" < -120 OR \"dep_delay\" > 2000" }
//! }
//! ```
//! ```yaml
//! range: { column: share, min: 0, max: 1.5, exclusive: true }
//! ```
//! ```json
//! {
//!   "arguments": "share, 0 to 1.5, exclusive",
//!   "columns": ["share"],
//!   "probe": { "probe": "row", "fails_when": "\"share\" <= 0 OR \"share\" >= 1.5" }
//! }
//! ```
//! ```yaml
//! range: { column: flight_date, min: 2013-01-01 }
//! ```
//! ```json
//! {
//!   "arguments": "flight_date, at least 2013-01-01",
//!   "columns": ["flight_date"],
//!   "probe": { "probe": "row", "fails_when": "\"flight_date\" < DATE '2013-01-01'" }
//! }
//! ```
//! ```yaml
//! range: { column: time_hour, max: "2014-01-01T02:00:00+01:00" }
//! ```
//! ```json
//! {
//!   "arguments": "time_hour, at most 2014-01-01T02:00:00+01:00",
//!   "columns": ["time_hour"],
//!   "probe": { "probe": "row", "fails_when": "\"time_hour\" > TIMESTAMP(6) '2014-01-01 01:00:00'" }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! range: { column: dep_delay, min: 5, max: 1 }              # 'min' is 5, above 'max', which is 1
//! ```
//! ```yaml
//! range: { column: dep_delay }                              # neither 'min' nor 'max' is given
//! ```
//! ```yaml
//! range: { column: d, min: 2013-01-01, max: 7 }             # 'min' and 'max' are of different kinds
//! ```
//! ```yaml
//! range: { column: d, min: yesterday }                      # 'yesterday' is neither a date nor a timestamp
//! ```
//! ```yaml
//! range: { column: d, min: 3, max: 3, exclusive: true }     # no value lies between equal bounds that are exclusive
//! ```

mod bound;

use arrow_schema::{DataType, Schema};
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::types::type_name;
use schemars::JsonSchema;
use serde::Deserialize;

use self::bound::Bound;
use crate::codes;
use crate::options::{describe_bounds, refuse_crossed, take_column, type_of, wrong, wrong_but};

/// The check type.
pub(crate) enum Range {}

/// The options of `range`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The column, a number, date or timestamp.
    column: String,
    /// The smallest allowed value.
    min: Option<bound::Written>,
    /// The largest allowed value.
    max: Option<bound::Written>,
    /// Whether the bounds themselves are not allowed.
    #[serde(default)]
    exclusive: bool,
}

impl Check for Range {
    const NAME: &'static str = "range";
    const SHORTHAND: Option<&'static str> = None;
    const CODE: &'static str = codes::RANGE;
    type Options = Options;

    fn compile(options: Options, schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let column = take_column("column", &options.column)?;
        let data_type = type_of(schema, column);
        let min = options.min.map(|written| Bound::read("min", written)).transpose()?;
        let max = options.max.map(|written| Bound::read("max", written)).transpose()?;
        if let (Some(min), Some(max)) = (&min, &max) {
            if min.partial_cmp(max).is_none() {
                return Err(wrong("max", "'min' and 'max' are of different kinds"));
            }
            if options.exclusive && min == max {
                return Err(wrong("exclusive", "no value lies between equal bounds that are exclusive"));
            }
        }
        refuse_crossed(min.as_ref(), max.as_ref())?;
        for (key, bound) in [("min", &min), ("max", &max)] {
            if let (Some(data_type), Some(bound)) = (data_type, bound) {
                refuse_mismatch(key, column, data_type, bound)?;
            }
        }
        let name = quote_identifier(column);
        let (below, above) = if options.exclusive { ("<=", ">=") } else { ("<", ">") };
        let below = min.as_ref().map(|min| format!("{name} {below} {}", min.to_sql(data_type)));
        let above = max.as_ref().map(|max| format!("{name} {above} {}", max.to_sql(data_type)));
        let exclusive = if options.exclusive { ", exclusive" } else { "" };
        Ok(Compiled {
            arguments: format!("{column}, {}{exclusive}", describe_bounds(min.as_ref(), max.as_ref())),
            columns: vec![column.to_owned()],
            probe: Probe::Row { fails_when: below.into_iter().chain(above).collect::<Vec<_>>().join(" OR ") },
        })
    }
}

/// Refuses a bound that cannot be compared with the column's values.
fn refuse_mismatch(key: &'static str, column: &str, data_type: &DataType, bound: &Bound) -> Result<(), OptionsError> {
    let (suits, help) = match data_type {
        DataType::Date32 | DataType::Date64 => (bound.is_date(), "write a date such as 2013-01-01"),
        DataType::Timestamp(..) => {
            (!bound.is_number(), "write a date or timestamp such as 2013-01-01 or 2013-01-01T10:00:00Z")
        }
        data_type if data_type.is_numeric() => (bound.is_number(), "write a number, without quotation marks"),
        _ => (false, "use this check on a number, date or timestamp"),
    };
    if suits {
        return Ok(());
    }
    let message = format!("column '{column}' is of type {}, and cannot be compared with {bound}", type_name(data_type));
    Err(wrong_but(key, message, help))
}
