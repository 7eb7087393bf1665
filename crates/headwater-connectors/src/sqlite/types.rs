//! SQLite's types and the lake's. A column's type in SQLite is a text that says what is preferred; each value has its own class.

use arrow_schema::{DataType, TimeUnit};
use headwater_sdk::types::timestamp_utc;

use crate::codes;
use crate::database::{ColumnRead, NativeType};
use crate::lake_types::reads_as;

/// A column's type in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SqliteType {
    /// As it is declared; `no type` where none is.
    pub(super) written: String,
    /// What the declaration says; `None` when the values have to be looked at.
    pub(super) declared: Option<DataType>,
    /// What the first rows hold, where that was looked at.
    pub(super) held: Held,
}

/// The classes of the values that the first rows have in a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Held {
    integers: bool,
    reals: bool,
    texts: bool,
    blobs: bool,
}

impl Held {
    /// Sees a value's class, as `typeof` names it.
    pub(super) fn see(&mut self, class: &str) {
        match class {
            "integer" => self.integers = true,
            "real" => self.reals = true,
            "text" => self.texts = true,
            "blob" => self.blobs = true,
            _ => {}
        }
    }

    fn data_type(self) -> DataType {
        match (self.integers, self.reals, self.texts, self.blobs) {
            (true, false, false, false) => DataType::Int64,
            (_, true, false, false) => DataType::Float64,
            (false, false, false, true) => DataType::Binary,
            _ => DataType::Utf8,
        }
    }

    fn nothing(self) -> bool {
        self == Self::default()
    }
}

/// How a column is read: each value as one of this type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) data_type: DataType,
}

impl ColumnRead for Reading {
    fn data_type(&self) -> &DataType {
        &self.data_type
    }

    fn nulls(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone() }
    }
}

impl SqliteType {
    /// Of a column whose declared type, if it has one, is this.
    pub(super) fn of(written: Option<&str>) -> Self {
        let written = written.map(str::trim).filter(|written| !written.is_empty());
        let declared = written.and_then(declared_type);
        Self { written: written.unwrap_or("no type").to_owned(), declared, held: Held::default() }
    }

    fn data_type(&self) -> DataType {
        self.declared.clone().unwrap_or_else(|| self.held.data_type())
    }
}

impl NativeType for SqliteType {
    type Reading = Reading;
    const OPTIONS: &'static str = codes::SQLITE_OPTIONS;

    fn written(&self) -> &str {
        &self.written
    }

    fn natural(&self) -> Reading {
        Reading { data_type: self.data_type() }
    }

    /// Every value is judged by itself, so that any type can be declared that a value of SQLite can be.
    fn declared(&self, wanted: &DataType) -> Option<Reading> {
        let known = match wanted {
            DataType::Boolean
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Float32
            | DataType::Float64
            | DataType::Utf8
            | DataType::Binary
            | DataType::Date32 => true,
            DataType::Timestamp(TimeUnit::Microsecond, _) => true,
            DataType::Decimal128(_, scale) => *scale >= 0,
            _ => false,
        };
        known.then(|| Reading { data_type: wanted.clone() })
    }

    fn settled(&self, table: &DataType) -> Option<Reading> {
        let fits = self.held.nothing() || reads_as(&self.held.data_type(), table);
        self.declared(table).filter(|_| self.declared.is_none() && fits)
    }
}

/// What a declared type says of its values: SQLite's own rules (<https://www.sqlite.org/datatype3.html>, "Determination of column
/// affinity"), where they make sense of what people write.
fn declared_type(written: &str) -> Option<DataType> {
    let upper = written.to_ascii_uppercase();
    let (name, digits) = upper.split_once('(').unwrap_or((&upper, ""));
    let (name, has) = (name.trim(), |part: &str| upper.contains(part));
    if has("INT") && !has("POINT") && !has("INTERVAL") {
        return Some(DataType::Int64);
    }
    if name.starts_with("BOOL") {
        return Some(DataType::Boolean);
    }
    if has("CHAR") || has("CLOB") || has("TEXT") {
        return Some(DataType::Utf8);
    }
    if has("BLOB") {
        return Some(DataType::Binary);
    }
    if has("REAL") || has("FLOA") || has("DOUB") {
        return Some(DataType::Float64);
    }
    match name {
        "DATE" => Some(DataType::Date32),
        "TIMESTAMPTZ" => Some(timestamp_utc()),
        "DATETIME" => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        _ if name.starts_with("TIMESTAMP") && has("WITH TIME ZONE") => Some(timestamp_utc()),
        _ if name.starts_with("TIMESTAMP") => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        "DECIMAL" | "NUMERIC" | "DEC" => decimal(digits),
        // UUID, JSON, TIME, ANY and whatever else people write.
        _ => None,
    }
}

/// Of `10,2)` or `10)`.
fn decimal(digits: &str) -> Option<DataType> {
    let inner = digits.trim_end().strip_suffix(')')?;
    let (precision, scale) = inner.split_once(',').unwrap_or((inner, "0"));
    let (precision, scale) = (precision.trim().parse::<u8>().ok()?, scale.trim().parse::<i8>().ok()?);
    let fits = (1..=38).contains(&precision) && (0..=precision as i8).contains(&scale);
    fits.then_some(DataType::Decimal128(precision, scale))
}

#[cfg(test)]
mod tests {
    use headwater_sdk::types::type_name;

    use super::*;

    #[test]
    fn declarations_are_understood() {
        for (written, expected) in [
            ("INTEGER", "bigint"),
            ("unsigned big int", "bigint"),
            ("TinyInt(1)", "bigint"),
            ("BOOLEAN", "boolean"),
            ("VARCHAR(255)", "string"),
            ("native character(70)", "string"),
            ("longblob", "binary"),
            ("DOUBLE PRECISION", "double"),
            ("FLOATING POINT", "double"),
            ("date", "date"),
            ("DATETIME", "timestamp_ntz"),
            ("timestamp(3)", "timestamp_ntz"),
            ("timestamp with time zone", "timestamp"),
            ("DECIMAL(10, 2)", "decimal(10,2)"),
            ("numeric(5)", "decimal(5,0)"),
        ] {
            assert_eq!(declared_type(written).map(|t| type_name(&t)).as_deref(), Some(expected), "{written}");
        }
        for written in ["NUMERIC", "DECIMAL(60,2)", "DECIMAL(2,5)", "JSON", "UUID", "TIME", "INTERVAL", "POINT", "ANY"]
        {
            assert_eq!(declared_type(written), None, "{written}");
        }
    }

    #[test]
    fn what_is_not_declared_is_what_the_first_rows_hold() {
        let of = |classes: &[&str]| {
            let mut found = SqliteType::of(Some("JSON"));
            classes.iter().for_each(|class| found.held.see(class));
            found
        };
        assert_eq!(of(&["integer", "null"]).natural().data_type, DataType::Int64);
        assert_eq!(of(&["integer", "real"]).natural().data_type, DataType::Float64);
        assert_eq!(of(&["blob"]).natural().data_type, DataType::Binary);
        assert_eq!(of(&["integer", "text"]).natural().data_type, DataType::Utf8);
        assert_eq!(of(&[]).natural().data_type, DataType::Utf8);
        assert_eq!(of(&["integer"]).settled(&DataType::Utf8).unwrap().data_type, DataType::Utf8);
        assert_eq!(of(&["text"]).settled(&DataType::Int64), None);
        assert_eq!(of(&[]).settled(&DataType::Int64).unwrap().data_type, DataType::Int64);
    }
}
