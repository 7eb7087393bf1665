//! The columns that a Delta table's schema names.

use arrow_schema::{DataType, TimeUnit};
use headwater_sdk::types::timestamp_utc;
use headwater_sdk::{Blame, Error, Result};
use serde_json::Value;

use super::actions::Metadata;
use crate::codes;
use crate::table_format::{Kind, Naming, TableField};

/// The columns of a table, and how its files name them.
///
/// # Errors
/// When a column has a type that the lake does not have, or the schema cannot be understood.
pub(super) fn columns(metadata: &Metadata, shown: &str) -> Result<(Vec<TableField>, Naming)> {
    let refused = |what: String| {
        Error::new(codes::TABLE_FEATURE, Blame::Data, format!("the table {shown} {what}, which is not read"))
            .help("read it with the program that keeps it, and let that write the table without, or export it to files")
    };
    // Files of a table that maps by ids carry the physical names, too, unless they were taken over from elsewhere.
    let naming = match metadata.property("delta.columnMapping.mode") {
        None | Some("none" | "name") => Naming::Names,
        Some("id") => Naming::Ids,
        Some(other) => return Err(refused(format!("maps its columns by '{other}'"))),
    };
    let mapped = metadata.property("delta.columnMapping.mode").is_some_and(|mode| mode != "none");
    let schema: Value = serde_json::from_str(&metadata.schema_string).map_err(|error| {
        Error::new(codes::TABLE_LOG, Blame::Data, format!("the schema of the table {shown} cannot be understood"))
            .help("the log of the table is damaged: let its owner write the table anew")
            .caused_by(error)
    })?;
    let fields = fields(&schema, mapped).map_err(|what| refused(format!("has {what}")))?;
    Ok((fields, naming))
}

fn fields(of: &Value, mapped: bool) -> Result<Vec<TableField>, String> {
    let fields = of.get("fields").and_then(Value::as_array).ok_or("a schema without fields")?;
    fields.iter().map(|field| one(field, mapped)).collect()
}

fn one(field: &Value, mapped: bool) -> Result<TableField, String> {
    let name = field.get("name").and_then(Value::as_str).ok_or("a column without a name")?.to_owned();
    let metadata = |key: &str| field.get("metadata").and_then(|metadata| metadata.get(key));
    let physical = metadata("delta.columnMapping.physicalName").and_then(Value::as_str).filter(|_| mapped);
    let id = metadata("delta.columnMapping.id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
    let of = field.get("type").ok_or_else(|| format!("the column '{name}' without a type"))?;
    let kind = kind(of, mapped).map_err(|what| format!("the column '{name}' of {what}"))?;
    Ok(TableField { physical: vec![physical.unwrap_or(&name).to_owned()], name, id, kind })
}

/// What is in a list or a map: found by its place.
fn inner(of: Option<&Value>, mapped: bool) -> Result<Box<TableField>, String> {
    let kind = kind(of.ok_or("a type without parts")?, mapped)?;
    Ok(Box::new(TableField { name: String::new(), physical: Vec::new(), id: None, kind }))
}

fn kind(of: &Value, mapped: bool) -> Result<Kind, String> {
    if let Some(name) = of.as_str() {
        return primitive(name).map(Kind::Leaf).ok_or_else(|| format!("the type {name}"));
    }
    match of.get("type").and_then(Value::as_str) {
        Some("struct") => fields(of, mapped).map(Kind::Struct),
        Some("array") => inner(of.get("elementType"), mapped).map(Kind::List),
        Some("map") => Ok(Kind::Map(inner(of.get("keyType"), mapped)?, inner(of.get("valueType"), mapped)?)),
        _ => Err(format!("the type {of}")),
    }
}

fn primitive(name: &str) -> Option<DataType> {
    Some(match name {
        "string" => DataType::Utf8,
        "long" => DataType::Int64,
        "integer" => DataType::Int32,
        "short" => DataType::Int16,
        "byte" => DataType::Int8,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "boolean" => DataType::Boolean,
        "binary" => DataType::Binary,
        "date" => DataType::Date32,
        "timestamp" => timestamp_utc(),
        "timestamp_ntz" => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => {
            let digits = name.strip_prefix("decimal(")?.strip_suffix(')')?;
            let (precision, scale) = digits.split_once(',')?;
            let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
            (1..=38).contains(&precision).then_some(DataType::Decimal128(precision, scale))?
        }
    })
}
