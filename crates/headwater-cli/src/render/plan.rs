//! A plan: what a run would do about which assets, in groups, with reasons, what breaks, and what to expect.

use headwater_project::plan::{Action, Affected, Breaking, Cause, Loss, PlannedTask};
use headwater_run::{Expected, Plan};
use headwater_sdk::engine::Foresight;

use super::problem::labelled;
use super::style::{Style, one_line, width};
use super::summary::standing;
use super::units::{bytes, count, plural, seconds};

/// Assets that are left alone, and what a breaking change affects, are listed up to this number.
const SOME: usize = 10;
/// Names are padded up to this width.
const WIDEST: usize = 44;

/// The groups in which assets are shown, with how they are headed.
const GROUPS: [(&str, Style, &[Cause]); 5] = [
    ("cannot be read, or is held back for that", Style::Bad, &[Cause::Unreadable]),
    ("new", Style::Good, &[Cause::New]),
    ("changed", Style::Warn, &[Cause::Definition]),
    (
        "rebuilt because of their inputs or sources",
        Style::Bold,
        &[Cause::Source, Cause::Inputs, Cause::Due, Cause::Volatile],
    ),
    ("rebuilt by --full-refresh", Style::Bold, &[Cause::FullRefresh, Cause::Backfill]),
];

/// The text of a plan. With `all`, every asset is listed.
pub(crate) fn plan(plan: &Plan, all: bool, color: bool) -> String {
    let mut out = String::new();
    for (heading, style, causes) in GROUPS {
        let tasks: Vec<&PlannedTask> = plan.tasks.iter().filter(|task| causes.contains(&task.cause)).collect();
        let line = |task: &&PlannedTask| (task.asset.to_string(), why_and_how(plan, task), expectation(plan, task));
        group(&mut out, heading, style, &tasks.iter().map(line).collect::<Vec<_>>(), usize::MAX, color);
    }
    let removed = plan.removed.iter().map(|name| (name.to_string(), "the project has it no more".to_owned(), None));
    group(&mut out, "removed", Style::Bad, &removed.collect::<Vec<_>>(), usize::MAX, color);
    let of = |cause: Cause| {
        let tasks = plan.tasks.iter().filter(move |task| task.cause == cause);
        tasks.map(|task| (task.asset.to_string(), task.reason.clone(), None)).collect::<Vec<_>>()
    };
    let most = if all { usize::MAX } else { SOME };
    group(&mut out, "left alone", Style::Dim, &of(Cause::Untouched), most, color);
    let still = of(Cause::Nothing);
    let number = still.len() as u64;
    if all {
        group(&mut out, "up to date", Style::Dim, &still, usize::MAX, color);
    }
    out.push_str(&breaking(&plan.breaking, color));
    let left = plan.tasks.iter().filter(|task| task.action == Action::NotSelected).count() as u64;
    out.push_str(&standing(if all { 0 } else { number }, left, plan.tasks.len() as u64));
    out.push_str(&total(plan));
    out.extend(plan.notes.iter().map(|note| labelled("note", note, color)));
    out
}

type Line = (String, String, Option<Expected>);

fn group(out: &mut String, heading: &str, style: Style, lines: &[Line], most: usize, color: bool) {
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!("{}: {}\n", style.paint(heading, color), plural(lines.len() as u64, "asset")));
    let shown = lines.len().min(most);
    let widest = lines.iter().take(shown).map(|(name, ..)| width(name)).max().unwrap_or(0).min(WIDEST);
    for (name, why, expected) in lines.iter().take(shown) {
        let expected = expected.map(|expected| format!("  ({})", figures(&expected))).unwrap_or_default();
        let gap = " ".repeat(widest.saturating_sub(width(name)));
        out.push_str(&format!("  {name}{gap}  {}{}\n", one_line(why), Style::Dim.paint(&expected, color)));
    }
    if shown < lines.len() {
        out.push_str(&format!("  … and {} more (--all lists them)\n", lines.len() - shown));
    }
    out.push('\n');
}

