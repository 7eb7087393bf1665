//! A driver's types and the lake's.

use std::sync::Arc;

use arrow_schema::extension::EXTENSION_TYPE_NAME_KEY;
use arrow_schema::{DataType, Field};
use headwater_sdk::types::type_name;

use crate::codes;
use crate::database::{ColumnRead, NativeType};
use crate::lake_types::{lake_type, reads_as};

/// The extension by which drivers hand over values of types that Arrow does not have: as texts, or as bytes that only the database knows.
const OPAQUE: &str = "arrow.opaque";
const UUID: &str = "arrow.uuid";
/// What PostgreSQL adds to the digits of a `numeric` in its modifier, and where that is told.
const MODIFIER: (&str, i32) = ("POSTGRESQL:typmod", 4);

/// A column's type as a driver tells it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DriverType {
    written: String,
    /// The lake's type that takes all of its values, of Arrow's columns or of the database's texts.
    data_type: DataType,
    /// Whether Arrow's columns lose something or cannot be read: the database is asked for the values' texts.
    as_text: bool,
    /// Whether there are values within values.
    is_nested: bool,
}

/// How a column is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub(super) data_type: DataType,
    /// Whether the database makes texts of the values, of which the type is then read.
    pub(super) as_text: bool,
    /// Whether the database has values within these values.
    pub(super) is_nested: bool,
}

impl ColumnRead for Reading {
    fn data_type(&self) -> &DataType {
        &self.data_type
    }

    fn nulls(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), as_text: false, is_nested: false }
    }
}

impl DriverType {
    /// Whether the database is asked for the values' texts.
    pub(super) fn is_as_text(&self) -> bool {
        self.as_text
    }

    pub(super) fn of(field: &Field) -> Self {
        let field = &with_wall_clocks(field);
        let extension = field.metadata().get(EXTENSION_TYPE_NAME_KEY).map(String::as_str);
        let is_nested = field.data_type().is_nested();
        let of = |written: String, data_type, as_text| Self { written, data_type, as_text, is_nested };
        let arrow = type_name(field.data_type());
        match extension {
            Some(OPAQUE) => {
                let name = opaque_name(field);
                let data_type = match name.as_str() {
                    "numeric" => numeric(field),
                    // Whole numbers of 128 bits and more.
                    "hugeint" | "uhugeint" | "bignum" | "varint" => DataType::Decimal128(38, 0),
                    _ => DataType::Utf8,
                };
                of(name, data_type, !is_text(field.data_type()))
            }
            Some(UUID) => of("uuid".to_owned(), DataType::Utf8, true),
            _ if has_foreign(field.data_type()) => of(arrow, DataType::Utf8, true),
            _ => match lake_type(field.data_type()) {
                Some(data_type) => of(arrow, data_type, false),
                None => of(arrow, DataType::Utf8, true),
            },
        }
    }
}

/// How drivers name their own type of a column, and that of times without a zone: Snowflake's, BigQuery's, and BigQuery's in arrays.
const WALL_CLOCKS: [(&str, &str); 3] =
    [("SNOWFLAKE_TYPE", "timestamp_ntz"), ("BIGQUERY:type", "DATETIME"), ("BIGQUERY:type", "ARRAY<DATETIME>")];

/// A column whose times without a zone have none: some drivers describe them as instants in UTC as long as they have not read them.
fn with_wall_clocks(field: &Field) -> Field {
    let has_no_zone = WALL_CLOCKS.iter().any(|(key, own)| field.metadata().get(*key).is_some_and(|told| told == own));
    field.clone().with_data_type(without_zones(field.data_type(), has_no_zone))
}

fn without_zones(data_type: &DataType, has_no_zone: bool) -> DataType {
    match data_type {
        DataType::Timestamp(unit, Some(_)) if has_no_zone => DataType::Timestamp(*unit, None),
        // The array says it for what is in it.
        DataType::List(item) if has_no_zone => {
            let inner = without_zones(item.data_type(), true);
            DataType::List(Arc::new(item.as_ref().clone().with_data_type(inner)))
        }
        DataType::List(item) => DataType::List(Arc::new(with_wall_clocks(item))),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| with_wall_clocks(field)).collect()),
        other => other.clone(),
    }
}

/// What the database calls a type that Arrow does not have.
fn opaque_name(field: &Field) -> String {
    let metadata = field.metadata().get(arrow_schema::extension::EXTENSION_TYPE_METADATA_KEY);
    let told = metadata.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let name = told.as_ref().and_then(|told| told.get("type_name")?.as_str());
    name.map_or_else(|| type_name(field.data_type()), str::to_owned)
}

