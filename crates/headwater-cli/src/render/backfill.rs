//! The parts of a backfill, for people.

use headwater_run::{BackfillSummary, PartSummary, day_words};
use headwater_sdk::store::RunState;

use super::style::Style;
use super::table::{Cell, Column, Table};
use super::units::{count_or_blank, seconds};

/// One line for each part, and what they were parts of.
pub(crate) fn parts(summary: &BackfillSummary, width: usize, color: bool) -> String {
    let mut table = Table::new(vec![
        Column::text("time"),
        Column::text("result"),
        Column::number("rows out"),
        Column::number("snapshot").optional(2),
        Column::number("time taken").optional(1),
    ]);
    for PartSummary { range, run, .. } in &summary.parts {
        let result = match run {
            None => Cell::styled("done before", Style::Dim),
            Some(run) if run.state == RunState::Published => Cell::styled("published", Style::Good),
            Some(_) => Cell::styled("failed", Style::Bad),
        };
        let rows = run.iter().flat_map(|run| &run.assets).map(|asset| asset.rows_out).sum();
        let snapshot = run.as_ref().and_then(|run| run.snapshot);
        table.push(vec![
            day_words(range).into(),
            result,
            count_or_blank(rows).into(),
            snapshot.map(|id| id.to_string()).unwrap_or_default().into(),
            seconds(run.as_ref().map_or(0.0, |run| run.seconds)).into(),
        ]);
    }
    let models: Vec<String> = summary.models.iter().map(ToString::to_string).collect();
    format!("{}: {}\n{}", models.join(", "), day_words(&summary.whole), table.render(width, color))
}
