//! How far a table was read: values of a cursor, compared by SQLite.

use headwater_sdk::connector::Lookback;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};
use jiff::ToSpan;
use jiff::civil::{Date, Time};
use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

use super::decode::shown;
use super::told::told;
use crate::codes;
use crate::database::{Asked, filter};

/// The parameters of conditions.
pub(super) const PAST: &str = ":headwater_past";
pub(super) const UPTO: &str = ":headwater_upto";

/// A value of a cursor. Numbers with a fraction are kept as text, which says them exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CursorValue {
    Integer(i64),
    Real(String),
    Text(String),
}

impl ToSql for CursorValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Integer(number) => ToSqlOutput::from(*number),
            Self::Real(number) => {
                let number = number.parse::<f64>();
                ToSqlOutput::from(number.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?)
            }
            Self::Text(text) => ToSqlOutput::from(text.as_str()),
        })
    }
}

impl CursorValue {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Integer(number) => Some(Self::Integer(number)),
            ValueRef::Real(number) if number.is_finite() => Some(Self::Real(number.to_string())),
            ValueRef::Text(text) => Some(Self::Text(std::str::from_utf8(text).ok()?.to_owned())),
            _ => None,
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a number",
            Self::Text(_) => "a text",
        }
    }

    /// The value so far before this one; `None` when nothing of that kind can be taken from it.
    fn back(&self, lookback: Lookback) -> Option<Self> {
        match (self, lookback) {
            (Self::Integer(number), Lookback::Steps(steps)) => {
                Some(Self::Integer(number.saturating_sub(i64::try_from(steps).unwrap_or(i64::MAX))))
            }
            (Self::Real(number), Lookback::Steps(steps)) => {
                Some(Self::Real((number.parse::<f64>().ok()? - steps as f64).to_string()))
            }
            (Self::Text(text), Lookback::Seconds(seconds)) => Some(Self::Text(earlier(text, seconds)?)),
            _ => None,
        }
    }
}

impl std::fmt::Display for CursorValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Real(text) | Self::Text(text) => f.write_str(text),
        }
    }
}

/// A time so many seconds before, in the form of the text, so that the two compare as texts; `None` for what is no time.
fn earlier(text: &str, seconds: u64) -> Option<String> {
    let date: Date = text.get(..10)?.parse().ok()?;
    let Some(behind) = text.get(10..).filter(|behind| !behind.is_empty()) else {
        let days = i64::try_from(seconds.div_ceil(86_400)).unwrap_or(i64::MAX);
        // Before the first year that has four digits every text is later than none.
        let before = date.checked_sub(days.min(4_000_000).days()).ok().filter(|date| date.year() >= 0);
        return Some(before.map_or_else(String::new, |date| date.to_string()));
    };
    let (mark, behind) = behind.split_at_checked(1).filter(|(mark, _)| matches!(*mark, " " | "T"))?;
    let end = behind.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(behind.len());
    let (time, rest) = behind.split_at(end);
    let form = match time.len() {
        5 => "%H:%M",
        8 => "%H:%M:%S",
        _ => return None,
    };
    let time = Time::strptime(form, time).ok()?;
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX).min(300_000_000_000);
    let before = date.to_datetime(time).checked_sub(seconds.seconds()).ok().filter(|before| before.year() >= 0);
    let Some(before) = before else { return Some(String::new()) };
    Some(format!("{}{mark}{}{rest}", before.date(), before.time().strftime(form)))
}

