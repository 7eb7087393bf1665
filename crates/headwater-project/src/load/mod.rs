//! Loading: from a folder to a [`Project`] or to everything that is wrong with it.

pub(crate) mod checks;
mod clustering;
mod columns;
mod conditions;
pub(crate) mod connectors;
pub(crate) mod destinations;
mod files;
mod freshness;
mod ignored;
mod implied;
mod keyed;
mod models;
mod scripts;
mod seeds;
mod settings;
mod sources;
mod star;
mod tables;
mod unit_tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use headwater_diagnostics::{Diagnostic, SourceMap};
use headwater_sdk::check::CheckType;
use headwater_sdk::connector::{ConnectorType, LakeStorage};
use headwater_sdk::destination::DestinationType;

use self::checks::CheckTypes;
use self::connectors::Connectors;
use self::files::Folder;
use self::settings::Settings;
use crate::codes;
use crate::graph;
use crate::project::{Environment, Project};
use crate::spec::ModelHeader;
use crate::template::{MacroFile, Templates};
use crate::validate::Schema;
use crate::yaml::Secrets;

/// What to load, and with what.
pub struct LoadOptions<'a> {
    /// The project's folder.
    pub dir: PathBuf,
    /// The environment to load it for; `None` for the default one.
    pub environment: Option<String>,
    /// Variables that override those of `headwater.yml`.
    pub vars: BTreeMap<String, String>,
    /// The connectors that sources may name.
    pub connectors: &'a [Box<dyn ConnectorType>],
    /// The connectors that destinations may name.
    pub destinations: &'a [Box<dyn DestinationType>],
    /// Whose secrets have to be there.
    pub reaches: Reach,
    /// The check types that tables may name.
    pub checks: &'a [Box<dyn CheckType>],
    /// The process's environment, for `${NAME}`.
    pub env: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

/// What a project is loaded to reach, beside its lake. What is not reached may lack its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The systems that its sources read.
    pub sources: bool,
    /// Those that it delivers to.
    pub destinations: bool,
}

impl Reach {
    /// Everything.
    pub const ALL: Self = Self { sources: true, destinations: true };
    /// What its sources read.
    pub const SOURCES: Self = Self { sources: true, destinations: false };
    /// What it delivers to.
    pub const DESTINATIONS: Self = Self { sources: false, destinations: true };
    /// Nothing but the lake.
    pub const LAKE: Self = Self { sources: false, destinations: false };
}

/// What loading found.
#[derive(Debug)]
pub struct Loaded {
    /// The project; `None` exactly when an error was found.
    pub project: Option<Project>,
    /// The files read.
    pub files: SourceMap,
    /// All mistakes and warnings, in the order of the files and their lines.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the files of a project are read with.
pub(crate) struct Parts<'a> {
    dir: PathBuf,
    connectors: &'a Connectors<'a>,
    checks: &'a CheckTypes<'a>,
    templates: &'a Templates,
    header_schema: &'a Schema,
    secrets: Secrets<'a>,
    storage: LakeStorage,
    /// The project's default owner.
    owner: Option<String>,
    /// Whose secrets have to be there.
    reaches: Reach,
}

/// How much stack loading may take, in bytes. Nesting is limited everywhere, but parsers recurse within the limits.
pub(crate) const STACK: usize = 64 << 20;

/// Loads a project. Never fails and never panics: what is wrong is in [`Loaded::diagnostics`].
pub fn load(options: &LoadOptions<'_>) -> Loaded {
    let worker = std::thread::Builder::new().name("load".to_owned()).stack_size(STACK);
    std::thread::scope(|scope| match worker.spawn_scoped(scope, || load_here(options)) {
        Ok(thread) => thread.join().unwrap_or_else(|_| given_up()),
        Err(_) => load_here(options),
    })
}

