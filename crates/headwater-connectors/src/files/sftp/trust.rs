//! Whether a server is the one that is meant: its host key is known, or nothing is sent to it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use headwater_sdk::check::OptionsError;
use headwater_sdk::{Blame, Error};
use russh::keys::{Algorithm, PublicKeyOrCertificate};

use super::known_hosts::{KnownKey, fingerprint, host_name, keys_of};
use crate::codes;

/// The file of known hosts of the whole machine.
const OF_THE_MACHINE: &str = "/etc/ssh/ssh_known_hosts";

/// How a host is known.
#[derive(Debug, Clone)]
pub(super) enum Trust {
    /// By keys that the project declares.
    Declared(Vec<Declared>),
    /// By files of known hosts; one that is not there knows nobody.
    Files(Vec<PathBuf>),
}

/// A declared key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Declared {
    /// `SHA256:…`
    Fingerprint(String),
    /// The key, as it goes over the wire.
    Key(Vec<u8>),
}

impl Declared {
    /// Reads what a project writes.
    ///
    /// # Errors
    /// [`OptionsError`] when it is neither a fingerprint nor a key.
    pub(super) fn new(text: &str) -> Result<Self, OptionsError> {
        let text = text.trim();
        if let Some(digits) = text.strip_prefix("SHA256:").map(|digits| digits.trim_end_matches('='))
            && digits.len() == 43
        {
            return Ok(Self::Fingerprint(format!("SHA256:{digits}")));
        }
        let mut words = text.split_ascii_whitespace();
        if let (Some(kind), Some(key)) = (words.next(), words.next())
            && let Ok(key) = STANDARD.decode(key)
            && key.get(4..).is_some_and(|rest| rest.starts_with(kind.as_bytes()))
        {
            return Ok(Self::Key(key));
        }
        Err(OptionsError {
            key: Some("sftp"),
            message: format!("`host_key` is '{text}', which is neither a fingerprint nor a public key"),
            help: Some(
                "write `SHA256:…` as `ssh-keygen -lf` shows it, or `ssh-ed25519 AAAA…` as `ssh-keyscan` prints it behind the host"
                    .into(),
            ),
        })
    }

    fn is(&self, key: &[u8]) -> bool {
        match self {
            Self::Fingerprint(text) => *text == fingerprint(key),
            Self::Key(known) => known == key,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Fingerprint(text) => text.clone(),
            Self::Key(key) => fingerprint(key),
        }
    }
}

impl Trust {
    /// By the files of a person and of the machine.
    pub(super) fn of_person(home: Option<&Path>) -> Self {
        let own = home.map(|home| home.join(".ssh/known_hosts"));
        Self::Files(own.into_iter().chain([OF_THE_MACHINE.into()]).collect())
    }
}

/// Decides about one server, while a connection to it is set up.
pub(super) struct Doorkeeper {
    host: String,
    trust: Trust,
    known: Vec<KnownKey>,
}

impl Doorkeeper {
    /// Looks up what is known of a host.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub(super) fn new(host: &str, port: u16, trust: &Trust) -> Result<Self, Error> {
        let (host, mut known) = (host_name(host, port), Vec::new());
        if let Trust::Files(files) = trust {
            for file in files {
                match std::fs::read(file) {
                    Ok(bytes) => known.extend(keys_of(&String::from_utf8_lossy(&bytes), file, &host)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => {
                        let message = format!("the file of known hosts {} cannot be read", file.display());
                        return Err(Error::new(codes::SFTP_UNKNOWN_HOST, Blame::Environment, message)
                            .help("let the user who runs headwater read it, or declare `host_key` under `sftp`")
                            .caused_by(error));
                    }
                }
            }
        }
        Ok(Self { host, trust: trust.clone(), known })
    }

