//! `headwater.yml`: the project's name, the environment, variables and defaults.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use headwater_diagnostics::{Diagnostic, FileId, Span, nearest};
use serde_json::Value;

use super::LoadOptions;
use super::files::Folder;
use crate::codes;
use crate::project::{DEFAULT_MEMORY, Environment};
use crate::secrets::SecretSources;
use crate::spec::{EnvironmentOptions, FORMATS, ProjectFile};
use crate::validate::{self, Schema};
use crate::yaml::{self, Node, Secrets};

/// The file's name.
pub(crate) const FILE: &str = "headwater.yml";

/// What `headwater.yml` says.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) environment: Option<Environment>,
    pub(crate) vars: BTreeMap<String, Value>,
    pub(crate) owner: Option<String>,
    /// `None` where nothing is said.
    pub(crate) record_queries: Option<bool>,
}

/// Reads the settings. What is wrong is reported; what remains lets the rest of the project be looked at.
pub(crate) fn read(folder: &mut Folder, options: &LoadOptions<'_>, secrets: &mut Secrets<'_>) -> Settings {
    let mut settings = Settings::default();
    let Some(file) = open(folder) else { return settings };
    let text = folder.files.text(file).to_owned();
    let documents = yaml::parse(&text, 0..text.len(), file, &mut folder.diagnostics);
    let start = Span::new(file, 0..text.lines().next().map_or(0, str::len));
    let Some(root) = single(documents, FILE, start, &mut folder.diagnostics) else { return settings };
    for kept in ["name", "vars", "defaults"] {
        if let Some(node) = root.get(kept) {
            yaml::forbid(node, &mut folder.diagnostics);
        }
    }
    settings.vars = root.get("vars").and_then(Node::as_map).map_or_else(BTreeMap::new, |vars| {
        vars.entries.iter().map(|entry| (entry.key.clone(), entry.value.written_json())).collect()
    });
    settings.owner = root.get("defaults").and_then(|d| d.get("owner")).and_then(Node::as_text).map(str::to_owned);
    check_names(&root, &mut folder.diagnostics);
    let sound = validate::read(&Schema::of::<ProjectFile>(), &root, FILE, &mut folder.diagnostics);
    let sound = sound.and_then(|json| serde_json::from_value::<ProjectFile>(json).ok());
    let environments = sound.as_ref().map(|sound| &sound.environments);
    let chosen = environments.and_then(|all| choose(all, options, &root, folder)).map(str::to_owned);
    if let Some(vars) = chosen.as_ref().and_then(|name| root.get("environments")?.get(name)?.get("vars")) {
        vars_of_environment(&mut settings.vars, vars, folder);
    }
    override_vars(&mut settings.vars, options, &root, folder);
    let Some(sound) = sound else { return settings };
    secrets.declare(declared_secrets(&sound, chosen.as_deref(), &root, options, folder));
    settings.name = sound.name.0;
    settings.record_queries = sound.defaults.record_queries;
    let memory = sound.defaults.memory.map_or(DEFAULT_MEMORY, |size| size.0);
    settings.environment = chosen.and_then(|name| environment(&name, &root, memory, folder, secrets));
    settings
}

/// Where secrets come from: what the project says, and then what the environment does.
fn declared_secrets(
    sound: &ProjectFile,
    environment: Option<&str>,
    root: &Node,
    options: &LoadOptions<'_>,
    folder: &mut Folder,
) -> SecretSources {
    let mut sources = SecretSources::new(folder.dir());
    let diagnostics = &mut folder.diagnostics;
    sources.declare(&sound.secrets, root.get("secrets"), options.env, diagnostics);
    if let Some((name, own)) = environment.and_then(|name| sound.environments.get_key_value(name)) {
        let node = root.get("environments").and_then(|all| all.get(name)).and_then(|own| own.get("secrets"));
        sources.declare(&own.secrets, node, options.env, diagnostics);
    }
    sources
}

/// Gives variables the values that they have in an environment.
fn vars_of_environment(vars: &mut BTreeMap<String, Value>, node: &Node, folder: &mut Folder) {
    yaml::forbid(node, &mut folder.diagnostics);
    for entry in node.as_map().into_iter().flat_map(|map| &map.entries) {
        let value = entry.value.written_json();
        let (message, help) = match vars.get_mut(&entry.key) {
            Some(declared)
                if declared.is_null() || std::mem::discriminant(declared) == std::mem::discriminant(&value) =>
            {
                *declared = value;
                continue;
            }
            Some(_) => {
                let message = format!("'{}' is of another kind than under `vars` of the project", entry.key);
                (message, "a number stays a number, a text a text, and a list a list".to_owned())
            }
            None => {
                let message = format!("there is no variable '{}'", entry.key);
                let help = match nearest(&entry.key, vars.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => "declare it under `vars` of the project, with the value that it has elsewhere".to_owned(),
                };
                (message, help)
            }
        };
        folder.diagnostics.push(Diagnostic::error(codes::VARIABLE, message).at(entry.key_span, "").help(help));
    }
}

