//! The address of a folder of an SFTP server, and how to log in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use object_store::path::Path as StorePath;
use url::Url;

use super::options::SftpOptions;
use super::trust::{Declared, Trust};
use crate::text::percent_decoded;

/// A private key.
#[derive(Clone)]
pub(super) enum PrivateKey {
    File(PathBuf),
    Text(String),
}

/// Who logs in where, and how.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    /// What the server is called in messages.
    pub(super) server: Arc<str>,
    /// Whether paths begin in the user's home folder, and not at the root.
    pub(super) from_home: bool,
    pub(super) password: Option<String>,
    pub(super) private_key: Option<PrivateKey>,
    pub(super) passphrase: Option<String>,
    pub(super) trust: Trust,
}

fn wrong(key: &'static str, message: impl Into<String>, help: &str) -> OptionsError {
    OptionsError { key: Some(key), message: message.into(), help: Some(help.into()) }
}

const WRITTEN: &str =
    "write sftp://user@host:port/folder, or sftp://user@host/~/folder for one in the user's home folder";

impl Address {
    /// Reads `sftp://user@host:port/path`. Gives the address, the folder, and what comes before a file's path in messages.
    ///
    /// # Errors
    /// [`OptionsError`] when there can be no such place.
    pub(super) fn new(
        location: &str,
        options: &SftpOptions,
        project: &Path,
    ) -> Result<(Self, StorePath, String), OptionsError> {
        // What the location holds may be a secret by mistake: it is not shown.
        let url = Url::parse(location)
            .map_err(|error| wrong("location", format!("the location is not a URL: {error}"), WRITTEN))?;
        if url.password().is_some() {
            let help = "write it under `sftp`: `sftp: { password: \"${PASSWORD}\" }`";
            return Err(wrong("location", "a password in a location would be shown in messages", help));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("location", "a folder has no `?` and no `#`", "write them as %3F and %23"));
        }
        let decoded = |text: &str| {
            let decoded = percent_decoded(text);
            decoded.ok_or_else(|| wrong("location", "the location is not UTF-8 where it is written as %XX", WRITTEN))
        };
        let (host, user) = (decoded(url.host_str().unwrap_or_default())?, decoded(url.username())?);
        if host.is_empty() {
            return Err(wrong("location", "the location names no host", WRITTEN));
        }
        if user.is_empty() {
            return Err(wrong("location", "the location names no user", WRITTEN));
        }
        let port = url.port().unwrap_or(22);
        let at = if port == 22 { host.clone() } else { format!("{host}:{port}") };
        let path = decoded(url.path())?;
        let (from_home, path) = match path.strip_prefix("/~") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => (true, rest),
            _ => (false, path.as_str()),
        };
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let folder = StorePath::parse(path.join("/"))
            .map_err(|error| wrong("location", format!("the location has no usable folder: {error}"), WRITTEN))?;
        let home = if from_home { "~/" } else { "" };
        let slash = if folder.as_ref().is_empty() { "" } else { "/" };
        let shown = format!("sftp://{user}@{at}/{home}{folder}{slash}");
        let address = Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            user,
            server: at.into(),
            from_home,
            password: options.password.clone(),
            private_key: options.private_key.as_deref().map(|key| private_key(key, project)).transpose()?,
            passphrase: options.passphrase.clone(),
            trust: trust(options, project)?,
        };
        if address.passphrase.is_some() && address.private_key.is_none() {
            return Err(wrong(
                "sftp",
                "`passphrase` is that of a private key, and none is named",
                "name `private_key`",
            ));
        }
        Ok((address, folder, shown))
    }
}

/// A path of this machine: from the home folder on, or from the project's.
fn local(path: &str, project: &Path) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => project.join(path),
    }
}

fn private_key(text: &str, project: &Path) -> Result<PrivateKey, OptionsError> {
    if text.contains("-----BEGIN") {
        return Ok(PrivateKey::Text(text.to_owned()));
    }
    // A key without its first line would else be looked for as a file, and shown.
    if text.trim().is_empty() || text.contains('\n') || text.len() > 1024 {
        let help = "name its file, or give its whole text (`-----BEGIN …`) by a secret: `private_key: \"${KEY}\"`";
        return Err(wrong("sftp", "`private_key` is neither a file nor the text of a key", help));
    }
    Ok(PrivateKey::File(local(text, project)))
}

fn trust(options: &SftpOptions, project: &Path) -> Result<Trust, OptionsError> {
    match (&options.host_key, &options.known_hosts) {
        (Some(_), Some(_)) => {
            let help = "remove one of them: declared keys are the only ones that count";
            Err(wrong("sftp", "`host_key` and `known_hosts` both say how the server is known", help))
        }
        (Some(keys), None) if keys.as_slice().is_empty() => {
            Err(wrong("sftp", "`host_key` is empty", "name a fingerprint, or remove it"))
        }
        (Some(keys), None) => {
            Ok(Trust::Declared(keys.as_slice().iter().map(|key| Declared::new(key)).collect::<Result<_, _>>()?))
        }
        (None, Some(file)) => Ok(Trust::Files(vec![local(file, project)])),
        (None, None) => Ok(Trust::of_person(std::env::home_dir().as_deref())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(location: &str, options: &SftpOptions) -> Result<(Address, StorePath, String), OptionsError> {
        Address::new(location, options, Path::new("/project"))
    }

    #[test]
    fn addresses_are_read() {
        for (location, host, port, from_home, folder, shown) in [
            ("sftp://joe@example.org", "example.org", 22, false, "", "sftp://joe@example.org/"),
            (
                "sftp://joe@example.org:2222/in/a%23b/",
                "example.org",
                2222,
                false,
                "in/a#b",
                "sftp://joe@example.org:2222/in/a#b/",
            ),
            ("sftp://joe@[::1]:22/~/in", "::1", 22, true, "in", "sftp://joe@[::1]/~/in/"),
            ("sftp://joe%40acme@h/~", "h", 22, true, "", "sftp://joe@acme@h/~/"),
        ] {
            let (address, found, name) =
                read(location, &SftpOptions::default()).map_err(|wrong| wrong.message).unwrap();
            let seen = (address.host.as_str(), address.port, address.from_home, found.as_ref(), name.as_str());
            assert_eq!(seen, (host, port, from_home, folder, shown), "{location}");
        }
    }

    #[test]
    fn what_cannot_be_is_told_without_secrets() {
        for (location, words) in [
            ("sftp://joe:hunter2@example.org/in", "a password in a location"),
            ("sftp://example.org/in", "names no user"),
            ("sftp:///in", "names no host"),
            ("sftp://joe@example.org/in?x", "no `?`"),
            ("sftp://joe@example.org/a/../b%2F..%2F..", "no usable folder"),
        ] {
            let wrong = read(location, &SftpOptions::default()).err().unwrap();
            assert!(wrong.message.contains(words), "{location}: {}", wrong.message);
            assert!(!wrong.message.contains("hunter2"));
        }
        let both = SftpOptions { passphrase: Some("x".into()), ..SftpOptions::default() };
        assert!(read("sftp://joe@h/", &both).err().unwrap().message.contains("`passphrase`"));
        let key = SftpOptions { private_key: Some("b3BlbnNzaC1rZXk\nAAAA".into()), ..SftpOptions::default() };
        let message = read("sftp://joe@h/", &key).err().unwrap().message;
        assert!(message.contains("`private_key`") && !message.contains("b3Bl"), "{message}");
    }
}
