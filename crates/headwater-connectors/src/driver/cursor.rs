//! How far a table was read: values of a cursor, compared by the database.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use headwater_sdk::connector::Lookback;
use headwater_sdk::{Blame, Error, Result};
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::database::Session;
use super::types::DriverType;
use crate::codes;
use crate::database::{Asked, NativeType, filter};

/// A value of a cursor, as its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CursorValue {
    /// In digits.
    Number(String),
    Date(String),
    /// Without a zone.
    Moment(String),
    /// In UTC.
    Instant(String),
    Text(String),
}

impl std::fmt::Display for CursorValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Number(text) | Self::Date(text) | Self::Moment(text) | Self::Instant(text) | Self::Text(text)) =
            self;
        f.write_str(text)
    }
}

impl CursorValue {
    /// Of a column's first value; `None` when that is null.
    ///
    /// # Errors
    /// When nothing is known to be past the value, with the reason as a clause.
    fn read(array: &ArrayRef, is_number: bool) -> Result<Option<Self>, String> {
        if array.is_null(0) {
            return Ok(None);
        }
        let text = |array: &ArrayRef| {
            let texts = arrow_cast::cast(array, &DataType::Utf8).map_err(|error| error.to_string())?;
            Ok::<_, String>(texts.as_string::<i32>().value(0).to_owned())
        };
        let unknown = |value: &str| format!("is {value} in some row, and nothing is known to be past it");
        let finite = |number: f64| if number.is_finite() { Ok(()) } else { Err(unknown(&number.to_string())) };
        Ok(Some(match array.data_type() {
            DataType::Float32 => {
                let number = array.as_primitive::<Float32Type>().value(0);
                finite(f64::from(number))?;
                Self::Number(number.to_string())
            }
            DataType::Float64 => {
                let number = array.as_primitive::<Float64Type>().value(0);
                finite(number)?;
                Self::Number(number.to_string())
            }
            number if number.is_numeric() => Self::Number(text(array)?),
            DataType::Date32 => {
                let days = array.as_primitive::<Date32Type>().value(0);
                let date = jiff::civil::date(1970, 1, 1).checked_add(i64::from(days).days()).ok();
                let date = date.filter(|date| date.year() > 0).ok_or_else(|| unknown("a date without end"))?;
                Self::Date(date.to_string())
            }
            DataType::Timestamp(unit, zone) => {
                let whole = arrow_cast::cast(array, &DataType::Int64).map_err(|error| error.to_string())?;
                let value = i128::from(whole.as_primitive::<arrow_array::types::Int64Type>().value(0));
                let nanos = value * nanos_of(*unit);
                let instant = Timestamp::from_nanosecond(nanos).map_err(|_| unknown("a time without end"))?;
                let moment = jiff::tz::TimeZone::UTC.to_datetime(instant);
                if zone.is_some() { Self::Instant(instant_text(moment)) } else { Self::Moment(moment_text(moment)) }
            }
            _ if matches!(
                array.data_type(),
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..)
            ) =>
            {
                let text = text(array)?;
                match is_number {
                    true if text.parse::<f64>().is_ok_and(f64::is_finite) => Self::Number(text),
                    true => return Err(unknown(&text)),
                    false => Self::Text(text),
                }
            }
            other => return Err(format!("is {other}, which has no order that all databases agree on")),
        }))
    }

    /// As it stands in SQL, where `literal` writes texts. A text takes the type of what it is compared with.
    fn sql(&self, literal: &impl Fn(&str) -> String) -> String {
        match self {
            Self::Number(digits) => digits.clone(),
            Self::Date(text) | Self::Moment(text) | Self::Instant(text) | Self::Text(text) => literal(text),
        }
    }

    /// The value so far before this one; `None` when nothing of that kind can be taken from it.
    fn back(&self, lookback: Lookback) -> Option<Self> {
        match (self, lookback) {
            (Self::Number(digits), Lookback::Steps(steps)) => Some(Self::Number(fewer(digits, steps)?)),
            (Self::Date(date), Lookback::Seconds(seconds)) => {
                let days = i64::try_from(seconds.div_ceil(86_400)).ok()?.min(4_000_000);
                let date: Date = date.parse().ok()?;
                Some(Self::Date(date.checked_sub(days.days()).unwrap_or(Date::ZERO).to_string()))
            }
            (Self::Moment(text), Lookback::Seconds(seconds)) => {
                Some(Self::Moment(moment_text(earlier(text, seconds)?)))
            }
            (Self::Instant(text), Lookback::Seconds(seconds)) => {
                Some(Self::Instant(instant_text(earlier(text.trim_end_matches("+00:00"), seconds)?)))
            }
            _ => None,
        }
    }
}

fn nanos_of(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}

fn moment_text(moment: DateTime) -> String {
    format!("{} {}", moment.date(), moment.time())
}

fn instant_text(moment: DateTime) -> String {
    format!("{}+00:00", moment_text(moment))
}

fn earlier(text: &str, seconds: u64) -> Option<DateTime> {
    let moment: DateTime = text.parse().ok()?;
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX).min(300_000_000_000);
    // Before the first year all is later.
    let first = Date::constant(1, 1, 1).to_datetime(jiff::civil::Time::midnight());
    Some(moment.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(first).max(first))
}

/// A number in digits, less a whole one. Digits of a fraction stay as they are.
fn fewer(digits: &str, steps: u64) -> Option<String> {
    let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let whole: Option<i128> = digits.replacen('.', "", 1).parse().ok();
    let step = 10_i128.checked_pow(u32::try_from(fraction).ok()?).and_then(|one| one.checked_mul(i128::from(steps)));
    let (Some(whole), Some(step)) = (whole, step) else {
        return Some((digits.parse::<f64>().ok()? - steps as f64).to_string());
    };
    let less = whole.checked_sub(step)?;
    if fraction == 0 {
        return Some(less.to_string());
    }
    let text = format!("{:0>width$}", less.unsigned_abs(), width = fraction + 1);
    let (before, behind) = text.split_at(text.len() - fraction);
    Some(format!("{}{before}.{behind}", if less < 0 { "-" } else { "" }))
}

