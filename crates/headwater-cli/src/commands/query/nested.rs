//! Lists, structs and maps as JSON, for formats that have texts only.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_json::writer::{EncoderOptions, make_encoder};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};

fn flat_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type().is_nested() {
        true => Arc::new(Field::new(field.name(), DataType::Utf8, true)),
        false => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A batch with texts in place of nested values.
pub(super) fn flat(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.schema_ref().fields().iter().zip(batch.columns()).map(|(field, column)| {
        if field.data_type().is_nested() { as_json(field, column) } else { Ok(Arc::clone(column)) }
    });
    RecordBatch::try_new(flat_schema(&batch.schema()), columns.collect::<Result<_, _>>()?)
}

fn as_json(field: &FieldRef, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, column, &options)?;
    let mut text = Vec::new();
    let texts = (0..column.len()).map(|row| {
        if encoder.is_null(row) {
            return Ok(None);
        }
        text.clear();
        encoder.encode(row, &mut text);
        String::from_utf8(text.clone()).map(Some).map_err(|e| ArrowError::JsonError(e.to_string()))
    });
    Ok(Arc::new(texts.collect::<Result<StringArray, _>>()?))
}
