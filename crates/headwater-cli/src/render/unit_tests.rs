//! What came of unit tests, for a terminal and for a program.

use arrow_schema::DataType;
use headwater_diagnostics::SourceMap;
use headwater_run::{DiffColumn, Different, RowDiff, TestFailure, TestOutcome, TestSummary, TextRow};
use headwater_sdk::check::Verdict;
use serde_json::{Map, Value, json};

use super::style::{Style, one_line};
use super::table::{Cell, Column, Table};
use super::units::{count, plural, seconds};
use crate::console::Console;

/// Rows shown of each kind.
const SHOWN: usize = 20;

/// One line for each test, what is wrong below those that failed, and how many did.
pub(crate) fn text(summary: &TestSummary, files: &SourceMap, console: &Console) -> String {
    if summary.tests.is_empty() {
        return "no unit tests: write some into tests/*.yml\n".to_owned();
    }
    let color = console.color_out;
    let mut table = Table::new(vec![
        Column::text(""),
        Column::text("model"),
        Column::text("test"),
        Column::number("time").optional(1),
    ]);
    for test in &summary.tests {
        let verdict = match test.failures.is_empty() {
            true => Cell::styled("pass", Style::Good),
            false => Cell::styled("FAIL", Style::Bad),
        };
        let time = format!("{} ms", count(test.elapsed.as_millis() as u64));
        table.push(vec![verdict, test.model.to_string().into(), test.name.clone().into(), time.into()]);
    }
    let mut out = table.render(console.width(), color);
    for test in summary.tests.iter().filter(|test| !test.failures.is_empty()) {
        out.push_str(&failed(test, files, console));
    }
    let mut parts = vec![format!("{} passed", count(summary.passed() as u64))];
    if summary.failed() > 0 {
        parts.push(Style::Bad.paint(&format!("{} failed", count(summary.failed() as u64)), color));
    }
    let total = plural(summary.tests.len() as u64, "unit test");
    out.push_str(&format!("\n{total}: {} in {}\n", parts.join(", "), seconds(summary.elapsed.as_secs_f64())));
    out
}

fn failed(test: &TestOutcome, files: &SourceMap, console: &Console) -> String {
    let color = console.color_out;
    let place = format!("{}:{}", files.path(test.span.file), files.position(test.span.file, test.span.start).line);
    let title = Style::Bold.paint(&format!("{}.{}", test.model, test.name), color);
    let mut out = format!("\n{title}  {}\n", Style::Dim.paint(&place, color));
    if let Some(description) = &test.description {
        out.push_str(&format!("  {}\n", Style::Dim.paint(&one_line(description), color)));
    }
    test.failures.iter().for_each(|failure| out.push_str(&told(failure, console)));
    out
}

fn told(failure: &TestFailure, console: &Console) -> String {
    match failure {
        TestFailure::Rows(diff) => rows(diff, console),
        TestFailure::NoError { expected, rows } => {
            let rows = plural(*rows as u64, "row");
            format!("  expected an error with '{}', got {rows}\n", one_line(expected))
        }
        TestFailure::Check { expected, result } => {
            let (name, failing) = (one_line(&result.check.name), count(result.failing));
            let seen = match &result.observed {
                Some(observed) => format!("it saw {}", one_line(observed)),
                None => format!("{failing} of {} fail", plural(result.checked, "row")),
            };
            format!("  {name}: {} → {} ({seen})\n", verdict(*expected), verdict(result.verdict))
        }
        TestFailure::Error { expected, code, message, help } => {
            let wanted = match expected {
                Some(expected) => format!("an error with '{}'", one_line(expected)),
                None => "rows".to_owned(),
            };
            let help = help.iter().map(|help| format!("  help: {}\n", one_line(help)));
            format!("  expected {wanted}, got an error: [{code}] {}\n{}", one_line(message), help.collect::<String>())
        }
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Warned => "warned",
        Verdict::Quarantined => "quarantined",
        Verdict::Failed => "failed",
    }
}

/// The differing rows as a table: expected and not there, there and not expected, and different in some cells.
fn rows(diff: &RowDiff, console: &Console) -> String {
    let mut parts = Vec::new();
    if diff.order_only {
        parts.push("the rows are right, but their order is not (expected → actual)".to_owned());
    } else {
        let mut say = |rows: usize, one: &str, more: &str| {
            if rows > 0 {
                parts.push(format!("{} {}", plural(rows as u64, "row"), if rows == 1 { one } else { more }));
            }
        };
        say(diff.different.len(), "differs (≠, expected → actual)", "differ (≠, expected → actual)");
        say(diff.missing.len(), "is missing (-)", "are missing (-)");
        say(diff.unexpected.len(), "is not expected (+)", "are not expected (+)");
        if diff.equal > 0 {
            parts.push(format!("{} as expected", plural(diff.equal as u64, "row")));
        }
    }
    let mut out = format!("  {}\n", parts.join(", "));
    if !diff.columns.is_empty() {
        let table = table(diff).render(console.width().saturating_sub(2), console.color_out);
        out.extend(table.lines().map(|line| format!("  {line}\n")));
    }
    let hidden = [diff.different.len(), diff.missing.len(), diff.unexpected.len()];
    let hidden: usize = hidden.iter().map(|rows| rows.saturating_sub(SHOWN)).sum();
    if hidden > 0 {
        out.push_str(&format!("  … and {} more; --json has all of them\n", plural(hidden as u64, "row")));
    }
    out
}