fn open(folder: &mut Folder) -> Option<FileId> {
    if folder.has(FILE) {
        return if folder.is_link_out(FILE) { None } else { folder.read(FILE) };
    }
    let dir = folder.dir().display().to_string();
    let (message, help) = if !folder.dir().is_dir() {
        (format!("there is no folder {dir}"), "name a project's folder".to_owned())
    } else if folder.has("headwater.yaml") {
        (format!("there is no {FILE} in {dir}"), format!("rename headwater.yaml to {FILE}"))
    } else {
        (
            format!("there is no {FILE} in {dir}"),
            "run in a project's folder, or make one with `headwater init`".to_owned(),
        )
    };
    folder.diagnostics.push(Diagnostic::error(codes::NO_PROJECT, message).help(help));
    None
}

/// The one document of a file.
pub(crate) fn single(documents: Vec<Node>, what: &str, start: Span, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut documents = documents.into_iter();
    let first = documents.next();
    if let Some(second) = documents.next() {
        let message = format!("{what} has more than one document");
        diagnostics.push(
            Diagnostic::error(codes::YAML_FEATURE, message)
                .at(second.span, "a second one")
                .help("remove the `---` before it"),
        );
    }
    if first.is_none() && !diagnostics.iter().any(|d| d.is_error() && d.span().is_some_and(|s| s.file == start.file)) {
        diagnostics.push(Diagnostic::error(codes::MISSING_KEY, format!("{what} is empty")).at(start, ""));
    }
    first
}

fn override_vars(vars: &mut BTreeMap<String, Value>, options: &LoadOptions<'_>, root: &Node, folder: &mut Folder) {
    for (name, text) in &options.vars {
        let Some(declared) = vars.get_mut(name) else {
            let diagnostic = Diagnostic::error(codes::VARIABLE, format!("--var {name}: there is no such variable"));
            let help = match nearest(name, vars.keys().map(String::as_str)) {
                Some(near) => format!("did you mean '{near}'?"),
                None => "declare it under `vars` in headwater.yml".to_owned(),
            };
            let place = root.as_map().and_then(|map| map.entry("vars")).map(|entry| entry.key_span);
            let diagnostic = diagnostic.help(help);
            folder.diagnostics.push(match place {
                Some(span) => diagnostic.at(span, "the variables"),
                None => diagnostic,
            });
            continue;
        };
        // A number stays a number and a list a list; any text will do for a text.
        let typed = serde_json::from_str::<Value>(text).ok().filter(|value| {
            matches!(
                (&*declared, value),
                (Value::Number(_), Value::Number(_))
                    | (Value::Bool(_), Value::Bool(_))
                    | (Value::Array(_), Value::Array(_))
                    | (Value::Object(_), Value::Object(_))
            )
        });
        match (typed, &*declared) {
            (Some(value), _) => *declared = value,
            (None, Value::String(_) | Value::Null) => *declared = Value::String(text.clone()),
            (None, other) => {
                let wanted = match other {
                    Value::Number(_) => "a number",
                    Value::Bool(_) => "true or false",
                    Value::Array(_) => "a JSON list",
                    _ => "a JSON object",
                };
                let message = format!("--var {name}: it takes {wanted}, as in {FILE}");
                let diagnostic = Diagnostic::error(codes::VARIABLE, message);
                let place = root.get("vars").and_then(|vars| vars.get(name)).map(|node| node.span);
                folder.diagnostics.push(match place {
                    Some(span) => diagnostic.at(span, "declared here"),
                    None => diagnostic,
                });
            }
        }
    }
}

/// Environments become folders and branches: their names are plain.
fn check_names(root: &Node, diagnostics: &mut Vec<Diagnostic>) {
    let Some(format) = FORMATS.iter().find(|f| f.name == "headwater-name") else { return };
    for entry in root.get("environments").and_then(Node::as_map).map_or(&[] as &[yaml::Entry], |map| &map.entries) {
        if let Err(help) = (format.check)(&entry.key) {
            let message = format!("'{}' is no name for an environment", entry.key);
            diagnostics.push(Diagnostic::error(codes::MALFORMED, message).at(entry.key_span, "").help(help));
        }
    }
}

