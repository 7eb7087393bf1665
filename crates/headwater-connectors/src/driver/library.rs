//! Where a driver is, and loading it.
//!
//! To load a library is to run its code in this process, with all that the process may do: a driver is believed as the program itself is.
//! The crate `adbc_driver_manager` does the loading and the calls, so that there is no unsafe code here. Libraries are never unloaded.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use adbc_core::LOAD_FLAG_DEFAULT;
use adbc_core::error::Status;
use adbc_core::options::AdbcVersion;
use adbc_driver_manager::ManagedDriver;
use headwater_sdk::{Blame, Error, Result};

use crate::codes;

/// What a module of Python says of where a driver's package has its library. The package is not imported: that would need more of them.
const ASK: &str = "import importlib.util, sys
found = importlib.util.find_spec(sys.argv[1])
print(found.submodule_search_locations[0] if found else '')";

/// A driver, as a project names it.
#[derive(Debug, Clone)]
pub(crate) struct Library {
    /// A path, or a name.
    pub(crate) driver: String,
    /// The function that fills in what the driver can do; by default the one that its name suggests.
    pub(crate) entrypoint: Option<String>,
    /// A Python, or the folder of an environment of it, in which drivers were installed.
    pub(crate) python: Option<PathBuf>,
    /// Paths are relative to this folder.
    pub(crate) project: PathBuf,
    /// What to do when it is not there.
    pub(crate) install: String,
    /// Where a Python has said that it is: asking starts one.
    pub(crate) known: Arc<OnceLock<PathBuf>>,
}

impl Library {
    /// Loads it.
    ///
    /// # Errors
    /// `HW0386` when it is not there, or is no driver: with all places that were looked at.
    pub(crate) fn load(&self) -> Result<ManagedDriver> {
        if self.is_path() {
            let path = self.project.join(&self.driver);
            if !path.is_file() {
                return Err(self.failed(&format!("there is no file {}", path.display()), &[]));
            }
            return self.load_from(path.as_os_str()).map_err(|said| self.failed(&said, &[]));
        }
        let mut looked = Vec::new();
        for python in self.python.iter().cloned().chain(std::env::var_os("VIRTUAL_ENV").map(PathBuf::from)) {
            let python = interpreter(&self.project.join(python));
            let known = self.known.get().cloned();
            let named = known.or_else(|| self.names().into_iter().rev().find_map(|name| in_python(&python, &name)));
            match named {
                Some(path) => {
                    let path = self.known.get_or_init(|| path);
                    return self.load_from(path.as_os_str()).map_err(|said| self.failed(&said, &looked));
                }
                None => looked.push(format!("the packages of {}", python.display())),
            }
        }
        let mut said = String::new();
        for name in self.names() {
            match self.load_from(name.as_ref()) {
                Ok(driver) => return Ok(driver),
                Err(error) => said = error,
            }
        }
        looked.push(
            "the manifests in ADBC_DRIVER_PATH and in adbc/drivers of the user's and the system's settings".to_owned(),
        );
        looked.push("the system's libraries".to_owned());
        Err(self.failed(&said, &looked))
    }

    fn is_path(&self) -> bool {
        let path = Path::new(&self.driver);
        path.components().count() > 1 || path.extension().is_some()
    }

    /// The names by which it is looked for.
    fn names(&self) -> Vec<String> {
        let long = format!("adbc_driver_{}", self.driver);
        if self.driver.starts_with("adbc_driver_") || self.driver.starts_with("lib") {
            vec![self.driver.clone()]
        } else {
            vec![self.driver.clone(), long]
        }
    }

    fn load_from(&self, name: &std::ffi::OsStr) -> std::result::Result<ManagedDriver, String> {
        // Those of DuckDB's libraries and of what they are renamed to; other drivers are named as their function is.
        let file = Path::new(name).file_name().unwrap_or(name);
        let duckdb = file.to_string_lossy().contains("duckdb").then_some("duckdb_adbc_init");
        let entrypoint = self.entrypoint.as_deref().or(duckdb).map(str::as_bytes);
        let load =
            |version| ManagedDriver::load_from_name(name, entrypoint, version, LOAD_FLAG_DEFAULT, None::<Vec<PathBuf>>);
        let loaded = match load(AdbcVersion::V110) {
            Err(error) if error.status == Status::NotImplemented => load(AdbcVersion::V100),
            loaded => loaded,
        };
        loaded.map_err(|error| error.message)
    }

    fn failed(&self, said: &str, looked: &[String]) -> Error {
        let message = format!("the driver '{}' cannot be loaded: {}", self.driver, said.trim());
        let looked = if looked.is_empty() { String::new() } else { format!("; looked in {}", looked.join(", in ")) };
        Error::new(codes::DRIVER_MISSING, Blame::Environment, message).help(format!("{}{looked}", self.install))
    }
}

/// The interpreter of an environment, or the one that is named.
fn interpreter(named: &Path) -> PathBuf {
    if !named.is_dir() {
        return named.to_owned();
    }
    let windows = named.join("Scripts").join("python.exe");
    if windows.is_file() { windows } else { named.join("bin").join("python3") }
}

/// The library of a package of Python's.
fn in_python(python: &Path, package: &str) -> Option<PathBuf> {
    let output = Command::new(python).args(["-I", "-c", ASK, package]).output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    if !output.status.success() || folder.as_os_str().is_empty() {
        return None;
    }
    ["so", "dylib", "dll"]
        .iter()
        .flat_map(|extension| [format!("lib{package}.{extension}"), format!("{package}.{extension}")])
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(driver: &str) -> Library {
        Library {
            driver: driver.to_owned(),
            entrypoint: None,
            python: None,
            project: PathBuf::from("/nowhere"),
            install: "install it".to_owned(),
            known: Arc::default(),
        }
    }

    #[test]
    fn what_is_a_path_is_none_of_the_names() {
        assert!(library("lib/x.so").is_path() && library("x.toml").is_path() && !library("sqlite").is_path());
        assert_eq!(library("sqlite").names(), ["sqlite", "adbc_driver_sqlite"]);
        assert_eq!(library("adbc_driver_sqlite").names(), ["adbc_driver_sqlite"]);
    }

    #[test]
    fn what_is_not_there_is_told() {
        let error = library("drivers/none.so").load().unwrap_err();
        assert_eq!((error.code, error.help.as_deref()), (codes::DRIVER_MISSING, Some("install it")));
        let error = library("surely_not_there").load().unwrap_err();
        assert!(error.help.unwrap().contains("ADBC_DRIVER_PATH"));
    }
}