/// A `numeric` of PostgreSQL: its digits, or as many as the connector for PostgreSQL gives one without.
fn numeric(field: &Field) -> DataType {
    let (key, added) = MODIFIER;
    let modifier =
        field.metadata().get(key).and_then(|text| text.parse::<i32>().ok()).filter(|modifier| *modifier >= added);
    let digits = modifier.map(|modifier| ((modifier - added) >> 16, (modifier - added) & 0x7ff));
    match digits {
        Some((precision @ 1..=38, scale)) if (0..=precision).contains(&scale) => {
            DataType::Decimal128(precision as u8, scale as i8)
        }
        // More than the lake's numbers have, or a negative scale.
        Some(_) => DataType::Utf8,
        None => DataType::Decimal128(38, 9),
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Whether there are values within that only the database can read.
fn has_foreign(data_type: &DataType) -> bool {
    let foreign = |field: &Field| match field.metadata().get(EXTENSION_TYPE_NAME_KEY).map(String::as_str) {
        Some(OPAQUE) => !is_text(field.data_type()),
        Some(UUID) => true,
        _ => has_foreign(field.data_type()),
    };
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => foreign(item),
        DataType::Struct(fields) => fields.iter().any(|field| foreign(field)),
        _ => false,
    }
}

impl NativeType for DriverType {
    type Reading = Reading;
    const OPTIONS: &'static str = codes::DRIVER_OPTIONS;

    fn written(&self) -> &str {
        &self.written
    }

    fn natural(&self) -> Reading {
        Reading { data_type: self.data_type.clone(), as_text: self.as_text, is_nested: self.is_nested }
    }

    /// Every value is judged by itself, so that any type can be declared that a text can be read as.
    fn declared(&self, wanted: &DataType) -> Option<Reading> {
        if *wanted == self.data_type {
            return Some(self.natural());
        }
        if self.is_nested || wanted.is_nested() {
            let reads = !self.as_text && wanted.is_nested() && reads_as(&self.data_type, wanted);
            let as_text = *wanted == DataType::Utf8;
            return (reads || as_text).then(|| Reading {
                data_type: wanted.clone(),
                as_text,
                is_nested: self.is_nested,
            });
        }
        // Bytes have no text that says what they are.
        let is_bytes = |data_type: &DataType| *data_type == DataType::Binary;
        let differ = is_bytes(wanted) != is_bytes(&self.data_type);
        let known = headwater_sdk::types::parse_type(&type_name(wanted)).is_some();
        (known && !differ).then(|| Reading { data_type: wanted.clone(), as_text: self.as_text, is_nested: false })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow_schema::{IntervalUnit, TimeUnit};

    use super::*;

    fn opaque(name: &str, storage: DataType, modifier: Option<&str>) -> Field {
        let mut metadata = HashMap::from([
            (EXTENSION_TYPE_NAME_KEY.to_owned(), OPAQUE.to_owned()),
            ("ARROW:extension:metadata".to_owned(), format!(r#"{{"type_name":"{name}","vendor_name":"X"}}"#)),
        ]);
        metadata.extend(modifier.map(|modifier| ("POSTGRESQL:typmod".to_owned(), modifier.to_owned())));
        Field::new("c", storage, true).with_metadata(metadata)
    }

    fn read(field: &Field) -> (String, bool) {
        let found = DriverType::of(field);
        (type_name(&found.data_type), found.as_text)
    }

    #[test]
    fn what_arrow_lacks_is_read_as_the_database_writes_it() {
        assert_eq!(read(&opaque("numeric", DataType::Utf8, Some("655366"))), ("decimal(10,2)".into(), false));
        assert_eq!(read(&opaque("numeric", DataType::Utf8, Some("-1"))), ("decimal(38,9)".into(), false));
        assert_eq!(read(&opaque("numeric", DataType::Utf8, Some("6553604"))), ("string".into(), false));
        assert_eq!(read(&opaque("uhugeint", DataType::FixedSizeBinary(16), None)), ("decimal(38,0)".into(), true));
        assert_eq!(read(&opaque("inet", DataType::Binary, None)), ("string".into(), true));
        // As Snowflake's driver 1.11 describes them, whatever it reads then.
        let wall = |own: &str| {
            let field = Field::new("t", DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())), true);
            field.with_metadata(HashMap::from([("SNOWFLAKE_TYPE".to_owned(), own.to_owned())]))
        };
        assert_eq!(DriverType::of(&wall("timestamp_ntz")).data_type, DataType::Timestamp(TimeUnit::Microsecond, None));
        assert_eq!(DriverType::of(&wall("timestamp_ltz")).data_type, headwater_sdk::types::timestamp_utc());
        // As BigQuery's driver 1.11 does, in structs and arrays, too.
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let told = |name: &str, data_type: DataType, own: &str| {
            let field = Field::new(name, data_type, true);
            field.with_metadata(HashMap::from([("BIGQUERY:type".to_owned(), own.to_owned())]))
        };
        let items = told("a", DataType::new_list(instant.clone(), true), "ARRAY<DATETIME>");
        let within = DataType::Struct(vec![items, told("t", instant, "TIMESTAMP")].into());
        let expected = "struct<a: list<timestamp_ntz>, t: timestamp>";
        assert_eq!(read(&told("s", within, "STRUCT<`a` ARRAY<DATETIME>, `t` TIMESTAMP>")).0, expected);
        let interval = Field::new("i", DataType::Interval(IntervalUnit::MonthDayNano), true);
        assert_eq!(read(&interval), ("string".into(), true));
        let list = |item| Field::new("l", DataType::List(Arc::new(item)), true);
        assert_eq!(read(&list(opaque("bit", DataType::Binary, None))), ("string".into(), true));
        assert!(!DriverType::of(&list(Field::new("item", DataType::Int32, true))).as_text);
    }

    #[test]
    fn types_that_lose_nothing_may_be_declared() {
        let int = DriverType::of(&Field::new("n", DataType::Int32, true));
        assert_eq!(int.declared(&DataType::Utf8).map(|read| read.as_text), Some(false));
        assert_eq!(int.declared(&DataType::Binary), None);
        let list = DataType::List(Arc::new(Field::new("item", DataType::Int32, true)));
        let list = DriverType::of(&Field::new("l", list, true));
        assert_eq!(list.declared(&DataType::Utf8).map(|read| read.as_text), Some(true));
        assert_eq!(list.declared(&DataType::Int32), None);
    }
}
