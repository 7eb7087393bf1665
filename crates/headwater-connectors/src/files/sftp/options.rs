//! The keys of `sftp:` in YAML.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::files::options::OneOrMany;

/// SFTP: how to log in, and how the server is known again.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SftpOptions {
    /// The password, e.g. `"${PARTNER_PASSWORD}"`.
    pub password: Option<String>,
    /// The private key: its file (relative to the project, or from `~/` on), or its text, e.g. `"${PARTNER_KEY}"`. Without a key and
    /// a password the agent is asked (`SSH_AUTH_SOCK`).
    pub private_key: Option<String>,
    /// What the private key is encrypted with, e.g. `"${PARTNER_PASSPHRASE}"`.
    pub passphrase: Option<String>,
    /// The host key, or several of which the server has one: a fingerprint (`SHA256:…`) or a public key (`ssh-ed25519 AAAA…`). Then
    /// no file of known hosts is looked at.
    pub host_key: Option<OneOrMany>,
    /// The file of known hosts, as OpenSSH writes it; by default `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`.
    pub known_hosts: Option<String>,
}

impl std::fmt::Debug for SftpOptions {
    /// Without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SftpOptions").field("known_hosts", &self.known_hosts).finish_non_exhaustive()
    }
}
