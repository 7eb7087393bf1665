//! The types of a temporary table's columns, where a driver does not make the table itself.

use arrow_schema::{DataType, Schema, TimeUnit};

use crate::database::Names;
use crate::driver::dialect::Dialect;

/// The statement that makes a temporary table of columns as they are handed over (see `columns`).
///
/// Names of types: SQL:2016, 6.1; Snowflake's manual, "Summary of data types".
pub(super) fn temporary_table(table: &str, columns: &Schema, dialect: Dialect, names: Names) -> String {
    let columns = columns.fields().iter().map(|field| {
        let data_type = match dialect {
            Dialect::Snowflake => of_snowflake(field.data_type()),
            _ => of_the_standard(field.data_type(), Dialect::text_type(names.quote)),
        };
        format!("{} {data_type}", names.quoted(field.name()))
    });
    format!("create temporary table {} ({})", names.quoted(table), columns.collect::<Vec<_>>().join(", "))
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
        let made = |dialect, quote| temporary_table("stage", &columns, dialect, names(quote));
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
    }
}
