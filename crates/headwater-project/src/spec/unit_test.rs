//! `tests/*.yml`: unit tests of models. A file holds one test, or several documents parted by `---`, or lists of tests.
//!
//! ```yaml
//! name: the_first_order_counts
//! model: marts.customers
//! description: Orders before the variable since are left out.
//! vars: { since: "2025-01-01" }
//! given:
//!   raw.orders:
//!     csv: |
//!       customer_id, country, ordered_at
//!       7,           DE,      2024-12-31
//!       7,           DE,      2025-02-01
//!       7,           DE,      2025-03-01
//! expect:
//!   - { customer_id: 7, first_order: 2025-02-01 }
//! ```
//!
//! `headwater test` runs them, without the lake: the model's query, as a run plans it, answers from the rows that are
//! given. `headwater check` finds what is wrong with them.
//!
//! - **Tables**: an input of the model that is not given is an empty table. A view that is not given is expanded when
//!   something that it reads is given, so that a test can start at the sources.
//! - **Rows** are a list of mappings, or CSV with a header: `csv: |` with the text below it, or `file: fixtures/a.csv`, from
//!   the folder of the test. A column that a given row does not name is null. In CSV an empty cell is null, `""` an empty
//!   text, and blanks around a cell do not count.
//! - **Values** get the type of their column: dates as `2026-01-31`, timestamps as `2026-01-31T08:00:00Z` (without a zone they
//!   are in UTC), binary as hexadecimal digits, lists and structs as they are written in YAML.
//! - **Comparison**: as many rows, and the same ones, in any order unless `ordered: true`. Columns that no expected row names
//!   are not compared; a column that some row names is null in the others. Values have to be equal, but a `double` may be off
//!   by a billionth of its size (a `float` by a millionth), or by 1e-12 near zero; inside of lists and structs they may not.
//! - **Errors**: `expect: { error: overflow }` wants the query to fail with this text in its message (letter case aside), or
//!   with this code.
//! - **Checks**: `expect_checks: { unique(order_id): failed }` evaluates checks of the model on the rows of its query, by their
//!   names, and wants these verdicts: `passed`, `warned`, `quarantined` or `failed`. Tables that checks read may be given, too.
//!   With it `expect` may be left out. Checks that are not named are not evaluated, and none sets rows aside.
//!
//! `vars` override the project's variables for this test. `now` is what `now()`, `current_date` and `current_time` stand for.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::formats::{Name, TableText};

/// A unit test of a model.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a unit test")]
pub(crate) struct UnitTestFile {
    /// Its name: lower-case letters, digits, `_` and `-`, unique among the tests of the model.
    pub(crate) name: Name,
    /// The model whose query is tested: `schema.table`.
    pub(crate) model: TableText,
    /// What it is about.
    pub(crate) description: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    /// Rows of tables that the model reads, by `schema.table`.
    #[serde(default, rename = "given")]
    pub(crate) _given: BTreeMap<String, RowsOption>,
    /// Variables that have another value in this test.
    #[serde(default, rename = "vars")]
    pub(crate) _vars: BTreeMap<String, Value>,
    /// The time that `now()` and its like stand for, e.g. `2026-01-31T08:00:00Z`. Default: the time of the test.
    #[serde(rename = "now")]
    pub(crate) _now: Option<String>,
    /// The rows that have to come of it, or the error. This or `expect_checks` has to be there.
    #[serde(rename = "expect")]
    pub(crate) _expect: Option<ExpectOption>,
    /// What checks of the model, by their names, have to say of the rows.
    #[serde(default, rename = "expect_checks")]
    pub(crate) _expect_checks: BTreeMap<String, VerdictOption>,
    /// Whether the rows have to come in the order in which they are expected: for queries that end in ORDER BY.
    #[serde(default)]
    pub(crate) ordered: bool,
}

/// What a check says.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VerdictOption {
    /// It holds, or fails for no more rows than it tolerates.
    Passed,
    /// It fails, with severity `warn`.
    Warned,
    /// Rows would be set aside.
    Quarantined,
    /// It fails, and nothing would be published.
    Failed,
}

/// Rows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RowsOption {
    /// Mappings from columns to values.
    List(#[allow(dead_code, reason = "rows are read with their places")] Vec<BTreeMap<String, Value>>),
    /// CSV.
    Csv(#[allow(dead_code, reason = "rows are read with their places")] CsvOptions),
}

/// Rows as CSV: one of the two.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CsvOptions {
    /// The text: a header and lines.
    #[serde(rename = "csv")]
    pub(crate) _csv: Option<String>,
    /// The path of a file, from the folder of the test.
    #[serde(rename = "file")]
    pub(crate) _file: Option<String>,
}

/// What has to come of a test.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ExpectOption {
    /// Mappings from columns to values.
    List(#[allow(dead_code, reason = "rows are read with their places")] Vec<BTreeMap<String, Value>>),
    /// CSV, or an error.
    Other(#[allow(dead_code, reason = "rows are read with their places")] OutcomeOptions),
}

/// Expected rows as CSV, or an expected error: one of the three.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutcomeOptions {
    /// The text: a header and lines.
    #[serde(rename = "csv")]
    pub(crate) _csv: Option<String>,
    /// The path of a file, from the folder of the test.
    #[serde(rename = "file")]
    pub(crate) _file: Option<String>,
    /// A part of the message, or the code, of the error that the query has to fail with.
    #[serde(rename = "error")]
    pub(crate) _error: Option<String>,
}
