//! Scripts: programs that read tables and yield one, as processes with pipes.

mod again;
mod arrow;
mod examples;
mod mistakes;
mod protocol;
mod secrets;
mod stopped;
mod told;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{Said, headwater};
use crate::project::Project;

/// A Python with pyarrow, put first on the `PATH` of a run.
fn python_path() -> OsString {
    let python = std::env::var_os("HEADWATER_PYTHON").unwrap_or_else(|| {
        panic!("HEADWATER_PYTHON is not set: run the tests with ./test, which installs pyarrow and sets it")
    });
    let folder = PathBuf::from(python).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap();
    std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&path))).unwrap()
}

/// Runs the program where `python3` has pyarrow.
fn say_with_python(folder: &Path, arguments: &[&str]) -> Said {
    headwater(folder).args(arguments).env("PATH", python_path()).output().unwrap().into()
}

/// A project with `raw.numbers(n, name)` of three rows, and no model.
fn numbers() -> Project {
    Project::empty()
        .with("sources/numbers.yml", crate::project::NUMBERS)
        .with("data/a.csv", "n,name\n1,one\n2,two\n3,three\n")
}

/// The declaration of a shell script `<name>.sh` that prints JSON lines of one column `n`.
fn shell(name: &str, more: &str) -> String {
    format!("command: [sh, {name}.sh]\noutput_format: jsonl\ncolumns: {{ n: {{ type: bigint }} }}\n{more}")
}

/// What a run says of an asset, from its JSON.
fn asset<'a>(report: &'a Value, name: &str) -> &'a Value {
    let assets = report["assets"].as_array().unwrap();
    assets.iter().find(|asset| asset["asset"] == name).unwrap_or_else(|| panic!("no {name} in {report:#}"))
}
