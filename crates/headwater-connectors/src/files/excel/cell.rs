//! What a cell holds.

use std::borrow::Cow;

use calamine::{CellErrorType, Data, DataRef, ExcelDateTime, ExcelDateTimeType};

use super::serial::{clock_of_duration, write_serial, write_span};

/// The value of a cell: of a formula, what it came to when the workbook was saved.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    /// Nothing, or an empty text, as formulas leave it.
    Empty,
    /// A text; dates and times are texts in ISO 8601.
    Text(Cow<'a, str>),
    /// A number.
    Number(f64),
    /// A truth value.
    Bool(bool),
    /// Nothing that could be a value of a table, as a clause.
    Broken(&'static str),
}

/// What is wrong with a cell whose formula was never computed.
pub(super) const NOT_COMPUTED: &str =
    "holds a formula whose value was never computed: open the workbook in a spreadsheet program and save it";

fn text(text: Cow<'_, str>) -> Cell<'_> {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
}

fn error(error: &CellErrorType) -> Cell<'static> {
    Cell::Broken(match error {
        CellErrorType::Div0 => "holds the error #DIV/0!",
        CellErrorType::NA => "holds the error #N/A",
        CellErrorType::Name => "holds the error #NAME?",
        CellErrorType::Null => "holds the error #NULL!",
        CellErrorType::Num => "holds the error #NUM!",
        CellErrorType::Ref => "holds the error #REF!",
        CellErrorType::Value => "holds the error #VALUE!",
        CellErrorType::GettingData => "holds the error #GETTING_DATA",
    })
}

/// A cell formatted as a date, a time or a span of time.
fn serial(serial: &ExcelDateTime) -> Cell<'static> {
    let mut text = String::new();
    let days = serial.as_f64();
    let written = if serial.is_duration() {
        write_span(days, &mut text)
    } else {
        // Its system can only be asked for by comparing.
        let is_1904 = *serial == ExcelDateTime::new(days, ExcelDateTimeType::DateTime, true);
        write_serial(days, is_1904, &mut text)
    };
    written.map_or_else(Cell::Broken, |()| Cell::Text(text.into()))
}

/// A date or moment as its file has it: without a time when it has none.
fn moment(text: Cow<'_, str>) -> Cell<'_> {
    let day = text.strip_suffix("T00:00:00").or_else(|| text.strip_suffix("T00:00:00.000"));
    match day {
        Some(day) => Cell::Text(day.to_owned().into()),
        None => Cell::Text(text),
    }
}

fn duration(text: &str) -> Cell<'static> {
    clock_of_duration(text).map_or(Cell::Broken("holds a span of time that is none"), |clock| Cell::Text(clock.into()))
}

/// A cell of `.xlsx` or `.xlsb`.
pub(super) fn of_ref(value: DataRef<'_>) -> Cell<'_> {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(number) => Cell::Number(number as f64),
        DataRef::Float(number) => Cell::Number(number),
        DataRef::String(owned) => text(owned.into()),
        DataRef::SharedString(shared) => text(shared.into()),
        DataRef::Bool(value) => Cell::Bool(value),
        DataRef::DateTime(value) => serial(&value),
        DataRef::DateTimeIso(value) => moment(value.into()),
        DataRef::DurationIso(value) => duration(&value),
        DataRef::Error(what) => error(&what),
    }
}

/// A cell of `.xls` or `.ods`. `error_texts` says that errors are stored as their texts (`.ods`).
pub(super) fn of_data(value: &Data, error_texts: bool) -> Cell<'_> {
    match value {
        Data::Empty => Cell::Empty,
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::String(held) if error_texts => match error_named(held) {
            Some(what) => Cell::Broken(what),
            None => text(held.as_str().into()),
        },
        Data::String(held) => text(held.as_str().into()),
        Data::Bool(value) => Cell::Bool(*value),
        Data::DateTime(value) => serial(value),
        Data::DateTimeIso(value) => moment(value.as_str().into()),
        Data::DurationIso(value) => duration(value),
        Data::Error(what) => error(what),
    }
}

/// The errors that a workbook of LibreOffice shows as texts.
fn error_named(text: &str) -> Option<&'static str> {
    Some(match text {
        "#DIV/0!" => "holds the error #DIV/0!",
        "#N/A" => "holds the error #N/A",
        "#NAME?" => "holds the error #NAME?",
        "#NULL!" => "holds the error #NULL!",
        "#NUM!" => "holds the error #NUM!",
        "#REF!" => "holds the error #REF!",
        "#VALUE!" => "holds the error #VALUE!",
        _ if text.strip_prefix("Err:").is_some_and(|code| code.len() == 3 && code.parse::<u16>().is_ok()) => {
            "holds an error of a formula (Err:…)"
        }
        _ => return None,
    })
}

/// Writes a number. `shown` writes it as spreadsheet programs show it, to 15 digits, which is as far as they compute: 0.1 + 0.2 is
/// 0.3, and what is exact elsewhere (a whole number, a decimal) does not fail for the sixteenth digit. Otherwise every digit is
/// written that the number's double needs.
pub(super) fn write_number(number: f64, shown: bool, text: &mut String) {
    use std::fmt::Write;
    /// Whole numbers below it are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = if shown { format!("{number:.14e}").parse().unwrap_or(number) } else { number };
    // A text takes everything.
    let _written = if number.fract() == 0.0 && number.abs() < EXACT {
        write!(text, "{}", number as i64)
    } else if shown || (1e-5..1e17).contains(&number.abs()) {
        write!(text, "{number}")
    } else {
        write!(text, "{number:e}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_shown_or_to_their_last_digit() {
        for (number, shown, whole) in [
            (3.0, "3", "3"),
            (-0.0, "0", "0"),
            (0.1 + 0.2, "0.3", "0.30000000000000004"),
            (12.5, "12.5", "12.5"),
            (1e20, "100000000000000000000", "1e20"),
            (1e-7, "0.0000001", "1e-7"),
            (2.999_999_999_999_999_6, "3", "2.9999999999999996"),
            (9_007_199_254_740_992.0, "9007199254740990", "9007199254740992"),
        ] {
            let (mut one, mut other) = (String::new(), String::new());
            write_number(number, true, &mut one);
            write_number(number, false, &mut other);
            assert_eq!((one.as_str(), other.as_str()), (shown, whole));
        }
    }
}
