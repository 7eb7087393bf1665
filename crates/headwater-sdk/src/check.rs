//! Checks: assertions on a table's data.
//!
//! A check type is a [`Check`]: its options as a typed struct, and [`Check::compile`], which turns options into a
//! [`Probe`] for the engine. Check types never see data; the engine evaluates probes, those that one pass can tell
//! inside the write itself. See `CONTRIBUTING.md` for the recipe of a new one.

use std::fmt;

use arrow_schema::Schema;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::name::TableName;

/// What a failing check does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The run reports it and goes on.
    Warn,
    /// Failing rows go to `<table>__quarantine` instead of the table.
    Quarantine,
    /// The table's new version is not published, nor what depends on it.
    #[default]
    Error,
}

/// How many failing rows a check tolerates before it counts as failed. Default: none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// At most this many rows.
    Rows(u64),
    /// At most this share of the rows checked, 0 to 100.
    Percent(f64),
}

impl Default for Threshold {
    fn default() -> Self {
        Self::Rows(0)
    }
}

impl Threshold {
    /// Whether `failing` of `checked` rows is within the threshold.
    pub fn tolerates(self, failing: u64, checked: u64) -> bool {
        match self {
            Self::Rows(rows) => failing <= rows,
            Self::Percent(percent) => failing as f64 <= checked as f64 * percent / 100.0,
        }
    }
}

/// What the engine evaluates for a check. SQL texts name the table's columns, quoted where needed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "snake_case")]
pub enum Probe {
    /// A row fails when the SQL predicate is true for it (not when it is null). Told in the write's own pass.
    Row {
        /// A SQL boolean expression over the table's columns.
        fails_when: String,
    },
    /// A row fails when a column in the list is null. Told in the write's own pass, from null counts.
    NotNull {
        /// The columns.
        columns: Vec<String>,
    },
    /// The check fails when the table's number of rows (those that its filter chooses) is outside the bounds. Without a
    /// filter told in the write's own pass.
    RowCount {
        /// Smallest allowed number.
        min: Option<u64>,
        /// Largest allowed number.
        max: Option<u64>,
    },
    /// The check fails when the newest value of a date or timestamp column is older than allowed at the time of the
    /// run. Told in the write's own pass, and judged again by runs that find nothing to load.
    Freshness {
        /// The column.
        column: String,
        /// Largest allowed age, in seconds.
        max_age_seconds: u64,
    },
    /// A row fails when another row has the same values in all the columns (rows with a null among them never fail).
    /// Needs the whole staged version, and reads only these columns of it.
    Unique {
        /// The columns of the key.
        columns: Vec<String>,
    },
    /// A row fails when its values (none null) are not found among another table's. Needs both tables, and reads only
    /// these columns of them.
    References {
        /// The columns here.
        columns: Vec<String>,
        /// The other table.
        to: TableName,
        /// The columns there, in the same order.
        to_columns: Vec<String>,
    },
    /// Every row that the query returns is a failure. Needs the staged version.
    Query {
        /// A SQL query that may name any table, among them the checked one.
        sql: String,
    },
}

impl Probe {
    /// Whether failing rows of the checked table itself can be told apart, so that they can be quarantined.
    pub fn names_rows(&self) -> bool {
        matches!(self, Self::Row { .. } | Self::NotNull { .. } | Self::Unique { .. } | Self::References { .. })
    }
}

/// A check of a table, ready for the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompiledCheck {
    /// The check's type, e.g. `not_null`.
    pub kind: String,
    /// What people see and what results are kept under, unique within the table, e.g. `not_null(carrier)`.
    pub name: String,
    /// Why it is there, if the project says so.
    pub description: Option<String>,
    /// The columns that it is about; empty for a check on the table as a whole.
    pub columns: Vec<String>,
    /// What a failure does.
    pub severity: Severity,
    /// How many failing rows are tolerated.
    pub threshold: Threshold,
    /// A SQL predicate: only rows for which it is true are checked.
    pub filter: Option<String>,
    /// What to evaluate.
    pub probe: Probe,
}

impl CompiledCheck {
    /// Whether one pass over the rows decides it, without reading anything back.
    pub fn is_one_pass(&self) -> bool {
        match self.probe {
            Probe::Row { .. } | Probe::NotNull { .. } | Probe::Freshness { .. } => true,
            // Of all rows the log knows the number.
            Probe::RowCount { .. } => self.filter.is_none(),
            Probe::Unique { .. } | Probe::References { .. } | Probe::Query { .. } => false,
        }
    }
}

