//! Rows that are kept as JSON objects: from the temporary table, and back.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema, SchemaRef};
use headwater_sdk::Result;

use super::stage::PLACE;
use super::table::texts;
use super::work::Work;
use crate::database::STAGE;
use crate::delivered::row_of;

/// A row of the temporary table as JSON.
pub(super) async fn staged_row(work: &mut Work<'_>, schema: &SchemaRef, place: i64) -> Result<String> {
    let stage = work.outlet.target.beside(STAGE);
    let rows = work.ask(&format!("select {} from {stage} where {PLACE} = {place}", texts(schema))).await?;
    let values = rows.into_iter().next().unwrap_or_default();
    Ok(object(schema, &values))
}

/// Texts as the server writes them, as the members of an object.
fn object(schema: &Schema, values: &[Option<String>]) -> String {
    let members = schema.fields().iter().zip(values).map(|(field, value)| {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let value = match (value, field.data_type()) {
            (None, _) => "null".to_owned(),
            (Some(value), nested) if nested.is_nested() => value.clone(),
            (Some(value), DataType::Boolean) => (value != "0").to_string(),
            (Some(value), number) if number.is_numeric() => value.clone(),
            (Some(value), DataType::Timestamp(_, zone)) => {
                let zone = if zone.is_some() { "Z" } else { "" };
                quoted(&format!("{}{zone}", value.replace(' ', "T")))
            }
            (Some(value), DataType::Binary | DataType::LargeBinary | DataType::BinaryView) => {
                quoted(&value.to_ascii_lowercase())
            }
            (Some(value), _) => quoted(value),
        };
        format!("{}:{value}", quoted(field.name()))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// The key of a row that is no row of the schema's: the values of its other columns are null.
pub(super) fn key_of(schema: &SchemaRef, key: &[String], json: &str) -> Option<RecordBatch> {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    let all = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
    let of_key: serde_json::Map<_, _> = object.into_iter().filter(|(name, _)| key.contains(name)).collect();
    row_of(&all, &serde_json::to_string(&of_key).ok()?)
}

#[cfg(test)]
mod tests {
    use arrow_schema::{Field, TimeUnit};

    use super::*;
    use crate::delivered::as_json;

    #[test]
    fn rows_come_back_as_they_were() {
        let schema = Arc::new(Schema::new(vec![
            Field::new("i", DataType::Int64, true),
            Field::new("b", DataType::Boolean, true),
            Field::new("f", DataType::Float32, true),
            Field::new("d", DataType::Decimal128(38, 2), true),
            Field::new("t", DataType::Utf8, true),
            Field::new("x", DataType::Binary, true),
            Field::new("day", DataType::Date32, true),
            Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
            Field::new("l", DataType::new_list(DataType::Int64, true), true),
        ]));
        let values = [
            "9007199254740993",
            "1",
            "0.10000000149011612",
            "-123456789012345678901234567890123456.78",
            "it's \"\u{e9}\"\n",
            "FF00",
            "0099-12-31",
            "2024-02-29 12:00:00.123456",
            "[1,null]",
        ];
        let values: Vec<Option<String>> = values.iter().map(|value| Some((*value).to_owned())).collect();
        let json = object(&schema, &values);
        let rows = row_of(&schema, &json).unwrap();
        let again = as_json(&rows);
        assert!(again.contains("9007199254740993") && again.contains("ff00"), "{again}");
        assert!(again.contains("-123456789012345678901234567890123456.78"), "{again}");
        assert!(again.contains("2024-02-29T12:00:00.123456Z") && again.contains("0099-12-31"), "{again}");
        assert_eq!(row_of(&schema, &again).unwrap(), rows);
        assert!(row_of(&schema, "{\"i\": \"x\"}").is_none());
        let key = key_of(&schema, &["i".to_owned()], "{\"i\":1,\"b\":\"no\"}").unwrap();
        assert_eq!(as_json(&key), "{\"i\":1}");
    }
}
