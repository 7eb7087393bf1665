//! What tells which records are new.

use arrow_schema::{DataType, Schema};
use headwater_diagnostics::nearest;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::Lookback;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result};
use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::codes;
use crate::rest::options::{CursorOptions, StartOption};
use crate::text::number::parse_int;
use crate::text::time::{parse_date, parse_moment};

/// Microseconds in a second, and in a day.
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// What tells which records are new.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// The column.
    pub(crate) field: String,
    format: Option<TimeFormat>,
    /// The value of the first load.
    pub(crate) start: Option<String>,
}

/// How a time is written in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TimeFormat {
    Iso,
    /// Wall-clock time without a zone.
    Local,
    Date,
    Epoch,
    EpochMillis,
    Directives(String),
}

/// What values of a cursor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Date,
    Time,
    Text,
}

/// A value of a cursor, to be compared with others of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    Number(i64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time(i64),
    /// A text of digits alone is a number, which comes before other texts.
    Digits(Digits),
    Text(String),
}

/// A text of digits, by its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digits(String);

impl Digits {
    /// Longer ones are greater, but for zeros before the first digit.
    fn rank(&self) -> (usize, &str, usize) {
        let value = self.0.trim_start_matches('0');
        (value.len(), value, self.0.len())
    }
}

impl Ord for Digits {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Digits {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Cursor {
    /// # Errors
    /// [`OptionsError`] when a format is none.
    pub(crate) fn new(options: &CursorOptions) -> Result<Self, OptionsError> {
        let format = match options.format.as_deref() {
            None => None,
            Some("iso") => Some(TimeFormat::Iso),
            Some("date") => Some(TimeFormat::Date),
            Some("epoch") => Some(TimeFormat::Epoch),
            Some("epoch_ms") => Some(TimeFormat::EpochMillis),
            Some(directives) => {
                let format = TimeFormat::Directives(directives.to_owned());
                let written = format.write(0).filter(|_| directives.contains('%'));
                written.ok_or_else(|| OptionsError {
                    key: Some("cursor"),
                    message: format!("`format` {directives:?} does not say how a time is written"),
                    help: Some(
                        "write iso, date, epoch, epoch_ms, or strftime directives, e.g. %Y-%m-%d %H:%M:%S".to_owned(),
                    ),
                })?;
                Some(format)
            }
        };
        let start = options.start.as_ref().map(|start| match start {
            StartOption::Number(number) => number.to_string(),
            StartOption::Text(text) => text.clone(),
        });
        Ok(Self { field: options.field.clone(), format, start })
    }

    /// What the values of the column are.
    ///
    /// # Errors
    /// When there is no such column, or none that values could be compared of.
    pub(crate) fn kind(&self, schema: &Schema, shown: &str) -> Result<Kind> {
        let field = &self.field;
        let wrong = |message: String, help: String| {
            Error::new(codes::REST_CURSOR, Blame::Project, format!("{shown}: {message}")).help(help)
        };
        let Ok(column) = schema.field_with_name(field) else {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let near = nearest(field, names.iter().copied()).map(|near| format!("did you mean '{near}'? "));
            let help = format!("{}the columns are: {}", near.unwrap_or_default(), names.join(", "));
            return Err(wrong(format!("the records have no '{field}', which is to be the cursor"), help));
        };
        Ok(match column.data_type() {
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Kind::Number,
            DataType::Date32 => Kind::Date,
            DataType::Timestamp(..) => Kind::Time,
            DataType::Utf8 => Kind::Text,
            other => {
                let message =
                    format!("the cursor '{field}' is {}, of which no value is past another", type_name(other));
                return Err(wrong(message, "choose a whole number, a date, a time, or a text that sorts".to_owned()));
            }
        })
    }

