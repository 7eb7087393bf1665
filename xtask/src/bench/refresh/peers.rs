//! dbt-core and SQLMesh, both on DuckDB, as `bench/refresh/README.md` describes them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::super::measure::{capture, measure};
use super::super::places::{clear, copy_folder, rename};
use super::super::rounds::Sample;
use super::super::tools::Tool;
use super::Bench;

/// The day on which the first events have come, and the new ones have not.
const THEN: &str = "2025-01-01 00:00:00";

/// A peer and its folder. What the tool remembers of its project stays there, as it does in practice; the data and the
/// database are put back before each round.
pub(super) struct Peer<'a> {
    bench: &'a Bench<'a>,
    tool: Tool,
    folder: PathBuf,
}

impl<'a> Peer<'a> {
    /// Builds the three tables of the first events.
    pub(super) fn prepare(bench: &'a Bench<'a>, tool: Tool) -> Result<Self, String> {
        let peer = Self { bench, tool, folder: bench.work.join(tool.name()) };
        let source = bench.settings.places.source("bench/refresh").join(tool.name());
        copy_folder(&source, &peer.folder, &[])?;
        bench.link_data(&peer.data(), None)?;
        let mut build = peer.command();
        match tool {
            Tool::SqlMesh => build.args(["plan", "--auto-apply", "--no-prompts", "--execution-time", THEN]),
            _ => build.arg("build"),
        };
        capture(&mut build)?;
        peer.verify(None)?;
        rename(&peer.database(), &peer.built())?;
        Ok(peer)
    }

    /// Brings them up to date with a file of new events.
    pub(super) fn refresh(&self, share: &str) -> Result<Sample, String> {
        clear(&self.data())?;
        self.bench.link_data(&self.data(), Some(share))?;
        fs::copy(self.built(), self.database())
            .map_err(|e| format!("cannot copy what {:?} has built: {e}", self.tool))?;
        let mut refresh = self.command();
        refresh.arg(if self.tool == Tool::SqlMesh { "run" } else { "build" });
        let measured = measure(&mut refresh, &self.folder.with_extension("stdout"))?;
        self.verify(Some(share))?;
        clear(&self.database())?;
        Ok(measured.into())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Views that SQLMesh makes name the database by its file.
    fn database(&self) -> PathBuf {
        self.folder.join("refresh.duckdb")
    }

    /// The database after the first events.
    fn built(&self) -> PathBuf {
        self.folder.join("built.duckdb")
    }

    /// The program in its folder, where both write what they log and remember.
    fn command(&self) -> Command {
        let mut command = self.tool.program(&self.bench.settings.places, self.tool.name());
        command.current_dir(&self.folder);
        command.env("REFRESH_DATA", self.data()).env("REFRESH_DUCKDB", self.database());
        command.env("SQLMESH__DISABLE_ANONYMIZED_ANALYTICS", "1").env("DBT_PROFILES_DIR", &self.folder);
        command
    }

    fn verify(&self, share: Option<&str>) -> Result<(), String> {
        let tables = match self.tool {
            Tool::SqlMesh => ["marts.sales", "marts.customers", "marts.tiers", "valid_to"],
            _ => ["main.sales", "main.customers", "main.tiers", "dbt_valid_to"],
        };
        let mut figures = Tool::Floor.script(&self.bench.settings.places, "bench/refresh/figures.py");
        let found = capture(figures.arg(self.database()).args(tables))?;
        self.bench.expected.verify(share, &serde_json::from_str(&found).map_err(|e| format!("{found}: {e}"))?)
    }
}
