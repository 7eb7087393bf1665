//! Finding and loading the project.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_diagnostics::{Diagnostic, SourceMap};
use headwater_project::{LoadOptions, Project, Reach};
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::destination::DestinationType;
use headwater_sdk::{Blame, Error};

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::problem;

/// The file that makes a folder a project.
const PROJECT_FILE: &str = "headwater.yml";

/// A project without mistakes, and what goes with it.
pub(crate) struct Opened {
    pub(crate) project: Arc<Project>,
    pub(crate) files: SourceMap,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) connectors: Vec<Box<dyn ConnectorType>>,
    pub(crate) destinations: Vec<Box<dyn DestinationType>>,
}

/// Every destination, in the order of their names.
pub(crate) fn destinations() -> Vec<Box<dyn DestinationType>> {
    let mut all = headwater_connectors::destinations();
    all.extend(headwater_engine::destinations());
    all.sort_by_key(|destination| destination.name());
    all
}

/// Loads the project in `dir`, seen from the folder that `-C` names, or in that folder, or in the nearest one above the
/// current folder, with the secrets of what it `reaches`. Warnings go to stderr.
pub(crate) fn open(dir: Option<&Path>, global: &Global, console: &Console, reaches: Reach) -> Result<Opened, Failure> {
    let dir = match (&global.project, dir) {
        (Some(folder), dir) => dir.map_or(folder.clone(), |dir| folder.join(dir)),
        (None, Some(dir)) => dir.to_path_buf(),
        (None, None) => find_upwards()?,
    };
    let connectors = headwater_connectors::all();
    let destinations = destinations();
    let checks = headwater_checks::all();
    let options = LoadOptions {
        dir,
        environment: global.environment.clone(),
        vars: global.vars.iter().cloned().collect(),
        connectors: &connectors,
        destinations: &destinations,
        reaches,
        checks: &checks,
        env: &|name| std::env::var(name).ok(),
    };
    let loaded = headwater_project::load(&options);
    let Some(project) = loaded.project else {
        return Err(Failure::Project { diagnostics: loaded.diagnostics, files: Box::new(loaded.files) });
    };
    console.secrets.set(&project.secrets);
    if !console.json && !loaded.diagnostics.is_empty() {
        console.err(&problem::diagnostics(&loaded.diagnostics, &loaded.files, console.color_err));
    }
    Ok(Opened {
        project: Arc::new(project),
        files: loaded.files,
        warnings: loaded.diagnostics,
        connectors,
        destinations,
    })
}

fn find_upwards() -> Result<PathBuf, Failure> {
    let current = std::env::current_dir().map_err(|e| {
        Error::new("HW0802", Blame::Environment, "the current folder is not there any more").caused_by(e)
    })?;
    let found = current.ancestors().find(|folder| folder.join(PROJECT_FILE).is_file());
    found.map(Path::to_path_buf).ok_or_else(|| {
        let message = format!("there is no {PROJECT_FILE} in {} or a folder above it", current.display());
        Error::new("HW0802", Blame::Project, message)
            .help("name the project's folder with -C, or make a project with `headwater init`")
            .into()
    })
}
