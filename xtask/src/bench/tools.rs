//! The peers: Python tools in environments of their own, with the versions that the folders of `bench` pin.

use std::path::PathBuf;
use std::process::Command;

use super::measure::capture;
use super::places::{Places, read, write};
use crate::report::say;

/// The Python that the versions were chosen for.
const PYTHON: &str = "3.11";
/// What an environment was installed from; it is brought up to date when that changes.
const INSTALLED: &str = ".installed-from";

/// A tool with an environment of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// DuckDB.
    Floor,
    /// dlt.
    Dlt,
    /// dlt with what reads databases.
    DltPostgres,
    /// Sling.
    Sling,
    /// dbt-core and dbt-duckdb.
    Dbt,
    /// Soda Core.
    Soda,
    /// SQLMesh.
    SqlMesh,
    /// Polars.
    Polars,
    /// The generator of TPC-H's data.
    Tpchgen,
}

impl Tool {
    /// Its name, which is that of its environment and of its file of requirements.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Dlt => "dlt",
            Self::DltPostgres => "dlt-postgres",
            Self::Sling => "sling",
            Self::Dbt => "dbt",
            Self::Soda => "soda",
            Self::SqlMesh => "sqlmesh",
            Self::Polars => "polars",
            Self::Tpchgen => "tpchgen",
        }
    }

    /// The folder with its file of requirements.
    fn folder(self) -> &'static str {
        match self {
            Self::SqlMesh => "bench/refresh",
            Self::DltPostgres | Self::Sling => "bench/postgres",
            Self::Polars | Self::Tpchgen => "bench/tpch",
            _ => "bench/main-job",
        }
    }

    /// The packages whose versions are told.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Floor => &["duckdb"],
            Self::Dlt => &["dlt", "pyarrow"],
            Self::DltPostgres => &["dlt", "pyarrow", "connectorx"],
            Self::Sling => &["sling-linux-amd64"],
            Self::Dbt => &["dbt-core", "dbt-duckdb"],
            Self::Soda => &["soda-core", "soda-duckdb"],
            Self::SqlMesh => &["sqlmesh", "duckdb"],
            Self::Polars => &["polars"],
            Self::Tpchgen => &["tpchgen-cli"],
        }
    }

    /// A program of its environment.
    pub(super) fn program(self, places: &Places, name: &str) -> Command {
        Command::new(places.venv(self.name()).join("bin").join(name))
    }

    /// Its Python with a script of the workspace.
    pub(super) fn script(self, places: &Places, path: &str) -> Command {
        let mut command = self.program(places, "python");
        command.arg(places.source(path));
        command
    }

    /// Makes its environment unless it is there, and tells the versions in it.
    pub(super) fn install(self, places: &Places) -> Result<Vec<String>, String> {
        let folder = places.venv(self.name());
        let requirements = places.source(&format!("{}/requirements-{}.txt", self.folder(), self.name()));
        let overrides = places.source("bench/main-job/overrides-dbt.txt");
        let wanted = format!("{}\n{}", read(&requirements)?, read(&overrides)?);
        let python = folder.join("bin/python");
        if !python.exists() || read(&folder.join(INSTALLED)).ok().as_deref() != Some(&wanted) {
            say(&format!("installing {} into {}\n", self.name(), folder.display()));
            let uv = uv(places)?;
            if !python.exists() {
                capture(Command::new(&uv).args(["venv", "--quiet", "--python", PYTHON]).arg(&folder))?;
            }
            let mut install = Command::new(&uv);
            install.args(["pip", "install", "--quiet", "--python"]).arg(&python);
            capture(install.arg("--requirements").arg(&requirements).arg("--overrides").arg(&overrides))?;
            write(&folder.join(INSTALLED), &wanted)?;
        }
        let ask = "import importlib.metadata, sys; [print(n, importlib.metadata.version(n)) for n in sys.argv[1:]]";
        let versions = capture(self.program(places, "python").args(["-c", ask]).args(self.packages()))?;
        Ok(versions.lines().map(str::to_owned).collect())
    }
}

/// uv: the one of the machine, or one in an environment of its own.
fn uv(places: &Places) -> Result<PathBuf, String> {
    if capture(Command::new("uv").arg("--version")).is_ok() {
        return Ok(PathBuf::from("uv"));
    }
    let folder = places.venv("uv");
    let program = folder.join("bin/uv");
    if !program.exists() {
        capture(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        capture(Command::new(folder.join("bin/python")).args(["-m", "pip", "install", "--quiet", "uv"]))?;
    }
    Ok(program)
}
