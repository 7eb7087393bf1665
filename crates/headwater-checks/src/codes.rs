//! The error codes of the checks, `HW04xx`: one for each type, for options that make no sense.

use headwater_sdk::Code;

/// See [`CODES`].
pub(crate) const ACCEPTED_VALUES: &str = "HW0401";
/// See [`CODES`].
pub(crate) const EXPRESSION: &str = "HW0402";
/// See [`CODES`].
pub(crate) const FRESHNESS: &str = "HW0403";
/// See [`CODES`].
pub(crate) const LENGTH: &str = "HW0404";
/// See [`CODES`].
pub(crate) const NOT_NULL: &str = "HW0405";
/// See [`CODES`].
pub(crate) const RANGE: &str = "HW0406";
/// See [`CODES`].
pub(crate) const REGEX: &str = "HW0407";
/// See [`CODES`].
pub(crate) const RELATIONSHIPS: &str = "HW0408";
/// See [`CODES`].
pub(crate) const ROW_COUNT: &str = "HW0409";
/// See [`CODES`].
pub(crate) const SQL: &str = "HW0410";
/// See [`CODES`].
pub(crate) const UNIQUE: &str = "HW0411";

/// Every code of this crate, in order.
pub const CODES: &[Code] = &[
    Code {
        code: ACCEPTED_VALUES,
        title: "an accepted_values check cannot be used",
        explanation: "It takes `column` and `values`, a list that is not empty, holds nothing twice, and is all texts, \
                      all numbers or all booleans, as the column is. Put texts that look like numbers, such as postal \
                      codes, into quotation marks.",
    },
    Code {
        code: EXPRESSION,
        title: "an expression check cannot be used",
        explanation: "It takes `predicate`, a SQL boolean expression over the columns of its own table: quotes and \
                      parentheses come in pairs. To look at other tables, use a `sql` check.",
    },
    Code {
        code: FRESHNESS,
        title: "a freshness check cannot be used",
        explanation: "It takes `column`, a date or timestamp, and `max_age`, a number with a unit (`s`, `m`, `h`, `d` \
                      or `w`) or several of them, such as `36h` or `1d12h`.",
    },
    Code {
        code: LENGTH,
        title: "a length check cannot be used",
        explanation: "It takes `column`, which holds text, and `min`, `max` or both, in characters.",
    },
    Code {
        code: NOT_NULL,
        title: "a not_null check cannot be used",
        explanation: "It takes `columns`, a list that is not empty and names no column twice.",
    },
    Code {
        code: RANGE,
        title: "a range check cannot be used",
        explanation: "It takes `column` and `min`, `max` or both, in the column's own kind: numbers without quotation \
                      marks, dates as `2013-01-01`, timestamps as `2013-01-01T10:00:00Z`. At least one value must lie \
                      between the bounds.",
    },
    Code {
        code: REGEX,
        title: "a regex check cannot be used",
        explanation: "It takes `column`, which holds text, and `pattern`, a regular expression without look-around and \
                      back-references. In YAML put it into single quotation marks, where a backslash needs no other.",
    },
    Code {
        code: RELATIONSHIPS,
        title: "a relationships check cannot be used",
        explanation: "It takes `column` (or `columns`) and `to`, which names as many columns of one other table, each \
                      as `schema.table.column`.",
    },
    Code {
        code: ROW_COUNT,
        title: "a row_count check cannot be used",
        explanation: "It takes `min`, `max` or both, and at least one number of rows must fail it.",
    },
    Code {
        code: SQL,
        title: "a sql check cannot be used",
        explanation: "It takes `query`, a single SQL query whose rows are the failures.",
    },
    Code {
        code: UNIQUE,
        title: "a unique check cannot be used",
        explanation: "It takes `columns`, a list that is not empty and names no column twice.",
    },
];
