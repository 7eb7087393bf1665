//! The address of a file under a location.

use headwater_sdk::check::OptionsError;

/// A path, with what may follow it after `?`.
#[derive(Clone)]
pub(crate) struct Address {
    /// As the project writes it.
    text: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Address {
    /// Checks a path.
    ///
    /// # Errors
    /// [`OptionsError`] when it names no file.
    pub(crate) fn new(text: &str) -> Result<Self, OptionsError> {
        let wrong = |message: String, help: &str| OptionsError { key: Some("path"), message, help: Some(help.into()) };
        let (path, _) = text.split_once('?').unwrap_or((text, ""));
        let path = path.trim_start_matches('/');
        if path.is_empty() && !text.contains('?') {
            return Err(wrong("`path` is empty".into(), "name a file of the web server"));
        }
        if path.contains("://") || path.split('/').any(|part| part == "..") {
            let help = "give a path under the source's `location`, and change `location` to reach other places";
            return Err(wrong(format!("'{path}' leaves the source's location"), help));
        }
        if text.contains('#') {
            return Err(wrong(format!("'{path}' has a `#`"), "write it as %23"));
        }
        if path.contains(['*', '[', '{']) {
            let help = "nothing lists the files of a web server: name them, one by one: `path: [a.csv, b.csv]`";
            return Err(wrong(format!("'{path}' is a glob"), help));
        }
        Ok(Self { text: text.trim_start_matches('/').to_owned() })
    }

    /// Its text, to be put behind a location.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// As messages show it. What follows `?` may be a secret, and is not shown.
    pub(crate) fn shown(&self) -> String {
        match self.text.split_once('?') {
            None => self.text.clone(),
            Some((path, _)) => format!("{path}?…"),
        }
    }

    /// What tells it from other files of its stream, and is kept: the path, and a few digits of a digest of what follows `?`.
    pub(crate) fn identity(&self) -> String {
        match self.text.split_once('?') {
            None => self.text.clone(),
            Some((path, query)) => format!("{path}?{}", &blake3::hash(query.as_bytes()).to_hex()[..16]),
        }
    }
}
