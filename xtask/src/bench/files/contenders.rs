//! Who reads the file, and whether what came out is right.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::Settings;
use super::super::figures;
use super::super::headwater::require_published;
use super::super::measure::measure;
use super::super::places::{clear, copy_folder, link, make_folder, read};
use super::super::rounds::Sample;
use super::super::tools::Tool;
use super::Kind;

/// A file, and where the contenders work.
pub(super) struct Bench<'a> {
    settings: &'a Settings,
    kind: Kind,
    pub(super) work: PathBuf,
    /// The file that is read.
    file: PathBuf,
    /// Its bytes.
    pub(super) size: u64,
    expected: Value,
}

impl<'a> Bench<'a> {
    pub(super) fn new(settings: &'a Settings, data: &Path, work: PathBuf, kind: Kind) -> Result<Self, String> {
        let apart = work.join("expected");
        make_folder(&apart)?;
        link(&data.join("lineitem.parquet"), &apart.join("lineitem.parquet"))?;
        let expected = figures::of_parquet(&settings.places, &sql(settings), &apart)?;
        let file = data.join("lineitem").with_extension(kind.ending);
        let size = file.metadata().map_err(|e| format!("cannot read {}: {e}", file.display()))?.len();
        Ok(Self { settings, kind, work, file, size, expected })
    }

    /// The file becomes a table of the lake.
    pub(super) fn headwater(&self) -> Result<Sample, String> {
        let project = self.work.join("headwater");
        clear(&project)?;
        copy_folder(&self.settings.places.source("bench/files/headwater"), &project, &["data", "lake"])?;
        make_folder(&project.join("data"))?;
        let name = format!("lineitem.{}", self.kind.ending);
        link(&self.file, &project.join("data").join(&name))?;
        let headwater = self.settings.headwater.with("BENCH_FILE", &name);
        let (measured, run) = headwater.measure(&project, &["run"])?;
        require_published(&run)?;
        let rows = headwater.query(&project, &read(&sql(self.settings))?.replace("{lineitem}", "raw.lineitem"))?;
        figures::verify(&self.expected, rows.first().unwrap_or(&Value::Null))?;
        Ok(measured.into())
    }

    /// The file becomes one of Parquet.
    pub(super) fn peer(&self, name: &str) -> Result<Sample, String> {
        let out = self.work.join(name);
        clear(&out)?;
        make_folder(&out)?;
        let tool = if name == super::POLARS { Tool::Polars } else { Tool::Floor };
        let mut peer = tool.script(&self.settings.places, "bench/files/peer.py");
        peer.args([name, self.kind.name]).arg(&self.file).arg(out.join("lineitem.parquet"));
        let measured = measure(&mut peer, &out.with_extension("stdout"))?;
        let found = figures::of_parquet(&self.settings.places, &sql(self.settings), &out)?;
        figures::verify(&self.expected, &found)?;
        clear(&out)?;
        Ok(measured.into())
    }
}

/// The file of the statement of the figures.
fn sql(settings: &Settings) -> PathBuf {
    settings.places.source("bench/files/figures.sql")
}
