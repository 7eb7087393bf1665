//! PostgreSQL's types and the lake's: what a column becomes, how it is asked for, and how its bytes are read.

use arrow_schema::{DataType, TimeUnit};
use headwater_sdk::types::{list_of, timestamp_utc};

/// What a `numeric` without declared digits becomes: as BigQuery's NUMERIC, and what most loaders choose.
const NUMERIC: (u8, i8) = (38, 9);

/// A column's type in the database, domains resolved to what they are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PgType {
    /// The type's name in `pg_type`, e.g. `int4`; of an array that of its elements.
    pub(super) name: String,
    /// Its modifier (`atttypmod`); -1 for none.
    pub(super) modifier: i32,
    pub(super) is_array: bool,
    pub(super) is_enum: bool,
    /// As a person writes it, e.g. `numeric(10,2)[]`.
    pub(super) written: String,
}

impl PgType {
    /// Of a column that the database does not have any more.
    pub(super) fn none() -> Self {
        Self { name: String::new(), modifier: -1, is_array: false, is_enum: false, written: String::new() }
    }

    /// Whether nothing of the type is greater than a value, as PostgreSQL writes it.
    pub(super) fn has_no_end(&self, value: &str) -> bool {
        match self.name.as_str() {
            "date" | "timestamp" | "timestamptz" => value == "infinity",
            "numeric" | "float4" | "float8" => matches!(value, "Infinity" | "NaN"),
            _ => false,
        }
    }
}

/// How the bytes of a value are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wire {
    Bool,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Text,
    Uuid,
    Jsonb,
    Bytes,
    Date,
    /// With and without a time zone: microseconds since 2000.
    Timestamp,
    Numeric(u8, i8),
    List(Box<Wire>),
}

/// How a column is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) data_type: DataType,
    /// The type that the server is asked to cast it to; `None` to take it as it is.
    pub(super) cast: Option<&'static str>,
    pub(super) wire: Wire,
}

impl Reading {
    fn plain(data_type: DataType, wire: Wire) -> Self {
        Self { data_type, cast: None, wire }
    }

    fn cast(data_type: DataType, cast: &'static str, wire: Wire) -> Self {
        Self { data_type, cast: Some(cast), wire }
    }
}

/// How a column is read that the project says nothing of.
pub(super) fn natural(pg: &PgType) -> Reading {
    let item = natural_item(pg);
    if !pg.is_array {
        return item;
    }
    let cast = item.cast.map(array_of);
    Reading { data_type: list_of(item.data_type), cast, wire: Wire::List(Box::new(item.wire)) }
}

fn array_of(cast: &str) -> &'static str {
    match cast {
        "int8" => "int8[]",
        "numeric" => "numeric[]",
        _ => "text[]",
    }
}

fn natural_item(pg: &PgType) -> Reading {
    match pg.name.as_str() {
        "bool" => Reading::plain(DataType::Boolean, Wire::Bool),
        "int2" => Reading::plain(DataType::Int16, Wire::Int16),
        "int4" => Reading::plain(DataType::Int32, Wire::Int32),
        "int8" => Reading::plain(DataType::Int64, Wire::Int64),
        "oid" => Reading::cast(DataType::Int64, "int8", Wire::Int64),
        "float4" => Reading::plain(DataType::Float32, Wire::Float32),
        "float8" => Reading::plain(DataType::Float64, Wire::Float64),
        "numeric" => decimal(pg.modifier),
        "money" => Reading::cast(DataType::Decimal128(NUMERIC.0, NUMERIC.1), "numeric", numeric_wire(NUMERIC)),
        "text" | "varchar" | "bpchar" | "name" | "json" | "xml" => Reading::plain(DataType::Utf8, Wire::Text),
        "uuid" => Reading::plain(DataType::Utf8, Wire::Uuid),
        "jsonb" => Reading::plain(DataType::Utf8, Wire::Jsonb),
        "bytea" => Reading::plain(DataType::Binary, Wire::Bytes),
        "date" => Reading::plain(DataType::Date32, Wire::Date),
        "timestamp" => Reading::plain(DataType::Timestamp(TimeUnit::Microsecond, None), Wire::Timestamp),
        "timestamptz" => Reading::plain(timestamp_utc(), Wire::Timestamp),
        _ if pg.is_enum => Reading::plain(DataType::Utf8, Wire::Text),
        // Times, intervals, networks, ranges, composites, geometry and what extensions bring: as PostgreSQL writes them.
        _ => Reading::cast(DataType::Utf8, "text", Wire::Text),
    }
}

fn numeric_wire((precision, scale): (u8, i8)) -> Wire {
    Wire::Numeric(precision, scale)
}

