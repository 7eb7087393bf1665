//! Where a program is: in the folder of its declaration, or on the `PATH`.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use headwater_diagnostics::nearest;
use headwater_sdk::script::Program;
use headwater_sdk::{Blame, Error, Result};

use super::environment;
use crate::codes;

/// The path of the program, which may be executed.
///
/// # Errors
/// `HW0320` when there is none of that name, `HW0321` when it may not be executed.
pub(crate) fn find(program: &Program, variables: &[(OsString, OsString)]) -> Result<PathBuf> {
    let name = program.command.first().map_or("", String::as_str);
    let beside = program.folder.join(name);
    if beside.is_file() {
        return if is_executable(&beside) { Ok(beside) } else { Err(not_executable(name, &beside)) };
    }
    if name.contains('/') {
        let message = format!("there is no program {}", beside.display());
        return Err(
            Error::new(codes::NO_PROGRAM, Blame::Environment, message).help("correct the `command`, or install it")
        );
    }
    let path = environment::value(variables, "PATH").cloned().unwrap_or_default();
    let mut refused = None;
    for folder in std::env::split_paths(&path) {
        let place = folder.join(name);
        if place.is_file() {
            if is_executable(&place) {
                return Ok(place);
            }
            refused.get_or_insert(place);
        }
    }
    match refused {
        Some(place) => Err(not_executable(name, &place)),
        None => Err(nowhere(name, &path, &program.folder)),
    }
}

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

fn not_executable(name: &str, path: &Path) -> Error {
    let shown = path.display();
    let message = format!("the program {shown} may not be executed");
    let help = format!("`chmod +x {shown}`, or name what runs it: `command: [sh, {name}]`");
    Error::new(codes::NOT_EXECUTABLE, Blame::Environment, message).help(help)
}

fn nowhere(name: &str, path: &OsString, folder: &Path) -> Error {
    let message =
        format!("there is no program '{name}' in {} or on the PATH ({})", folder.display(), path.to_string_lossy());
    let folders = std::env::split_paths(path).chain([folder.to_owned()]);
    let entries = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let help = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean '{near}'? Otherwise install it, or name its path"),
        None => "install it, or name its path".to_owned(),
    };
    Error::new(codes::NO_PROGRAM, Blame::Environment, message).help(help)
}
