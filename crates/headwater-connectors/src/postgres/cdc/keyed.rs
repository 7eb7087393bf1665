//! Rows by their keys: a change does not send long values that it has not touched, and the lake may not have them.

use std::sync::Arc;

use arrow_array::RecordBatch;
use headwater_sdk::Result;
use headwater_sdk::connector::{ReadPart, RowsByKey};
use headwater_sdk::name::quote_identifier;

use super::super::describe::select;
use super::super::part::{Load, TablePart};
use super::super::quote;
use crate::database::{Constants, among, filter};

const CONSTANTS: Constants =
    Constants { name: quote_identifier, text: quote::text, bytes: |hex| quote::text(&format!("\\x{hex}")) };

/// See the module's documentation.
pub(super) struct KeyedRows {
    pub(super) load: Arc<Load>,
    /// The places of the key's columns.
    pub(super) key: Vec<usize>,
    /// The table, in SQL.
    pub(super) relation: String,
}

impl RowsByKey for KeyedRows {
    fn rows(&self, keys: &RecordBatch) -> Result<Box<dyn ReadPart>> {
        let columns = &self.load.target.columns;
        let names: Vec<&str> = self.key.iter().map(|place| columns[*place].name.as_str()).collect();
        let among = among(&names, keys, CONSTANTS)?;
        let select = columns.iter().map(select).collect::<Vec<_>>().join(", ");
        let sql = format!("select {select} from {}{}", self.relation, filter(&[&among]));
        let name = self.load.target.shown.clone();
        Ok(Box::new(TablePart { load: Arc::clone(&self.load), name, bytes: 0, sql }))
    }
}
