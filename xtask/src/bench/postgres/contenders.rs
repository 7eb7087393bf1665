//! Who reads the table, and whether what came out is right.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::super::Settings;
use super::super::figures;
use super::super::headwater::require_published;
use super::super::measure::measure;
use super::super::places::{clear, copy_folder, make_folder, read};
use super::super::rounds::Sample;
use super::super::tools::Tool;
use super::server::{Server, WHOLE};

/// The database, and where the contenders work.
pub(super) struct Bench<'a> {
    pub(super) settings: &'a Settings,
    pub(super) server: Server,
    pub(super) work: PathBuf,
    /// The statement of the figures, with `{lineitem}` for the table.
    pub(super) figures: String,
}

impl Bench<'_> {
    /// The rows leave the server, and nothing becomes of them.
    pub(super) fn floor(&self) -> Result<Sample, String> {
        let mut psql = self.server.psql(&format!("copy {WHOLE} to stdout (format binary)"));
        Ok(measure(psql.arg("-o").arg("/dev/null"), &self.work.join("psql.stdout"))?.into())
    }

    /// A table becomes one of the lake.
    pub(super) fn headwater(&self, table: &str) -> Result<Sample, String> {
        let project = self.work.join("headwater");
        clear(&project)?;
        copy_folder(&self.settings.places.source("bench/postgres/headwater"), &project, &["lake"])?;
        let headwater = &self.settings.headwater.with("BENCH_DSN", &self.server.url()).with("BENCH_TABLE", table);
        let (measured, run) = headwater.measure(&project, &["run"])?;
        require_published(&run)?;
        let rows = headwater.query(&project, &self.figures.replace("{lineitem}", "raw.lineitem"))?;
        self.verify(table, rows.first().unwrap_or(&Value::Null))?;
        Ok(measured.into())
    }

    /// dlt makes Parquet files by one of its backends.
    pub(super) fn dlt(&self, backend: &str) -> Result<Sample, String> {
        let (out, state) = self.empty_folders("dlt")?;
        let mut load = Tool::DltPostgres.script(&self.settings.places, "bench/postgres/load_dlt.py");
        load.arg(backend).arg(self.server.url()).arg(&out).arg(state);
        self.peer(&mut load, &out)
    }

    /// Sling makes a Parquet file.
    pub(super) fn sling(&self) -> Result<Sample, String> {
        let (out, home) = self.empty_folders("sling")?;
        let program = "lib/python3.11/site-packages/sling_linux_amd64/bin/sling-linux-amd64";
        let mut sling = Command::new(self.settings.places.venv(Tool::Sling.name()).join(program));
        sling.args([
            "run",
            "--src-conn",
            &format!("{}?sslmode=disable", self.server.url()),
            "--src-stream",
            &format!("public.{WHOLE}"),
        ]);
        sling.args(["--tgt-object", &format!("file://{}", out.join("lineitem.parquet").display())]);
        sling.env("SLING_DUCKDB_COMPUTE", "false").env("SLING_DISABLE_TELEMETRY", "true").env("SLING_HOME_DIR", home);
        self.peer(&mut sling, &out)
    }

    fn peer(&self, command: &mut Command, out: &Path) -> Result<Sample, String> {
        let measured = measure(command, &out.with_extension("stdout"))?;
        let found = figures::of_parquet(&self.settings.places, &statement(self.settings), out)?;
        self.verify(WHOLE, &found)?;
        clear(out)?;
        Ok(measured.into())
    }

    /// Folders for what a peer writes, and for what it remembers.
    fn empty_folders(&self, name: &str) -> Result<(PathBuf, PathBuf), String> {
        let folders = (self.work.join(name).join("out"), self.work.join(name).join("state"));
        clear(&self.work.join(name))?;
        make_folder(&folders.0)?;
        make_folder(&folders.1)?;
        Ok(folders)
    }

    /// Holds figures to those of the database.
    fn verify(&self, table: &str, found: &Value) -> Result<(), String> {
        let sql =
            format!("select row_to_json(figures) from ({}) as figures", self.figures.replace("{lineitem}", table));
        let told = self.server.sql(&sql)?;
        let expected: Value = serde_json::from_str(&told).map_err(|e| format!("{told}: {e}"))?;
        figures::verify(&expected, found)
    }
}

/// The statement of the figures.
pub(super) fn figures(settings: &Settings) -> Result<String, String> {
    read(&statement(settings))
}

/// Its file.
fn statement(settings: &Settings) -> PathBuf {
    settings.places.source("bench/files/figures.sql")
}
