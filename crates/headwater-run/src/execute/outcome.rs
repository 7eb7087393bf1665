//! How the work on one asset ended.

use std::collections::BTreeMap;

use headwater_sdk::check::{CheckResult, Probe, Verdict};
use headwater_sdk::store::{TaskRecord, TaskState};
use headwater_sdk::{Blame, Error, TableName};

/// The record of a task, and what a report tells beside it.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// What the catalogue keeps.
    pub(crate) record: TaskRecord,
    /// What went wrong.
    pub(crate) trouble: Option<Trouble>,
    /// Whether an interrupted run had done the work.
    pub(crate) kept: bool,
    /// Checks of an asset with nothing to load that were judged again.
    pub(crate) rejudged: Vec<CheckResult>,
    /// Things worth knowing about an asset with nothing to load.
    pub(crate) notes: Vec<String>,
}

impl Outcome {
    pub(crate) fn new(record: TaskRecord) -> Self {
        Self { record, trouble: None, kept: false, rejudged: Vec::new(), notes: Vec::new() }
    }

    /// The results of its checks.
    pub(crate) fn checks(&self) -> &[CheckResult] {
        match &self.record.staged {
            Some(staged) => &staged.checks,
            None => &self.rejudged,
        }
    }

    /// Whether what it staged may be published.
    pub(crate) fn is_audited(&self) -> bool {
        self.record.state == TaskState::Audited
    }

    /// Whether what depends on it has to wait.
    pub(crate) fn holds_back(&self) -> bool {
        matches!(self.record.state, TaskState::Failed | TaskState::HeldBack)
    }

    /// Makes it a failure.
    pub(crate) fn fail(&mut self, trouble: Trouble) {
        self.record.state = TaskState::Failed;
        self.record.message = Some(trouble.message.clone());
        self.trouble = Some(trouble);
    }

    /// Keeps its result from being published.
    pub(crate) fn hold_back(&mut self, why: String) {
        self.record.state = TaskState::HeldBack;
        self.record.message = Some(why);
        self.record.after = None;
        self.record.lineage = None;
    }
}

/// The outcomes of a run, by asset.
pub(crate) type Outcomes = BTreeMap<TableName, Outcome>;

/// What a report says of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) code: &'static str,
    pub(crate) blame: Blame,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        Self { code: error.code, blame: error.blame, message: error.full_message(), help: error.help.clone() }
    }
}

/// The failure of an asset whose checks failed; `None` when none did.
pub(crate) fn failed_checks(checks: &[CheckResult]) -> Option<Trouble> {
    let failed: Vec<String> =
        checks.iter().filter(|result| result.verdict == Verdict::Failed).map(describe_failure).collect();
    let message = match failed.as_slice() {
        [] => return None,
        [one] => one.clone(),
        many => format!("{} checks failed: {}", many.len(), many.join("; ")),
    };
    let help = "put the data or the model right, or change the check's severity or threshold";
    Some(Trouble { code: "HW0910", blame: Blame::Data, message, help: Some(help.to_owned()) })
}

fn describe_failure(result: &CheckResult) -> String {
    let name = &result.check.name;
    match (&result.observed, result.failing) {
        (Some(observed), 0) => format!("{name} failed: {observed}"),
        (_, failing) if matches!(result.check.probe, Probe::Query { .. }) => {
            format!("{name} failed: its query returns {failing} rows")
        }
        (_, failing) => format!("{name} failed: {failing} of {} rows", result.checked),
    }
}
