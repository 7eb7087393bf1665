//! What the options of several check types have in common.

use arrow_schema::{DataType, Schema};
use headwater_sdk::check::OptionsError;
use schemars::JsonSchema;
use serde::Deserialize;

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OneOrMany<T> {
    /// A bare value.
    One(T),
    /// A list.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// The values, in order.
    pub(crate) fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

/// An error about one option.
pub(crate) fn wrong(key: &'static str, message: impl Into<String>) -> OptionsError {
    OptionsError { key: Some(key), message: message.into(), help: None }
}

/// An error about one option, with a way out.
pub(crate) fn wrong_but(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> OptionsError {
    OptionsError { key: Some(key), message: message.into(), help: Some(help.into()) }
}

/// The columns of an option: at least one, none empty, none twice.
pub(crate) fn take_columns(key: &'static str, columns: OneOrMany<String>) -> Result<Vec<String>, OptionsError> {
    let columns = columns.into_vec();
    if columns.is_empty() {
        return Err(wrong_but(key, format!("'{key}' is an empty list"), "name at least one column"));
    }
    for (i, column) in columns.iter().enumerate() {
        take_column(key, column)?;
        if columns[..i].contains(column) {
            return Err(wrong(key, format!("column '{column}' is named twice")));
        }
    }
    Ok(columns)
}

/// The column of an option, which may not be empty.
pub(crate) fn take_column<'a>(key: &'static str, column: &'a str) -> Result<&'a str, OptionsError> {
    if column.is_empty() {
        return Err(wrong(key, format!("'{key}' holds an empty name")));
    }
    Ok(column)
}

/// Refuses bounds that no value can meet.
pub(crate) fn refuse_crossed<T: PartialOrd + std::fmt::Display>(
    min: Option<&T>,
    max: Option<&T>,
) -> Result<(), OptionsError> {
    match (min, max) {
        (None, None) => Err(wrong_but("min", "neither 'min' nor 'max' is given", "give at least one of them")),
        (Some(min), Some(max)) if min > max => {
            Err(wrong("min", format!("'min' is {min}, above 'max', which is {max}")))
        }
        _ => Ok(()),
    }
}

/// Bounds in words, for a check's name: `2 to 5`, `at least 2`, `at most 5`, or `exactly 2`.
pub(crate) fn describe_bounds<T: PartialEq + std::fmt::Display>(min: Option<&T>, max: Option<&T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => format!("exactly {min}"),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => String::new(),
    }
}

/// The type of a column, where the schema is known and has the column (the loader reports a column that is missing).
/// A dictionary counts as the type of its values.
pub(crate) fn type_of<'a>(schema: Option<&'a Schema>, column: &str) -> Option<&'a DataType> {
    match schema?.field_with_name(column).ok()?.data_type() {
        DataType::Dictionary(_, values) => Some(values),
        data_type => Some(data_type),
    }
}

/// Whether the type holds text.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Refuses a column that is known not to hold text.
pub(crate) fn require_text(schema: Option<&Schema>, column: &str) -> Result<(), OptionsError> {
    match type_of(schema, column) {
        Some(data_type) if !is_text(data_type) => {
            let is = headwater_sdk::types::type_name(data_type);
            Err(wrong("column", format!("column '{column}' is of type {is}, and this check is about text")))
        }
        _ => Ok(()),
    }
}

/// SQL or a pattern on one line and cut to 60 characters, for a check's name.
pub(crate) fn abridge(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}
