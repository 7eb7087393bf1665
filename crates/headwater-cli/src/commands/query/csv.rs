//! Rows as CSV (RFC 4180), in which a null and an empty text differ: a null is nothing at all, an empty text is `""`.

use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, SchemaRef};

use super::nested::flat;

/// The line of titles.
pub(super) fn titles(schema: &SchemaRef) -> String {
    let mut line = String::new();
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push(&mut line, field.name());
    }
    line.push('\n');
    line
}

/// The lines of a batch.
pub(super) fn lines(batch: &RecordBatch, text: &mut String) -> Result<(), ArrowError> {
    let batch = flat(batch)?;
    let options = FormatOptions::default();
    let columns: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options)).collect::<Result<_, _>>()?;
    let mut value = String::new();
    for row in 0..batch.num_rows() {
        for (index, (formatter, column)) in columns.iter().zip(batch.columns()).enumerate() {
            if index > 0 {
                text.push(',');
            }
            if column.is_null(row) {
                continue;
            }
            value.clear();
            formatter.value(row).write(&mut value)?;
            push(text, &value);
        }
        // A line of nothing would be no row for most readers: in a file of one column a null is written as an empty text.
        if let [column] = batch.columns()
            && column.is_null(row)
        {
            text.push_str("\"\"");
        }
        text.push('\n');
    }
    Ok(())
}

/// Adds a value, in quotes where it needs some.
fn push(text: &mut String, value: &str) {
    if !value.is_empty() && !value.contains([',', '"', '\n', '\r']) {
        return text.push_str(value);
    }
    text.push('"');
    for (index, part) in value.split('"').enumerate() {
        if index > 0 {
            text.push_str("\"\"");
        }
        text.push_str(part);
    }
    text.push('"');
}