fn table(diff: &RowDiff) -> Table {
    // Where there is no room, columns that are the same everywhere go first.
    let tells = |index: usize| {
        let differs = diff.different.iter().any(|row| row.differs.get(index) == Some(&true));
        differs || diff.different.is_empty()
    };
    let mut columns = vec![Column::text("")];
    columns.extend(diff.columns.iter().enumerate().map(|(index, column)| {
        let shown = match is_number(&column.data_type) {
            true => Column::number(&column.name),
            false => Column::text(&column.name),
        };
        if tells(index) { shown } else { shown.optional(u8::try_from(index + 1).unwrap_or(u8::MAX)) }
    }));
    let mut table = Table::new(columns).marking_gaps();
    for row in diff.different.iter().take(SHOWN) {
        table.push(different(row));
    }
    for (mark, rows, style) in [("-", &diff.missing, Style::Bad), ("+", &diff.unexpected, Style::Warn)] {
        for row in rows.iter().take(SHOWN) {
            let cells = row.iter().map(|cell| Cell::styled(shown(cell), style));
            table.push(std::iter::once(Cell::styled(mark, style)).chain(cells).collect());
        }
    }
    table
}

fn different(row: &Different) -> Vec<Cell> {
    let mark = row.position.map_or("≠".to_owned(), |position| format!("row {position}"));
    let cells = row.expected.iter().zip(&row.actual).zip(&row.differs).map(|((expected, actual), differs)| {
        if *differs {
            Cell::styled(format!("{} → {}", shown(expected), shown(actual)), Style::Bad)
        } else {
            shown(expected).into()
        }
    });
    std::iter::once(Cell::styled(mark, Style::Bad)).chain(cells).collect()
}

/// A value on one line. Texts that could be taken for something else are in quotes.
fn shown(cell: &Option<String>) -> String {
    match cell {
        None => "null".to_owned(),
        Some(text) if text.is_empty() || text == "null" || text.trim() != text => format!("'{}'", one_line(text)),
        Some(text) => one_line(text),
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// The same for a program.
pub(crate) fn json(summary: &TestSummary, files: &SourceMap, exit_code: u8) -> Value {
    let tests = summary.tests.iter().map(|test| {
        json!({
            "model": test.model,
            "name": test.name,
            "description": test.description,
            "tags": test.tags,
            "file": files.path(test.span.file),
            "line": files.position(test.span.file, test.span.start).line,
            "passed": test.failures.is_empty(),
            "seconds": test.elapsed.as_secs_f64(),
            "failures": test.failures.iter().map(failure_json).collect::<Vec<_>>(),
        })
    });
    json!({
        "exit_code": exit_code,
        "passed": summary.passed(),
        "failed": summary.failed(),
        "seconds": summary.elapsed.as_secs_f64(),
        "tests": tests.collect::<Vec<_>>(),
    })
}

fn failure_json(failure: &TestFailure) -> Value {
    match failure {
        TestFailure::NoError { expected, rows } => json!({ "kind": "no_error", "expected": expected, "rows": rows }),
        TestFailure::Check { expected, result } => json!({
            "kind": "check", "check": result.check.name, "expected": expected, "actual": result.verdict,
            "checked": result.checked, "failing": result.failing, "observed": result.observed, "sample": result.sample,
        }),
        TestFailure::Error { expected, code, message, help } => json!({
            "kind": "error", "expected": expected, "code": code, "message": message, "help": help,
        }),
        TestFailure::Rows(diff) => {
            let rows = |rows: &[TextRow]| rows.iter().map(|row| row_json(row, &diff.columns)).collect::<Vec<_>>();
            let different = diff.different.iter().map(|row| {
                json!({
                    "row": row.position,
                    "expected": row_json(&row.expected, &diff.columns),
                    "actual": row_json(&row.actual, &diff.columns),
                })
            });
            json!({
                "kind": if diff.order_only { "order" } else { "rows" },
                "equal": diff.equal,
                "missing": rows(&diff.missing),
                "unexpected": rows(&diff.unexpected),
                "different": different.collect::<Vec<_>>(),
            })
        }
    }
}

fn row_json(row: &TextRow, columns: &[DiffColumn]) -> Value {
    let cells = columns.iter().zip(row).map(|(column, cell)| (column.name.clone(), cell_json(cell, &column.data_type)));
    Value::Object(cells.collect::<Map<_, _>>())
}

/// Truth values and numbers that JSON has as such, everything else as text.
fn cell_json(cell: &Option<String>, data_type: &DataType) -> Value {
    let Some(text) = cell else { return Value::Null };
    let plain = match data_type {
        DataType::Boolean => text.parse().ok().map(Value::Bool),
        data_type if data_type.is_integer() => text.parse::<i64>().ok().map(Value::from),
        data_type if data_type.is_floating() => {
            text.parse().ok().and_then(serde_json::Number::from_f64).map(Value::Number)
        }
        _ => None,
    };
    plain.unwrap_or_else(|| Value::String(text.clone()))
}
