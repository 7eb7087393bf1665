//! The columns that an Iceberg table's schema names.

use std::collections::HashMap;

use arrow_schema::{DataType, TimeUnit};
use headwater_sdk::types::timestamp_utc;
use headwater_sdk::{Blame, Error, Result};
use serde_json::Value;

use super::metadata::{Metadata, damaged};
use crate::codes;
use crate::table_format::{Kind, TableField};

/// Names that columns have in files without numbers, by their numbers.
type Names = HashMap<i32, Vec<String>>;

/// The columns of a schema.
///
/// # Errors
/// When a column has a type that the lake does not have, or the schema cannot be understood.
pub(super) fn columns(metadata: &Metadata, schema: Option<&Value>, shown: &str) -> Result<Vec<TableField>> {
    let schema = schema.ok_or_else(|| damaged(&format!("the metadata of the table {shown} has no schema")))?;
    fields(schema, &names(metadata)).map_err(|what| {
        Error::new(codes::TABLE_FEATURE, Blame::Data, format!("the table {shown} has {what}, which is not read"))
            .help("read it with the program that keeps it, and let that export it to files")
    })
}

/// A column by its number, in the newest schema that has one.
pub(super) fn column(metadata: &Metadata, id: i32) -> Option<TableField> {
    let names = names(metadata);
    let schemas = metadata.schema(None).into_iter().chain(metadata.schemas().rev());
    schemas.flat_map(|schema| fields(schema, &names).unwrap_or_default()).find(|field| field.id == Some(id))
}

fn names(metadata: &Metadata) -> Names {
    let mut names = Names::new();
    let mapping = metadata.properties.get("schema.name-mapping.default");
    if let Some(mapping) = mapping.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        gather(&mapping, &mut names);
    }
    names
}

fn gather(mapping: &Value, names: &mut Names) {
    for field in mapping.as_array().into_iter().flatten() {
        let id = field.get("field-id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
        let own = field.get("names").and_then(Value::as_array).into_iter().flatten();
        if let Some(id) = id {
            names.insert(id, own.filter_map(|name| name.as_str().map(str::to_owned)).collect());
        }
        field.get("fields").into_iter().for_each(|fields| gather(fields, names));
    }
}

fn fields(of: &Value, names: &Names) -> Result<Vec<TableField>, String> {
    let fields = of.get("fields").and_then(Value::as_array).ok_or("a schema without fields")?;
    let one = |field: &Value| {
        let name = field.get("name").and_then(Value::as_str).ok_or("a column without a name")?.to_owned();
        let id = field.get("id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
        let id = id.ok_or_else(|| format!("the column '{name}' without a number"))?;
        let of = field.get("type").ok_or_else(|| format!("the column '{name}' without a type"))?;
        let kind = kind(of, names).map_err(|what| format!("the column '{name}' of {what}"))?;
        let physical = names.get(&id).cloned().unwrap_or_else(|| vec![name.clone()]);
        Ok(TableField { name, physical, id: Some(id), kind })
    };
    fields.iter().map(one).collect()
}

fn inner(of: Option<&Value>, names: &Names) -> Result<Box<TableField>, String> {
    let kind = kind(of.ok_or("a type without parts")?, names)?;
    Ok(Box::new(TableField { name: String::new(), physical: Vec::new(), id: None, kind }))
}

fn kind(of: &Value, names: &Names) -> Result<Kind, String> {
    if let Some(name) = of.as_str() {
        return primitive(name).map(Kind::Leaf).ok_or_else(|| format!("the type {name}"));
    }
    match of.get("type").and_then(Value::as_str) {
        Some("struct") => fields(of, names).map(Kind::Struct),
        Some("list") => inner(of.get("element"), names).map(Kind::List),
        Some("map") => Ok(Kind::Map(inner(of.get("key"), names)?, inner(of.get("value"), names)?)),
        _ => Err(format!("the type {of}")),
    }
}

fn primitive(name: &str) -> Option<DataType> {
    Some(match name {
        "boolean" => DataType::Boolean,
        "int" => DataType::Int32,
        "long" => DataType::Int64,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "timestamptz" => timestamp_utc(),
        // The lake has no times of day and no UUIDs: they are texts.
        "string" | "time" | "uuid" => DataType::Utf8,
        "binary" => DataType::Binary,
        _ if name.starts_with("fixed[") => DataType::Binary,
        _ => {
            let digits = name.strip_prefix("decimal(")?.strip_suffix(')')?;
            let (precision, scale) = digits.split_once(',')?;
            let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
            (1..=38).contains(&precision).then_some(DataType::Decimal128(precision, scale))?
        }
    })
}