/// `numeric(p,s)`: its modifier is `((p << 16) | (s & 0x7ff)) + 4`, the scale being a signed number of 11 bits since version 15.
fn decimal(modifier: i32) -> Reading {
    let declared = (modifier >= 4).then(|| {
        let packed = modifier - 4;
        let (precision, scale) = (packed >> 16, ((packed & 0x7ff) ^ 0x400) - 0x400);
        // A negative scale rounds before the point: such numbers have more digits than their precision. One that is larger
        // than the precision has zeros behind the point.
        (precision.max(scale) - scale.min(0), scale.max(0))
    });
    let of = |(precision, scale): (u8, i8)| {
        Reading::plain(DataType::Decimal128(precision, scale), Wire::Numeric(precision, scale))
    };
    match declared {
        None => of(NUMERIC),
        Some((precision, scale)) => match (u8::try_from(precision), i8::try_from(scale)) {
            (Ok(precision @ 1..=38), Ok(scale)) => of((precision, scale)),
            // More digits than the lake's decimals have.
            _ => Reading::cast(DataType::Utf8, "text", Wire::Text),
        },
    }
}

/// How a column is read in a type that the project declares; `None` when that could change a value or fail.
pub(super) fn declared(pg: &PgType, wanted: &DataType) -> Option<Reading> {
    let natural = natural(pg);
    if natural.data_type == *wanted {
        return Some(natural);
    }
    if *wanted == DataType::Utf8 {
        return Some(Reading::cast(DataType::Utf8, "text", Wire::Text));
    }
    if pg.is_array {
        return None;
    }
    let integer = match pg.name.as_str() {
        "int2" => 2,
        "int4" | "oid" => 4,
        "int8" => 8,
        _ => 0,
    };
    match (wanted, pg.name.as_str()) {
        (DataType::Int32, "int2") => Some(Reading::cast(DataType::Int32, "int4", Wire::Int32)),
        (DataType::Int64, _) if integer > 0 => Some(Reading::cast(DataType::Int64, "int8", Wire::Int64)),
        (DataType::Float64, "float4") => Some(Reading::cast(DataType::Float64, "float8", Wire::Float64)),
        // Up to 53 bits are exact.
        (DataType::Float64, _) if (1..8).contains(&integer) => {
            Some(Reading::cast(DataType::Float64, "float8", Wire::Float64))
        }
        (DataType::Decimal128(precision, scale), "numeric") => {
            Some(Reading::plain(wanted.clone(), numeric_wire((*precision, *scale))))
        }
        (DataType::Decimal128(precision, scale), name) if integer > 0 || name == "money" => {
            Some(Reading::cast(wanted.clone(), "numeric", numeric_wire((*precision, *scale))))
        }
        // At midnight.
        (DataType::Timestamp(TimeUnit::Microsecond, None), "date") => {
            Some(Reading::cast(wanted.clone(), "timestamp", Wire::Timestamp))
        }
        _ => None,
    }
}

/// How values of a type of the lake would come, for a column of which only nulls do.
pub(super) fn wire_of(data_type: &DataType) -> Wire {
    match data_type {
        DataType::Boolean => Wire::Bool,
        DataType::Int8 | DataType::Int16 => Wire::Int16,
        DataType::Int32 => Wire::Int32,
        DataType::Int64 => Wire::Int64,
        DataType::Float32 => Wire::Float32,
        DataType::Float64 => Wire::Float64,
        DataType::Binary => Wire::Bytes,
        DataType::Date32 => Wire::Date,
        DataType::Timestamp(..) => Wire::Timestamp,
        DataType::Decimal128(precision, scale) => Wire::Numeric(*precision, *scale),
        DataType::List(item) => Wire::List(Box::new(wire_of(item.data_type()))),
        _ => Wire::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pg(name: &str, modifier: i32) -> PgType {
        PgType { name: name.into(), modifier, is_array: false, is_enum: false, written: name.into() }
    }

    #[test]
    fn numerics_keep_their_digits() {
        let modifier = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + 4;
        let of = |modifier| natural(&pg("numeric", modifier)).data_type;
        assert_eq!(of(-1), DataType::Decimal128(38, 9));
        assert_eq!(of(modifier(10, 2)), DataType::Decimal128(10, 2));
        assert_eq!(of(modifier(38, 38)), DataType::Decimal128(38, 38));
        assert_eq!(of(modifier(3, 5)), DataType::Decimal128(5, 5), "0.00123");
        assert_eq!(of(modifier(3, -2)), DataType::Decimal128(5, 0), "12300");
        assert_eq!(of(modifier(60, 2)), DataType::Utf8);
    }

    #[test]
    fn declared_types_never_change_a_value() {
        assert!(declared(&pg("int4", -1), &DataType::Int16).is_none());
        assert!(declared(&pg("int8", -1), &DataType::Float64).is_none());
        assert!(declared(&pg("text", -1), &DataType::Int64).is_none());
        assert_eq!(declared(&pg("int4", -1), &DataType::Int64).unwrap().cast, Some("int8"));
        assert_eq!(declared(&pg("interval", -1), &DataType::Utf8).unwrap().cast, Some("text"));
        assert_eq!(declared(&pg("timestamptz", -1), &timestamp_utc()).unwrap().cast, None);
    }
}
