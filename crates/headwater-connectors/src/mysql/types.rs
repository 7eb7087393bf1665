//! MySQL's and MariaDB's types and the lake's: what a column becomes, how it is asked for, and how its text is read.

use arrow_schema::{DataType, TimeUnit};
use headwater_sdk::types::timestamp_utc;

use super::options::ZeroDates;
use super::wire;
use crate::codes;
use crate::database::{ColumnRead, NativeType};

/// Digits of the lake's decimals, at most.
const DIGITS: u32 = 38;
/// The number of the character set of what is no text.
const BYTES: u16 = 63;

/// A column's type in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SqlType {
    /// As the server writes it, e.g. `decimal(10,2) unsigned`.
    pub(super) written: String,
    /// Its first word, e.g. `decimal`.
    pub(super) name: String,
    /// The numbers in brackets behind it.
    pub(super) digits: Vec<u32>,
    pub(super) is_unsigned: bool,
    /// What becomes of zero dates.
    pub(super) zero_dates: ZeroDates,
}

/// How the text of a value is read. (A value of a `bit` comes as its bytes.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Digits, a text or bytes, as the lake's type says.
    Plain,
    /// A float, as the double that it is exactly.
    Float,
    Double,
    Bits,
    /// A date or a time of a date, which may be zero.
    Day(ZeroDates),
    /// The number of a reference system, then the form "well-known binary".
    Geometry,
}

/// How a column is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) data_type: DataType,
    pub(super) form: Form,
}

impl ColumnRead for Reading {
    fn data_type(&self) -> &DataType {
        &self.data_type
    }

    fn nulls(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), form: Form::Plain }
    }
}

