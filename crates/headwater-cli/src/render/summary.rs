//! The end of a run: a table of assets, the checks that did not pass with failing rows, the snapshot, what to type next.

use headwater_run::{AssetSummary, CheckProblem, RunSummary};
use headwater_sdk::check::{Threshold, Verdict};
use headwater_sdk::store::{RunState, TaskState};

use super::problem::{headline, labelled};
use super::progress::state_word;
use super::style::{Style, cut, one_line};
use super::table::{Cell, Column, Table};
use super::units::{bytes, count, count_or_blank, plural, refreshed, seconds};

/// Failing rows shown per check.
const SAMPLE: usize = 5;

/// The report of a run. `program` is how the program is called for the project.
pub(crate) fn run(summary: &RunSummary, program: &str, width: usize, color: bool) -> String {
    let mut out = assets(summary, width, color);
    for asset in &summary.assets {
        out.push_str(&problems(asset, program, width, color));
    }
    if !summary.deliveries.is_empty() {
        out.push('\n');
        out.push_str(&super::deliveries::report(&summary.deliveries, width, color));
    }
    if !summary.notes.is_empty() {
        out.push('\n');
        out.extend(summary.notes.iter().map(|note| labelled("note", note, color)));
    }
    if let Some(error) = &summary.error {
        out.push('\n');
        out.push_str(&headline(&error.code, &error.message, color));
        out.extend(error.help.iter().map(|help| labelled("help", help, color)));
    }
    out.push('\n');
    out.push_str(&closing(summary, color));
    for (index, command) in summary.next.iter().enumerate() {
        let label = if index == 0 { "next:" } else { "" };
        out.push_str(&format!("{label:<6}{command}\n"));
    }
    out
}

fn assets(summary: &RunSummary, width: usize, color: bool) -> String {
    let mut table = Table::new(vec![
        Column::text("asset"),
        Column::text("result"),
        Column::text("computed").optional(7),
        Column::number("rows in").optional(3),
        Column::number("rows out").optional(1),
        Column::number("read").optional(5),
        Column::number("written").optional(6),
        Column::number("time").optional(4),
        Column::text("checks").optional(2),
    ]);
    let quiet = |asset: &AssetSummary| asset.state == TaskState::UpToDate && asset.problems.is_empty();
    for asset in summary.assets.iter().filter(|asset| !quiet(asset)) {
        let mut result = state_word(asset.state).to_owned();
        if asset.kept {
            result.push_str(", kept");
        }
        table.push(vec![
            asset.asset.to_string().into(),
            Cell::styled(result, state_style(asset.state)),
            asset.refresh.as_ref().map(refreshed).unwrap_or_default().into(),
            count_or_blank(asset.rows_in).into(),
            count_or_blank(asset.rows_out).into(),
            bytes(asset.bytes_in).into(),
            bytes(asset.bytes_written).into(),
            seconds(asset.seconds).into(),
            checks(asset),
        ]);
    }
    let mut out = if table.is_empty() { String::new() } else { table.render(width, color) };
    let unchanged = summary.assets.iter().filter(|asset| quiet(asset)).count() as u64;
    let left = summary.not_selected;
    let line = standing(unchanged, left, summary.assets.len() as u64 + left);
    // That nothing is selected is told at the end.
    if !line.is_empty() && !summary.assets.is_empty() {
        out.push_str(&Style::Dim.paint(line.trim_end(), color));
        out.push('\n');
    }
    out
}

/// How many of a plan's assets are up to date, and how many were not selected: a line, or nothing.
pub(crate) fn standing(unchanged: u64, left: u64, all: u64) -> String {
    let are = |number: u64| if number == 1 { "is" } else { "are" };
    match (unchanged, left) {
        (0, 0) => String::new(),
        (_, 0) => format!("{} {} up to date\n", plural(unchanged, "asset"), are(unchanged)),
        (_, _) if left == all => "nothing is selected\n".to_owned(),
        (0, _) => format!("{} {} not selected\n", plural(left, "asset"), are(left)),
        _ => {
            let first = plural(unchanged, "asset");
            format!("{first} {} up to date, {left} {} not selected\n", are(unchanged), are(left))
        }
    }
}

fn state_style(state: TaskState) -> Style {
    match state {
        TaskState::Published | TaskState::Audited => Style::Good,
        TaskState::Failed => Style::Bad,
        TaskState::HeldBack => Style::Warn,
        TaskState::UpToDate | TaskState::Pending => Style::Dim,
    }
}