    /// The algorithms in the order in which keys of them are wanted: a server with keys of several types is to show the one that is known.
    pub(super) fn in_order(&self, algorithms: &[Algorithm]) -> Cow<'static, [Algorithm]> {
        let wanted = |algorithm: &Algorithm| {
            let kind = match algorithm {
                Algorithm::Rsa { .. } => "ssh-rsa",
                other => other.as_str(),
            };
            match &self.trust {
                Trust::Files(_) => self.known.iter().any(|known| !known.revoked && known.kind == kind),
                Trust::Declared(keys) => keys.iter().any(
                    |key| matches!(key, Declared::Key(key) if key.get(4..).is_some_and(|rest| rest.starts_with(kind.as_bytes()))),
                ),
            }
        };
        let mut ordered = algorithms.to_vec();
        ordered.sort_by_key(|algorithm| !wanted(algorithm));
        Cow::Owned(ordered)
    }

    /// Judges a host key.
    ///
    /// # Errors
    /// When it is not one that is known.
    fn judge(&self, kind: &str, key: &[u8]) -> Result<(), Error> {
        let (host, shown) = (&self.host, format!("{kind} {}", fingerprint(key)));
        match &self.trust {
            Trust::Declared(keys) if keys.iter().any(|known| known.is(key)) => Ok(()),
            Trust::Declared(keys) => {
                let declared: Vec<String> = keys.iter().map(Declared::shown).collect();
                let message = format!(
                    "the host key of {host} is not the one that is declared: the server shows {shown}, and `host_key` says {}",
                    declared.join(", ")
                );
                Err(changed(message, "correct `host_key` under `sftp`"))
            }
            Trust::Files(files) => {
                let same: Vec<&KnownKey> = self.known.iter().filter(|known| known.key == key).collect();
                if let Some(revoked) = same.iter().find(|known| known.revoked) {
                    let place = format!("{}, line {}", revoked.file.display(), revoked.line);
                    let message = format!("the host key of {host}, {shown}, is revoked ({place})");
                    return Err(changed(message, "let the server have another key"));
                }
                if !same.is_empty() {
                    return Ok(());
                }
                let others: Vec<&KnownKey> = self.known.iter().filter(|known| !known.revoked).collect();
                let Some(first) = others.first() else { return Err(self.unknown(&shown, kind, key, files)) };
                let of = |known: &&KnownKey| {
                    format!(
                        "{} {} ({}, line {})",
                        known.kind,
                        fingerprint(&known.key),
                        known.file.display(),
                        known.line
                    )
                };
                let message = format!(
                    "the host key of {host} has changed: the server shows {shown}, and known is {}",
                    others.iter().map(of).collect::<Vec<_>>().join(", ")
                );
                let correct = format!(
                    "take the old key out with `ssh-keygen -f {} -R '{host}'` and add the new one",
                    first.file.display()
                );
                Err(changed(message, &correct))
            }
        }
    }

    fn unknown(&self, shown: &str, kind: &str, key: &[u8], files: &[PathBuf]) -> Error {
        let host = &self.host;
        let file = files.first().map(|file| file.display().to_string()).unwrap_or_default();
        let line = format!("{host} {kind} {}", STANDARD.encode(key));
        Error::new(
            codes::SFTP_UNKNOWN_HOST,
            Blame::Environment,
            format!("the host key of {host} is not known: the server shows {shown}"),
        )
        .help(format!(
            "ask the server's operator whether this is its fingerprint, and do not go by what the network says; then write `sftp: {{ \
             host_key: \"{}\" }}` beside `location`, or add this line to {file}: {line}",
            fingerprint(key)
        ))
    }
}

fn changed(message: String, correct: &str) -> Error {
    Error::new(codes::SFTP_CHANGED_HOST, Blame::Environment, message).help(format!(
        "somebody may stand between you and the server, and nothing was sent: ask the server's operator. Only if the key was changed on \
         purpose, {correct}"
    ))
}

/// What ends the setting up of a connection.
#[derive(Debug)]
pub(super) enum Stopped {
    /// In our terms.
    Ours(Error),
    /// In those of the protocol.
    Ssh(russh::Error),
}

impl From<russh::Error> for Stopped {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl russh::client::Handler for Doorkeeper {
    type Error = Stopped;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Stopped> {
        let key = shown.public_key();
        let bytes = key.to_bytes().map_err(|error| Stopped::Ssh(error.into()))?;
        let kind = match key.algorithm() {
            Algorithm::Rsa { .. } => "ssh-rsa".to_owned(),
            other => other.as_str().to_owned(),
        };
        self.judge(&kind, &bytes).map(|()| true).map_err(Stopped::Ours)
    }
}

/// A doorkeeper's decisions need no connection to be looked at.
#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIPj0DkvNLzOIhGr+Kv9Sdg+75Y1lJ5Ee7qYmShARNs1t";

    #[test]
    fn declared_keys_are_fingerprints_or_keys() {
        let key = Declared::new(&format!("ssh-ed25519 {KEY} operator@example")).unwrap();
        let print = Declared::new("SHA256:fDAro9tCuz4I4UW6KPO4+vB5HH/gYd4A+EkQC4wGfTk").unwrap();
        let bytes = STANDARD.decode(KEY).unwrap();
        assert!(key.is(&bytes) && print.is(&bytes) && !print.is(b"another"));
        for wrong in ["", "SHA256:short", "MD5:12:34", &format!("ssh-rsa {KEY}"), "ssh-ed25519"] {
            assert!(Declared::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_key_that_is_known_is_asked_for_first() {
        let known = KnownKey { file: "f".into(), line: 1, kind: "ssh-rsa".into(), key: Vec::new(), revoked: false };
        let doorkeeper = Doorkeeper { host: "h".into(), trust: Trust::Files(Vec::new()), known: vec![known] };
        let rsa = Algorithm::Rsa { hash: None };
        assert_eq!(doorkeeper.in_order(&[Algorithm::Ed25519, rsa.clone()]).to_vec(), [rsa, Algorithm::Ed25519]);
    }
}
