//! What stands behind `headwater source add <connector>`: keys, or a place with files.

use std::path::Path;

use headwater_sdk::{Blame, Error};

/// What was given.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) keys: Vec<(String, String)>,
    pub(super) place: Option<String>,
}

/// Tells keys from a place: a key is a word before a `=`.
///
/// # Errors
/// When there is more than one place.
pub(super) fn given(texts: &[String]) -> Result<Given, Error> {
    let mut given = Given::default();
    for text in texts {
        let is_word = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match text.split_once('=') {
            Some((key, value)) if is_word(key) => given.keys.push((key.to_owned(), value.to_owned())),
            _ if given.place.is_none() => given.place = Some(text.clone()),
            _ => {
                let message = format!("'{text}' is a second place");
                return Err(Error::new("HW0823", Blame::Project, message).help(
                    "name one folder or glob, and put a glob between quotes, so that the shell leaves it alone",
                ));
            }
        }
    }
    Ok(given)
}

/// A place with files: where they are, and which of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// For `location`.
    pub(super) location: String,
    /// A path or a glob in it; all files for `None`.
    pub(super) path: Option<String>,
}

impl Place {
    /// Parts a place before its first part with a wildcard, or before its last one if that is a file.
    pub(super) fn of(text: &str, project: &Path) -> Self {
        let (start, rest) = match text.split_once("://") {
            // What follows is a host, a bucket or a container.
            Some((scheme, rest)) => {
                let (host, rest) = rest.split_once('/').unwrap_or((rest, ""));
                (format!("{scheme}://{host}"), rest)
            }
            None if text.starts_with('/') => (String::new(), &text[1..]),
            None => (".".to_owned(), text),
        };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let is_wild = |part: &&str| part.contains(['*', '?', '[', '{']);
        let at = parts.iter().position(is_wild).or_else(|| {
            let (last, local) = (parts.len().checked_sub(1)?, !text.contains("://"));
            let is_file = if local { project.join(text).is_file() } else { parts[last].contains('.') };
            (is_file && !text.ends_with('/')).then_some(last)
        });
        let (before, after) = parts.split_at(at.unwrap_or(parts.len()));
        let before = before.join("/");
        let location = match (start.as_str(), before.is_empty()) {
            (".", false) => before,
            (_, true) if start.is_empty() => "/".to_owned(),
            (_, true) => start,
            (_, false) => format!("{start}/{before}"),
        };
        Self { location, path: (!after.is_empty()).then(|| after.join("/")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_words_before_a_sign() {
        let texts = ["connection=${SHOP}", "data/year=2024/*.csv", "sftp={\"a\": 1}"].map(str::to_owned);
        let keys =
            [("connection", "${SHOP}"), ("sftp", "{\"a\": 1}")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(given(&texts).unwrap(), Given { keys: keys.to_vec(), place: Some(texts[1].clone()) });
        assert!(given(&["a.csv".to_owned(), "b.csv".to_owned()]).is_err());
    }

    #[test]
    fn places_are_parted_before_what_differs() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("data/in.d")).unwrap();
        std::fs::write(dir.path().join("data/a.csv"), "n\n").unwrap();
        for (text, location, path) in [
            ("data", "data", None),
            ("data/in.d", "data/in.d", None),
            ("data/a.csv", "data", Some("a.csv")),
            ("data/in/*.csv", "data/in", Some("*.csv")),
            ("data/*/x.csv", "data", Some("*/x.csv")),
            ("*.csv", ".", Some("*.csv")),
            ("/srv/in/*.csv", "/srv/in", Some("*.csv")),
            ("/*.csv", "/", Some("*.csv")),
            ("s3://acme/in/", "s3://acme/in", None),
            ("s3://acme", "s3://acme", None),
            ("s3://acme/in/a.parquet", "s3://acme/in", Some("a.parquet")),
            ("sftp://joe@h:22/in/*.csv.gz", "sftp://joe@h:22/in", Some("*.csv.gz")),
            ("https://h/a.csv", "https://h", Some("a.csv")),
        ] {
            let place = Place { location: location.to_owned(), path: path.map(str::to_owned) };
            assert_eq!(Place::of(text, dir.path()), place, "{text}");
        }
    }
}
