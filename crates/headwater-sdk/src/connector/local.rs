//! Paths of this machine that a project names.

use std::path::{Component, Path, PathBuf};

/// A folder or a file of this machine.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where, absolute.
    pub path: PathBuf,
    /// The project's folder, which it may not leave, through links neither; `None` when it may.
    pub within: Option<PathBuf>,
    /// What it is called in messages: from the project's folder on where it is inside.
    pub shown: String,
}

/// The place that a path names from the project's folder on; `None` when it is outside and may not be.
pub fn place(path: &str, allow_outside: bool, project_dir: &Path) -> Option<Place> {
    // A project opened as `.` has its parents too.
    let project = std::path::absolute(project_dir).unwrap_or_else(|_| project_dir.to_owned());
    let project = normal(&project);
    let path = normal(&project.join(path));
    if !allow_outside && !path.starts_with(&project) {
        return None;
    }
    let shown = path.strip_prefix(&project).unwrap_or(&path).display().to_string();
    let within = (!allow_outside).then_some(project);
    Some(Place { path, within, shown })
}

/// `path` without `.` and `..`, by its text alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}
