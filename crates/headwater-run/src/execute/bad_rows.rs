//! Whether a load may be published, by how many of its rows could not be read.

use headwater_sdk::check::Threshold;
use headwater_sdk::engine::Staged;
use headwater_sdk::{Blame, Error, Result, TableName};

/// Judges what a load of a stream has set aside. `most` is what the stream lets pass; `replaces` says that the table would hold nothing but
/// this load: without a word for it, a file in another form than expected would empty the table.
///
/// # Errors
/// `HW0991` with the first of the rows, when there are too many.
pub(super) fn judge(table: &TableName, staged: &Staged, most: Option<Threshold>, replaces: bool) -> Result<()> {
    let help = if most.is_some() {
        "correct the source, or how it is read (`format`, `columns`); or let more pass with `most_bad_rows`"
    } else {
        "correct the source, or how it is read (`format`, `columns`); with `most_bad_rows: 100%` they are set aside, and the table is empty"
    };
    judge_with(table, staged, most, replaces, help)
}

/// Judges what a script has written and cannot be read: it has to write a row, or none.
///
/// # Errors
/// As [`judge`].
pub(super) fn judge_script(table: &TableName, staged: &Staged) -> Result<()> {
    judge_with(
        table,
        staged,
        None,
        true,
        "correct what the script writes, or the types that are declared under `columns`",
    )
}

fn judge_with(table: &TableName, staged: &Staged, most: Option<Threshold>, replaces: bool, help: &str) -> Result<()> {
    let Staged { rejected, rows_in, rows_out, first_rejected, .. } = staged;
    let all = rejected == rows_in;
    let passes = match most {
        _ if *rejected == 0 => true,
        Some(most) => most.tolerates(*rejected, *rows_in),
        None => !(replaces && all && *rows_out == 0),
    };
    if passes {
        return Ok(());
    }
    let message = if all {
        format!("none of the {} of {table} can be read", counted(*rows_in))
    } else {
        format!(
            "{rejected} of the {} of {table} cannot be read, more than `most_bad_rows` lets pass",
            counted(*rows_in)
        )
    };
    let first = first_rejected.as_ref();
    let first = first.map(|row| format!("; the first: {} line {}: {}", row.file, row.line, row.reason));
    Err(Error::new("HW0991", Blame::Data, message + &first.unwrap_or_default()).help(help))
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}
