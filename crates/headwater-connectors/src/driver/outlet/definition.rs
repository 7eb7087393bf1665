//! The types of a stage's columns, where a driver does not make the table itself.

use arrow_schema::{DataType, Schema, TimeUnit};

use crate::database::Names;
use crate::driver::dialect::Dialect;

/// The statement that makes a table of columns as they are handed over (see `columns`). `table` is its name in SQL.
///
/// BigQuery has temporary tables only within one statement's script: there it is an ordinary one, which is gone after a day in any case.
/// Names of types: SQL:2016, 6.1; Snowflake's manual, "Summary of data types"; BigQuery's, "Data types" and "CREATE TABLE statement".
pub(super) fn stage_table(table: &str, columns: &Schema, dialect: Dialect, names: Names) -> String {
    let columns = columns
        .fields()
        .iter()
        .map(|field| format!("{} {}", names.quoted(field.name()), type_in(field.data_type(), dialect, names)));
    let columns = columns.collect::<Vec<_>>().join(", ");
    match dialect {
        Dialect::BigQuery => format!(
            "create table {table} ({columns}) \
             options (expiration_timestamp = timestamp_add(current_timestamp(), interval 1 day))"
        ),
        _ => format!("create temporary table {table} ({columns})"),
    }
}

/// A type's name.
pub(super) fn type_in(data_type: &DataType, dialect: Dialect, names: Names) -> String {
    match dialect {
        Dialect::BigQuery => of_bigquery(data_type),
        Dialect::Snowflake => of_snowflake(data_type),
        _ => of_the_standard(data_type, Dialect::text_type(names.quote)),
    }
}

/// Others than these are handed over as texts ([`Dialect::takes`]).
pub(super) fn of_bigquery(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "bool".to_owned(),
        DataType::UInt64 => "numeric(20, 0)".to_owned(),
        whole if whole.is_integer() => "int64".to_owned(),
        real if real.is_floating() => "float64".to_owned(),
        DataType::Decimal128(digits, scale) => {
            // `numeric` has 29 digits before the point and 9 behind it.
            let is_numeric = *scale <= 9 && i16::from(*digits) - i16::from(*scale) <= 29;
            format!("{}({digits}, {scale})", if is_numeric { "numeric" } else { "bignumeric" })
        }
        DataType::Binary => "bytes".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, None) => "datetime".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp".to_owned(),
        _ => "string".to_owned(),
    }
}

fn of_snowflake(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_owned(),
        whole if whole.is_integer() => "number(38, 0)".to_owned(),
        real if real.is_floating() => "double".to_owned(),
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale) => {
            format!("number({digits}, {scale})")
        }
        DataType::Binary => "binary".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Time32(unit) | DataType::Time64(unit) => format!("time({})", digits(*unit)),
        DataType::Timestamp(unit, None) => format!("timestamp_ntz({})", digits(*unit)),
        // Instants, shown in the session's zone.
        DataType::Timestamp(unit, Some(_)) => format!("timestamp_ltz({})", digits(*unit)),
        _ => "varchar".to_owned(),
    }
}

fn of_the_standard(data_type: &DataType, text: &str) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => "smallint".to_owned(),
        DataType::UInt16 | DataType::Int32 => "integer".to_owned(),
        DataType::UInt32 | DataType::Int64 => "bigint".to_owned(),
        DataType::UInt64 => "decimal(20, 0)".to_owned(),
        DataType::Float16 | DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double precision".to_owned(),
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
        | DataType::Decimal256(digits, scale) => format!("decimal({digits}, {scale})"),
        DataType::Binary => "varbinary".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Time32(unit) | DataType::Time64(unit) => format!("time({})", digits(*unit)),
        DataType::Timestamp(unit, None) => format!("timestamp({})", digits(*unit)),
        DataType::Timestamp(unit, Some(_)) => format!("timestamp({}) with time zone", digits(*unit)),
        _ => text.to_owned(),
    }
}

/// Digits of a second's fractions.
fn digits(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::Field;

    use super::*;
    use crate::driver::stream::names;

    #[test]
    fn tables_are_made_of_the_types_that_databases_have() {
        let types = [
            DataType::Boolean,
            DataType::Int16,
            DataType::Float64,
            DataType::Decimal128(10, 2),
            DataType::Utf8,
            DataType::Date32,
            DataType::Timestamp(TimeUnit::Microsecond, None),
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ];
        let fields = types.into_iter().enumerate().map(|(at, data_type)| Field::new(format!("c{at}"), data_type, true));
        let columns = Schema::new(fields.collect::<Vec<_>>());
        let made = |dialect, quote| stage_table(&names(quote).quoted("stage"), &columns, dialect, names(quote));
        assert_eq!(
            made(Dialect::Snowflake, '"'),
            "create temporary table \"stage\" (\"c0\" boolean, \"c1\" number(38, 0), \"c2\" double, \"c3\" number(10, 2), \
             \"c4\" varchar, \"c5\" date, \"c6\" timestamp_ntz(6), \"c7\" timestamp_ltz(6))"
        );
        assert_eq!(
            made(Dialect::Other, '`'),
            "create temporary table `stage` (`c0` boolean, `c1` smallint, `c2` double precision, `c3` decimal(10, 2), \
             `c4` string, `c5` date, `c6` timestamp(6), `c7` timestamp(6) with time zone)"
        );
        assert_eq!(
            made(Dialect::BigQuery, '`'),
            "create table `stage` (`c0` bool, `c1` int64, `c2` float64, `c3` numeric(10, 2), `c4` string, `c5` date, `c6` datetime, \
             `c7` timestamp) options (expiration_timestamp = timestamp_add(current_timestamp(), interval 1 day))"
        );
        assert_eq!(of_bigquery(&DataType::Decimal128(38, 8)), "bignumeric(38, 8)");
        assert_eq!(of_bigquery(&DataType::Decimal128(38, 9)), "numeric(38, 9)");
        assert_eq!(of_bigquery(&DataType::Decimal128(12, 10)), "bignumeric(12, 10)");
    }
}
