//! What came of unit tests.

use std::time::Duration;

use arrow_schema::DataType;
use headwater_diagnostics::Span;
use headwater_sdk::TableName;
use headwater_sdk::check::{CheckResult, Verdict};

/// What came of all tests, in the order of the files.
#[derive(Debug, Clone)]
pub struct TestSummary {
    /// The tests.
    pub tests: Vec<TestOutcome>,
    /// How long everything took, resolving the project included.
    pub elapsed: Duration,
}

impl TestSummary {
    /// How many tests failed.
    pub fn failed(&self) -> usize {
        self.tests.iter().filter(|test| !test.failures.is_empty()).count()
    }

    /// How many tests passed.
    pub fn passed(&self) -> usize {
        self.tests.len() - self.failed()
    }
}

/// What came of a test.
#[derive(Debug, Clone)]
pub struct TestOutcome {
    /// The model that it tests.
    pub model: TableName,
    /// Its name.
    pub name: String,
    /// Where its name is written.
    pub span: Span,
    /// What it is about.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// How long its query took, planning included.
    pub elapsed: Duration,
    /// Why it failed; empty when it passed.
    pub failures: Vec<TestFailure>,
}

/// Why a test failed.
#[derive(Debug, Clone)]
pub enum TestFailure {
    /// Other rows than expected.
    Rows(RowDiff),
    /// Rows where an error was expected.
    NoError {
        /// The text that was expected in the message.
        expected: String,
        /// The number of rows.
        rows: usize,
    },
    /// A check that says something else of the rows than expected.
    Check {
        /// What it should have said.
        expected: Verdict,
        /// What it says.
        result: Box<CheckResult>,
    },
    /// An error, where rows or another error were expected.
    Error {
        /// The text that was expected in the message, if an error was.
        expected: Option<String>,
        /// The error's code.
        code: &'static str,
        /// Its message.
        message: String,
        /// What to do.
        help: Option<String>,
    },
}

/// A row as texts; `None` for null.
pub type TextRow = Vec<Option<String>>;

/// How rows differ from those that were expected.
#[derive(Debug, Clone)]
pub struct RowDiff {
    /// The columns that were compared.
    pub columns: Vec<DiffColumn>,
    /// Rows that were expected and are not there.
    pub missing: Vec<TextRow>,
    /// Rows that are there and were not expected.
    pub unexpected: Vec<TextRow>,
    /// Rows that are most likely meant to be the same.
    pub different: Vec<Different>,
    /// Rows that are as expected.
    pub equal: usize,
    /// Whether the rows are right and only their order is not: [`RowDiff::different`] then has the places where they differ.
    pub order_only: bool,
}

/// A compared column.
#[derive(Debug, Clone)]
pub struct DiffColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
}

/// A row that is there in the place of an expected one.
#[derive(Debug, Clone)]
pub struct Different {
    /// Where it stands, counted from 1, if the order counts.
    pub position: Option<usize>,
    /// The row that was expected.
    pub expected: TextRow,
    /// The row that is there.
    pub actual: TextRow,
    /// Which of the columns differ.
    pub differs: Vec<bool>,
}