impl SqlType {
    /// One as the server writes it.
    pub(super) fn of(written: &str, zero_dates: ZeroDates) -> Self {
        let end = written.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(written.len());
        let (name, rest) = written.split_at(end);
        let name = name.to_ascii_lowercase();
        let is_list = matches!(name.as_str(), "enum" | "set");
        let inside = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).filter(|_| !is_list);
        let digits =
            inside.map(|(inside, _)| inside.split(',').filter_map(|digits| digits.trim().parse().ok()).collect());
        let is_unsigned = !is_list && rest.contains("unsigned");
        Self { written: written.to_owned(), name, digits: digits.unwrap_or_default(), is_unsigned, zero_dates }
    }

    /// That of a column of a query, from what the protocol says of it.
    pub(super) fn of_query(column: &wire::Column, zero_dates: ZeroDates) -> Self {
        const UNSIGNED: u16 = 1 << 5;
        const ENUM: u16 = 1 << 8;
        const SET: u16 = 1 << 11;
        let has = |flag| column.flags & flag != 0;
        let (is_bytes, length) = (column.charset == BYTES, column.length);
        let unsigned = if has(UNSIGNED) { " unsigned" } else { "" };
        let fraction = if column.decimals > 0 { format!("({})", column.decimals) } else { String::new() };
        let written = match column.kind {
            0 | 246 => {
                // A sign and a point are counted, too.
                let extra = u32::from(column.decimals > 0) + u32::from(!has(UNSIGNED));
                format!("decimal({},{}){unsigned}", length.saturating_sub(extra), column.decimals)
            }
            1 => format!("tinyint{unsigned}"),
            2 => format!("smallint{unsigned}"),
            9 => format!("mediumint{unsigned}"),
            3 => format!("int{unsigned}"),
            8 => format!("bigint{unsigned}"),
            4 => "float".to_owned(),
            5 => "double".to_owned(),
            7 => format!("timestamp{fraction}"),
            10 | 14 => "date".to_owned(),
            11 => format!("time{fraction}"),
            12 => format!("datetime{fraction}"),
            13 => "year".to_owned(),
            16 => format!("bit({length})"),
            245 => "json".to_owned(),
            255 => "geometry".to_owned(),
            247 => "enum".to_owned(),
            248 => "set".to_owned(),
            _ if has(ENUM) => "enum".to_owned(),
            _ if has(SET) => "set".to_owned(),
            249..=252 if is_bytes => "blob".to_owned(),
            249..=252 => "text".to_owned(),
            _ if is_bytes => "varbinary".to_owned(),
            _ => "varchar".to_owned(),
        };
        Self::of(&written, zero_dates)
    }

    /// Of a column that the database does not have any more.
    pub(super) fn none() -> Self {
        Self::of("", ZeroDates::Reject)
    }

    /// Bytes of an integer; `None` for another type.
    pub(super) fn integer(&self) -> Option<u32> {
        Some(match self.name.as_str() {
            "tinyint" => 1,
            "smallint" => 2,
            "mediumint" => 3,
            "int" => 4,
            "bigint" => 8,
            _ => return None,
        })
    }

    /// Whether it is another type that holds every value of `before` as it is.
    pub(super) fn is_wider_than(&self, before: &Self) -> bool {
        const TEXTS: &[&str] = &["tinytext", "text", "mediumtext", "longtext"];
        const BYTES: &[&str] = &["tinyblob", "blob", "mediumblob", "longblob"];
        if let (Some(now), Some(was)) = (self.integer(), before.integer()) {
            return if self.is_unsigned == before.is_unsigned { now >= was } else { !self.is_unsigned && now > was };
        }
        let rank = |names: &[&str], of: &str| names.iter().position(|name| *name == of);
        let grows = |names: &[&str]| match (rank(names, &self.name), rank(names, &before.name)) {
            (Some(now), Some(was)) => now >= was,
            _ => false,
        };
        match (self.name.as_str(), before.name.as_str()) {
            ("varchar", "varchar") | ("varbinary", "varbinary") | ("datetime", "datetime") | ("time", "time") => {
                self.digits.first().unwrap_or(&0) >= before.digits.first().unwrap_or(&0)
            }
            ("decimal", "decimal") => {
                self.is_unsigned == before.is_unsigned
                    && self.digits.first() >= before.digits.first()
                    && self.digits.get(1) == before.digits.get(1)
            }
            // With values that are added behind the others.
            ("enum", "enum") | ("set", "set") => {
                before.written.strip_suffix(')').is_some_and(|head| self.written.starts_with(&format!("{head},")))
            }
            _ => grows(TEXTS) || grows(BYTES),
        }
    }

    /// Whether values have an order by which the greatest is found, and compared with as a constant.
    pub(super) fn is_cursor(&self) -> bool {
        let others =
            ["decimal", "double", "year", "date", "datetime", "timestamp", "char", "varchar", "tinytext", "text"];
        self.integer().is_some() || others.contains(&self.name.as_str())
    }

    /// Whether it is a date, with or without a time.
    pub(super) fn is_day(&self) -> bool {
        matches!(self.name.as_str(), "date" | "datetime" | "timestamp")
    }

    /// Whether values are numbers in SQL.
    pub(super) fn is_number(&self) -> bool {
        self.integer().is_some() || matches!(self.name.as_str(), "decimal" | "double" | "year")
    }

    fn form(&self) -> Form {
        match self.name.as_str() {
            "float" => Form::Float,
            "double" => Form::Double,
            "bit" => Form::Bits,
            "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
            | "geometrycollection" | "geomcollection" => Form::Geometry,
            _ if self.is_day() => Form::Day(self.zero_dates),
            _ => Form::Plain,
        }
    }

    fn natural_type(&self) -> DataType {
        let digits = |place: usize| self.digits.get(place).copied();
        match (self.name.as_str(), self.is_unsigned) {
            ("tinyint" | "year", _) | ("smallint", false) => DataType::Int16,
            ("smallint", true) | ("mediumint", _) | ("int", false) => DataType::Int32,
            ("int", true) | ("bigint", false) => DataType::Int64,
            ("bigint", true) => DataType::Decimal128(20, 0),
            ("float", _) => DataType::Float32,
            ("double", _) => DataType::Float64,
            ("decimal", _) => match (digits(0).unwrap_or(10), digits(1).unwrap_or(0)) {
                (precision @ 1..=DIGITS, scale @ 0..=DIGITS) => DataType::Decimal128(precision as u8, scale as i8),
                // More digits than the lake's decimals have.
                _ => DataType::Utf8,
            },
            ("bit", _) => match digits(0).unwrap_or(1) {
                1 => DataType::Boolean,
                64 => DataType::Decimal128(20, 0),
                _ => DataType::Int64,
            },
            ("date", _) => DataType::Date32,
            ("datetime", _) => DataType::Timestamp(TimeUnit::Microsecond, None),
            ("timestamp", _) => timestamp_utc(),
            ("binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob", _) => DataType::Binary,
            _ if self.form() == Form::Geometry => DataType::Binary,
            // Times (which may have more than 24 hours, or be negative), enums, sets, JSON, and what plugins bring.
            _ => DataType::Utf8,
        }
    }
}

