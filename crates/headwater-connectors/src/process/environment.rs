//! The environment of a program: clean, but for what every program needs.

use std::ffi::OsString;

use headwater_sdk::script::Program;

/// What is handed on of the environment that Headwater was started with. Anything else may hold a secret.
const HANDED_ON: [&str; 11] =
    ["HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TEMP", "TMP", "TMPDIR", "TZ", "USER"];

/// What the names of variables begin with that tell about language, one by one.
const LOCALE: &str = "LC_";

/// The variables of a program; what the project says goes before the rest.
pub(crate) fn variables(program: &Program) -> Vec<(OsString, OsString)> {
    let inherited = std::env::vars_os()
        .filter(|(name, _)| name.to_str().is_some_and(|name| HANDED_ON.contains(&name) || name.starts_with(LOCALE)));
    let own = program.env.iter().map(|(name, value)| (name.into(), value.into()));
    inherited.chain(own).collect()
}

/// The value of a variable of the program; the last one of a name counts.
pub(crate) fn value<'v>(variables: &'v [(OsString, OsString)], name: &str) -> Option<&'v OsString> {
    variables.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
}