/// What compiling a check's options yields.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// The check's arguments as they stand in its name: `not_null(carrier)` has `carrier`.
    pub arguments: String,
    /// The columns that it is about, for the loader to verify.
    pub columns: Vec<String>,
    /// What to evaluate.
    pub probe: Probe,
}

/// Options that make no sense, with the key to point at where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionsError {
    /// The option's key, if one is to blame.
    pub key: Option<&'static str>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A type of check.
pub trait Check: Send + Sync + 'static {
    /// The key in YAML, and the name of the check's folder.
    const NAME: &'static str;
    /// The option that a bare value stands for: with `Some("columns")`, `unique: a` means `unique: { columns: [a] }`.
    const SHORTHAND: Option<&'static str>;
    /// The code of errors in the options of this type of check, `HW04xx` (`headwater-checks` lists them).
    const CODE: &'static str;
    /// The options, in YAML beside `severity`, `where`, `threshold`, `name` and `description`. Their JSON Schema
    /// validates the project's YAML. A field that takes a list takes a single value as well.
    type Options: DeserializeOwned + JsonSchema;

    /// Turns options into a probe. `schema` is the checked table's, where it is known already.
    ///
    /// # Errors
    /// [`OptionsError`] when the options contradict each other or name what is not there.
    fn compile(options: Self::Options, schema: Option<&Schema>) -> Result<Compiled, OptionsError>;
}

/// A [`Check`] with its types erased, for lists.
pub trait CheckType: Send + Sync {
    /// See [`Check::NAME`].
    fn name(&self) -> &'static str;
    /// See [`Check::SHORTHAND`].
    fn shorthand(&self) -> Option<&'static str>;
    /// See [`Check::CODE`].
    fn code(&self) -> &'static str;
    /// The JSON Schema of the options.
    fn options_schema(&self) -> serde_json::Value;
    /// What turns options, already validated against the schema, into a probe.
    fn compiler(&self) -> CompileFn;
}

/// [`Check::compile`] with its types erased.
pub type CompileFn = fn(serde_json::Value, Option<&Schema>) -> Result<Compiled, OptionsError>;

/// Erases the types of the check `C`.
pub fn erased<C: Check>() -> Box<dyn CheckType> {
    Box::new(Erased(std::marker::PhantomData::<fn() -> C>))
}

struct Erased<C>(std::marker::PhantomData<fn() -> C>);

impl<C: Check> CheckType for Erased<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn shorthand(&self) -> Option<&'static str> {
        C::SHORTHAND
    }

    fn code(&self) -> &'static str {
        C::CODE
    }

    fn options_schema(&self) -> serde_json::Value {
        schemars::schema_for!(C::Options).to_value()
    }

    fn compiler(&self) -> CompileFn {
        |options, schema| {
            let options = serde_json::from_value(options).map_err(|e| OptionsError {
                key: None,
                message: e.to_string(),
                help: None,
            })?;
            C::compile(options, schema)
        }
    }
}

/// The outcome of one check of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within its threshold.
    Passed,
    /// Failed, severity `warn`.
    Warned,
    /// Rows were set aside, severity `quarantine`, within its threshold or without one.
    Quarantined,
    /// Failed, severity `error`; or a quarantine beyond its threshold.
    Failed,
}

/// What the engine found for one check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check.
    pub check: CompiledCheck,
    /// The judgement.
    pub verdict: Verdict,
    /// Rows that the check looked at (after `where`).
    pub checked: u64,
    /// Rows that failed.
    pub failing: u64,
    /// What was seen where it is no count of rows, e.g. the newest timestamp or the number of rows.
    pub observed: Option<String>,
    /// Failing rows as JSON objects, capped.
    pub sample: Vec<serde_json::Value>,
}

/// How many rows of a table a check has seen, and how many of them failed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCount {
    /// The check's name.
    pub check: String,
    /// Rows that it looked at.
    pub checked: u64,
    /// Rows that failed.
    pub failing: u64,
}

impl CheckCount {
    /// The counts of a result.
    pub fn of(result: &CheckResult) -> Self {
        Self { check: result.check.name.clone(), checked: result.checked, failing: result.failing }
    }
}

/// Options that were validated against the schema of their type.
pub(crate) fn typed<T: DeserializeOwned>(options: serde_json::Value) -> Result<T, OptionsError> {
    serde_json::from_value(options).map_err(|e| OptionsError { key: None, message: e.to_string(), help: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_count_rows_or_percent() {
        assert!(Threshold::Rows(2).tolerates(2, 10) && !Threshold::Rows(2).tolerates(3, 10));
        assert!(Threshold::Percent(10.0).tolerates(1, 10) && !Threshold::Percent(10.0).tolerates(2, 10));
        assert!(Threshold::default().tolerates(0, 0));
    }
}
