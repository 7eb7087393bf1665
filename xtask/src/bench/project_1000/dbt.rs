//! dbt-core with dbt-duckdb.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::super::measure::{Measured, capture, measure};
use super::super::places::{Places, clear, copy_folder, read};
use super::super::rounds::{Sample, millis};
use super::super::tools::Tool;
use super::Rows;

/// A copy of the project for dbt.
pub(super) struct Dbt<'a> {
    pub(super) places: &'a Places,
    pub(super) project: PathBuf,
}

impl Dbt<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut dbt = Tool::Dbt.program(self.places, "dbt");
        dbt.args(arguments).arg("--project-dir").arg(&self.project).arg("--profiles-dir").arg(&self.project);
        dbt.env("SHOP_DUCKDB", self.database());
        dbt
    }

    fn database(&self) -> PathBuf {
        self.project.join("shop.duckdb")
    }

    fn measure(&self, arguments: &[&str]) -> Result<Measured, String> {
        measure(&mut self.command(arguments), &self.project.with_extension("stdout"))
    }

    pub(super) fn parse_cold(&self) -> Result<Sample, String> {
        clear(&self.project.join("target"))?;
        self.measure(&["parse", "--no-partial-parse"]).map(Sample::from)
    }

    pub(super) fn parse_unchanged(&self) -> Result<Sample, String> {
        if !self.project.join("target").exists() {
            capture(&mut self.command(&["parse"]))?;
        }
        self.measure(&["parse"]).map(Sample::from)
    }

    pub(super) fn seed_and_run(&self, built: &RefCell<Option<Rows>>) -> Result<Sample, String> {
        clear(&self.project.join("target"))?;
        clear(&self.database())?;
        let (seed, run) = (self.measure(&["seed"])?, self.measure(&["run"])?);
        let mut count = Tool::Floor.script(self.places, "bench/project-1000/rows.py");
        let text = capture(count.arg(self.database()))?;
        let rows: Rows = serde_json::from_str(&text).map_err(|e| format!("rows.py: {e}"))?;
        super::agree(&rows, built)?;
        let steps = [("dbt seed", seed), ("dbt run", run)];
        let steps = steps.map(|(name, measured)| (name.to_owned(), Value::from(millis(measured.seconds))));
        Ok(Sample { steps: steps.into_iter().collect(), ..Sample::from(seed.then(run)) })
    }

    /// Reads the project as it is, and keeps the manifest for [`Self::modified`].
    pub(super) fn keep_state(&self) -> Result<(), String> {
        capture(&mut self.command(&["parse"]))?;
        copy_folder(&self.project.join("target"), &self.kept(), &[])
    }

    /// What is edited since then, with what is made from it.
    pub(super) fn modified(&self) -> Result<(Sample, BTreeSet<String>), String> {
        let target = self.project.join("target");
        clear(&target)?;
        copy_folder(&self.kept(), &target, &[])?;
        let kept = self.kept().display().to_string();
        let select = ["ls", "--quiet", "--resource-type", "model", "--output", "name"];
        let measured = self.measure(&[&select[..], &["--select", "state:modified+", "--state", &kept]].concat())?;
        let names = read(&self.project.with_extension("stdout"))?;
        Ok((measured.into(), names.lines().map(str::to_owned).collect()))
    }

    fn kept(&self) -> PathBuf {
        self.project.join("kept-target")
    }
}
