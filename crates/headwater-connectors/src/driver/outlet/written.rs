//! Filling a table by SQL, for drivers that take no rows up: rows as constants, many in a statement.

use adbc_core::error::Error as DriverError;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType};

use super::columns::taken_apart;
use super::definition::of_bigquery;
use super::incoming::Incoming;
use super::refused::Refused;
use crate::database::HOPELESS;
use crate::delivered::as_json;
use crate::driver::database::Session;

/// Characters after which a statement takes no more rows, and the most that it may have. BigQuery takes a million
/// (<https://cloud.google.com/bigquery/quotas#query_jobs>).
const STATEMENT: usize = 700_000;
const LONGEST: usize = 1_000_000;
/// The most characters of a row that is kept whole; of others there is the key.
const KEPT: usize = 64 << 10;

/// Rows that could not be written: the database has no such values.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    pub(super) rows: Vec<Refused>,
    /// How many of them would have been added, or have replaced others.
    pub(super) upserts: u64,
}

/// Writes rows into a table that has their columns. Those that cannot be written are returned.
///
/// # Errors
/// When the rows cannot be read, or the database does not take them.
pub(super) fn write(session: &Session, table: &str, key: &[String], rows: Incoming) -> Result<Unwritten, DriverError> {
    let begin = format!("insert into {table} values ");
    let (mut sql, mut unwritten) = (begin.clone(), Unwritten::default());
    for rows in rows {
        let rows = rows?;
        let columns = rows.columns().iter().map(Constants::of).collect::<Result<Vec<_>, ArrowError>>()?;
        for row in 0..rows.num_rows() {
            let written = values(session, &rows, &columns, row).and_then(|written| {
                let is_short = begin.len() + written.len() <= LONGEST;
                if is_short {
                    Ok(written)
                } else {
                    Err(format!("it is larger than a statement ({LONGEST} characters)"))
                }
            });
            match written {
                Ok(written) => {
                    if sql.len() > begin.len() && (sql.len() >= STATEMENT || sql.len() + written.len() >= LONGEST) {
                        session.update(&sql)?;
                        sql.truncate(begin.len());
                    }
                    sql.push_str(if sql.len() > begin.len() { ",\n" } else { "" });
                    sql.push_str(&written);
                }
                Err(reason) => unwritten.add(&rows, row, key, reason)?,
            }
        }
    }
    if sql.len() > begin.len() {
        session.update(&sql)?;
    }
    Ok(unwritten)
}

impl Unwritten {
    fn add(&mut self, rows: &RecordBatch, row: usize, key: &[String], reason: String) -> Result<(), ArrowError> {
        let (operation, place, row) = taken_apart(rows, row)?;
        self.upserts += u64::from(operation == 0 && place >= 0);
        let mut json = as_json(&row);
        if json.len() > KEPT {
            let schema = row.schema();
            let columns = key.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<_>, _>>()?;
            json = if columns.is_empty() { "{}".to_owned() } else { as_json(&row.project(&columns)?) };
        }
        self.rows.push(Refused { operation: HOPELESS, row: json, reason });
        Ok(())
    }
}

/// A column's values as texts, and how they stand in SQL.
struct Constants {
    texts: StringArray,
    form: Form,
}

enum Form {
    /// As they are.
    Bare,
    Real,
    Text,
    /// Hexadecimal digits.
    Bytes,
    /// Behind a type's name.
    Typed(String),
}

impl Constants {
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        if let Some(bytes) = array.as_binary_opt::<i32>() {
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            return Ok(Self { texts: bytes.iter().map(|bytes| bytes.map(hex)).collect(), form: Form::Bytes });
        }
        let form = match array.data_type() {
            DataType::Boolean => Form::Bare,
            whole if whole.is_integer() => Form::Bare,
            real if real.is_floating() => Form::Real,
            DataType::Utf8 => Form::Text,
            other => {
                let name = of_bigquery(other);
                Form::Typed(name.split('(').next().unwrap_or_default().to_owned())
            }
        };
        let texts = arrow_cast::cast(array, &DataType::Utf8)?;
        Ok(Self { texts: texts.as_string::<i32>().clone(), form })
    }

    /// # Errors
    /// The reason why the database has no such value.
    fn write(&self, session: &Session, row: usize, out: &mut String) -> Result<(), String> {
        if self.texts.is_null(row) {
            out.push_str("null");
            return Ok(());
        }
        let text = self.texts.value(row);
        match &self.form {
            Form::Bare => out.push_str(text),
            Form::Real if text.ends_with(['f', 'N']) => out.push_str(&format!("cast('{text}' as float64)")),
            Form::Real => out.push_str(text),
            Form::Text => out.push_str(&session.literal(text)),
            Form::Bytes => out.push_str(&format!("from_hex('{text}')")),
            Form::Typed(name) if is_no_date(name, text) => {
                return Err(format!(
                    "the {name} {text} is not in the years 1 to 9999, which are all that the database has"
                ));
            }
            Form::Typed(name) => out.push_str(&format!("{name} '{text}'")),
        }
        Ok(())
    }
}

/// Whether a date, or a moment, has a year before 1 or of more than four digits.
fn is_no_date(name: &str, text: &str) -> bool {
    ["date", "datetime", "timestamp"].contains(&name) && (text.starts_with(['+', '-']) || text.starts_with("0000"))
}

/// A row in brackets.
fn values(session: &Session, rows: &RecordBatch, columns: &[Constants], row: usize) -> Result<String, String> {
    let mut written = String::from("(");
    for (column, field) in columns.iter().zip(rows.schema_ref().fields()) {
        if written.len() > 1 {
            written.push(',');
        }
        column.write(session, row, &mut written).map_err(|reason| format!("column '{}': {reason}", field.name()))?;
    }
    written.push(')');
    Ok(written)
}
