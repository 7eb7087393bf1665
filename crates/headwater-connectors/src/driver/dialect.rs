//! What differs between the databases behind drivers, as far as it is known.

use arrow_schema::DataType;

/// A database's ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    BigQuery,
    DuckDb,
    Postgres,
    Snowflake,
    Sqlite,
    /// Not known: standard SQL, and the types that every driver takes.
    Other,
}

/// What stands around names, as far as the driver's name tells; the standard's double quotes otherwise.
pub(crate) fn quote_of(driver: &str) -> char {
    let driver = driver.to_ascii_lowercase();
    let backticks = ["bigquery", "mysql", "mariadb", "databricks", "spark"];
    if backticks.iter().any(|name| driver.contains(name)) { '`' } else { '"' }
}

impl Dialect {
    /// Of the database that a driver says it is for.
    pub(super) fn of(vendor: &str) -> Self {
        match vendor.to_ascii_lowercase().as_str() {
            "bigquery" => Self::BigQuery,
            "duckdb" => Self::DuckDb,
            "postgresql" => Self::Postgres,
            "snowflake" => Self::Snowflake,
            "sqlite" => Self::Sqlite,
            _ => Self::Other,
        }
    }

    /// The statements by which columns are told of without what Arrow's own types would lose, and no longer: DuckDB hands over an `uhugeint` of
    /// 2^128 - 1 as -1. As long as they hold, a boolean is no boolean either: they are for the session alone, as others read at the same time.
    pub(super) fn exact_types(self) -> Option<[&'static str; 2]> {
        let set = ["set session arrow_lossless_conversion = true", "set session arrow_lossless_conversion = false"];
        (self == Self::DuckDb).then_some(set)
    }

    /// The type in which an existing value of a column can be delivered; texts stand for what the driver does not take.
    pub(super) fn takes(self, data_type: &DataType) -> bool {
        match data_type {
            _ if self == Self::DuckDb => true,
            DataType::List(item) => self == Self::Postgres && !item.data_type().is_nested(),
            nested if nested.is_nested() => false,
            // More digits than it has.
            DataType::Decimal256(..) => self != Self::Snowflake,
            // It has no such types; its driver refuses the one, and leaves the zone out of the other.
            DataType::Decimal128(..) | DataType::Timestamp(_, Some(_)) => self != Self::Sqlite,
            _ => true,
        }
    }

    /// Whether an index on the key of a table makes it faster to look its rows up. The others have no use for one, or no such thing.
    pub(super) fn indexes_keys(self) -> bool {
        matches!(self, Self::Postgres | Self::Sqlite)
    }

    /// Whether rows to be deleted are looked up by an index only where their keys are compared with a list (`in`). SQLite goes through the whole table
    /// where another one is asked for each row (`exists`); the others make a join of it.
    pub(super) fn looks_up_lists(self) -> bool {
        self == Self::Sqlite
    }

    /// Whether tables are made within a transaction, as rows are written. Elsewhere to make one ends the transaction.
    pub(super) fn defines_in_transactions(self) -> bool {
        matches!(self, Self::DuckDb | Self::Postgres | Self::Sqlite)
    }

    /// Whether the driver ends a result without a word where it breaks off, and tells no columns of one without rows: that of BigQuery, up to 1.11
    /// at least.
    pub(super) fn hides_what_breaks(self) -> bool {
        self == Self::BigQuery
    }

    /// Whether the driver waits for a statement without rows. That of BigQuery begins it, and does not hear of its end; it waits for a query.
    pub(super) fn waits_for_updates(self) -> bool {
        self != Self::BigQuery
    }

    /// Whether the driver has neither transactions nor a way to take rows up, and the database has scripts for the one and SQL for the other.
    pub(super) fn has_scripts(self) -> bool {
        self == Self::BigQuery
    }

    /// A column's values as the database's own texts for them.
    pub(super) fn as_text(self, quote: char, column: &str, is_nested: bool) -> String {
        if self == Self::BigQuery && is_nested {
            return format!("to_json_string({column})");
        }
        format!("cast({column} as {})", Self::text_type(quote))
    }

    /// A text in SQL. `quote` is what stands around names.
    pub(super) fn text(self, quote: char, text: &str) -> String {
        // Databases whose names stand in backticks, and Snowflake, take a backslash in a text for the beginning of an escape. Of the former not all
        // take two quotes for one.
        let escapes = quote == '`' || self == Self::Snowflake;
        let text = if escapes { text.replace('\\', "\\\\") } else { text.to_owned() };
        if quote == '`' {
            return format!("'{}'", text.replace('\'', "\\'").replace('\n', "\\n").replace('\r', "\\r"));
        }
        format!("'{}'", text.replace('\'', "''"))
    }

    /// A type of texts without a limit.
    pub(super) fn text_type(quote: char) -> &'static str {
        if quote == '`' { "string" } else { "varchar" }
    }
}