/// The rows that an incremental load reads.
pub(super) struct Span {
    pub(super) conditions: Vec<String>,
    pub(super) parameters: Vec<(&'static str, CursorValue)>,
    /// The greatest value of the cursor among them.
    pub(super) to: CursorValue,
}

/// Where a load ends that begins past a value, or so far before it as the project says; `None` when no row has come since.
///
/// # Errors
/// For a cursor by which rows would be missed.
pub(super) fn span(
    connection: &Connection,
    asked: &Asked,
    cursor: &str,
    read_to: Option<&CursorValue>,
    lookback: Option<Lookback>,
) -> Result<Option<Span>> {
    let (relation, column, name) = (asked.relation(), quote_identifier(cursor), asked.shown());
    let wrong = |blame: Blame, what: &str| {
        Error::new(codes::SQLITE_CURSOR, blame, format!("{name}: the cursor '{cursor}' {what}"))
    };
    let past = match (read_to, lookback) {
        (None, _) => None,
        (Some(value), None) => Some((format!("{column} > {PAST}"), value.clone())),
        (Some(value), Some(lookback)) => {
            let back = value.back(lookback).ok_or_else(|| {
                let what = format!("is {} ({value}), of which no such lookback can be taken", value.shown());
                let write = if value.is_text() {
                    "a duration where it is a time: `lookback: 2h`"
                } else {
                    "a number: `lookback: 1000`"
                };
                wrong(Blame::Project, &what).help(format!("write {write}"))
            })?;
            Some((format!("{column} >= {PAST}"), back))
        }
    };
    let (conditions, parameters): (Vec<String>, Vec<_>) =
        past.into_iter().map(|(condition, value)| (condition, (PAST, value))).unzip();
    let new: Vec<&str> = conditions.iter().chain(&asked.condition).map(String::as_str).collect();
    let is_null = format!("{column} is null");
    let null: Vec<&str> = asked.condition.as_deref().into_iter().chain([is_null.as_str()]).collect();
    // One of each, so that an index answers.
    let sql = format!(
        "select (select min({column}) from {relation}{new}), (select max({column}) from {relation}{new}),
            exists (select 1 from {relation}{})",
        filter(&null),
        new = filter(&new)
    );
    let failed = |error: rusqlite::Error| told(&error, &format!("the cursor '{cursor}' of {name} cannot be read"));
    let mut statement = connection.prepare(&sql).map_err(failed)?;
    for (parameter, value) in &parameters {
        if let Some(at) = statement.parameter_index(parameter).map_err(failed)? {
            statement.raw_bind_parameter(at, value).map_err(failed)?;
        }
    }
    let mut rows = statement.raw_query();
    let Some(row) = rows.next().map_err(failed)? else { return Ok(None) };
    if row.get::<_, bool>(2).map_err(failed)? {
        return Err(wrong(Blame::Data, "is null in some rows, which would never be read")
            .help("choose a column that is never null, or read a query that fills it: coalesce(…)"));
    }
    let (least, greatest) = (row.get_ref(0).map_err(failed)?, row.get_ref(1).map_err(failed)?);
    if matches!(greatest, ValueRef::Null) {
        return Ok(None);
    }
    let help = "choose a number or a time that only grows, or leave such rows out with `where`";
    let value = |value: ValueRef<'_>| {
        CursorValue::read(value).ok_or_else(|| {
            wrong(Blame::Data, &format!("is {} in some row, and nothing is known to be past it", shown(value)))
                .help(help)
        })
    };
    let (least, to) = (value(least)?, value(greatest)?);
    if let Some(other) = [Some(&least), read_to].into_iter().flatten().find(|other| other.is_text() != to.is_text()) {
        let what = format!(
            "is {} in one row ({other}) and {} in another ({to}): the order says nothing",
            other.shown(),
            to.shown()
        );
        return Err(wrong(Blame::Data, &what).help(help));
    }
    let conditions = conditions.into_iter().chain([format!("{column} <= {UPTO}")]).collect();
    let parameters = parameters.into_iter().chain([(UPTO, to.clone())]).collect();
    Ok(Some(Span { conditions, parameters, to }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_form() {
        let back = |text: &str, seconds| earlier(text, seconds);
        assert_eq!(back("2024-03-01", 3600).as_deref(), Some("2024-02-29"));
        assert_eq!(back("2024-03-01 00:00:01.250", 2).as_deref(), Some("2024-02-29 23:59:59.250"));
        assert_eq!(back("2024-03-01T00:30:00Z", 3600).as_deref(), Some("2024-02-29T23:30:00Z"));
        assert_eq!(back("2024-03-01 00:30", 60).as_deref(), Some("2024-03-01 00:29"));
        assert_eq!(back("0001-01-01 00:00:00", u64::MAX).as_deref(), Some(""));
        for wrong in ["", "x", "2024-03-01x", "2024-13-01", "2024-03-01 25:00:00"] {
            assert_eq!(back(wrong, 1), None, "{wrong}");
        }
    }
}
