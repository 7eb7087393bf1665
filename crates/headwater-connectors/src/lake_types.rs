//! Lake types: which one a type of a file becomes, which reads as which, and what two of them widen to.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use headwater_sdk::types::{timestamp_utc, type_name};
use headwater_sdk::{Blame, Error, Result};

use crate::codes;

/// The lake type that takes the values of an Arrow type without loss (digits finer than a microsecond apart), or `None`
/// when there is none.
pub(crate) fn lake_type(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32 => data_type.clone(),
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) if *s >= 0 => {
            DataType::Decimal128(*p, *s)
        }
        DataType::Decimal256(p, s) if *s >= 0 && *p <= 38 => DataType::Decimal128(*p, *s),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => DataType::Utf8,
        DataType::Time32(_) | DataType::Time64(_) => DataType::Utf8,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        DataType::Date64 => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(_, Some(_)) => timestamp_utc(),
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Dictionary(_, value) => lake_type(value)?,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|f| lake_field(f)).collect::<Option<Fields>>()?),
        DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) | DataType::LargeListView(item) => {
            DataType::List(Arc::new(lake_field(item)?))
        }
        DataType::FixedSizeList(item, _) => DataType::List(Arc::new(lake_field(item)?)),
        DataType::Map(entries, sorted) => {
            let DataType::Struct(fields) = entries.data_type() else { return None };
            let fields = fields
                .iter()
                .map(|f| Some(lake_field(f)?.with_nullable(f.is_nullable())))
                .collect::<Option<Fields>>()?;
            DataType::Map(Arc::new(Field::new(entries.name(), DataType::Struct(fields), false)), *sorted)
        }
        _ => return None,
    })
}

fn lake_field(field: &Field) -> Option<Field> {
    Some(Field::new(field.name(), lake_type(field.data_type())?, true))
}

/// The table's schema in lake types.
///
/// # Errors
/// `HW0312` for a column of another type.
pub(crate) fn lake_schema(table: &Schema) -> Result<Arc<Schema>> {
    let field = |field: &Arc<Field>| {
        let data_type = lake_type(field.data_type()).ok_or_else(|| {
            let message =
                format!("column '{}' of the table has the type {}", field.name(), type_name(field.data_type()));
            Error::new(codes::UNSUPPORTED_TYPE, Blame::Data, message).help("load the table again from the start")
        })?;
        Ok(Field::new(field.name(), data_type, true))
    };
    Ok(Arc::new(Schema::new(table.fields().iter().map(field).collect::<Result<Vec<_>>>()?)))
}

/// The rank of whole numbers by width.
fn width(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Int8 => Some(3),
        DataType::Int16 => Some(5),
        DataType::Int32 => Some(10),
        DataType::Int64 => Some(19),
        _ => None,
    }
}

/// Whether every value of a file's column of lake type `from` can be stored in a table's column of lake type `to`.
pub(crate) fn reads_as(from: &DataType, to: &DataType) -> bool {
    from == to || widened(to, from).as_ref() == Some(to)
}

/// The narrowest lake type that takes the values of both; `None` when only a change of meaning would join them.
pub(crate) fn widened(table: &DataType, file: &DataType) -> Option<DataType> {
    use DataType::{Date32, Decimal128, Float32, Float64, List, Struct, Timestamp, Utf8};
    if table == file {
        return Some(table.clone());
    }
    if let (Some(a), Some(b)) = (width(table), width(file)) {
        return Some(if a >= b { table.clone() } else { file.clone() });
    }
    Some(match (table, file) {
        (Utf8, _) | (_, Utf8) => Utf8,
        (Float64, other) | (other, Float64) if *other == Float32 || width(other).is_some() => Float64,
        (Float32, other) | (other, Float32) if width(other).is_some() => Float64,
        (Date32, Timestamp(unit, zone)) | (Timestamp(unit, zone), Date32) => Timestamp(*unit, zone.clone()),
        (Decimal128(p, s), Decimal128(q, t)) => decimal(*p, *s, *q, *t)?,
        (Decimal128(p, s), other) | (other, Decimal128(p, s)) => decimal(*p, *s, width(other)?, 0)?,
        (Struct(a), Struct(b)) => {
            let mut fields: Vec<Field> = Vec::with_capacity(a.len());
            for field in a {
                let other = b.iter().find(|f| f.name() == field.name());
                let joined = match other {
                    Some(other) => widened(field.data_type(), other.data_type())?,
                    None => field.data_type().clone(),
                };
                fields.push(Field::new(field.name(), joined, true));
            }
            let new = b.iter().filter(|f| a.iter().all(|known| known.name() != f.name()));
            fields.extend(new.map(|f| f.as_ref().clone()));
            Struct(fields.into())
        }
        (List(a), List(b)) => List(Arc::new(Field::new(a.name(), widened(a.data_type(), b.data_type())?, true))),
        _ => return None,
    })
}

fn decimal(p: u8, s: i8, q: u8, t: i8) -> Option<DataType> {
    let scale = s.max(t);
    let digits = (p as i8 - s).max(q as i8 - t) + scale;
    (digits <= 38).then_some(DataType::Decimal128(digits as u8, scale))
}

#[cfg(test)]
mod tests {
    use headwater_sdk::types::parse_type;

    use super::*;

    #[test]
    fn types_widen_without_loss() {
        for (table, file, joined) in [
            ("int", "bigint", Some("bigint")),
            ("bigint", "int", Some("bigint")),
            ("bigint", "double", Some("double")),
            ("float", "int", Some("double")),
            ("date", "timestamp", Some("timestamp")),
            ("date", "timestamp_ntz", Some("timestamp_ntz")),
            ("timestamp", "timestamp_ntz", None),
            ("bigint", "string", Some("string")),
            ("decimal(10,2)", "decimal(6,4)", Some("decimal(12,4)")),
            ("decimal(10,2)", "int", Some("decimal(12,2)")),
            ("decimal(38,2)", "decimal(38,4)", None),
            ("boolean", "bigint", None),
            ("date", "bigint", None),
        ] {
            let (table, file) = (parse_type(table).unwrap(), parse_type(file).unwrap());
            assert_eq!(widened(&table, &file), joined.and_then(parse_type), "{table} and {file}");
        }
        assert!(reads_as(&DataType::Int32, &DataType::Float64));
        assert!(!reads_as(&DataType::Float64, &DataType::Int32));
    }
}
