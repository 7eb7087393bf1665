//! CSV: delimited text.

mod cells;
mod classify;
mod header;
mod scan;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;

pub(crate) use cells::{CsvCells, NullTokens};
pub(crate) use header::{CsvFile, open, refuse_duplicates};
pub(crate) use scan::{Dialect, scan};
pub(crate) use values::{CsvValues, sample_fields};

use super::rows::FindRows;
use crate::columns::Rows;

/// The options of CSV files, checked.
#[derive(Debug, Clone)]
pub(crate) struct CsvOptions {
    /// Between fields.
    pub(crate) delimiter: u8,
    /// Around fields, if any.
    pub(crate) quote: Option<u8>,
    /// What lines begin with that are no rows, if any do.
    pub(crate) comment: Option<u8>,
    /// Whether the first row holds names.
    pub(crate) header: bool,
    /// Lines to leave out at the top.
    pub(crate) skip: u32,
    /// Texts that stand for null.
    pub(crate) nulls: Arc<NullTokens>,
}

/// Finds the rows of a file with a known number of fields.
#[derive(Debug, Clone)]
pub(crate) struct CsvRows {
    /// How rows and fields are told apart.
    pub(crate) dialect: Dialect,
    /// Fields of a row.
    pub(crate) fields: usize,
}

impl FindRows for CsvRows {
    fn terminator(&self) -> u8 {
        self.dialect.terminator
    }

    fn find(&self, text: &[u8], last: bool, limit: usize, found: &mut Rows) -> usize {
        scan(text, last, &self.dialect, Some(self.fields), limit, found)
    }
}
