//! What a sample of rows shows of their columns.

use std::collections::HashMap;

use arrow_schema::Schema;
use headwater_sdk::{Blame, Error};

use super::drift::Evidence;
use super::values::{Cells, Column, Guess, Reading, Value, json_value};
use crate::codes;

/// The most columns of a table.
pub(crate) const MAX_COLUMNS: usize = 4096;

/// Columns being sampled.
#[derive(Debug)]
pub(crate) struct Sample {
    columns: Vec<Sampled>,
    places: HashMap<String, usize>,
    reading: Reading,
    scratch: Vec<u8>,
}

/// A column of a sample.
#[derive(Debug)]
struct Sampled {
    /// Its name in the file.
    name: String,
    /// What its values could be.
    guess: Guess,
    /// Values that the table's type does not take.
    misfits: u64,
    expected: Option<Column>,
}

impl Sample {
    /// An empty sample.
    pub(crate) fn new(reading: &Reading) -> Self {
        Self { columns: Vec::new(), places: HashMap::new(), reading: reading.clone(), scratch: Vec::new() }
    }

    /// The place of a column, added when it is new; `table` says which type its values should have.
    pub(crate) fn column(&mut self, name: &str, table: Option<&Schema>) -> usize {
        if let Some(&place) = self.places.get(name) {
            return place;
        }
        let field = table.and_then(|schema| schema.field_with_name(name).ok());
        let expected = field.and_then(|field| Column::inferred(field.data_type(), &self.reading));
        self.columns.push(Sampled { name: name.to_owned(), guess: Guess::default(), misfits: 0, expected });
        self.places.insert(name.to_owned(), self.columns.len() - 1);
        self.columns.len() - 1
    }

    /// Columns seen so far.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// Takes fields of rows without types of their own.
    pub(crate) fn see_fields<C: Cells>(&mut self, column: usize, cells: &C) {
        let Some(sampled) = self.columns.get_mut(column) else { return };
        for row in 0..cells.rows() {
            let value = cells.value(row, &mut self.scratch);
            sampled.guess.see_field(value, &self.reading);
            sampled.check(value);
        }
    }

    /// Takes a text that is one by its file's own word.
    pub(crate) fn see_text(&mut self, column: usize, text: &[u8]) {
        let Some(sampled) = self.columns.get_mut(column) else { return };
        sampled.guess.see_text(text, &self.reading);
        sampled.check(Value::Text(text));
    }

    /// Takes a JSON token.
    pub(crate) fn see_token(&mut self, column: usize, token: &[u8]) {
        let Some(sampled) = self.columns.get_mut(column) else { return };
        sampled.guess.see_token(token, &self.reading);
        let value = json_value(token, &mut self.scratch);
        sampled.check(value);
    }

    /// Refuses objects with more keys than a table has columns.
    ///
    /// # Errors
    /// `HW0307`.
    pub(crate) fn refuse_too_many_keys(&self, name: &str) -> Result<(), Error> {
        if self.len() <= MAX_COLUMNS {
            return Ok(());
        }
        let message = format!("the objects of {name} have more than {MAX_COLUMNS} keys");
        Err(Error::new(codes::TOO_MANY_COLUMNS, Blame::Data, message)
            .help("write what is keyed by data as a list of objects, or as one nested object"))
    }

    /// What is known of each column; only its name, where no values were `sampled`.
    pub(crate) fn evidence(&self, sampled: bool) -> Vec<(String, Evidence)> {
        let column = |column: &Sampled| {
            let found = if sampled {
                Evidence::Sampled { guess: column.guess.clone(), misfits: column.misfits }
            } else {
                Evidence::Named
            };
            (column.name.clone(), found)
        };
        self.columns.iter().map(column).collect()
    }
}

impl Sampled {
    fn check(&mut self, value: Value<'_>) {
        if let (Value::Text(_), Some(expected)) = (value, &mut self.expected) {
            self.misfits += u64::from(!expected.takes(value));
        }
    }
}