/// What is left when a parser panicked.
fn given_up() -> Loaded {
    let diagnostic = Diagnostic::error(codes::INTERNAL, "loading the project failed: this is a defect of Headwater")
        .help("please report it with the project's files, or those that you changed last");
    Loaded { project: None, files: SourceMap::default(), diagnostics: vec![diagnostic] }
}

fn load_here(options: &LoadOptions<'_>) -> Loaded {
    let dir = std::path::absolute(&options.dir).unwrap_or_else(|_| options.dir.clone());
    let mut folder = Folder::new(&dir);
    let mut secrets = Secrets::new(options.env);
    let Settings { name, environment, vars, owner, record_queries } =
        settings::read(&mut folder, options, &mut secrets);
    if !folder.has(settings::FILE) {
        return loaded(folder, None);
    }
    ignored::report(&mut folder);
    let macros = read_macros(&mut folder);
    let templates = Templates::new(vars, macros, &mut folder.diagnostics);
    let (connectors, checks) = (Connectors::new(options.connectors), CheckTypes::new(options.checks));
    let storage = environment.as_ref().map(Environment::lake_storage).unwrap_or_default();
    let header_schema = Schema::of::<ModelHeader>();
    let mut parts = Parts {
        reaches: options.reaches,
        dir: dir.clone(),
        connectors: &connectors,
        checks: &checks,
        templates: &templates,
        header_schema: &header_schema,
        secrets,
        storage,
        owner,
    };
    let mut drafts = Vec::new();
    sources::read(&mut folder, &mut parts, &mut drafts);
    seeds::read(&mut folder, &mut parts, &mut drafts);
    models::read(&mut folder, &parts, &mut drafts);
    scripts::read(&mut folder, &mut parts, &mut drafts);
    let tests = unit_tests::read(&mut folder);
    let names = unit_tests::Names::of(&drafts);
    let here = environment.as_ref().map_or("", |environment| environment.name.as_str());
    let deliveries = destinations::read(&mut folder, &mut parts, options.destinations, here, &mut drafts);
    star::link(&mut drafts, &mut folder.diagnostics);
    let assets = graph::link(drafts, &mut folder.diagnostics);
    let tests = unit_tests::link(tests, &names, assets.as_deref(), &templates, &mut folder);
    let record_queries = record_queries.unwrap_or(true);
    let secrets = parts.secrets.values();
    let secret_sources = Arc::new(parts.secrets.into_sources());
    let project = environment.zip(assets).map(|(environment, assets)| Project {
        dir,
        name,
        environment,
        assets,
        tests,
        deliveries,
        record_queries,
        secrets,
        secret_sources,
    });
    loaded(folder, project)
}

fn read_macros(folder: &mut Folder) -> Vec<MacroFile> {
    let mut macros = Vec::new();
    for found in folder.list("macros") {
        if !found.name.ends_with(".sql") {
            ignored::warn(folder, &found.path, "macros are macros/*.sql");
        } else if let Some(file) = folder.read(&found.path) {
            macros.push(MacroFile { path: found.path, file, text: folder.files.text(file).to_owned() });
        }
    }
    macros
}

fn loaded(folder: Folder, project: Option<Project>) -> Loaded {
    let Folder { files, mut diagnostics, .. } = folder;
    for label in diagnostics.iter_mut().flat_map(|diagnostic| &mut diagnostic.labels) {
        // Parsers point at bytes; a label covers whole characters.
        let text = files.text(label.span.file);
        label.span.start = text.floor_char_boundary(label.span.start);
        label.span.end = text.ceil_char_boundary(label.span.end).max(label.span.start);
    }
    diagnostics.sort_by_key(Diagnostic::span);
    // Several streams of a source meet the same mistake in it.
    diagnostics.dedup();
    let has_error = diagnostics.iter().any(Diagnostic::is_error);
    let project = project.filter(|_| !has_error);
    if project.is_none() && !has_error {
        // Whoever drops something has to say why; should that be forgotten, nobody is left without an answer.
        diagnostics.extend(given_up().diagnostics);
    }
    Loaded { project, files, diagnostics }
}
