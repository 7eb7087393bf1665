//! SQLMesh on DuckDB.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use super::super::measure::{capture, measure};
use super::super::places::{Places, read};
use super::super::rounds::Sample;
use super::super::tools::Tool;

/// What stands before the models that a plan would build, and after them.
const BUILDS: [&str; 2] = ["**Models needing backfill:**", "Explained plan"];

/// A copy of the project for SQLMesh.
pub(super) struct SqlMesh<'a> {
    pub(super) places: &'a Places,
    pub(super) project: PathBuf,
}

impl SqlMesh<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut sqlmesh = Tool::SqlMesh.program(self.places, "sqlmesh");
        sqlmesh.args(arguments).current_dir(&self.project).env("SQLMESH__DISABLE_ANONYMIZED_ANALYTICS", "1");
        sqlmesh
    }

    /// Makes all models known, and takes them for built.
    pub(super) fn keep_state(&self) -> Result<(), String> {
        let plan = ["plan", "--auto-apply", "--no-prompts", "--empty-backfill"];
        capture(&mut self.command(&plan)).map(drop)
    }

    /// What a plan would build.
    pub(super) fn modified(&self) -> Result<(Sample, BTreeSet<String>), String> {
        let output = self.project.with_extension("stdout");
        // Without -vv it leaves out most of more than ten models.
        let plan = ["plan", "--no-prompts", "--explain", "--no-diff", "-vv"];
        let measured = measure(&mut self.command(&plan), &output)?;
        let text = read(&output)?;
        let builds = text.split_once(BUILDS[0]).and_then(|(_, rest)| rest.split_once(BUILDS[1]));
        let (builds, _) = builds.ok_or_else(|| format!("the plan names no models:\n{text}"))?;
        // * `database.schema.name`: [what is done]
        let names = builds.lines().filter_map(|line| line.trim().strip_prefix("* `")?.split_once("`: ["));
        let names = names.map(|(table, _)| table.rsplit('.').next().unwrap_or(table).to_owned());
        Ok((measured.into(), names.collect()))
    }
}
