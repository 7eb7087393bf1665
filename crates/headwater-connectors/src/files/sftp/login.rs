//! Logging in: by a private key, the agent, or a password.

use std::sync::Arc;

use headwater_sdk::{Blame, Error};
use russh::MethodKind;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, decode_secret_key, ssh_key};

use super::address::{Address, PrivateKey};
use super::failure::Failure;
use super::trust::Doorkeeper;
use crate::codes;

/// Rounds of questions that a server may ask.
const ROUNDS: usize = 8;

type Connection = Handle<Doorkeeper>;

/// Logs in.
///
/// # Errors
/// When the server does not take what the project gives.
pub(super) async fn log_in(address: &Address, connection: &mut Connection) -> Result<(), Failure> {
    let mut tried = Vec::new();
    let mut left = None;
    if let Some(key) = &address.private_key {
        let key = Arc::new(read_key(key, address.passphrase.as_deref())?);
        tried.push(format!("the key {}", key.public_key().fingerprint(HashAlg::Sha256)));
        let hash = rsa_hash(connection, key.algorithm().is_rsa()).await;
        let with = PrivateKeyWithHashAlg::new(key, hash);
        let result = connection.authenticate_publickey(&address.user, with).await;
        left = match result.map_err(|error| lost(address, &error))? {
            AuthResult::Success => return Ok(()),
            AuthResult::Failure { remaining_methods, .. } => Some(remaining_methods),
        };
    } else if address.password.is_none() {
        return by_agent(address, connection).await;
    }
    if let Some(password) = &address.password {
        tried.push("the password".to_owned());
        let result = connection.authenticate_password(&address.user, password).await;
        left = match result.map_err(|error| lost(address, &error))? {
            AuthResult::Success => return Ok(()),
            AuthResult::Failure { remaining_methods, .. } => Some(remaining_methods),
        };
        // Many servers take passwords as the answer to a question only.
        let asks = left.as_ref().is_some_and(|left| left.contains(&MethodKind::KeyboardInteractive));
        if asks && by_answers(address, password, connection).await? {
            return Ok(());
        }
    }
    if connection.is_closed() && left.is_none_or(|left| left.is_empty()) {
        return Err(Failure::lost(&address.server, "it ended the connection while logging in"));
    }
    Err(Failure::Final(refused(address, &tried.join(" and "))))
}

fn lost(address: &Address, error: &russh::Error) -> Failure {
    Failure::lost(&address.server, &error.to_string())
}

fn login_error(message: String, help: &str) -> Error {
    Error::new(codes::SFTP_LOGIN, Blame::Environment, message).help(help)
}

fn refused(address: &Address, what: &str) -> Error {
    let message = format!("the server {} does not let the user '{}' in by {what}", address.server, address.user);
    login_error(
        message,
        "correct the user in `location`, or `password` or `private_key` under `sftp`; or ask the server's operator to let the user in",
    )
}

fn read_key(key: &PrivateKey, passphrase: Option<&str>) -> Result<russh::keys::PrivateKey, Failure> {
    let (text, shown) = match key {
        PrivateKey::Text(text) => (text.clone(), "the private key".to_owned()),
        PrivateKey::File(path) => {
            let shown = format!("the private key {}", path.display());
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::Final(
                    login_error(
                        format!("{shown} cannot be read"),
                        "correct `private_key` under `sftp`: paths begin in the project's folder or with `~/`",
                    )
                    .caused_by(error),
                )
            })?;
            (text, shown)
        }
    };
    decode_secret_key(&text, passphrase).map_err(|error| {
        use russh::keys::Error as E;
        let wrong = match (&error, passphrase) {
            (E::KeyIsEncrypted, None) => {
                login_error(format!("{shown} is encrypted"), "say `passphrase: \"${PASSPHRASE}\"` beside `private_key`")
            }
            (E::SshKey(ssh_key::Error::Crypto) | E::KeyIsCorrupt | E::Unpad(_) | E::Pkcs8(_), Some(_)) => login_error(
                format!("{shown} cannot be decrypted by the passphrase"),
                "correct `passphrase` under `sftp`",
            ),
            _ => login_error(
                format!("{shown} cannot be understood"),
                "give a key as `ssh-keygen` writes it (OpenSSH's own format, PKCS#8 or PKCS#1; Ed25519, ECDSA or RSA)",
            ),
        };
        Failure::Final(wrong.caused_by(error))
    })
}

/// What an RSA key signs with: what the server says it takes, and SHA-256 where it does not say.
async fn rsa_hash(connection: &Connection, is_rsa: bool) -> Option<HashAlg> {
    if !is_rsa {
        return None;
    }
    connection.best_supported_rsa_hash().await.ok().flatten().unwrap_or(Some(HashAlg::Sha256))
}

/// Answers questions that are not shown while typing, as those for passwords are. Returns whether that was enough.
async fn by_answers(address: &Address, password: &str, connection: &mut Connection) -> Result<bool, Failure> {
    let begun = connection.authenticate_keyboard_interactive_start(&address.user, None).await;
    let mut response = begun.map_err(|error| lost(address, &error))?;
    for _ in 0..ROUNDS {
        let prompts = match response {
            KeyboardInteractiveAuthResponse::Success => return Ok(true),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
        };
        let answer = |prompt: &russh::client::Prompt| if prompt.echo { String::new() } else { password.to_owned() };
        let answers = prompts.iter().map(answer).collect();
        let next = connection.authenticate_keyboard_interactive_respond(answers).await;
        response = next.map_err(|error| lost(address, &error))?;
    }
    Ok(false)
}

/// Logs in by what a running agent holds.
#[cfg(unix)]
async fn by_agent(address: &Address, connection: &mut Connection) -> Result<(), Failure> {
    use russh::keys::agent::AgentIdentity;
    use russh::keys::agent::client::AgentClient;

    let asked = async {
        let mut agent = AgentClient::connect_env().await?;
        let identities = agent.request_identities().await?;
        Ok::<_, russh::keys::Error>((agent, identities))
    };
    let (mut agent, identities) = asked.await.map_err(|error| {
        let message = format!("there is no way to log in to {}", address.server);
        let help = "say `password: \"${PASSWORD}\"` or `private_key: ~/.ssh/id_ed25519` under `sftp`, or start an agent that holds the key \
                    (`ssh-add`) and let SSH_AUTH_SOCK name it";
        Failure::Final(login_error(message, help).caused_by(error))
    })?;
    let count = identities.len();
    for identity in identities {
        let AgentIdentity::PublicKey { key, .. } = identity else { continue };
        let hash = rsa_hash(connection, key.algorithm().is_rsa()).await;
        // An agent that does not sign with one key may do so with the next one.
        let result = connection.authenticate_publickey_with(&address.user, key, hash, &mut agent).await;
        if result.is_ok_and(|result| result.success()) {
            return Ok(());
        }
        if connection.is_closed() {
            break;
        }
    }
    Err(Failure::Final(refused(address, &format!("one of the {count} keys of the agent (SSH_AUTH_SOCK)"))))
}

#[cfg(not(unix))]
async fn by_agent(address: &Address, _: &mut Connection) -> Result<(), Failure> {
    let message = format!("there is no way to log in to {}", address.server);
    Err(Failure::Final(login_error(message, "say `password` or `private_key` under `sftp`")))
}