/// The rows that an incremental load reads.
pub(super) struct Span {
    pub(super) conditions: Vec<String>,
    /// The greatest value of the cursor among them.
    pub(super) to: CursorValue,
}

/// Where a load ends that begins past a value, or so far before it as the project says; `None` when no row has come since.
///
/// # Errors
/// For a cursor by which rows would be missed.
pub(super) fn span(
    session: &Session,
    asked: &Asked,
    (cursor, native): (&str, &DriverType),
    read_to: Option<&CursorValue>,
    lookback: Option<Lookback>,
) -> Result<Option<Span>> {
    let (quote, name) = (session.database().quote(), asked.shown());
    let literal = |text: &str| session.literal(text);
    let (relation, column) = (asked.relation(), super::stream::quoted(quote, cursor));
    let wrong = |blame: Blame, what: &str| {
        Error::new(codes::DRIVER_CURSOR, blame, format!("{name}: the cursor '{cursor}' {what}"))
    };
    let past = match (read_to, lookback) {
        (None, _) => None,
        (Some(value), None) => Some(format!("{column} > {}", value.sql(&literal))),
        (Some(value), Some(lookback)) => {
            let back = value.back(lookback).ok_or_else(|| {
                wrong(Blame::Project, &format!("is {value}, of which no such lookback can be taken"))
                    .help("write a duration for a time (`lookback: 2h`), or a number for a number (`lookback: 1000`)")
            })?;
            Some(format!("{column} >= {}", back.sql(&literal)))
        }
    };
    let failed = |error| session.database().failed(&error, &format!("the cursor '{cursor}' of {name} cannot be read"));
    let is_null = format!("{column} is null");
    let null: Vec<&str> = asked.condition.as_deref().into_iter().chain([is_null.as_str()]).collect();
    let nulls = session.text(&format!("select count(*) from {relation}{}", filter(&null))).map_err(failed)?;
    let no_answer = || {
        let message = format!("{name}: the driver has no answer to how far the cursor '{cursor}' is");
        Error::new(codes::DRIVER_FAILED, Blame::Environment, message).help("run again").transient()
    };
    if nulls.ok_or_else(no_answer)? != "0" {
        return Err(wrong(Blame::Data, "is null in some rows, which would never be read")
            .help("choose a column that is never null, or read a query that fills it: coalesce(…)"));
    }
    let new: Vec<&str> = past.iter().chain(&asked.condition).map(String::as_str).collect();
    let greatest = match native.natural().as_text {
        true => session.dialect.as_text(quote, &format!("max({column})"), false),
        false => format!("max({column})"),
    };
    let rows = session.query(&format!("select {greatest} from {relation}{}", filter(&new))).map_err(failed)?;
    let is_number = matches!(native.natural().data_type, DataType::Decimal128(..));
    let (mut to, mut answered) = (None, false);
    for batch in rows {
        let batch = batch.map_err(|error| failed(error.into()))?;
        if batch.num_rows() > 0 {
            answered = true;
            let help = "choose a number or a time that only grows, or leave such rows out with `where`";
            to = CursorValue::read(batch.column(0), is_number).map_err(|what| wrong(Blame::Data, &what).help(help))?;
        }
    }
    if !answered {
        return Err(no_answer());
    }
    Ok(to.map(|to| {
        let conditions = past.into_iter().chain([format!("{column} <= {}", to.sql(&literal))]).collect();
        Span { conditions, to }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::dialect::Dialect;

    #[test]
    fn values_go_back_in_their_form() {
        let steps = |digits: &str, steps| fewer(digits, steps).unwrap();
        assert_eq!(steps("10", 3), "7");
        assert_eq!(steps("10.25", 11), "-0.75");
        assert_eq!(steps("-0.05", 1), "-1.05");
        assert_eq!(steps("12345678901234567890123456789012345678", 8), "12345678901234567890123456789012345670");
        let hour = Lookback::Seconds(3600);
        let moment = CursorValue::Moment("2024-03-01 00:30:00.25".into());
        assert_eq!(moment.back(hour), Some(CursorValue::Moment("2024-02-29 23:30:00.25".into())));
        let instant = CursorValue::Instant("2024-03-01 00:30:00+00:00".into());
        assert_eq!(instant.back(hour), Some(CursorValue::Instant("2024-02-29 23:30:00+00:00".into())));
        assert_eq!(CursorValue::Date("2024-03-01".into()).back(hour), Some(CursorValue::Date("2024-02-29".into())));
        assert_eq!(CursorValue::Text("x".into()).back(hour), None);
        assert_eq!(instant.back(Lookback::Steps(1)), None);
    }

    #[test]
    fn values_stand_in_sql_as_what_they_are() {
        let sql = |value: CursorValue, dialect: Dialect, quote| value.sql(&|text: &str| dialect.text(quote, text));
        assert_eq!(sql(CursorValue::Number("1.5".into()), Dialect::Other, '"'), "1.5");
        let text = || CursorValue::Text("it's \\".into());
        assert_eq!(sql(text(), Dialect::Other, '"'), "'it''s \\'");
        assert_eq!(sql(text(), Dialect::Other, '`'), "'it\\'s \\\\'");
        assert_eq!(sql(text(), Dialect::Snowflake, '"'), "'it''s \\\\'");
    }
}
