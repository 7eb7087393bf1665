//! The columns of a date dimension.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int32Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use jiff::civil::Date;

/// What a column says of a day. A fiscal year begins with the month that is given.
#[derive(Clone, Copy)]
enum Says {
    Number(fn(Date, i8) -> i32),
    Text(fn(Date) -> String),
    Flag(fn(Date) -> bool),
    Day(fn(Date) -> Date),
}

/// All columns: their names, and what they say. The reference lists them in this order.
const COLUMNS: [(&str, Says); 28] = [
    ("date_key", Says::Number(|day, _| number(day))),
    ("date", Says::Day(|day| day)),
    ("year", Says::Number(|day, _| day.year().into())),
    ("quarter", Says::Number(|day, _| quarter(day))),
    ("year_quarter", Says::Text(|day| format!("{:04}-Q{}", day.year(), quarter(day)))),
    ("month", Says::Number(|day, _| day.month().into())),
    ("month_name", Says::Text(|day| day.strftime("%B").to_string())),
    ("month_short", Says::Text(|day| day.strftime("%b").to_string())),
    ("year_month", Says::Text(|day| format!("{:04}-{:02}", day.year(), day.month()))),
    ("iso_year", Says::Number(|day, _| day.iso_week_date().year().into())),
    ("iso_week", Says::Number(|day, _| day.iso_week_date().week().into())),
    ("iso_year_week", Says::Text(iso_year_week)),
    ("day_of_month", Says::Number(|day, _| day.day().into())),
    ("day_of_year", Says::Number(|day, _| day.day_of_year().into())),
    ("day_of_week", Says::Number(|day, _| weekday(day))),
    ("day_name", Says::Text(|day| day.strftime("%A").to_string())),
    ("day_short", Says::Text(|day| day.strftime("%a").to_string())),
    ("is_weekend", Says::Flag(|day| weekday(day) >= 6)),
    ("first_of_week", Says::Day(|day| days_before(day, weekday(day) - 1))),
    ("first_of_month", Says::Day(Date::first_of_month)),
    ("last_of_month", Says::Day(Date::last_of_month)),
    ("is_last_of_month", Says::Flag(|day| day == day.last_of_month())),
    ("first_of_quarter", Says::Day(first_of_quarter)),
    ("first_of_year", Says::Day(Date::first_of_year)),
    ("last_of_year", Says::Day(Date::last_of_year)),
    ("fiscal_year", Says::Number(fiscal_year)),
    ("fiscal_quarter", Says::Number(|day, start| (fiscal_month(day, start) - 1) / 3 + 1)),
    ("fiscal_month", Says::Number(fiscal_month)),
];

/// The columns, none of them ever null.
pub(super) fn schema() -> SchemaRef {
    let field = |(name, says): &(&str, Says)| {
        let data_type = match says {
            Says::Number(_) => DataType::Int32,
            Says::Text(_) => DataType::Utf8,
            Says::Flag(_) => DataType::Boolean,
            Says::Day(_) => DataType::Date32,
        };
        Field::new(*name, data_type, false)
    };
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
}

/// The rows of days. The fiscal year begins with a month, 1 to 12.
pub(super) fn rows(days: &[Date], fiscal_start: i8) -> Result<RecordBatch, ArrowError> {
    let column = |(_, says): &(&str, Says)| -> ArrayRef {
        let days = days.iter().copied();
        match *says {
            Says::Number(of) => Arc::new(days.map(|day| Some(of(day, fiscal_start))).collect::<Int32Array>()),
            Says::Text(of) => Arc::new(days.map(|day| Some(of(day))).collect::<StringArray>()),
            Says::Flag(of) => Arc::new(days.map(|day| Some(of(day))).collect::<BooleanArray>()),
            Says::Day(of) => Arc::new(days.map(|day| Some(since_epoch(of(day)))).collect::<Date32Array>()),
        }
    };
    RecordBatch::try_new(schema(), COLUMNS.iter().map(column).collect())
}

/// Days since 1970-01-01.
pub(super) fn since_epoch(day: Date) -> i32 {
    (day - jiff::civil::date(1970, 1, 1)).get_days()
}

/// `yyyymmdd`.
fn number(day: Date) -> i32 {
    i32::from(day.year()) * 10_000 + i32::from(day.month()) * 100 + i32::from(day.day())
}

fn quarter(day: Date) -> i32 {
    (i32::from(day.month()) - 1) / 3 + 1
}

fn first_of_quarter(day: Date) -> Date {
    (0..(day.month() - 1) % 3).fold(day.first_of_month(), |first, _| days_before(first, 1).first_of_month())
}

/// 1 Monday to 7 Sunday (ISO 8601).
fn weekday(day: Date) -> i32 {
    day.weekday().to_monday_one_offset().into()
}

fn iso_year_week(day: Date) -> String {
    let week = day.iso_week_date();
    format!("{:04}-W{:02}", week.year(), week.week())
}

/// 1 for the month that the fiscal year begins with, to 12.
fn fiscal_month(day: Date, start: i8) -> i32 {
    (i32::from(day.month()) - i32::from(start)).rem_euclid(12) + 1
}

/// The calendar year that the fiscal year ends in.
fn fiscal_year(day: Date, start: i8) -> i32 {
    let begun = start > 1 && day.month() >= start;
    i32::from(day.year()) + i32::from(begun)
}

/// A day before another one. The calendar goes back to the year −9999: the day is always there.
fn days_before(day: Date, days: i32) -> Date {
    day.saturating_sub(jiff::Span::new().days(days))
}
