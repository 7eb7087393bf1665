//! The columns of the tables that Headwater keeps beside an asset's own.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use headwater_sdk::TableName;
use headwater_sdk::name::REJECTED_SUFFIX;
use headwater_sdk::types::timestamp_utc;

/// The schema of a side table of a table with the schema `owner`.
///
/// `__rejected` has `_file`, `_line`, `_reason`, `_raw`, `_run`. `__quarantine` has the table's columns, which may be
/// null there, and `_check`, `_reason`, `_run`, `_quarantined_at`.
pub(crate) fn schema(side: &TableName, owner: &SchemaRef) -> SchemaRef {
    let column = |name: &str, data_type: DataType| -> FieldRef { Arc::new(Field::new(name, data_type, true)) };
    let fields: Vec<FieldRef> = if side.table().ends_with(REJECTED_SUFFIX) {
        vec![
            column("_file", DataType::Utf8),
            column("_line", DataType::Int64),
            column("_reason", DataType::Utf8),
            column("_raw", DataType::Utf8),
            column("_run", DataType::Utf8),
        ]
    } else {
        let own = owner.fields().iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(true)));
        own.chain([
            column("_check", DataType::Utf8),
            column("_reason", DataType::Utf8),
            column("_run", DataType::Utf8),
            column("_quarantined_at", timestamp_utc()),
        ])
        .collect()
    };
    Arc::new(Schema::new(fields))
}