/// Why an asset is built, what becomes of its columns, and how its table is brought up to date.
fn why_and_how(plan: &Plan, task: &PlannedTask) -> String {
    let why = why(task);
    let how = match plan.refresh.get(&task.asset) {
        Some(Foresight::Append) => "new rows only".to_owned(),
        Some(Foresight::Keys { columns }) => format!("rows of the {} that change", columns.join(", ")),
        Some(Foresight::Chosen { what }) => what.clone(),
        Some(Foresight::Full { because: Some(because) }) if task.cause != Cause::Definition => {
            format!("all rows, because {because}")
        }
        Some(Foresight::Nothing) => "nothing that it reads changes".to_owned(),
        Some(Foresight::Full { .. }) | None => return why,
    };
    format!("{why} → {how}")
}

/// Why an asset is built, and what becomes of its columns.
fn why(task: &PlannedTask) -> String {
    let (reason, difference) = (&task.reason, &task.difference);
    let words = difference.words();
    match task.cause {
        Cause::Definition if !words.is_empty() => format!("{reason}: {words}"),
        Cause::Definition if !task.changes.rows && task.changes.columns.is_empty() => {
            format!("{reason}; its contents stay the same")
        }
        Cause::Inputs if !task.changes.rows && difference.only_recomputed() && !words.is_empty() => {
            format!("{reason}, and with it {}", task.changes.words())
        }
        Cause::Inputs if !task.changes.rows && task.changes.columns.is_empty() => {
            format!("{reason}; its contents stay the same")
        }
        Cause::Source | Cause::Inputs if !difference.only_recomputed() => format!("{reason}: {words}"),
        _ => reason.clone(),
    }
}

/// What the last build took; nothing for a view without checks, for which nothing is read or written.
fn expectation(plan: &Plan, task: &PlannedTask) -> Option<Expected> {
    plan.expected.get(&task.asset).copied().filter(|expected| expected.rows > 0 || expected.bytes > 0)
}

fn figures(expected: &Expected) -> String {
    let parts = [plural(expected.rows, "row"), bytes(expected.bytes), seconds(expected.seconds)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// What building took last time, all in all.
fn total(plan: &Plan) -> String {
    let built = plan.tasks.iter().filter(|task| task.action == Action::Build).count();
    if built == 0 {
        return String::new();
    }
    let sum = plan.total();
    let known = plan.expected.len();
    let unknown = match built - known.min(built) {
        0 => String::new(),
        1 => "; 1 asset was never built before".to_owned(),
        more => format!("; {} assets were never built before", count(more as u64)),
    };
    let last = if known == 0 { "not known".to_owned() } else { format!("as last time, {}", figures(&sum)) };
    format!("to build: {}; expected: {last}{unknown}\n", plural(built as u64, "asset"))
}

fn breaking(changes: &[Breaking], color: bool) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let heading = Style::Bad.paint("breaking for readers of published tables", color);
    let mut out = format!("{heading}: {}\n", plural(changes.len() as u64, "change"));
    for change in changes {
        let name = match &change.column {
            Some(column) => format!("{}.{column}", change.table),
            None => change.table.to_string(),
        };
        let what = match &change.loss {
            Loss::TableRemoved | Loss::ColumnRemoved => "is removed".to_owned(),
            Loss::ColumnRenamed { to } => format!("is renamed to {to}"),
            Loss::ColumnRetyped { from, to } => format!("is {to} instead of {from}"),
        };
        out.push_str(&format!("  {name} {what}{}\n", affected(&change.affects)));
    }
    out.push('\n');
    out
}

fn affected(affects: &[Affected]) -> String {
    let name = |affected: &Affected| match &affected.column {
        Some(column) => format!("{}.{column}", affected.table),
        None => format!("the rows of {}", affected.table),
    };
    if affects.is_empty() {
        return String::new();
    }
    let some: Vec<String> = affects.iter().take(SOME).map(name).collect();
    let more = match affects.len().saturating_sub(SOME) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("; made from it: {}{more}", some.join(", "))
}
