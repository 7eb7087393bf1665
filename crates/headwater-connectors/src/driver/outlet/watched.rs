//! Kept rows that are not tried again, and whether rows of their keys come: what was wrong with them is then history.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_row::{OwnedRow, RowConverter, SortField};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use super::refused::Refused;
use crate::delivered::row_of;

/// The rows, by their keys.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// `None` when there is nothing to watch.
    keys: Option<Keys>,
    /// Whether a row of a kept one's key has come, for each of these.
    come: Vec<bool>,
}

#[derive(Debug)]
struct Keys {
    /// Where a key's columns are.
    columns: Vec<usize>,
    converter: RowConverter,
    rows: HashMap<OwnedRow, Vec<usize>>,
}

impl Watched {
    /// Watches for the keys of rows that are kept, in the columns in which rows are handed over.
    ///
    /// # Errors
    /// When keys cannot be compared: a defect.
    pub(super) fn new(kept: &[Refused], key: &[String], handed: &Schema) -> Result<Self, ArrowError> {
        let come = vec![false; kept.len()];
        let columns: Vec<usize> = key.iter().filter_map(|name| handed.index_of(name).ok()).collect();
        if kept.is_empty() || columns.is_empty() {
            return Ok(Self { keys: None, come });
        }
        let schema: SchemaRef = handed.project(&columns)?.into();
        let fields = schema.fields().iter().map(|field| SortField::new(field.data_type().clone()));
        let converter = RowConverter::new(fields.collect())?;
        let mut rows: HashMap<OwnedRow, Vec<usize>> = HashMap::new();
        for (at, kept) in kept.iter().enumerate() {
            // What has lost even its key stays until all rows come.
            if let Some(row) = row_of(&schema, &kept.row) {
                rows.entry(converter.convert_columns(row.columns())?.row(0).owned()).or_default().push(at);
            }
        }
        Ok(Self { keys: (!rows.is_empty()).then_some(Keys { columns, converter, rows }), come })
    }

    /// Looks at rows that come.
    ///
    /// # Errors
    /// When their columns are others: a defect.
    pub(super) fn see(&mut self, rows: &RecordBatch) -> Result<(), ArrowError> {
        let Some(Keys { columns, converter, rows: watched }) = &self.keys else { return Ok(()) };
        let columns: Vec<_> = columns.iter().map(|column| rows.column(*column).clone()).collect();
        for row in &converter.convert_columns(&columns)? {
            for at in watched.get(&row.owned()).into_iter().flatten() {
                self.come[*at] = true;
            }
        }
        Ok(())
    }

    /// The kept rows of which none has come.
    pub(super) fn left(&self, kept: Vec<Refused>) -> Vec<Refused> {
        kept.into_iter().zip(&self.come).filter_map(|(row, come)| (!come).then_some(row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use arrow_schema::{DataType, Field};

    use super::*;
    use crate::database::HOPELESS;

    #[test]
    fn rows_whose_key_has_come_are_no_longer_kept() {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let handed =
            Schema::new(vec![field("n", DataType::Int64), field("k", DataType::Utf8), field("v", DataType::Int64)]);
        let kept = |row: &str| Refused { operation: HOPELESS, row: row.to_owned(), reason: String::new() };
        let all =
            || vec![kept(r#"{"n":1,"k":"a","v":"no number"}"#), kept(r#"{"n":2,"k":"a"}"#), kept("{}"), kept("no row")];
        let key = ["k".to_owned(), "n".to_owned()];
        let mut watched = Watched::new(&all(), &key, &handed).unwrap();
        let batch = |n: Vec<i64>, k: Vec<&str>| {
            let v = Int64Array::from(vec![0; n.len()]);
            let columns: Vec<ArrayRef> =
                vec![Arc::new(Int64Array::from(n)), Arc::new(StringArray::from(k)), Arc::new(v)];
            RecordBatch::try_new(handed.clone().into(), columns).unwrap()
        };
        watched.see(&batch(vec![3, 2], vec!["a", "b"])).unwrap();
        assert_eq!(watched.left(all()).len(), 4);
        watched.see(&batch(vec![2, 1], vec!["b", "a"])).unwrap();
        let left: Vec<String> = watched.left(all()).into_iter().map(|row| row.row).collect();
        assert_eq!(left, [r#"{"n":2,"k":"a"}"#, "{}", "no row"]);
    }
}
