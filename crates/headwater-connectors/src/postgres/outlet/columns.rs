//! What a column of the lake is in PostgreSQL.

use arrow_schema::DataType;

/// The type that a column is given, and in which its values are sent.
pub(super) fn type_of(data_type: &DataType) -> String {
    match data_type {
        DataType::List(element) if element_oid(element.data_type()).is_some() => {
            format!("{}[]", type_of(element.data_type()))
        }
        nested if nested.is_nested() => "jsonb".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 | DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double precision".to_owned(),
        DataType::Decimal128(precision, scale) => format!("numeric({precision},{scale})"),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "bytea".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_owned(),
        DataType::Timestamp(_, None) => "timestamp without time zone".to_owned(),
        _ => "text".to_owned(),
    }
}

/// The number of an array's element type (PostgreSQL, `src/include/catalog/pg_type.dat`); `None` for what is no array there.
pub(super) fn element_oid(data_type: &DataType) -> Option<u32> {
    Some(match data_type {
        DataType::Boolean => 16,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => 17,
        DataType::Int64 => 20,
        DataType::Int8 | DataType::Int16 => 21,
        DataType::Int32 => 23,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => 25,
        DataType::Float32 => 700,
        DataType::Float64 => 701,
        DataType::Date32 => 1082,
        DataType::Timestamp(_, None) => 1114,
        DataType::Timestamp(_, Some(_)) => 1184,
        DataType::Decimal128(..) => 1700,
        _ => return None,
    })
}
