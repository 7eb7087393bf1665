//! What was compared: a line for each comparison, and the rows that differ.

use headwater_run::{VerifyState, VerifySummary};

use super::problem::labelled;
use super::style::{Style, cut, one_line};
use super::table::{Cell, Column, Table};
use super::units::{count, count_or_blank, plural, seconds};

/// The report of comparisons.
pub(crate) fn report(compared: &[VerifySummary], width: usize, color: bool) -> String {
    let mut table = Table::new(vec![
        Column::text("table"),
        Column::text("compared with"),
        Column::text("result"),
        Column::number("rows"),
        Column::number("there"),
        Column::number("missing").optional(2),
        Column::number("extra").optional(2),
        Column::number("different").optional(2),
        Column::number("time").optional(1),
    ]);
    for one in compared {
        let (word, style) = result(one.state);
        table.push(vec![
            one.table.to_string().into(),
            one.name.clone().into(),
            Cell::styled(format!("{word}{}", but_for(one)), style),
            count(one.rows).into(),
            count(one.rows_there).into(),
            count_or_blank(one.missing).into(),
            count_or_blank(one.extra).into(),
            count_or_blank(one.different).into(),
            seconds(one.seconds).into(),
        ]);
    }
    let mut out = table.render(width, color);
    compared.iter().for_each(|one| out.push_str(&details(one, width, color)));
    out
}

fn result(state: VerifyState) -> (&'static str, Style) {
    match state {
        VerifyState::Equal => ("equal", Style::Good),
        VerifyState::Differs => ("differs", Style::Bad),
        VerifyState::Nothing => ("nothing yet", Style::Dim),
        VerifyState::Unreadable => ("not readable", Style::Dim),
        VerifyState::Gone => ("gone", Style::Bad),
        VerifyState::Failed => ("failed", Style::Bad),
    }
}

/// The columns that were not compared: what is the same is so but for these.
fn but_for(one: &VerifySummary) -> String {
    if one.state != VerifyState::Equal || one.not_compared.is_empty() {
        return String::new();
    }
    format!(", but for {} not compared", plural(one.not_compared.len() as u64, "column"))
}

/// Which rows differ, why it failed, what is worth knowing.
fn details(one: &VerifySummary, width: usize, color: bool) -> String {
    let mut out = String::new();
    if one.message.is_none() && one.samples.is_empty() && one.notes.is_empty() {
        return out;
    }
    let name = Style::Bold.paint(&format!("{} and {}", one.table, one.name), color);
    match &one.message {
        Some(message) => {
            let code = one.code.as_ref().map(|code| format!("[{code}]")).unwrap_or_default();
            let (word, style) = result(one.state);
            out.push_str(&format!("\n{name}: {}{code}: {message}\n", style.paint(word, color)));
        }
        None => out.push_str(&format!("\n{name}\n")),
    }
    for sample in &one.samples {
        let line = format!("{}: {}", one_line(&sample.row), one_line(&sample.what));
        out.push_str(&format!("    {}\n", cut(&line, width.saturating_sub(4).max(20))));
    }
    if one.has_more {
        let ranges = plural(one.ranges, "range");
        out.push_str(&format!("  and more: {ranges} of 4,096 differ, of which some were looked at\n"));
    }
    out.extend(one.notes.iter().map(|note| labelled("note", note, color)));
    out.extend(one.help.iter().map(|help| labelled("help", help, color)));
    out
}
