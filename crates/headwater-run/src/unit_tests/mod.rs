//! Unit tests of models: each model's query over given rows, compared with the rows that are expected. The lake is neither
//! read nor written, beyond what [`resolve()`](crate::resolve()) looks up.

mod compare;
mod prepare;
mod report;
mod select;
pub(crate) mod values;

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use headwater_diagnostics::{Diagnostic, nearest};
use headwater_project::{Project, UnitTest};
use headwater_sdk::check::Verdict;
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::engine::Trial;
use headwater_sdk::parallel::in_parallel;
use headwater_sdk::{Blame, Error, Result};

use self::prepare::{Expected, Prepared};
use crate::error::RunError;
use crate::lake::Lake;
use crate::resolve::{PLANNER_STACK, Resolved, resolve};

pub use report::{DiffColumn, Different, RowDiff, TestFailure, TestOutcome, TestSummary, TextRow};

/// Which tests to run, and how.
#[derive(Debug, Clone, Default)]
pub struct TestOptions {
    /// Parts of the names of tests or models, `*` for any characters; without any, all tests are run.
    pub names: Vec<String>,
    /// Tests that work at once.
    pub jobs: usize,
}

/// Runs the unit tests of a project. Sources are looked at for their columns, as by `resolve`; nothing is written.
///
/// # Errors
/// As [`resolve()`](crate::resolve()); [`RunError::Project`] also with everything that is wrong with the tests that are
/// chosen, and [`RunError::Failed`] when a name chooses none.
pub async fn test(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    options: &TestOptions,
) -> Result<TestSummary, RunError> {
    let began = Instant::now();
    let chosen = choose(&project.tests, &options.names)?;
    let base = lake.base().await?;
    let resolved = resolve(project, connectors, lake, &base, false).await?;
    let prepared = prepare_all(project, &resolved, lake, &chosen)?;
    let work = prepared.into_iter().zip(&chosen).map(|(prepared, test)| async move {
        let engine = Arc::clone(&lake.engine);
        // On a thread of its own, so that all cores plan and compute.
        let task = tokio::spawn(async move {
            let began = Instant::now();
            let Prepared { request, expected, verdicts, ordered } = prepared;
            let failures = judge(engine.try_out(request).await, expected.as_ref(), &verdicts, ordered)?;
            Ok::<_, Error>((failures, began.elapsed()))
        });
        let (failures, elapsed) = task.await.map_err(|e| defect().caused_by(e))??;
        Ok::<_, Error>(TestOutcome {
            model: test.model.clone(),
            name: test.name.clone(),
            span: test.span,
            description: test.description.clone(),
            tags: test.tags.clone(),
            elapsed,
            failures,
        })
    });
    let outcomes: Vec<Result<TestOutcome>> = futures::stream::iter(work).buffered(options.jobs.max(1)).collect().await;
    let tests = outcomes.into_iter().collect::<Result<_>>()?;
    Ok(TestSummary { tests, elapsed: began.elapsed() })
}

/// Finds everything that is wrong with the unit tests of a resolved project.
///
/// # Errors
/// [`RunError::Project`] with all of it.
pub fn check_tests(project: &Project, resolved: &Resolved, lake: &Lake) -> Result<(), RunError> {
    prepare_all(project, resolved, lake, &project.tests.iter().collect::<Vec<_>>()).map(|_| ())
}

fn prepare_all(
    project: &Project,
    resolved: &Resolved,
    lake: &Lake,
    tests: &[&UnitTest],
) -> Result<Vec<Prepared>, RunError> {
    let (mut prepared, mut diagnostics): (Vec<Prepared>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for result in in_parallel(tests, PLANNER_STACK, |test| prepare::prepare(project, resolved, lake, test)) {
        match result {
            Ok(test) => prepared.push(test),
            Err(found) => diagnostics.extend(found),
        }
    }
    // Tests that share a file of rows share its mistakes.
    diagnostics.sort_by_key(Diagnostic::span);
    diagnostics.dedup();
    if diagnostics.is_empty() { Ok(prepared) } else { Err(RunError::Project(diagnostics)) }
}

/// The tests that one of the names fits.
fn choose<'a>(tests: &'a [UnitTest], names: &[String]) -> Result<Vec<&'a UnitTest>> {
    for name in names {
        if !tests.iter().any(|test| select::fits(name, test)) {
            let known = tests.iter().flat_map(|test| [test.name.clone(), test.model.to_string()]).collect::<Vec<_>>();
            let error = Error::new("HW0953", Blame::Project, format!("no unit test is called '{name}', nor its model"));
            return Err(match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean '{near}'?")),
                None if tests.is_empty() => error.help("the project has no unit tests: write some into tests/*.yml"),
                None => error.help("`headwater test` without names runs all of them, and shows their names"),
            });
        }
    }
    let is_chosen = |test: &&UnitTest| names.is_empty() || names.iter().any(|name| select::fits(name, test));
    Ok(tests.iter().filter(is_chosen).collect())
}

/// What is wrong with the outcome of a query.
fn judge(
    trial: Result<Trial>,
    expected: Option<&Expected>,
    verdicts: &[Verdict],
    ordered: bool,
) -> Result<Vec<TestFailure>> {
    let Trial { rows, checks } = match trial {
        Ok(trial) => trial,
        // What is wrong with the machine is no property of the query.
        Err(error) if error.blame == Blame::Environment => return Err(error),
        Err(error) => return Ok(judge_error(error, expected).into_iter().collect()),
    };
    let mut failures = Vec::new();
    match expected {
        Some(Expected::Rows(expected)) => {
            let diff = compare::compare(expected, &rows, ordered).map_err(|e| defect().caused_by(e))?;
            failures.extend(diff.map(TestFailure::Rows));
        }
        Some(Expected::Error(text)) => {
            failures.push(TestFailure::NoError { expected: text.clone(), rows: rows.num_rows() });
        }
        None => {}
    }
    let checks = checks.into_iter().zip(verdicts).filter(|(result, expected)| result.verdict != **expected);
    failures
        .extend(checks.map(|(result, expected)| TestFailure::Check { expected: *expected, result: Box::new(result) }));
    Ok(failures)
}

/// What is wrong with an error, if it is not the one that is expected.
fn judge_error(error: Error, expected: Option<&Expected>) -> Option<TestFailure> {
    let expected = match expected {
        Some(Expected::Error(text)) if is_meant(&error, text) => return None,
        Some(Expected::Error(text)) => Some(text.clone()),
        Some(Expected::Rows(_)) | None => None,
    };
    let message = error.full_message();
    Some(TestFailure::Error { expected, code: error.code, message, help: error.help })
}

/// Whether an error is the one that a test expects. A defect of the engine never is.
fn is_meant(error: &Error, text: &str) -> bool {
    let text = text.trim();
    error.blame != Blame::Headwater
        && (error.code == text || error.full_message().to_lowercase().contains(&text.to_lowercase()))
}

fn defect() -> Error {
    Error::new("HW0914", Blame::Headwater, "a unit test could not be judged")
}
