//! Files of known hosts, as OpenSSH writes them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::hmac;

/// A host as files of known hosts name it: in small letters, with its port unless that is 22.
pub(super) fn host_name(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

/// A key's fingerprint, as OpenSSH shows it.
pub(super) fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, key)))
}

/// A line that is about a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownKey {
    pub(super) file: PathBuf,
    /// From 1.
    pub(super) line: usize,
    /// The type, e.g. `ssh-ed25519`.
    pub(super) kind: String,
    /// The key, as it goes over the wire.
    pub(super) key: Vec<u8>,
    /// Whether it must not be trusted any more.
    pub(super) revoked: bool,
}

/// The lines of a file that are about a host, by its [`host_name`]. Lines that are about certificates, or that cannot be read, are none.
pub(super) fn keys_of(text: &str, file: &Path, host: &str) -> Vec<KnownKey> {
    let key_of = |(at, line): (usize, &str)| {
        let mut words = line.split_ascii_whitespace();
        let mut hosts = words.next().filter(|word| !word.starts_with('#'))?;
        let revoked = hosts == "@revoked";
        if hosts == "@cert-authority" {
            return None;
        }
        if revoked {
            hosts = words.next()?;
        }
        let (kind, key) = (words.next()?, words.next()?);
        let key = STANDARD.decode(key).ok()?;
        let known = KnownKey { file: file.to_owned(), line: at + 1, kind: kind.to_owned(), key, revoked };
        is_about(hosts, host).then_some(known)
    };
    text.lines().enumerate().filter_map(key_of).collect()
}

/// Whether a line's first field is about a host.
fn is_about(hosts: &str, host: &str) -> bool {
    if let Some(hashed) = hosts.strip_prefix("|1|") {
        let Some((salt, hash)) = hashed.split_once('|') else { return false };
        let (Ok(salt), Ok(hash)) = (STANDARD.decode(salt), STANDARD.decode(hash)) else { return false };
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
        return hmac::verify(&key, host.as_bytes(), &hash).is_ok();
    }
    let mut any = false;
    for pattern in hosts.split(',') {
        match pattern.strip_prefix('!') {
            Some(but) if matches(&but.to_ascii_lowercase(), host) => return false,
            Some(_) => {}
            None => any |= matches(&pattern.to_ascii_lowercase(), host),
        }
    }
    any
}

/// Whether a text is as a pattern with `*` and `?` says.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from) = (0, 0);
    // Where to go on when what was matched after the last star turns out wrong.
    let mut star = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, from));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((after, taken)) => {
                    (at, from) = (after, taken + 1);
                    star = Some((after, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that `ssh-keygen` made.
    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIPj0DkvNLzOIhGr+Kv9Sdg+75Y1lJ5Ee7qYmShARNs1t";

    fn lines(text: &str, host: &str) -> Vec<usize> {
        keys_of(text, Path::new("known_hosts"), host).iter().map(|key| key.line).collect()
    }

    #[test]
    fn lines_are_found_by_host_and_port() {
        let text = format!(
            "# comment\n\nfiles.example.org,192.0.2.1 ssh-ed25519 {KEY} of the operator\n[files.example.org]:2222 ssh-ed25519 {KEY}\n\
             *.example.org,!old.example.org ssh-ed25519 {KEY}\n@cert-authority * ssh-ed25519 {KEY}\n@revoked * ssh-ed25519 {KEY}\n\
             files.example.org ssh-ed25519 no-key\n"
        );
        assert_eq!(lines(&text, &host_name("Files.example.ORG", 22)), [3, 5, 7]);
        assert_eq!(lines(&text, &host_name("files.example.org", 2222)), [4, 7]);
        assert_eq!(lines(&text, "192.0.2.1"), [3, 7]);
        assert_eq!(lines(&text, "old.example.org"), [7]);
        assert_eq!(lines(&text, "example.org"), [7]);
        let keys = keys_of(&text, Path::new("known_hosts"), "192.0.2.1");
        assert_eq!((keys[0].kind.as_str(), keys[0].revoked, keys[1].revoked), ("ssh-ed25519", false, true));
    }

    /// The line as `ssh-keygen -H` wrote it, the fingerprint as `ssh-keygen -l` showed it.
    #[test]
    fn hashed_hosts_and_fingerprints_are_those_of_openssh() {
        let text = format!("|1|71FWordpuIC6LK9FGmGWIjZYVmA=|UTpnqjVga4y+wY/6lDEcZpKd5Fw= ssh-ed25519 {KEY}");
        assert_eq!(lines(&text, &host_name("files.example.org", 2222)), [1]);
        assert_eq!(lines(&text, &host_name("files.example.org", 22)), [0_usize; 0]);
        let key = STANDARD.decode(KEY).unwrap();
        assert_eq!(fingerprint(&key), "SHA256:fDAro9tCuz4I4UW6KPO4+vB5HH/gYd4A+EkQC4wGfTk");
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, text, is) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcb", false),
            ("*.b.*", "a.b.c", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("abc", "abcd", false),
            ("**a", "bba", true),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }
}
