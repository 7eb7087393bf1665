//! The columns of the tables that Headwater keeps beside an asset's own.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};

use crate::types::timestamp_utc;

/// The columns of `<table>__quarantine`: those of the table, which may be null there, and `_check`, `_reason`, `_run`,
/// `_quarantined_at`.
pub fn quarantine_schema(table: &Schema) -> SchemaRef {
    let own = table.fields().iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(true)));
    let more = [text("_check"), text("_reason"), text("_run"), column("_quarantined_at", timestamp_utc())];
    Arc::new(Schema::new(own.chain(more).collect::<Vec<_>>()))
}

/// The columns of `<table>__rejected`.
pub fn rejected_schema() -> SchemaRef {
    let line = column("_line", DataType::Int64);
    Arc::new(Schema::new(vec![text("_file"), line, text("_reason"), text("_raw"), text("_run")]))
}

fn text(name: &str) -> FieldRef {
    column(name, DataType::Utf8)
}

fn column(name: &str, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(name, data_type, true))
}
