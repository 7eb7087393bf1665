//! From the text of rows to values in columns.

use headwater_sdk::Error;

use super::batch::{Batch, Flaws};
use super::rows::{Row, Rows};

/// Reads the values of rows into columns.
pub(crate) trait ReadValues {
    /// Gives every column of `batch` one value per row, and `flaws` the rows whose values were not taken.
    ///
    /// # Errors
    /// When the load must end.
    fn read(&mut self, text: &[u8], rows: &Rows, batch: &mut Batch, flaws: &mut Flaws) -> Result<(), Unread>;
}

/// A row that ends the load, and why.
#[derive(Debug)]
pub(crate) struct Unread {
    /// The row.
    pub(crate) row: Row,
    /// The error, for the place of the row.
    pub(crate) error: fn(&str, &str) -> Error,
    /// What is to blame in it.
    pub(crate) what: String,
}
