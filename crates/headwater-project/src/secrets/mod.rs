//! `secrets:` of `headwater.yml`: where values of `${NAME}` come from that are not in the process's environment.
//!
//! ```yaml
//! secrets:
//!   SHOP_PASSWORD: { file: /run/secrets/shop_password }
//!   CRM_TOKEN: { command: [pass, show, crm/token] }
//!   LAKE_KEY: { command: [vault, kv, get, -format=json, secret/lake], field: data.data.key }
//! ```
//!
//! A secret is read when a text that is used names it, and once: what nobody uses is not asked for. `secrets` of an environment go before those
//! of the project. A name that is declared is never looked for in the process's environment.

mod command;
mod declared;
mod field;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use self::command::Ran;

/// Larger files and outputs are no secrets.
const LARGEST: usize = 1 << 20;

/// How long a command may take that says nothing else. Somebody may have to confirm it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Where one secret comes from.
#[derive(Debug, Clone)]
struct Declared {
    place: Place,
    /// The names on the way to the value in JSON; empty for the whole text.
    field: Vec<String>,
}

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    Command { command: Vec<String>, timeout: Duration },
}

/// Why a secret could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Unread {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// The secrets that a project declares, each read when it is first asked for. Its `Debug` shows names alone.
#[derive(Default)]
pub struct SecretSources {
    /// Where commands run, and what files are relative to.
    dir: PathBuf,
    declared: BTreeMap<String, Declared>,
    read: Mutex<Read>,
}

/// What was read.
#[derive(Default)]
struct Read {
    values: BTreeMap<String, Result<String, Unread>>,
    /// What commands have said: one that tells several secrets runs once.
    outputs: BTreeMap<Vec<String>, Result<String, Unread>>,
}

impl fmt::Debug for SecretSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.declared.keys()).finish()
    }
}

impl SecretSources {
    /// The value of a secret; `None` when none of the name is declared.
    ///
    /// # Errors
    /// When it cannot be read, or is empty.
    pub fn value(&self, name: &str) -> Option<Result<String, Unread>> {
        let declared = self.declared.get(name)?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = read.values.get(name) {
            return Some(value.clone());
        }
        let text = match &declared.place {
            Place::File(path) => self.of_file(path),
            Place::Command { command, timeout } => {
                let output = read.outputs.entry(command.clone());
                output.or_insert_with(|| self.of_command(command, *timeout)).clone()
            }
        };
        let value =
            text.and_then(|text| field::value(&text, &declared.field)).and_then(|value| match value.is_empty() {
                true => Err(Unread::new(format!("{} is empty", shown(&declared.place)), "put the secret there")),
                false => Ok(value),
            });
        let value =
            value.map_err(|e| Unread { message: format!("the secret {name} cannot be read: {}", e.message), ..e });
        read.values.insert(name.to_owned(), value.clone());
        Some(value)
    }

    fn of_file(&self, path: &PathBuf) -> Result<String, Unread> {
        let path = self.dir.join(path);
        let failed = |why: String| {
            Unread::new(format!("{}: {why}", path.display()), "check the path, and who may read the file")
        };
        let size = path.metadata().map_err(|e| failed(e.to_string()))?.len();
        if size > LARGEST as u64 {
            return Err(failed(format!("it has {size} bytes, and a secret has {LARGEST} at most")));
        }
        let bytes = std::fs::read(&path).map_err(|e| failed(e.to_string()))?;
        text(bytes).ok_or_else(|| failed("it is not text in UTF-8".to_owned()))
    }

    fn of_command(&self, command: &[String], timeout: Duration) -> Result<String, Unread> {
        let shown = shown_command(command);
        let Ran { status, output, errors } = command::run(command, &self.dir, timeout, LARGEST).map_err(|why| {
            Unread::new(
                format!("{shown}: {why}"),
                "run it by hand, in the project's folder; `timeout` gives it more time",
            )
        })?;
        if !status.success() {
            let said = errors.trim();
            let said = if said.is_empty() { String::new() } else { format!(": {said}") };
            let message = format!("{shown} ended with {status}{said}");
            return Err(Unread::new(message, "run it by hand, in the project's folder"));
        }
        text(output)
            .ok_or_else(|| Unread::new(format!("{shown} did not print text in UTF-8"), "print the secret as text"))
    }
}

/// The text without the end of its last line, which files and programs put there.
fn text(bytes: Vec<u8>) -> Option<String> {
    let mut text = String::from_utf8(bytes).ok()?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Some(text)
}

fn shown(place: &Place) -> String {
    match place {
        Place::File(path) => path.display().to_string(),
        Place::Command { command, .. } => format!("what {} prints", shown_command(command)),
    }
}

fn shown_command(command: &[String]) -> String {
    format!("`{}`", command.join(" "))
}

#[cfg(test)]
mod tests;
