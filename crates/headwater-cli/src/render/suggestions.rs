//! How tables should lie for their queries.

use headwater_run::{Advice, Suggestion};

use super::style::one_line;
use super::units::{count, plural};

/// The most columns that are named of those that queries restrict.
const COLUMNS_NAMED: usize = 4;

/// The text of all advice; `recorded` says whether queries are.
pub(crate) fn text(advice: &[Advice], recorded: bool) -> String {
    match (advice, recorded) {
        ([], true) => "nothing to suggest: no query has read a table yet\n".to_owned(),
        ([], false) => "nothing to suggest: queries are not recorded\n".to_owned(),
        (advice, _) => advice.iter().map(about).collect(),
    }
}

/// The line that maintenance ends with, where there are tables that should lie otherwise.
pub(crate) fn hint(tables: &[String]) -> String {
    match tables {
        [] => String::new(),
        [one] => format!("queries of {one} would read much less in another layout: headwater maintain --suggest\n"),
        [first, others @ ..] => format!(
            "queries of {first} and {} would read much less in another layout: headwater maintain --suggest\n",
            plural(others.len() as u64, "other table")
        ),
    }
}

fn about(advice: &Advice) -> String {
    let table = &advice.table;
    let mut out = match (&advice.suggestion, &advice.reason) {
        (Some(suggestion), _) => suggested(table, advice, suggestion),
        (None, Some(reason)) => format!("{table}: nothing to suggest: {reason}\n"),
        (None, None) => format!("{table}: nothing to suggest\n"),
    };
    if advice.suggestion.is_none()
        && let Some(seen) = seen(advice)
    {
        out.push_str(&format!("  {seen}\n"));
    }
    out
}

fn suggested(table: &str, advice: &Advice, suggestion: &Suggestion) -> String {
    let mut out = format!("{table}: in {}\n", one_line(&suggestion.file));
    for line in &suggestion.header {
        out.push_str(&format!("    {}\n", one_line(line)));
    }
    if let Some(seen) = seen(advice) {
        out.push_str(&format!("  {seen}\n"));
    }
    out.push_str(&format!(
        "  they would read about {} rows each, and read {} now\n",
        count(suggestion.rows_read),
        count(advice.rows_read.unwrap_or_default())
    ));
    out.push_str(match suggestion.rebuilds {
        true => "  the next run then builds the table anew\n",
        false => "  `headwater maintain` then lays the table out anew\n",
    });
    out
}

/// What was seen: `23 of 30 queries since 2026-11-20 asked for a part of it, by a (20) and b (3)`.
fn seen(advice: &Advice) -> Option<String> {
    let since = advice.since.as_ref()?;
    let queries = match advice.queries {
        1 => "1 query".to_owned(),
        number => format!("{} queries", count(number)),
    };
    if advice.restricted == 0 {
        return Some(format!("{queries} since {since}"));
    }
    let mut columns: Vec<String> = advice
        .columns
        .iter()
        .take(COLUMNS_NAMED)
        .map(|column| format!("{} ({})", one_line(&column.column), count(column.queries)))
        .collect();
    if advice.columns.len() > COLUMNS_NAMED {
        columns.push(plural((advice.columns.len() - COLUMNS_NAMED) as u64, "other"));
    }
    let columns = match columns.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => columns.concat(),
    };
    Some(format!("{} of {queries} since {since} asked for a part of it, by {columns}", count(advice.restricted)))
}
