//! The peers' commands, as `bench/main-job/README.md` describes them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::dataset::Dataset;
use super::super::measure::{Measured, capture, measure};
use super::super::places::{Places, clear, make_folder};
use super::super::rounds::{Sample, millis};
use super::super::tools::Tool;

/// What a peer needs to know.
#[derive(Clone, Copy)]
pub(super) struct Peer<'a> {
    pub(super) places: &'a Places,
    pub(super) dataset: &'a Dataset,
    /// Where it writes.
    pub(super) work: &'a Path,
}

impl Peer<'_> {
    /// A round of the floor.
    pub(super) fn floor(&self, parquet: bool) -> Result<Sample, String> {
        let out = self.work.join(if parquet { "floor-parquet" } else { "floor.duckdb" });
        clear(&out)?;
        let mut floor = Tool::Floor.script(self.places, "bench/main-job/floor.py");
        floor.arg("--data").arg(&self.dataset.data).arg("--out").arg(&out);
        if parquet {
            floor.arg("--parquet");
        }
        let measured = measure(&mut floor, &self.work.join("floor.stdout"))?;
        self.verify(&out, None)?;
        clear(&out)?;
        Ok(measured.into())
    }

    /// A round of the stack. Its time is that of its three commands.
    pub(super) fn stack(&self) -> Result<Sample, String> {
        let folder = self.work.join("stack");
        clear(&folder)?;
        make_folder(&folder)?;
        let (database, report) = (folder.join("flights.duckdb"), folder.join("soda.json"));
        let steps: [(&str, Command); 3] = [
            ("dlt", self.load(&folder, &database)),
            ("dbt", self.build(&folder, &database)),
            ("Soda", self.check(&database, &report)),
        ];
        let mut all = Measured::default();
        let mut times = Vec::new();
        for (name, mut command) in steps {
            let measured = measure(&mut command, &self.work.join(format!("stack-{name}.stdout")))?;
            all = all.then(measured);
            times.push((name.to_owned(), millis(measured.seconds).into()));
        }
        self.verify(&database, Some(&report))?;
        clear(&folder)?;
        Ok(Sample { steps: times.into_iter().collect(), ..Sample::from(all) })
    }

    fn load(&self, folder: &Path, database: &Path) -> Command {
        let mut load = Tool::Dlt.script(self.places, "bench/main-job/stack/load.py");
        load.arg("--data").arg(&self.dataset.data).arg("--out").arg(database).arg("--state").arg(folder.join("dlt"));
        load
    }

    fn build(&self, folder: &Path, database: &Path) -> Command {
        let project: PathBuf = self.places.source("bench/main-job/stack/dbt");
        let mut build = Tool::Dbt.program(self.places, "dbt");
        build.arg("build").arg("--project-dir").arg(&project).arg("--profiles-dir").arg(&project);
        build.env("FLIGHTS_DUCKDB", database);
        build.env("DBT_TARGET_PATH", folder.join("dbt")).env("DBT_LOG_PATH", folder.join("dbt-logs"));
        build
    }

    fn check(&self, database: &Path, report: &Path) -> Command {
        let mut check = Tool::Soda.script(self.places, "bench/main-job/stack/soda/check.py");
        check.arg("--database").arg(database).arg("--report").arg(report);
        check
    }

    fn verify(&self, result: &Path, soda: Option<&Path>) -> Result<(), String> {
        let mut verify = Tool::Floor.script(self.places, "bench/main-job/verify.py");
        verify.arg(result).arg("--expected").arg(&self.dataset.expected);
        if let Some(report) = soda {
            verify.arg("--soda").arg(report);
        }
        capture(&mut verify).map(drop)
    }
}
