//! SQLMesh on DuckDB.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::measure::{capture, measure};
use super::super::places::{clear, copy_folder};
use super::super::rounds::Sample;
use super::super::tools::Tool;
use super::Bench;

/// The day on which the first events have come, and the new ones have not.
const THEN: &str = "2025-01-01 00:00:00";

/// What rounds begin with.
pub(super) struct SqlMesh<'a> {
    bench: &'a Bench<'a>,
    built: PathBuf,
}

impl<'a> SqlMesh<'a> {
    pub(super) fn prepare(bench: &'a Bench<'a>) -> Result<Self, String> {
        let sqlmesh = Self { bench, built: bench.work.join("sqlmesh-built") };
        sqlmesh.make_project(&sqlmesh.built, None)?;
        let plan = ["plan", "--auto-apply", "--no-prompts", "--execution-time", THEN];
        capture(sqlmesh.command(&sqlmesh.built).args(plan))?;
        sqlmesh.verify(&sqlmesh.built, None)?;
        Ok(sqlmesh)
    }

    pub(super) fn refresh(&self, share: &str) -> Result<Sample, String> {
        let folder = self.bench.work.join("sqlmesh-round");
        clear(&folder)?;
        self.make_project(&folder, Some(share))?;
        fs::copy(database(&self.built), database(&folder))
            .map_err(|e| format!("cannot copy SQLMesh's database: {e}"))?;
        let measured = measure(self.command(&folder).arg("run"), &self.bench.work.join("sqlmesh.stdout"))?;
        self.verify(&folder, Some(share))?;
        clear(&folder)?;
        Ok(measured.into())
    }

    fn make_project(&self, folder: &Path, share: Option<&str>) -> Result<(), String> {
        copy_folder(&self.bench.settings.places.source("bench/refresh/sqlmesh"), folder, &[])?;
        self.bench.link_data(&folder.join("data"), share)
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = Tool::SqlMesh.program(&self.bench.settings.places, "sqlmesh");
        command.arg("--paths").arg(folder);
        command.env("SQLMESH__DISABLE_ANONYMIZED_ANALYTICS", "1").env("REFRESH_DUCKDB", database(folder));
        command.env("REFRESH_DATA", folder.join("data"));
        command
    }

    fn verify(&self, folder: &Path, share: Option<&str>) -> Result<(), String> {
        let mut figures = Tool::Floor.script(&self.bench.settings.places, "bench/refresh/figures.py");
        figures.arg(database(folder)).args(["marts.sales", "marts.customers", "marts.tiers", "valid_to"]);
        let found = capture(&mut figures)?;
        self.bench.expected.verify(share, &serde_json::from_str(&found).map_err(|e| format!("{found}: {e}"))?)
    }
}

/// Views that SQLMesh makes name the database by its file.
fn database(folder: &Path) -> PathBuf {
    folder.join("refresh.duckdb")
}
