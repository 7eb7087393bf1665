//! Who answers, how long each query took, and whether the answers are right.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::Settings;
use super::super::measure::{Measured, capture, measure};
use super::super::places::read;
use super::super::rounds::{Sample, millis};
use super::super::tools::Tool;

/// The queries of the benchmark.
pub(super) const QUERIES: usize = 22;
/// How often a process answers all of them: once to warm up, and once for the figures.
pub(super) const PASSES: usize = 2;

/// The name of a query, by its number.
pub(super) fn query(number: usize) -> String {
    format!("q{number:02}")
}

/// The data, the queries, and where the contenders work.
pub(super) struct Bench<'a> {
    pub(super) settings: &'a Settings,
    pub(super) data: PathBuf,
    pub(super) work: PathBuf,
    /// The queries' file.
    pub(super) queries: PathBuf,
    /// Headwater's project.
    pub(super) project: PathBuf,
    /// The fraction of query 11.
    pub(super) fraction: f64,
    pub(super) threads: usize,
}

impl Bench<'_> {
    /// Works out what is expected, with DuckDB, and holds it to what Polars works out.
    pub(super) fn expect(&self) -> Result<(), String> {
        let apart = self.work.join("polars-apart.json");
        for (engine, out) in [(super::DUCKDB, &self.expected()), (super::POLARS, &apart)] {
            self.ask(engine, out, 1)?;
        }
        self.verify(&apart)
    }

    /// A round of DuckDB or Polars.
    pub(super) fn peer(&self, engine: &str) -> Result<Sample, String> {
        let out = self.work.join(engine).with_extension("json");
        let measured = self.ask(engine, &out, PASSES)?;
        self.verify(&out)?;
        let document: Value = serde_json::from_str(&read(&out)?).map_err(|e| format!("{}: {e}", out.display()))?;
        let passes = document["passes"].as_array().into_iter().flatten();
        sample(measured, &passes.flat_map(seconds).collect::<Vec<_>>())
    }

    /// A round of Headwater.
    pub(super) fn headwater(&self) -> Result<Sample, String> {
        let (measured, told) = self.settings.headwater.measure_queries(&self.project, &self.work.join("passes.sql"))?;
        self.verify(&told.answers)?;
        sample(measured, &told.seconds)
    }

    fn ask(&self, engine: &str, out: &Path, passes: usize) -> Result<Measured, String> {
        let tool = if engine == super::POLARS { Tool::Polars } else { Tool::Floor };
        let mut peer = tool.script(&self.settings.places, "bench/tpch/peer.py");
        peer.arg(engine).arg(&self.data).arg(&self.queries).arg(out);
        peer.args(["--fraction", &self.fraction.to_string(), "--passes", &passes.to_string()]);
        measure(peer.args(["--threads", &self.threads.to_string()]), &out.with_extension("stdout"))
    }

    fn expected(&self) -> PathBuf {
        self.work.join("expected.json")
    }

    fn verify(&self, found: &Path) -> Result<(), String> {
        let mut compare = Tool::Floor.script(&self.settings.places, "bench/tpch/compare.py");
        capture(compare.arg(self.expected()).arg(found)).map(drop)
    }
}

fn seconds(pass: &Value) -> impl Iterator<Item = f64> {
    pass.as_array().into_iter().flatten().filter_map(Value::as_f64)
}

/// The last pass as a round, of the seconds of all queries in all passes.
fn sample(measured: Measured, seconds: &[f64]) -> Result<Sample, String> {
    if seconds.len() != PASSES * QUERIES {
        return Err(format!("{} times were told of {QUERIES} queries in {PASSES} passes", seconds.len()));
    }
    let last = &seconds[seconds.len() - QUERIES..];
    let mut sample = Sample::from(Measured { seconds: last.iter().sum(), ..measured });
    for (index, time) in last.iter().enumerate() {
        sample.facts.insert(query(index + 1), (*time).into());
    }
    // The start of the process, the opening of tables, and whatever else lies around the queries.
    let around = measured.seconds - seconds.iter().sum::<f64>();
    sample.facts.insert("seconds_around_queries".to_owned(), millis(around).into());
    Ok(sample)
}
