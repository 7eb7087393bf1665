//! What a column of the lake is in MySQL and MariaDB.

use arrow_schema::{DataType, Field};

use super::super::connect::Flavour;

/// Digits behind the point that a decimal has at most.
const MOST_SCALE: i8 = 30;
/// Bytes of all columns of an index, less some that the others take.
const MOST_INDEXED: usize = 3000;
/// Characters of a text of a key, at most.
const MOST_CHARACTERS: usize = 255;

/// The type of a column in the temporary table, and the one that a new column is given.
pub(super) fn type_of(data_type: &DataType) -> String {
    match data_type {
        nested if nested.is_nested() => "json".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 | DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "int".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float32 => "float".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Decimal128(precision, scale) if *scale <= MOST_SCALE => format!("decimal({precision},{scale})"),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "longblob".to_owned(),
        DataType::Date32 => "date".to_owned(),
        // A `timestamp` of theirs ends in 2038.
        DataType::Timestamp(..) => "datetime(6)".to_owned(),
        _ => "longtext character set utf8mb4".to_owned(),
    }
}

/// The type in the temporary table, where JSON is text: it is judged when it is written into the table.
pub(super) fn staged(data_type: &DataType) -> String {
    match data_type.is_nested() || is_text(data_type) {
        true => "longtext character set utf8mb4 collate utf8mb4_bin".to_owned(),
        false => type_of(data_type),
    }
}

/// Whether values are sent as text that is compared by a collation.
pub(super) fn is_text(data_type: &DataType) -> bool {
    type_of(data_type).starts_with("longtext")
}

/// The type of a new column that is one of `keys` columns of a key: one that an index can have, and that tells all values apart.
pub(super) fn of_key(field: &Field, keys: usize, flavour: Flavour) -> String {
    let room = MOST_INDEXED / keys.max(1);
    match field.data_type() {
        text if is_text(text) => {
            let collation = match flavour {
                Flavour::MariaDb(..) => "utf8mb4_nopad_bin",
                Flavour::MySql(8.., _) => "utf8mb4_0900_bin",
                Flavour::MySql(..) => "utf8mb4_bin",
            };
            format!("varchar({}) character set utf8mb4 collate {collation}", MOST_CHARACTERS.min(room / 4))
        }
        binary if type_of(binary) == "longblob" => format!("varbinary({})", MOST_CHARACTERS.min(room)),
        other => type_of(other),
    }
}
