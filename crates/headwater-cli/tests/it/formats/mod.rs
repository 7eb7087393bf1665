//! Files of other formats than CSV, made by other programs.

mod avro;
mod by_key;
mod documents;
mod exports;
mod fixed_width;
mod found;
mod web;
mod workbooks;
mod xml;

use std::path::Path;
use std::process::Command;

/// Runs a program of Python, with what ./test installs beside it, in a project's folder.
#[track_caller]
fn python(folder: &Path, program: &str) {
    let python = std::env::var_os("HEADWATER_PYTHON").unwrap_or_else(|| {
        panic!("HEADWATER_PYTHON is not set: run the tests with ./test, which installs what they need and sets it")
    });
    let output = Command::new(python).args(["-c", program]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
