//! What destinations have in common.

use arrow_schema::Schema;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{DeclaredColumn, Drift, OnBadRow, ReadMode, StreamSettings};
use headwater_sdk::{Blame, Error, Result, TableName};

use crate::codes;

/// Another delivery was faster: what the destination, called `shown`, holds is not what the rows stand on.
pub(crate) fn delivered_meanwhile(shown: &str) -> Error {
    Error::new(codes::DELIVERED_MEANWHILE, Blame::Environment, format!("{shown} was delivered to meanwhile"))
        .help("another run delivers to it: nothing was changed, and the next run goes on from there")
        .transient()
}

/// What is wrong with options that no person wrote.
pub(crate) fn options_error(wrong: OptionsError) -> Error {
    Error::new(codes::NO_TARGET, Blame::Headwater, wrong.message)
}

/// How rows are read back that were delivered: in the types of `schema`, whatever the system says of its columns.
pub(crate) fn read_back(schema: &Schema) -> Result<StreamSettings> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| DeclaredColumn { name: field.name().clone(), data_type: Some(field.data_type().clone()) });
    Ok(StreamSettings {
        table: TableName::new("delivered", "rows")
            .map_err(|e| Error::new(codes::NO_TARGET, Blame::Headwater, e.to_string()))?,
        mode: ReadMode::Full,
        on_bad_row: OnBadRow::Reject,
        drift: Drift::Ignore,
        columns: columns.collect(),
        key: Vec::new(),
        lookback: None,
    })
}
