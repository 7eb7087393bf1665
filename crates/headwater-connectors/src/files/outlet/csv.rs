//! Rows as CSV (RFC 4180) in which null and the empty text are told apart: nothing stands for the one, two quotes for the other, as sources of
//! files read them. A row of one column in which there is nothing would be no line at all, and is two quotes, too.

use std::io::Write;

use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType};

/// Writes rows, with their columns' names before the first.
pub(super) struct CsvWriter<W> {
    out: W,
    has_begun: bool,
    /// Rows that are not written yet, and a value of them.
    lines: String,
    value: String,
}

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, has_begun: false, lines: String::new(), value: String::new() }
    }

    /// # Errors
    /// When a value cannot be written as a text, or the rows cannot be written.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), ArrowError> {
        let schema = rows.schema_ref();
        if !std::mem::replace(&mut self.has_begun, true) {
            for (place, field) in schema.fields().iter().enumerate() {
                self.separate(place);
                push(&mut self.lines, field.name());
            }
            self.lines.push('\n');
        }
        let options = FormatOptions::default();
        let formats = rows.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
        let formats = formats.collect::<Result<Vec<_>, _>>()?;
        let is_alone = rows.num_columns() == 1;
        for row in 0..rows.num_rows() {
            for (place, (column, format)) in rows.columns().iter().zip(&formats).enumerate() {
                self.separate(place);
                if column.is_null(row) || matches!(column.data_type(), DataType::Null) {
                    self.lines.push_str(if is_alone { "\"\"" } else { "" });
                    continue;
                }
                self.value.clear();
                format.value(row).write(&mut self.value)?;
                push(&mut self.lines, &self.value);
            }
            self.lines.push('\n');
        }
        self.out.write_all(self.lines.as_bytes())?;
        self.lines.clear();
        Ok(())
    }

    fn separate(&mut self, place: usize) {
        if place > 0 {
            self.lines.push(',');
        }
    }

    pub(super) fn into_inner(self) -> W {
        self.out
    }
}

/// A value, in quotes where it has to be.
fn push(line: &mut String, value: &str) {
    if !value.is_empty() && !value.contains(['"', ',', '\n', '\r']) {
        line.push_str(value);
        return;
    }
    line.push('"');
    line.push_str(&value.replace('"', "\"\""));
    line.push('"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    fn written(columns: Vec<(&str, ArrayRef)>) -> String {
        let mut writer = CsvWriter::new(Vec::new());
        writer.write(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
        String::from_utf8(writer.into_inner()).unwrap()
    }

    #[test]
    fn nothing_is_null_and_quotes_are_a_text() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some(""), None, Some("a,\"b\"\nc"), Some(" d ")]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None, Some(4)]));
        let text = written(vec![("n", numbers), ("a,b", Arc::clone(&texts))]);
        assert_eq!(text, "n,\"a,b\"\n1,\"\"\n2,\n,\"a,\"\"b\"\"\nc\"\n4, d \n");
        assert_eq!(written(vec![("t", texts)]), "t\n\"\"\n\"\"\n\"a,\"\"b\"\"\nc\"\n d \n");
    }
}
