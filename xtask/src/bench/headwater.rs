//! The program that is measured: `headwater`, built for release.

use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::MetadataCommand;
use serde_json::Value;

use super::machine;
use super::measure::{Measured, capture, measure};
use super::places::{Places, read};
use crate::report::say;

/// What was answered to a file of statements.
pub(super) struct Answered {
    /// The answers, as CSV with an empty line between two.
    pub(super) answers: PathBuf,
    /// The seconds of each statement.
    pub(super) seconds: Vec<f64>,
}

/// The program.
#[derive(Debug, Clone)]
pub(super) struct Headwater {
    program: PathBuf,
    /// Variables of its environment, beside those of this process.
    variables: Vec<(&'static str, String)>,
}

impl Headwater {
    /// The program at a path.
    pub(super) fn at(program: &Path) -> Result<Self, String> {
        let program = program.canonicalize().map_err(|e| format!("cannot use {}: {e}", program.display()))?;
        Ok(Self { program, variables: Vec::new() })
    }

    /// The program with a variable in its environment.
    pub(super) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut with = self.clone();
        with.variables.push((name, value.to_owned()));
        with
    }

    /// Builds the program of the workspace.
    pub(super) fn build(places: &Places) -> Result<Self, String> {
        say("building headwater\n");
        let manifest = places.source("Cargo.toml");
        let mut build = Command::new("cargo");
        build.args(["build", "--release", "--quiet", "--package", "headwater-cli", "--manifest-path"]).arg(&manifest);
        // What cargo told this program about itself: build scripts look at it, and would compile half of the
        // dependencies again, here and the next time that somebody builds.
        let told = |name: &str| name == "CARGO_MANIFEST_DIR" || name.starts_with("CARGO_PKG_");
        for (name, _) in std::env::vars().filter(|(name, _)| told(name)) {
            build.env_remove(name);
        }
        capture(&mut build)?;
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()
            .map_err(|e| format!("cargo metadata failed: {e}"))?;
        Self::at(metadata.target_directory.join("release/headwater").as_std_path())
    }

    /// Its version, the commit that it was built from and the compiler.
    pub(super) fn versions(&self, places: &Places) -> Result<Vec<String>, String> {
        let version = capture(Command::new(&self.program).arg("--version"))?;
        let commit = machine::commit(places.root())?;
        Ok(vec![format!("{} ({commit})", version.trim()), machine::compiler(places.root())?])
    }

    fn command(&self, project: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-C").arg(project).args(["--quiet", "--json"]).envs(self.variables.iter().cloned());
        command
    }

    /// Measures a command that prints one JSON document, and returns both.
    pub(super) fn measure(&self, project: &Path, arguments: &[&str]) -> Result<(Measured, Value), String> {
        let output = project.with_extension("stdout");
        let measured = measure(self.command(project).args(arguments), &output)?;
        let document = serde_json::from_str(&read(&output)?).map_err(|e| format!("{}: {e}", output.display()))?;
        Ok((measured, document))
    }

    /// Measures the answers to the statements of a file.
    pub(super) fn measure_queries(&self, project: &Path, file: &Path) -> Result<(Measured, Answered), String> {
        let answers = project.with_extension("csv");
        let arguments = ["query", "--format", "csv", "--timing", "--file"];
        let measured = measure(self.command(project).args(arguments).arg(file), &answers)?;
        let lines = read(&answers.with_extension("stderr"))?;
        let seconds = lines.lines().map(|line| serde_json::from_str::<Value>(line).ok()?["seconds"].as_f64());
        let seconds = seconds.collect::<Option<_>>().ok_or_else(|| format!("no times of statements: {lines}"))?;
        Ok((measured, Answered { answers, seconds }))
    }

    /// Runs a command that prints one JSON document.
    pub(super) fn ask(&self, project: &Path, arguments: &[&str]) -> Result<Value, String> {
        let text = capture(self.command(project).args(arguments))?;
        serde_json::from_str(&text).map_err(|e| format!("headwater {}: {e}", arguments.join(" ")))
    }

    /// The rows of a query, as JSON objects.
    pub(super) fn query(&self, project: &Path, sql: &str) -> Result<Vec<Value>, String> {
        self.rows(project, sql, &[])
    }

    /// The same, of a snapshot.
    pub(super) fn query_as_of(&self, project: &Path, sql: &str, snapshot: u64) -> Result<Vec<Value>, String> {
        self.rows(project, sql, &["--as-of", &snapshot.to_string()])
    }

    fn rows(&self, project: &Path, sql: &str, more: &[&str]) -> Result<Vec<Value>, String> {
        let mut command = Command::new(&self.program);
        command.arg("-C").arg(project).args(["--quiet", "query", sql, "--format", "json"]).args(more);
        let text = capture(command.envs(self.variables.iter().cloned()))?;
        let rows = text.lines().map(serde_json::from_str);
        rows.collect::<Result<_, _>>().map_err(|e| format!("the answer to '{sql}' is not one object a line: {e}"))
    }
}

/// Holds a run's document to having published everything.
pub(super) fn require_published(run: &Value) -> Result<(), String> {
    let all = run["exit_code"] == 0 && run["error"].is_null();
    if all { Ok(()) } else { Err(format!("the run did not publish everything: {run}")) }
}
