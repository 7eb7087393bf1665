//! The columns of CSV rows.

use std::collections::HashMap;
use std::sync::Arc;

use super::{CsvCells, CsvFile, CsvOptions, NullTokens};
use crate::columns::{Batch, Flaws, ReadValues, Rows, Sample, Target, Unread};

/// Reads fields into the table's columns, whatever the order in the file.
#[derive(Debug)]
pub(crate) struct CsvValues {
    fields: usize,
    /// For each column of the table, the field that holds it.
    places: Vec<Option<usize>>,
    nulls: Arc<NullTokens>,
    quote: Option<u8>,
    scratch: Vec<u8>,
}

impl CsvValues {
    /// Finds the table's columns in a file.
    pub(crate) fn new(file: &CsvFile, options: &CsvOptions, target: &Target) -> Self {
        let names: HashMap<&str, usize> = file.names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let places = target.schema.fields().iter().map(|field| names.get(field.name().as_str()).copied()).collect();
        Self {
            fields: file.rows.fields,
            places,
            nulls: Arc::clone(&options.nulls),
            quote: options.quote,
            scratch: Vec::new(),
        }
    }
}

impl ReadValues for CsvValues {
    fn read(&mut self, text: &[u8], rows: &Rows, batch: &mut Batch, flaws: &mut Flaws) -> Result<(), Unread> {
        let target = Arc::clone(batch.target());
        for (at, (column, place)) in batch.columns().iter_mut().zip(&self.places).enumerate() {
            let Some(field) = *place else {
                column.push_nulls(rows.rows.len());
                continue;
            };
            let cells =
                CsvCells { text, found: rows, fields: self.fields, field, nulls: &self.nulls, quote: self.quote };
            column.fill(&cells, &mut self.scratch, &mut |row, flaw| flaws.add(row, || target.reason(at, flaw)));
        }
        Ok(())
    }
}

/// Shows a sample the fields of rows.
pub(crate) fn sample_fields(text: &[u8], rows: &Rows, fields: usize, options: &CsvOptions, sample: &mut Sample) {
    for field in 0..fields {
        let cells = CsvCells { text, found: rows, fields, field, nulls: &options.nulls, quote: options.quote };
        sample.see_fields(field, &cells);
    }
}
