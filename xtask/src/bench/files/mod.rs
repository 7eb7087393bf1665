//! Scenario `files`: a file of CSV and one of JSON lines become a table, beside DuckDB and Polars. `bench/files/README.md` describes
//! them.

mod contenders;

use std::path::PathBuf;

use self::contenders::Bench;
use super::dataset::read_all;
use super::measure::capture;
use super::places::{Places, clear, make_folder, rename};
use super::rounds::{Contender, Series, interleave};
use super::section::Section;
use super::tools::Tool;
use super::{Settings, machine};
use crate::report::say;

const HEADWATER: &str = "headwater";
const DUCKDB: &str = "duckdb";
const POLARS: &str = "polars";

/// A kind of files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// What it is called in a project and by peers, and how its files end.
    name: &'static str,
    ending: &'static str,
    /// What people call it.
    title: &'static str,
}

/// What is measured.
pub(super) const KINDS: [Kind; 2] =
    [Kind { name: "csv", ending: "csv", title: "CSV" }, Kind { name: "jsonl", ending: "jsonl", title: "JSON lines" }];

/// Runs the scenario with a kind of files. `None` when nothing was to be measured.
pub(super) fn run(settings: &Settings, kind: Kind) -> Result<Option<Section>, String> {
    let places = &settings.places;
    let versions = settings.versions(&[Tool::Floor, Tool::Polars, Tool::Tpchgen])?;
    let data = make_data(places)?;
    if settings.prepare {
        return Ok(None);
    }
    read_all(&data)?;
    let name = format!("files-{}", kind.name);
    let bench = Bench::new(settings, &data, places.work(&name)?, kind)?;
    let (bench, rounds) = (&bench, settings.rounds);
    let contenders = vec![
        Contender { name: HEADWATER, rounds, round: Box::new(|| bench.headwater()) },
        Contender { name: DUCKDB, rounds, round: Box::new(|| bench.peer(DUCKDB)) },
        Contender { name: POLARS, rounds, round: Box::new(|| bench.peer(POLARS)) },
    ];
    let series: Vec<Series> = interleave(settings.choose(contenders)?)?;
    clear(&bench.work)?;
    Ok(Some(Section {
        name,
        title: format!("A file of {}", kind.title),
        what: format!(
            "`lineitem` of TPC-H, scale factor 1 (6,001,215 rows), one file of {} of {} MB, becomes a published Delta table \
             (`headwater run`), or a Parquet file (DuckDB's `COPY`, Polars' `sink_parquet`); each finds the types of columns by itself. What \
             was written was counted and summed, and compared with what was expected, in every round.",
            kind.title,
            bench.size / 1_000_000
        ),
        date: machine::today()?,
        machine: machine::describe(),
        versions,
        goals: Vec::new(),
        details: String::new(),
        series,
        base: HEADWATER,
    }))
}

/// The folder with the rows as Parquet, CSV and JSON lines.
fn make_data(places: &Places) -> Result<PathBuf, String> {
    let data = places.kept("files");
    if data.exists() {
        return Ok(data);
    }
    say(&format!("making {}\n", data.display()));
    let part = data.with_extension("part");
    clear(&part)?;
    make_folder(&part)?;
    for format in ["parquet", "csv"] {
        let mut make = Tool::Tpchgen.program(places, "tpchgen-cli");
        make.args([format, "--quiet", "-T", "lineitem", "--scale-factor", "1", "--output-dir"]);
        capture(make.arg(&part))?;
    }
    let write = "import duckdb, sys; duckdb.sql(f\"copy (from '{sys.argv[1]}/lineitem.parquet') to '{sys.argv[1]}/lineitem.jsonl' (format json)\")";
    capture(Tool::Floor.program(places, "python").args(["-c", write]).arg(&part))?;
    rename(&part, &data)?;
    Ok(data)
}
