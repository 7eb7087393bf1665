//! `freshness`: the newest value of a date or timestamp column is not older than `max_age` when the run looks.
//!
//! `max_age` is a number with a unit, or several of them: `90s`, `30m`, `36h`, `2d`, `1w`, `1d12h`. A table without
//! rows, or with nulls only, fails. Judged during the write, and again by runs that find nothing to load.
//!
//! ```yaml
//! freshness: { column: time_hour, max_age: 36h }
//! ```
//! ```json
//! {
//!   "arguments": "time_hour, 36h",
//!   "columns": ["time_hour"],
//!   "probe": { "probe": "freshness", "column": "time_hour", "max_age_seconds": 129600 }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! freshness: { column: time_hour, max_age: 36 }       # '36' has no unit
//! ```
//! ```yaml
//! freshness: { column: time_hour, max_age: 2 moons }  # '2 moons' is not a duration
//! ```
//! ```yaml
//! freshness: { column: time_hour, max_age: 0h }       # 'max_age' is zero, which no data can meet
//! ```

use arrow_schema::{DataType, Schema};
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use headwater_sdk::types::type_name;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::options::{take_column, type_of, wrong, wrong_but};

/// The check type.
pub(crate) enum Freshness {}

/// The options of `freshness`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The column, a date or timestamp.
    column: String,
    /// The largest allowed age, e.g. `36h`.
    max_age: Duration,
}

/// A duration as written. A bare number is taken only to be refused with a good message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Duration {
    /// `36h`.
    Text(String),
    /// `36`.
    Bare(u64),
}

impl Check for Freshness {
    const NAME: &'static str = "freshness";
    const SHORTHAND: Option<&'static str> = None;
    const CODE: &'static str = codes::FRESHNESS;
    type Options = Options;

    fn compile(options: Options, schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let column = take_column("column", &options.column)?;
        let max_age = match options.max_age {
            Duration::Text(text) => text.trim().to_owned(),
            Duration::Bare(number) => number.to_string(),
        };
        let seconds = parse_duration(&max_age)?;
        if let Some(data_type) = type_of(schema, column)
            && !matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
        {
            let message = format!("column '{column}' is of type {}, and has no age", type_name(data_type));
            return Err(wrong_but("column", message, "name a column of type date or timestamp"));
        }
        Ok(Compiled {
            arguments: format!("{column}, {max_age}"),
            columns: vec![column.to_owned()],
            probe: Probe::Freshness { column: column.to_owned(), max_age_seconds: seconds },
        })
    }
}

/// Seconds of a duration such as `36h` or `1d12h`.
fn parse_duration(text: &str) -> Result<u64, OptionsError> {
    let bad = || wrong_but("max_age", format!("'{text}' is not a duration"), "write for instance 30m, 36h or 2d");
    let mut seconds = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = rest[digits..].trim_start();
        let unit: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
        let unit_seconds = match unit.as_str() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            "" if rest.is_empty() => {
                return Err(wrong_but("max_age", format!("'{text}' has no unit"), "write for instance 30m, 36h or 2d"));
            }
            _ => return Err(bad()),
        };
        seconds = number.checked_mul(unit_seconds).and_then(|s| s.checked_add(seconds)).ok_or_else(bad)?;
        rest = rest[unit.len()..].trim_start();
    }
    if text.is_empty() {
        return Err(bad());
    }
    if seconds == 0 {
        return Err(wrong("max_age", "'max_age' is zero, which no data can meet"));
    }
    Ok(seconds)
}
