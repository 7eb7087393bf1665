//! `headwater query`: answers a SQL query.

mod answer;
mod csv;
mod file;
mod nested;
mod terminal;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use headwater_project::Reach;
use headwater_sdk::{Blame, Error};
use serde_json::json;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::reading::Reading;
use crate::render::units::plural;
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
///
/// With --file, the statements of a file are answered in turn, with an empty line between the answers, until one fails.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// The query, or - to read it from stdin
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    sql: Option<String>,
    /// Answers the statements of this file, which ; separates
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// How to write the rows
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Writes to this file; the format follows from .csv, .json, .jsonl, .ndjson or .parquet
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// At most this many rows of an answer
    #[arg(short = 'n', long, value_name = "ROWS")]
    limit: Option<u64>,
    /// Says on stderr how long each answer took, from the SQL to its last row; with --json as one JSON object each
    #[arg(long)]
    timing: bool,
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
    let (name, text) = read(args)?;
    let statements = match &args.file {
        Some(_) => headwater_project::statements(&text),
        None => std::iter::once(0..text.len()).collect(),
    };
    if statements.is_empty() {
        return Err(Error::new("HW0821", Blame::Project, format!("{name} has no statement"))
            .help("write a SELECT into it, or several with ; between them")
            .into());
    }
    if args.output.is_some() && statements.len() > 1 {
        let message = format!("the answers of {} statements cannot be written to one file", statements.len());
        return Err(Error::new("HW0816", Blame::Project, message)
            .help("leave --output out, or give it a file with one statement")
            .into());
    }
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    // Constants can be asked for in a lake without tables, too.
    let snapshot = args.reading.snapshot(&lake).await?;
    let relations = snapshot.as_ref().map(|snapshot| snapshot.relations.clone()).unwrap_or_default();
    for (index, statement) in statements.into_iter().enumerate() {
        if index > 0 {
            console.out("\n")?;
        }
        let began = Instant::now();
        let (start, sql) = (statement.start, &text[statement]);
        let answered = headwater_run::query(&lake, &relations, sql).await;
        let answered = answered.map_err(|error| match (error.code, &snapshot) {
            ("HW0557", None) => lake::nothing_published().into(),
            _ => Failure::of_sql(error, &name, &text, start),
        })?;
        let scans = Arc::clone(&answered.result.scans);
        let mut answer = Answer::new(answered.result, args.limit);
        if let Err(mut failure) = give(&mut answer, format, args, console).await {
            let named = answered.past.into_iter().map(|snapshot| (snapshot, true));
            for (snapshot, chosen) in named.chain(snapshot.map(|snapshot| (snapshot, args.reading.chosen()))) {
                // Vacuuming may have begun after the query.
                let now = lake.store.snapshot(snapshot.id).await.ok().flatten();
                failure = failure.of_reading(&now.unwrap_or(snapshot), chosen);
            }
            return Err(failure);
        }
        if opened.project.record_queries && args.reading.is_of_main_now() {
            headwater_run::record_scans(&lake, &scans()).await;
        }
        if args.timing {
            let line = 1 + text[..start].matches('\n').count();
            console.err(&timing(console, &name, line, answer.rows, began.elapsed()));
        }
    }
    Ok(0)
}

/// The SQL and what it is called.
fn read(args: &QueryArgs) -> Result<(String, String), Failure> {
    let text = match (&args.file, args.sql.as_deref()) {
        (Some(file), _) => {
            let name = file.display().to_string();
            let text = std::fs::read_to_string(file).map_err(|e| {
                Error::new("HW0822", Blame::Project, format!("{name} cannot be read"))
                    .help("--file takes a text file of SQL, by its path from here; SQL itself needs no --file")
                    .caused_by(e)
            })?;
            return Ok((name, text));
        }
        (None, Some("-")) => std::io::read_to_string(std::io::stdin().lock())?,
        (None, sql) => sql.unwrap_or_default().to_owned(),
    };
    Ok(("query".to_owned(), text))
}

/// What an answer took, in a line.
fn timing(console: &Console, name: &str, line: usize, rows: u64, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if console.json {
        return format!("{}\n", json!({ "source": name, "line": line, "rows": rows, "seconds": seconds }));
    }
    format!("{name}:{line}: {} in {seconds:.3} s\n", plural(rows, "row"))
}

/// Gives the answer to the file, the terminal or stdout.
async fn give(answer: &mut Answer, format: Format, args: &QueryArgs, console: &Console) -> Result<(), Failure> {
    match &args.output {
        Some(path) => {
            file::write(answer, format, path, console).await?;
            if !console.quiet {
                console.err(&format!("{} written to {}\n", plural(answer.rows, "row"), path.display()));
            }
        }
        None if format == Format::Table && console.out_is_terminal && args.limit.is_none() && args.format.is_none() => {
            terminal::show_first(answer, console).await?;
        }
        None => answer::stream(answer, format, &mut std::io::stdout(), console).await?,
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