/// The name of the environment to load for.
fn choose<'a>(
    environments: &'a BTreeMap<String, EnvironmentOptions>,
    options: &LoadOptions<'_>,
    root: &Node,
    folder: &mut Folder,
) -> Option<&'a str> {
    let key_span = |name: &str| Some(root.get("environments")?.as_map()?.entry(name)?.key_span);
    let whole = root.as_map().and_then(|map| map.entry("environments")).map(|entry| entry.key_span);
    let names = || {
        if environments.is_empty() {
            IMPLICIT.to_owned()
        } else {
            environments.keys().cloned().collect::<Vec<_>>().join(", ")
        }
    };
    let mut report = |message: String, help: String, at: Vec<Span>| {
        let diagnostic = Diagnostic::error(codes::ENVIRONMENT, message).help(help);
        let diagnostic = at.into_iter().fold(diagnostic, |diagnostic, span| diagnostic.at(span, ""));
        folder.diagnostics.push(diagnostic);
    };
    let defaults: Vec<&String> = environments.iter().filter(|(_, o)| o.default).map(|(name, _)| name).collect();
    if defaults.len() > 1 {
        let spans = defaults.iter().filter_map(|name| key_span(name)).collect();
        report(
            "more than one environment is the default".to_owned(),
            "let one of them have `default: true`".to_owned(),
            spans,
        );
        return None;
    }
    match (&options.environment, defaults.as_slice()) {
        (Some(name), _) if environments.is_empty() && name == IMPLICIT => Some(IMPLICIT),
        (Some(name), _) => match environments.get_key_value(name) {
            Some((name, _)) => Some(name.as_str()),
            None => {
                let help = match nearest(name, environments.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => format!("the environments are {}", names()),
                };
                report(format!("there is no environment '{name}'"), help, whole.into_iter().collect());
                None
            }
        },
        (None, [one, ..]) => Some(one.as_str()),
        (None, []) => match (environments.len(), environments.keys().next()) {
            (0, _) => Some(IMPLICIT),
            (1, Some(only)) => Some(only.as_str()),
            _ => {
                let help =
                    format!("write `default: true` in one of {}, or name an environment on the command line", names());
                report("no environment is the default".to_owned(), help, whole.into_iter().collect());
                None
            }
        },
    }
}

/// The environment of a project that declares none.
const IMPLICIT: &str = "dev";

fn environment(
    name: &str,
    root: &Node,
    memory: u64,
    folder: &mut Folder,
    secrets: &mut Secrets<'_>,
) -> Option<Environment> {
    let absolute = |lake: &str| if lake.contains("://") { lake.to_owned() } else { resolve(folder.dir(), lake) };
    let Some(node) = root.get("environments").and_then(|all| all.get(name)) else {
        let lake = absolute("lake");
        return Some(Environment { name: name.to_owned(), lake, catalog: None, storage: BTreeMap::new(), memory });
    };
    // Only now, and only here: the secrets of the other environments need not be set.
    let mut node = node.clone();
    if let yaml::Value::Map(map) = &mut node.value {
        map.entries.retain(|entry| entry.key != "secrets");
    }
    let before = folder.diagnostics.len();
    secrets.expand(&mut node, &mut folder.diagnostics);
    if folder.diagnostics.len() > before {
        return None;
    }
    let sound = validate::read(&Schema::of::<EnvironmentOptions>(), &node, name, &mut folder.diagnostics)?;
    let options: EnvironmentOptions = serde_json::from_value(sound).ok()?;
    if options.lake.trim().is_empty() {
        let span = node.get("lake").map_or(node.span, |lake| lake.span);
        folder
            .diagnostics
            .push(Diagnostic::error(codes::MALFORMED, "'lake' is empty").at(span, "").help("name a folder or a URL"));
        return None;
    }
    let lake = if options.lake.contains("://") { options.lake } else { resolve(folder.dir(), &options.lake) };
    Some(Environment { name: name.to_owned(), lake, catalog: options.catalog, storage: options.storage, memory })
}

/// A path made absolute against a folder, without `.` and `..` where these can be told from the text.
fn resolve(dir: &Path, path: &str) -> String {
    let mut resolved = PathBuf::new();
    for part in dir.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                resolved.pop();
            }
            other => resolved.push(other),
        }
    }
    resolved.to_string_lossy().into_owned()
}
