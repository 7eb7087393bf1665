//! The column types that a project may declare, and their Arrow types in the lake.
//!
//! | name | Arrow type |
//! | --- | --- |
//! | `boolean` (`bool`) | `Boolean` |
//! | `smallint`, `int` (`integer`), `bigint` | `Int16`, `Int32`, `Int64` |
//! | `float` (`real`), `double` | `Float32`, `Float64` |
//! | `decimal(p,s)` | `Decimal128(p, s)`, p from 1 to 38 |
//! | `string` (`text`, `varchar`) | `Utf8` |
//! | `binary` | `Binary` |
//! | `date` | `Date32` |
//! | `timestamp` | `Timestamp(Microsecond, "UTC")`: an instant |
//! | `timestamp_ntz` | `Timestamp(Microsecond, None)`: wall-clock time without a zone |

use std::sync::Arc;

use arrow_schema::{DataType, Field, TimeUnit};

/// The names that [`parse_type`] takes, for messages.
pub const TYPE_NAMES: &str =
    "boolean, smallint, int, bigint, float, double, decimal(p,s), string, binary, date, timestamp, timestamp_ntz";

/// An instant: microseconds since 1970-01-01T00:00:00Z.
pub fn timestamp_utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A list of values of a type, each of which may be null.
pub fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", item, true)))
}

/// The Arrow type of a declared column type (letter case and blanks do not matter), or `None` when there is no such
/// type.
pub fn parse_type(name: &str) -> Option<DataType> {
    let name = name.trim().to_ascii_lowercase();
    if let Some(arguments) = name.strip_prefix("decimal").map(str::trim) {
        let (precision, scale) = arguments.strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
        let (precision, scale): (u8, i8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
        let fits = (1..=38).contains(&precision) && (0..=precision as i8).contains(&scale);
        return fits.then_some(DataType::Decimal128(precision, scale));
    }
    Some(match name.as_str() {
        "boolean" | "bool" => DataType::Boolean,
        "smallint" => DataType::Int16,
        "int" | "integer" => DataType::Int32,
        "bigint" => DataType::Int64,
        "float" | "real" => DataType::Float32,
        "double" => DataType::Float64,
        "string" | "text" | "varchar" => DataType::Utf8,
        "binary" => DataType::Binary,
        "date" => DataType::Date32,
        "timestamp" => timestamp_utc(),
        "timestamp_ntz" => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => return None,
    })
}

/// The name of a type for people: of a lake type as they write it, of nested ones `list<int>`, `struct<a: int, b: string>` and
/// `map<string, int>`; of the few that have no name of their own here Arrow's.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".into(),
        DataType::Int8 => "tinyint".into(),
        DataType::Int16 => "smallint".into(),
        DataType::Int32 => "int".into(),
        DataType::Int64 => "bigint".into(),
        DataType::Float32 => "float".into(),
        DataType::Float64 => "double".into(),
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => {
            format!("decimal({p},{s})")
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".into(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "binary".into()
        }
        DataType::Date32 => "date".into(),
        DataType::Timestamp(_, Some(_)) => "timestamp".into(),
        DataType::Timestamp(_, None) => "timestamp_ntz".into(),
        DataType::Time32(_) | DataType::Time64(_) => "time".into(),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => format!("list<{}>", type_name(item.data_type())),
        DataType::Struct(fields) => {
            let fields =
                fields.iter().map(|field| format!("{}: {}", field_name(field.name()), type_name(field.data_type())));
            format!("struct<{}>", fields.collect::<Vec<_>>().join(", "))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let parts = fields.iter().map(|field| type_name(field.data_type()));
                format!("map<{}>", parts.collect::<Vec<_>>().join(", "))
            }
            other => format!("map<{}>", type_name(other)),
        },
        DataType::Dictionary(_, values) => type_name(values),
        other => other.to_string(),
    }
}

/// A field's name within a type: in quotes where it would not be told from what is around it.
pub fn field_name(name: &str) -> String {
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_types_have_names_of_their_own() {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let inner = DataType::Struct(vec![field("b", DataType::Utf8), field("c d", list_of(timestamp_utc()))].into());
        let entries =
            DataType::Struct(vec![field("key", DataType::Utf8), field("value", DataType::Decimal128(4, 2))].into());
        let map = DataType::Map(Arc::new(Field::new("entries", entries, false)), false);
        for (data_type, name) in [
            (list_of(DataType::Int32), "list<int>"),
            (list_of(inner), "list<struct<b: string, \"c d\": list<timestamp>>>"),
            (map, "map<string, decimal(4,2)>"),
            (DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)), "string"),
        ] {
            assert_eq!(type_name(&data_type), name);
        }
    }

    #[test]
    fn every_named_type_reads_back() {
        for name in TYPE_NAMES.split(", ") {
            let name = if name.starts_with("decimal") { "decimal(10,2)" } else { name };
            let parsed = parse_type(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(type_name(&parsed), name);
        }
        for bad in ["decimal", "decimal(0,0)", "decimal(39,1)", "decimal(4,5)", "decimal(a,b)", "integr"] {
            assert_eq!(parse_type(bad), None, "{bad}");
        }
    }
}
