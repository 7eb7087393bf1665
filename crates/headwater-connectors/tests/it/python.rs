//! Files made by other programs: the libraries of Python that people write them with.

use std::path::Path;
use std::process::Command;

/// Runs a program in a folder, with the arguments given.
#[track_caller]
pub(crate) fn python(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let python = std::env::var_os("HEADWATER_PYTHON").unwrap_or_else(|| {
        panic!("HEADWATER_PYTHON is not set: run the tests with ./test, which installs what they need and sets it")
    });
    let output = Command::new(python).args(["-c", program]).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
