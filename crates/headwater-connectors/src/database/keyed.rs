//! Rows by their keys: a change does not always send all values of a row, and the lake may not have them.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType};
use headwater_sdk::Result;
use headwater_sdk::connector::{ReadPart, RowsByKey};

use super::{defect, filter};

/// How a database writes what stands in a condition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Constants {
    pub(crate) name: fn(&str) -> String,
    pub(crate) text: fn(&str) -> String,
    /// Bytes, given as digits to the base 16.
    pub(crate) bytes: fn(&str) -> String,
}

/// Reads rows of a table by their keys.
pub(crate) struct KeyedRows<P> {
    /// What asks for all rows: `select … from …`.
    pub(crate) query: String,
    /// The columns of the key.
    pub(crate) names: Vec<String>,
    pub(crate) constants: Constants,
    /// Makes a part of a load of a query.
    pub(crate) part: P,
}

impl<P: Fn(String) -> Box<dyn ReadPart> + Send + Sync> RowsByKey for KeyedRows<P> {
    fn rows(&self, keys: &RecordBatch) -> Result<Box<dyn ReadPart>> {
        let among = among(&self.names, keys, self.constants)?;
        Ok((self.part)(format!("{}{}", self.query, filter(&[&among]))))
    }
}

/// The condition that the columns `names` are among `keys`. Values are written as texts, which a database takes for values of the column's
/// type.
///
/// # Errors
/// When a value has no text.
fn among(names: &[String], keys: &RecordBatch, constants: Constants) -> Result<String> {
    let columns = keys.columns().iter().map(|column| values(column, constants)).collect::<Result<Vec<_>, _>>();
    let columns = columns.map_err(|error| defect(error.to_string()))?;
    let listed = |values: Vec<String>| format!("({})", values.join(", "));
    let row = |row: usize| listed(columns.iter().map(|column| column[row].clone()).collect());
    let key = listed(names.iter().map(|name| (constants.name)(name)).collect());
    Ok(format!("{key} in {}", listed((0..keys.num_rows()).map(row).collect())))
}

fn values(column: &ArrayRef, constants: Constants) -> std::result::Result<Vec<String>, ArrowError> {
    if matches!(column.data_type(), DataType::Binary | DataType::LargeBinary | DataType::BinaryView) {
        let column = cast(column, &DataType::Binary)?;
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let value = |bytes: Option<&[u8]>| (constants.bytes)(&hex(bytes.unwrap_or_default()));
        return Ok(column.as_binary::<i32>().iter().map(value).collect());
    }
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
    (0..column.len()).map(|row| Ok((constants.text)(&formatter.value(row).try_to_string()?))).collect()
}