fn checks(asset: &AssetSummary) -> Cell {
    let counts = asset.checks;
    let parts: Vec<String> = [
        (counts.passed, "passed"),
        (counts.warned, "warned"),
        (counts.quarantined, "set rows aside"),
        (counts.failed, "failed"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    let style = match (counts.failed, counts.warned + counts.quarantined) {
        (0, 0) => Style::Plain,
        (0, _) => Style::Warn,
        _ => Style::Bad,
    };
    Cell::styled(parts.join(", "), style)
}

/// What a person has to know of an asset: why it failed, which checks did not pass, what was set aside.
fn problems(asset: &AssetSummary, program: &str, width: usize, color: bool) -> String {
    let mut out = String::new();
    let failed = asset.state == TaskState::Failed;
    let waits = asset.state == TaskState::HeldBack;
    let told = failed || waits || !asset.problems.is_empty() || asset.rejected > 0 || !asset.notes.is_empty();
    if !told {
        return out;
    }
    let name = Style::Bold.paint(&asset.asset.to_string(), color);
    let code = asset.code.as_ref().map(|code| format!("[{code}]")).unwrap_or_default();
    match &asset.message {
        Some(message) if failed => {
            out.push_str(&format!("\n{name}: {}{code}: {message}\n", Style::Bad.paint("failed", color)));
        }
        Some(message) if waits => {
            out.push_str(&format!("\n{name}: {}: {message}\n", Style::Warn.paint("held back", color)));
        }
        _ => out.push_str(&format!("\n{name}\n")),
    }
    for problem in &asset.problems {
        out.push_str(&check(problem, width, color));
    }
    // What is not published cannot be queried.
    let kept = !failed && !waits;
    if asset.quarantined > 0 {
        let rows = plural(asset.quarantined, "row");
        out.push_str(&match kept {
            true => format!("  {rows} set aside: {program} query \"select * from {}\"\n", asset.asset.quarantine()),
            false => format!("  {rows} would have been set aside\n"),
        });
    }
    if asset.rejected > 0 {
        let rows = plural(asset.rejected, "source row");
        out.push_str(&match kept {
            true => format!("  {rows} unreadable: {program} query \"select * from {}\"\n", asset.asset.rejected()),
            false => format!("  {rows} unreadable\n"),
        });
    }
    out.extend(asset.notes.iter().map(|note| labelled("note", note, color)));
    out.extend(asset.help.iter().map(|help| labelled("help", help, color)));
    out
}

fn check(problem: &CheckProblem, width: usize, color: bool) -> String {
    let (word, style) = match problem.verdict {
        Verdict::Passed => ("passed", Style::Good),
        Verdict::Warned => ("warned", Style::Warn),
        Verdict::Quarantined => ("set rows aside", Style::Warn),
        Verdict::Failed => ("failed", Style::Bad),
    };
    let mut seen = Vec::new();
    if problem.failing > 0 || problem.observed.is_none() {
        seen.push(format!("{} of {} rows", count(problem.failing), count(problem.checked)));
        seen.extend(match problem.threshold {
            Threshold::Rows(0) => None,
            Threshold::Rows(rows) => Some(format!("{} tolerated", count(rows))),
            Threshold::Percent(percent) => Some(format!("{percent}% tolerated")),
        });
    }
    seen.extend(problem.observed.clone());
    let mut out = format!("  {} {}: {}\n", style.paint(word, color), problem.check, one_line(&seen.join(", ")));
    out.extend(problem.description.iter().map(|why| format!("    {}\n", Style::Dim.paint(why, color))));
    for line in sample(problem, width.saturating_sub(4), color).lines() {
        out.push_str(&format!("    {line}\n"));
    }
    out
}

/// Failing rows as a small table, with what the check is about on the left.
fn sample(problem: &CheckProblem, width: usize, color: bool) -> String {
    let rows = problem.sample.iter().filter_map(serde_json::Value::as_object);
    let objects: Vec<_> = rows.take(SAMPLE).collect();
    let Some(first) = objects.first() else { return String::new() };
    let (about, others): (Vec<&String>, Vec<&String>) = first.keys().partition(|name| problem.columns.contains(name));
    let names = [about, others].concat();
    // Columns on the right go first where there is no room for all.
    let columns = names.iter().zip(0_u8..=254).map(|(name, place)| Column::text(name).optional(place));
    let mut table = Table::new(columns.collect()).marking_gaps();
    for object in &objects {
        let cell = |name: &&String| match object.get(*name) {
            None | Some(serde_json::Value::Null) => Cell::styled("null", Style::Dim),
            Some(serde_json::Value::String(text)) => Cell::from(cut(&one_line(text), 40)),
            Some(other) => Cell::from(cut(&one_line(&other.to_string()), 40)),
        };
        table.push(names.iter().map(cell).collect());
    }
    table.render(width, color)
}

fn closing(summary: &RunSummary, color: bool) -> String {
    let mut took = if summary.seconds > 0.0 { format!(" in {}", seconds(summary.seconds)) } else { String::new() };
    let delivering: f64 = summary.deliveries.iter().map(|delivery| delivery.seconds).sum();
    if !summary.deliveries.is_empty() {
        took.push_str(&format!(", delivered in {}", seconds(delivering)));
    }
    let what = |snapshot: u64| match (&summary.branch, &summary.published_branch) {
        (Some(branch), _) => format!("the branch {branch} is at snapshot {snapshot}"),
        (None, Some(branch)) => format!("published the branch {branch} as snapshot {snapshot}"),
        (None, None) => format!("published snapshot {snapshot}"),
    };
    let mut text = match (summary.snapshot, summary.state) {
        (Some(snapshot), RunState::Published) => Style::Good.paint(&format!("{}{took}", what(snapshot)), color),
        (Some(snapshot), _) => Style::Warn.paint(&format!("{}{took}, without what failed", what(snapshot)), color),
        (None, RunState::Published) if summary.assets.is_empty() && summary.not_selected > 0 => {
            format!("nothing to do: nothing is selected{took}")
        }
        (None, RunState::Published) if summary.selection.is_some() => {
            Style::Good.paint(&format!("nothing to publish: everything selected is up to date{took}"), color)
        }
        (None, RunState::Published) => {
            Style::Good.paint(&format!("nothing to publish: everything is up to date{took}"), color)
        }
        (None, RunState::Interrupted) => {
            let text = "interrupted: nothing was published; the next run goes on from here";
            Style::Warn.paint(text, color)
        }
        (None, _) => Style::Bad.paint(&format!("nothing was published{took}"), color),
    };
    text.push('\n');
    if !summary.removed.is_empty() {
        let names: Vec<String> = summary.removed.iter().map(ToString::to_string).collect();
        text.push_str(&format!("no longer in the project, and gone from the snapshot: {}\n", names.join(", ")));
    }
    text
}
