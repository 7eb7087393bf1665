//! Tables of other programs as sources: written and read again by `deltalake`, `pyiceberg` and DuckDB, which ./test installs.

mod catalogued;
mod delta;
mod delta_changes;
mod delta_logs;
mod iceberg;
mod iceberg_catalogs;
mod vended;

use std::path::Path;
use std::process::Command;

use crate::held::printed;

/// Runs a program of Python, with what ./test installs beside it, in a folder. Gives what it prints.
#[track_caller]
pub(crate) fn python(folder: &Path, program: &str) -> String {
    let python = std::env::var_os("HEADWATER_TABLES_PYTHON").unwrap_or_else(|| {
        panic!(
            "HEADWATER_TABLES_PYTHON is not set: run the tests with ./test, which installs what they need and sets it"
        )
    });
    // The threads of native libraries may outlive the interpreter, and end it badly: it leaves without waiting for them.
    let program = format!("{program}\nimport os, sys\nsys.stdout.flush()\nos._exit(0)");
    printed(Command::new(python).args(["-c", &program]).current_dir(folder))
}
