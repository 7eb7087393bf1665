//! `headwater query`: answers a SQL query.

mod answer;
mod csv;
mod file;
mod nested;
mod terminal;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use headwater_sdk::{Blame, Error};

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::reading::Reading;
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

use answer::Answer;

/// Answers a query over what is published.
///
/// A table can be read as it was: `from marts.orders for version as of 12` (a snapshot's number), `for system_time as of
/// '2026-01-31'`.
///
/// On a terminal the first 40 rows are shown as a table, and how many more there are. Elsewhere, and with --format,
/// --limit or --output, all rows are written as they come, in constant memory: CSV unless another format is chosen.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// The query, or - to read it from stdin
    sql: String,
    #[command(flatten)]
    reading: Reading,
    /// How to write the rows
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Writes to this file; the format follows from .csv, .json, .jsonl, .ndjson or .parquet
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// At most this many rows
    #[arg(short = 'n', long, value_name = "ROWS")]
    limit: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    /// One JSON object per line
    Json,
    /// Needs --output
    Parquet,
}

pub(crate) async fn query(args: &QueryArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let format = choose_format(args, console)?;
    let sql = match args.sql.as_str() {
        "-" => std::io::read_to_string(std::io::stdin().lock())?,
        sql => sql.to_owned(),
    };
    let opened = project::open(None, global, console)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    // Constants can be asked for in a lake without tables, too.
    let snapshot = args.reading.snapshot(&lake).await?;
    let relations = snapshot.as_ref().map(|snapshot| snapshot.relations.clone()).unwrap_or_default();
    let answered =
        headwater_run::query(&lake, &relations, &sql).await.map_err(|error| match (error.code, &snapshot) {
            ("HW0557", None) => lake::nothing_published().into(),
            _ => Failure::of_sql(error, sql),
        })?;
    let scans = Arc::clone(&answered.result.scans);
    let answer = Answer::new(answered.result, args.limit);
    let Err(mut failure) = give(answer, format, args, console).await else {
        if opened.project.record_queries && args.reading.is_of_main_now() {
            headwater_run::record_scans(&lake, &scans()).await;
        }
        return Ok(0);
    };
    let named = answered.past.into_iter().map(|snapshot| (snapshot, true));
    for (snapshot, chosen) in named.chain(snapshot.map(|snapshot| (snapshot, args.reading.chosen()))) {
        // Vacuuming may have begun after the query.
        let now = lake.store.snapshot(snapshot.id).await.ok().flatten();
        failure = failure.of_reading(&now.unwrap_or(snapshot), chosen);
    }
    Err(failure)
}

/// Gives the answer to the file, the terminal or stdout.
async fn give(mut answer: Answer, format: Format, args: &QueryArgs, console: &Console) -> Result<(), Failure> {
    match &args.output {
        Some(path) => {
            let rows = file::write(answer, format, path, console).await?;
            if !console.quiet {
                console.err(&format!("{} written to {}\n", crate::render::units::plural(rows, "row"), path.display()));
            }
        }
        None if format == Format::Table && console.out_is_terminal && args.limit.is_none() && args.format.is_none() => {
            terminal::show_first(answer, console).await?;
        }
        None => answer::stream(&mut answer, format, &mut std::io::stdout(), console).await?,
    }
    Ok(())
}

/// A file whose name asks for what cannot be written.
pub(crate) fn unknown_extension(extension: &str, known: &str) -> Error {
    Error::new("HW0816", Blame::Project, format!("a .{extension} file cannot be written"))
        .help(format!("name the file {known}, or say which --format to write into it"))
}

fn choose_format(args: &QueryArgs, console: &Console) -> Result<Format, Failure> {
    let extension = args.output.as_ref().and_then(|path| path.extension()?.to_str());
    let format = match (args.format, extension) {
        (Some(format), _) => format,
        (None, Some("parquet")) => Format::Parquet,
        (None, Some("json" | "jsonl" | "ndjson")) => Format::Json,
        (None, Some("csv" | "txt")) => Format::Csv,
        (None, Some(other)) => return Err(unknown_extension(other, ".csv, .json, .jsonl, .ndjson or .parquet").into()),
        (None, None) if console.json => Format::Json,
        (None, None) if console.out_is_terminal && args.output.is_none() => Format::Table,
        (None, None) => Format::Csv,
    };
    if format == Format::Parquet && args.output.is_none() {
        return Err(Error::new("HW0816", Blame::Project, "parquet can only be written to a file")
            .help("name a file with --output")
            .into());
    }
    Ok(format)
}
