//! `headwater init`: a small project that runs.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use headwater_sdk::{Blame, Error};
use serde_json::json;

use super::drawing::not_written;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::style::shell_word;

/// Makes a folder with a project: one source, one seed, two models and their checks, to be changed into one's own.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder; its name becomes the project's
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// The files of the project; `@name@` stands for its name.
const FILES: [(&str, &str); 8] = [
    ("headwater.yml", include_str!("../../template/headwater.yml")),
    (".gitignore", include_str!("../../template/gitignore")),
    ("data/orders/2026-01.csv", include_str!("../../template/data/orders/2026-01.csv")),
    ("data/orders/2026-02.csv", include_str!("../../template/data/orders/2026-02.csv")),
    ("sources/orders.yml", include_str!("../../template/sources/orders.yml")),
    ("seeds/countries.csv", include_str!("../../template/seeds/countries.csv")),
    ("models/staging/orders.sql", include_str!("../../template/models/staging/orders.sql")),
    ("models/marts/revenue_by_country.sql", include_str!("../../template/models/marts/revenue_by_country.sql")),
];

pub(crate) fn init(args: &InitArgs, console: &Console) -> Result<u8, Failure> {
    let dir = &args.dir;
    fs::create_dir_all(dir).map_err(|e| not_written(dir, e))?;
    if fs::read_dir(dir).map_err(|e| not_written(dir, e))?.next().is_some() {
        let message = format!("{} is not empty", dir.display());
        return Err(Error::new("HW0817", Blame::Project, message).help("name a new folder").into());
    }
    let name = project_name(dir);
    for (path, text) in FILES {
        let path = dir.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| not_written(folder, e))?;
        }
        fs::write(&path, text.replace("@name@", &name)).map_err(|e| not_written(&path, e))?;
    }
    if console.json {
        console.out_json(&json!({ "exit_code": 0, "project": name, "files": FILES.map(|(path, _)| path) }))?;
    } else {
        let dir = shell_word(&dir.display().to_string());
        console.out(&format!("made the project {name}\nnext: headwater run {dir}\n"))?;
    }
    Ok(0)
}

/// The folder's name with everything but letters, digits and `_` replaced.
fn project_name(dir: &Path) -> String {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf());
    let name = absolute.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("project_{name}") }
}