    /// What is asked for records from `read_to` on, as a JSON token. `kind` is what the table says of the column.
    ///
    /// # Errors
    /// When the value cannot be written as the project asks.
    pub(crate) fn asked_from(
        &self,
        read_to: Option<&str>,
        kind: Option<Kind>,
        lookback: Option<Lookback>,
    ) -> Result<Option<Vec<u8>>> {
        let Some(from) = read_to.or(self.start.as_deref()) else { return Ok(None) };
        let kind = kind.unwrap_or_else(|| guessed(from));
        let lookback = lookback.filter(|_| read_to.is_some());
        let field = &self.field;
        let wrong = |what: String, help: &str| {
            Err(Error::new(codes::REST_CURSOR, Blame::Project, format!("the cursor '{field}': {what}")).help(help))
        };
        let number = |number: i64| Ok(Some(number.to_string().into_bytes()));
        let text = |text: &str| Ok(Some(serde_json::Value::from(text).to_string().into_bytes()));
        let (micros, zoned) = match (kind.mark(from), kind) {
            (Some(Mark::Number(value)), _) => {
                return match (lookback, &self.format) {
                    (_, Some(_)) => {
                        wrong("`format` is how times are written, and it is a number".into(), "leave `format` out")
                    }
                    (Some(Lookback::Seconds(_)), _) => wrong(
                        "nothing of that kind can be taken from a number".into(),
                        "write a number: `lookback: 1000`",
                    ),
                    (Some(Lookback::Steps(steps)), _) => {
                        number(value.saturating_sub(i64::try_from(steps).unwrap_or(i64::MAX)))
                    }
                    (None, None) => number(value),
                };
            }
            (Some(Mark::Time(micros)), _) => (micros, parse_moment(from.as_bytes()).is_some_and(|moment| moment.zoned)),
            (Some(Mark::Text(_) | Mark::Digits(_)) | None, _) => {
                return match (lookback, &self.format) {
                    (None, None) => text(from),
                    _ => wrong(
                        format!("'{from}' is a text, of which there is no `lookback` and no `format`"),
                        "declare the column as a timestamp, if it is one, or leave them out",
                    ),
                };
            }
        };
        let back = match lookback {
            None => 0,
            Some(Lookback::Seconds(seconds)) => i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND),
            Some(Lookback::Steps(_)) => {
                return wrong(
                    "nothing of that kind can be taken from a time".into(),
                    "write a duration: `lookback: 2h`",
                );
            }
        };
        let format = match (&self.format, kind) {
            (Some(format), _) => format,
            (None, _) if back == 0 => return text(from),
            (None, Kind::Date) => &TimeFormat::Date,
            (None, _) if zoned => &TimeFormat::Iso,
            (None, _) => &TimeFormat::Local,
        };
        match format.write(micros.saturating_sub(back)) {
            Some(written) if matches!(format, TimeFormat::Epoch | TimeFormat::EpochMillis) => {
                Ok(Some(written.into_bytes()))
            }
            Some(written) => text(&written),
            None => wrong(format!("'{from}' cannot be written as a time"), "correct `format`, `start` or `lookback`"),
        }
    }
}

impl TimeFormat {
    /// A time, not later than it is.
    fn write(&self, micros: i64) -> Option<String> {
        let at = Timestamp::from_microsecond(micros).ok()?;
        let directives = match self {
            Self::Epoch => return Some(micros.div_euclid(SECOND).to_string()),
            Self::EpochMillis => return Some(micros.div_euclid(1000).to_string()),
            Self::Iso => return Some(at.to_string()),
            Self::Local => "%Y-%m-%dT%H:%M:%S%.f",
            Self::Date => "%Y-%m-%d",
            Self::Directives(directives) => directives,
        };
        strtime::format(directives, &at.to_zoned_datetime(TimeZone::UTC)).ok()
    }
}

impl Kind {
    /// The value in a text; `None` where it is not one.
    pub(crate) fn mark(self, text: &str) -> Option<Mark> {
        Some(match self {
            Self::Number => Mark::Number(parse_int(text.as_bytes())?),
            Self::Date => Mark::Time(i64::from(parse_date(text.as_bytes())?) * DAY),
            Self::Time => Mark::Time(parse_moment(text.as_bytes())?.micros),
            Self::Text if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Mark::Digits(Digits(text.to_owned()))
            }
            Self::Text => Mark::Text(text.to_owned()),
        })
    }
}

/// What a value looks like, where no column says it.
fn guessed(text: &str) -> Kind {
    let kinds = [Kind::Number, Kind::Date, Kind::Time];
    kinds.into_iter().find(|kind| kind.mark(text).is_some()).unwrap_or(Kind::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(format: Option<&str>) -> Cursor {
        let options = CursorOptions {
            field: "at".into(),
            param: None,
            format: format.map(str::to_owned),
            start: Some(StartOption::Text("2024-01-31".into())),
        };
        Cursor::new(&options).unwrap()
    }

    #[test]
    fn values_are_asked_for_as_the_api_wants_them() {
        let hour = Some(Lookback::Seconds(3600));
        for (format, from, lookback, asked) in [
            (None, "2024-01-31T10:00:00.5+02:00", None, "\"2024-01-31T10:00:00.5+02:00\""),
            (None, "2024-01-31T10:00:00.5+02:00", hour, "\"2024-01-31T07:00:00.5Z\""),
            (None, "2024-01-31 10:00:00", hour, "\"2024-01-31T09:00:00\""),
            (None, "2024-01-31", hour, "\"2024-01-30\""),
            (None, "17", None, "17"),
            (None, "17", Some(Lookback::Steps(10)), "7"),
            (None, "01HX", None, "\"01HX\""),
            (Some("iso"), "2024-01-31", None, "\"2024-01-31T00:00:00Z\""),
            (Some("date"), "2024-01-31T23:59:59Z", None, "\"2024-01-31\""),
            (Some("epoch"), "1970-01-01T00:00:01.9Z", None, "1"),
            (Some("epoch_ms"), "1970-01-01T00:00:01.9Z", None, "1900"),
            (Some("%d.%m.%Y"), "2024-01-31", None, "\"31.01.2024\""),
        ] {
            let written = cursor(format).asked_from(Some(from), None, lookback).unwrap().unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), asked, "{format:?} {from}");
        }
        let first = cursor(None).asked_from(None, None, hour).unwrap().unwrap();
        assert_eq!(first, b"\"2024-01-31\"", "there is nothing before the start");
        assert!(cursor(Some("iso")).asked_from(Some("17"), None, None).is_err());
        assert!(cursor(None).asked_from(Some("17"), None, hour).is_err());
        assert!(cursor(None).asked_from(Some("2024-01-31"), None, Some(Lookback::Steps(1))).is_err());
    }

    #[test]
    fn values_are_compared_by_what_they_are() {
        assert!(Kind::Number.mark("10") > Kind::Number.mark("9"));
        assert!(Kind::Text.mark("10") > Kind::Text.mark("9"), "as numbers");
        assert!(Kind::Text.mark("0010") > Kind::Text.mark("10") && Kind::Text.mark("0010") < Kind::Text.mark("11"));
        assert!(Kind::Text.mark("01HX") > Kind::Text.mark("10") && Kind::Text.mark("b") > Kind::Text.mark("a1"));
        assert_eq!(Kind::Time.mark("2024-01-31T10:00:00Z"), Kind::Time.mark("2024-01-31T12:00:00+02:00"));
        assert!(Kind::Time.mark("soon").is_none());
        assert_eq!(guessed("2024-01-31"), Kind::Date);
        assert_eq!(guessed("2024-01-31T10:00:00Z"), Kind::Time);
    }
}
