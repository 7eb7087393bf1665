//! Reading the declarations.

use std::path::{Path, PathBuf};
use std::time::Duration;

use headwater_diagnostics::Diagnostic;

use super::{Declared, Place, SecretSources, TIMEOUT};
use crate::codes;
use crate::spec::SecretOptions;
use crate::yaml::{self, Node};

impl SecretSources {
    /// The secrets of a project's folder.
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), ..Self::default() }
    }

    /// Takes up declarations, in place of earlier ones of the same name. `options` are those of `node`.
    pub(crate) fn declare<'a>(
        &mut self,
        options: impl IntoIterator<Item = (&'a String, &'a SecretOptions)>,
        node: Option<&Node>,
        env: &dyn Fn(&str) -> Option<String>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        for (name, options) in options {
            let entry = node.and_then(Node::as_map).and_then(|map| map.entry(name));
            let mut report = |message: String, help: &str| {
                let diagnostic = Diagnostic::error(codes::MALFORMED, message).help(help);
                diagnostics.push(match entry {
                    Some(entry) => diagnostic.at(entry.key_span, ""),
                    None => diagnostic,
                });
            };
            if !yaml::is_reference(name) {
                report(
                    format!("'{name}' is no name for a secret"),
                    "use letters, digits and _, as in ${SHOP_PASSWORD}",
                );
                continue;
            }
            match declared(options, env) {
                Ok(declared) => {
                    self.declared.insert(name.clone(), declared);
                }
                Err((message, help)) => report(message, &help),
            }
        }
    }
}

/// What is declared, or what is wrong and what to do.
fn declared(options: &SecretOptions, env: &dyn Fn(&str) -> Option<String>) -> Result<Declared, (String, String)> {
    let expand = |text: &String| {
        let (text, _) = yaml::expand(text, &SecretSources::default(), env).map_err(|e| (e.message(), e.help()))?;
        Ok::<_, (String, String)>(text)
    };
    let place = match (&options.file, &options.command) {
        (Some(file), None) if options.timeout.is_none() => Place::File(PathBuf::from(expand(file)?)),
        (Some(_), None) => return Err(("a file has no `timeout`".to_owned(), "remove it".to_owned())),
        (None, Some(command)) if !command.is_empty() => {
            let timeout = options.timeout.as_ref().map_or(TIMEOUT, |timeout| Duration::from_secs(timeout.0));
            Place::Command { command: command.iter().map(expand).collect::<Result<_, _>>()?, timeout }
        }
        (None, Some(_)) => return Err(("the command is empty".to_owned(), "write `[pass, show, name]`".to_owned())),
        _ => {
            let help = "write `file: path`, or `command: [program, …]` that prints it".to_owned();
            return Err(("a secret comes from a file or from a command".to_owned(), help));
        }
    };
    let field = options.field.as_deref().map_or_else(Vec::new, |field| field.split('.').map(str::to_owned).collect());
    Ok(Declared { place, field })
}