impl NativeType for SqlType {
    type Reading = Reading;
    const OPTIONS: &'static str = codes::MYSQL_OPTIONS;

    fn written(&self) -> &str {
        &self.written
    }

    fn natural(&self) -> Reading {
        Reading { data_type: self.natural_type(), form: self.form() }
    }

    /// Every value is judged by itself: one that the declared type does not have makes a bad row.
    fn declared(&self, wanted: &DataType) -> Option<Reading> {
        let (natural, form) = (self.natural_type(), self.form());
        let may = match (wanted, form) {
            _ if natural == *wanted => true,
            (_, Form::Geometry) => false,
            (DataType::Utf8, _) => true,
            (DataType::Boolean | DataType::Int16 | DataType::Int32 | DataType::Int64, form) => {
                self.integer().is_some() || form == Form::Bits
            }
            // Integers up to 53 bits are exact.
            (DataType::Float64, _) => self.integer().is_some_and(|bytes| bytes < 8) || form == Form::Float,
            (DataType::Decimal128(..), Form::Plain) => self.is_number(),
            (DataType::Decimal128(..), Form::Bits) => true,
            // At midnight; and a time of a clock that the project says is UTC's.
            (DataType::Timestamp(TimeUnit::Microsecond, None), _) => self.name == "date",
            (DataType::Timestamp(TimeUnit::Microsecond, Some(_)), _) => self.name == "datetime",
            _ => false,
        };
        may.then(|| Reading { data_type: wanted.clone(), form })
    }
}

#[cfg(test)]
mod tests {
    use headwater_sdk::connector::Drift;
    use headwater_sdk::types::type_name;

    use super::*;

    fn of(written: &str) -> SqlType {
        SqlType::of(written, ZeroDates::AsNull)
    }

    #[test]
    fn types_are_read_as_the_server_writes_them() {
        for (written, is) in [
            ("tinyint(1)", "smallint"),
            ("tinyint(3) unsigned", "smallint"),
            ("smallint unsigned", "int"),
            ("mediumint(8) unsigned zerofill", "int"),
            ("int(10) unsigned", "bigint"),
            ("bigint unsigned", "decimal(20,0)"),
            ("decimal(10,2) unsigned", "decimal(10,2)"),
            ("decimal(65,30)", "string"),
            ("float(7,3)", "float"),
            ("double unsigned", "double"),
            ("bit(1)", "boolean"),
            ("bit(63)", "bigint"),
            ("bit(64)", "decimal(20,0)"),
            ("year(4)", "smallint"),
            ("date", "date"),
            ("datetime(6)", "timestamp_ntz"),
            ("timestamp /* mariadb-5.3 */", "timestamp"),
            ("time(6)", "string"),
            ("varchar(20)", "string"),
            ("varbinary(20)", "binary"),
            ("longblob", "binary"),
            ("enum('a unsigned','b)')", "string"),
            ("json", "string"),
            ("uuid", "string"),
            ("point", "binary"),
        ] {
            assert_eq!(type_name(&of(written).natural_type()), is, "{written}");
        }
        assert!(!of("enum('a unsigned')").is_unsigned);
    }

    #[test]
    fn declared_types_never_change_a_value_without_a_word() {
        assert!(of("tinyint(1)").declared(&DataType::Boolean).is_some());
        assert!(of("bigint").declared(&DataType::Float64).is_none());
        assert!(of("varchar(9)").declared(&DataType::Int64).is_none());
        assert!(of("bigint unsigned").declared(&DataType::Int64).is_some(), "judged value by value");
        assert!(of("point").declared(&DataType::Utf8).is_none());
        assert!(of("int").kept(&DataType::Int16, Drift::Add).is_none(), "a wider column widens the table's");
        assert!(of("int").kept(&DataType::Int64, Drift::Add).is_some());
    }
}
