//! dbt-core with dbt-duckdb.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::measure::{capture, measure};
use super::super::places::{clear, make_folder};
use super::super::rounds::Sample;
use super::super::tools::Tool;
use super::Bench;

/// What rounds begin with.
pub(super) struct Dbt<'a> {
    bench: &'a Bench<'a>,
    built: PathBuf,
}

impl<'a> Dbt<'a> {
    pub(super) fn prepare(bench: &'a Bench<'a>) -> Result<Self, String> {
        let dbt = Self { bench, built: bench.work.join("dbt-built") };
        make_folder(&dbt.built)?;
        bench.link_data(&dbt.built.join("data"), None)?;
        capture(&mut dbt.build(&dbt.built))?;
        dbt.verify(&dbt.built, None)?;
        Ok(dbt)
    }

    pub(super) fn refresh(&self, share: &str) -> Result<Sample, String> {
        let folder = self.bench.work.join("dbt-round");
        clear(&folder)?;
        make_folder(&folder)?;
        self.bench.link_data(&folder.join("data"), Some(share))?;
        fs::copy(database(&self.built), database(&folder)).map_err(|e| format!("cannot copy dbt's database: {e}"))?;
        let measured = measure(&mut self.build(&folder), &self.bench.work.join("dbt.stdout"))?;
        self.verify(&folder, Some(share))?;
        clear(&folder)?;
        Ok(measured.into())
    }

    fn build(&self, folder: &Path) -> Command {
        let project = self.bench.settings.places.source("bench/refresh/dbt");
        let mut build = Tool::Dbt.program(&self.bench.settings.places, "dbt");
        build.arg("build").arg("--project-dir").arg(&project).arg("--profiles-dir").arg(&project);
        build.env("REFRESH_DATA", folder.join("data")).env("REFRESH_DUCKDB", database(folder));
        build.env("DBT_TARGET_PATH", folder.join("target")).env("DBT_LOG_PATH", folder.join("logs"));
        build
    }

    fn verify(&self, folder: &Path, share: Option<&str>) -> Result<(), String> {
        let mut figures = Tool::Floor.script(&self.bench.settings.places, "bench/refresh/figures.py");
        figures.arg(database(folder)).args(["main.sales", "main.customers", "main.tiers", "dbt_valid_to"]);
        let found = capture(&mut figures)?;
        self.bench.expected.verify(share, &serde_json::from_str(&found).map_err(|e| format!("{found}: {e}"))?)
    }
}

fn database(folder: &Path) -> PathBuf {
    folder.join("refresh.duckdb")
}
