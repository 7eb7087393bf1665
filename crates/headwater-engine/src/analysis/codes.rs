//! The codes of what can be wrong with a model's SQL: `HW0501` to `HW0549`. A code never changes its meaning.

use headwater_sdk::Code;

/// The text is not SQL.
pub(crate) const SYNTAX: &str = "HW0501";
/// The SQL is not exactly one query.
pub(crate) const NOT_A_QUERY: &str = "HW0502";
/// A table is named that does not exist.
pub(crate) const UNKNOWN_TABLE: &str = "HW0503";
/// A column is named that does not exist.
pub(crate) const UNKNOWN_COLUMN: &str = "HW0504";
/// A column's name can mean several columns.
pub(crate) const AMBIGUOUS_COLUMN: &str = "HW0505";
/// A function is named that does not exist.
pub(crate) const UNKNOWN_FUNCTION: &str = "HW0506";
/// A function or operator is given values of types that it does not take.
pub(crate) const TYPES: &str = "HW0507";
/// Two output columns have the same name.
pub(crate) const DUPLICATE_COLUMN: &str = "HW0508";
/// An output column has no name, or one that no table can hold.
pub(crate) const COLUMN_NAME: &str = "HW0509";
/// A column is of a type that no table can hold.
pub(crate) const COLUMN_TYPE: &str = "HW0510";
/// A table's name is not of the form `schema.table`.
pub(crate) const TABLE_NAME: &str = "HW0511";
/// SQL that the engine does not have.
pub(crate) const UNSUPPORTED: &str = "HW0512";
/// A column is neither grouped by nor aggregated.
pub(crate) const NOT_GROUPED: &str = "HW0513";
/// A parameter (`$1`) in a model.
pub(crate) const PARAMETER: &str = "HW0514";
/// The sides of a UNION, INTERSECT or EXCEPT do not fit together.
pub(crate) const SET_OPERATION: &str = "HW0515";
/// A query whose columns cannot be traced to tables.
pub(crate) const NO_LINEAGE: &str = "HW0516";
/// Any other reason why a query cannot be planned.
pub(crate) const PLAN: &str = "HW0520";
/// A defect of the query engine.
pub(crate) const DEFECT: &str = "HW0521";

/// Every code of this file, in order.
pub const CODES: &[Code] = &[
    Code::new(
        SYNTAX,
        "not SQL",
        "The text of a model cannot be read as SQL. The message says what was expected, and where.",
    ),
    Code::new(
        NOT_A_QUERY,
        "not one query",
        "A model is exactly one query, a SELECT or WITH … SELECT. Headwater creates the table and writes the rows: leave CREATE, INSERT and the like out.",
    ),
    Code::new(
        UNKNOWN_TABLE,
        "no such table",
        "No source, seed, script or model of the project yields a table of this name.",
    ),
    Code::new(
        UNKNOWN_COLUMN,
        "no such column",
        "The tables in FROM have no column of this name. Names are case-sensitive: a name with capitals must be written in double quotes.",
    ),
    Code::new(
        AMBIGUOUS_COLUMN,
        "column in several tables",
        "Several tables in FROM have a column of this name. Write the table, or its alias, and a dot before it.",
    ),
    Code::new(UNKNOWN_FUNCTION, "no such function", "There is no function of this name."),
    Code::new(
        TYPES,
        "wrong types",
        "A function or operator does not take values of these types, or not so many. Cast them, e.g. cast(x as bigint).",
    ),
    Code::new(
        DUPLICATE_COLUMN,
        "column name twice",
        "Two columns have the same name, letter case aside. Name one of them otherwise with AS.",
    ),
    Code::new(
        COLUMN_NAME,
        "column without a name",
        "A computed column has no name, or its name holds characters that a table's columns cannot have. Name it with AS.",
    ),
    Code::new(
        COLUMN_TYPE,
        "type that no table holds",
        "Tables in the lake hold numbers, texts, bytes, truth values, dates and timestamps, and lists, structs and maps of them. Cast the column to one of these.",
    ),
    Code::new(
        TABLE_NAME,
        "not a table's name",
        "Tables are named schema.table in SQL, in lower-case letters, digits and _.",
    ),
    Code::new(
        UNSUPPORTED,
        "SQL that is not supported",
        "The query engine does not have this part of SQL. Write the query in another way.",
    ),
    Code::new(
        NOT_GROUPED,
        "column neither grouped nor aggregated",
        "With GROUP BY or an aggregate in it, a query can show only the grouping keys and aggregates. Add the column to GROUP BY, or aggregate it.",
    ),
    Code::new(
        PARAMETER,
        "parameter in a model",
        "A model has no parameters such as $1. Write the value, or use a variable of the project.",
    ),
    Code::new(
        SET_OPERATION,
        "sides that do not fit together",
        "The sides of UNION, INTERSECT and EXCEPT must have as many columns as each other, of types that go together.",
    ),
    Code::new(
        NO_LINEAGE,
        "columns that cannot be traced",
        "Headwater must know from which columns a model's columns come, for policies and for plans of changes. It cannot tell for this query.",
    ),
    Code::new(PLAN, "query cannot be planned", "The query makes no sense to the query engine. The message says why."),
    Code::new(
        DEFECT,
        "defect in the query engine",
        "Planning a query met a state that should not exist. Please report it with the SQL, and write the query in another way.",
    ),
];
