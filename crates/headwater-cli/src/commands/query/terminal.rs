//! The first rows of an answer on a terminal, and how many more there are.

use std::time::{Duration, Instant};

use super::answer::Answer;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::rows::{RowTable, cells};
use crate::render::style::Style;
use crate::render::units::count;

/// Rows shown.
const SHOWN: usize = 40;
/// How long the rest is counted for.
const COUNTING: Duration = Duration::from_secs(2);

pub(super) async fn show_first(answer: &mut Answer, console: &Console) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut rest = 0;
    while rows.len() < SHOWN
        && let Some(batch) = answer.next().await?
    {
        let fits = batch.num_rows().min(SHOWN - rows.len());
        rows.extend(cells(&batch.slice(0, fits))?);
        rest += (batch.num_rows() - fits) as u64;
    }
    let layout = RowTable::new(&answer.schema, &rows, console.color_out, true);
    let mut text = layout.titles(&answer.schema);
    for row in &rows {
        text.push_str(&layout.row(row));
    }
    console.out(&text)?;
    let shown = rows.len() as u64;
    let mut complete = shown < SHOWN as u64;
    let began = Instant::now();
    while !complete && began.elapsed() < COUNTING {
        match answer.next().await? {
            Some(batch) => rest += batch.num_rows() as u64,
            None => complete = true,
        }
    }
    let told = match (rest, complete) {
        (0, true) => format!("{} rows", count(shown)),
        (_, true) => format!("first {shown} of {} rows; --limit N or --output FILE for more", count(shown + rest)),
        (_, false) => {
            format!("first {shown} of more than {} rows; --limit N or --output FILE for more", count(shown + rest))
        }
    };
    console.out(&format!("{}\n", Style::Dim.paint(&told, console.color_out)))
}
