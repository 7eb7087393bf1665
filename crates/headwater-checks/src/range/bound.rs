//! One bound of a range.

use std::cmp::Ordering;
use std::fmt;

use arrow_schema::DataType;
use headwater_sdk::check::OptionsError;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Number;

use crate::options::wrong_but;

/// A bound as it stands in YAML.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Written {
    /// A number.
    Number(Number),
    /// A date or a timestamp.
    Text(String),
}

/// A bound, understood. Shown as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    value: Value,
    written: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Integer(i128),
    Float(f64),
    Date(Date),
    /// In UTC.
    Timestamp(DateTime),
}

impl Bound {
    /// Reads the bound under an option's key.
    ///
    /// # Errors
    /// When a text is neither a date nor a timestamp.
    pub(crate) fn read(key: &'static str, written: Written) -> Result<Self, OptionsError> {
        match written {
            Written::Number(number) => {
                let written = number.to_string();
                let value = match (number.as_i128(), number.as_f64()) {
                    (Some(integer), _) => Value::Integer(integer),
                    (None, Some(float)) => Value::Float(float),
                    (None, None) => return Err(not_a_bound(key, &written)),
                };
                Ok(Self { value, written })
            }
            Written::Text(text) => {
                let value = read_time(text.trim()).ok_or_else(|| not_a_bound(key, &text))?;
                Ok(Self { value, written: text.trim().to_owned() })
            }
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self.value, Value::Integer(_) | Value::Float(_))
    }

    pub(crate) fn is_date(&self) -> bool {
        matches!(self.value, Value::Date(_))
    }

    /// The bound as a SQL literal that compares with a column's values without converting these.
    ///
    /// A timestamp is written with microseconds, which is what the lake's columns have: a literal of the default
    /// precision, nanoseconds, would turn the column's values into nanoseconds too, and fail on those after 2262.
    pub(crate) fn to_sql(&self, column: Option<&DataType>) -> String {
        match self.value {
            Value::Integer(_) | Value::Float(_) => self.written.clone(),
            Value::Date(date) if !matches!(column, Some(DataType::Timestamp(..))) => format!("DATE '{date}'"),
            Value::Date(date) => format!("TIMESTAMP(6) '{date} 00:00:00'"),
            Value::Timestamp(time) => format!("TIMESTAMP(6) '{} {}'", time.date(), time.time()),
        }
    }
}

fn not_a_bound(key: &'static str, written: &str) -> OptionsError {
    let message = format!("'{written}' is neither a date nor a timestamp");
    wrong_but(key, message, "write a number without quotation marks, or e.g. 2013-01-01 or 2013-01-01T10:00:00Z")
}

fn read_time(text: &str) -> Option<Value> {
    // Jiff reads a date out of a longer text too, and a wall-clock time out of one with an offset.
    let value = match text.get("2013-01-01".len()..) {
        None | Some("") => Value::Date(text.parse().ok()?),
        Some(time) if time.contains(['Z', 'z', '+', '-']) => {
            Value::Timestamp(TimeZone::UTC.to_datetime(text.parse().ok()?))
        }
        Some(_) => Value::Timestamp(text.parse().ok()?),
    };
    let year = match value {
        Value::Date(date) => date.year(),
        Value::Timestamp(time) => time.year(),
        Value::Integer(_) | Value::Float(_) => return None,
    };
    (1..=9999).contains(&year).then_some(value)
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Bound {
    /// `None` for a number and a time, and for floats that are not numbers.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.value, other.value) {
            (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(&b)),
            (Value::Integer(a), Value::Float(b)) => (a as f64).partial_cmp(&b),
            (Value::Float(a), Value::Integer(b)) => a.partial_cmp(&(b as f64)),
            (Value::Float(a), Value::Float(b)) => a.partial_cmp(&b),
            (Value::Date(a), Value::Date(b)) => Some(a.cmp(&b)),
            (Value::Date(a), Value::Timestamp(b)) => Some(a.to_datetime(jiff::civil::Time::midnight()).cmp(&b)),
            (Value::Timestamp(a), Value::Date(b)) => Some(a.cmp(&b.to_datetime(jiff::civil::Time::midnight()))),
            (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(&b)),
            _ => None,
        }
    }
}
