//! Beginning a session: the greeting, encryption, and proving who one is.
//!
//! Passwords are proven by `mysql_native_password` (SHA-1) and `caching_sha2_password` (SHA-256), whose answers do not show them.
//! What would send the password itself (`caching_sha2_password` for a user that the server has not seen since it was started,
//! `sha256_password`) is done over an encrypted connection only: the other way, to encrypt it with a key that whoever answers
//! sends, proves nothing.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::BytesMut;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{EOF, ERROR, Fields, OK, Result, Wire, WireError, packet};

const LONG_PASSWORD: u32 = 1;
const LONG_FLAG: u32 = 4;
const CONNECT_WITH_DB: u32 = 8;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
const PLUGIN_AUTH_LENENC: u32 = 1 << 21;

/// utf8mb4_general_ci, which every server knows.
const UTF8MB4: u8 = 45;
/// Of a challenge, this much counts.
const CHALLENGE: usize = 20;

const NATIVE: &str = "mysql_native_password";
const CACHING: &str = "caching_sha2_password";
const SHA: &str = "sha256_password";

const MORE: u8 = 0x01;
const FAST: u8 = 3;
const FULL: u8 = 4;

/// Where a server is.
#[derive(Debug, Clone)]
pub(in super::super) enum Address {
    Tcp {
        host: String,
        port: u16,
    },
    #[cfg(unix)]
    Socket(PathBuf),
}

/// Who asks, and for which database.
#[derive(Clone)]
pub(in super::super) struct Credentials {
    pub(in super::super) user: String,
    pub(in super::super) password: String,
    pub(in super::super) database: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// The server's greeting.
struct Greeting {
    version: String,
    capabilities: u32,
    challenge: Vec<u8>,
    plugin: String,
}

impl Wire {
    /// Begins a session, over a connection in the clear where there is no `encryption`.
    pub(in super::super) async fn log_in(
        address: &Address,
        who: &Credentials,
        encryption: Option<&Arc<ClientConfig>>,
    ) -> Result<Self> {
        let (tcp, host) = match address {
            Address::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                (stream, host)
            }
            #[cfg(unix)]
            Address::Socket(path) => {
                let stream = tokio::net::UnixStream::connect(path).await?;
                let mut wire = Self::new(Box::new(stream));
                let greeting = wire.greeting().await?;
                // What goes through a socket never leaves the machine.
                wire.prove(who, greeting, true, None).await?;
                return Ok(wire);
            }
        };
        let Some(config) = encryption else {
            let mut wire = Self::new(Box::new(tcp));
            let greeting = wire.greeting().await?;
            wire.prove(who, greeting, false, None).await?;
            return Ok(wire);
        };
        // The greeting comes in the clear, and the answer to it says that all else is encrypted.
        let mut plain = Greeter { stream: tcp };
        let (greeting, sequence) = plain.greeting().await?;
        if greeting.capabilities & SSL == 0 {
            return Err(WireError::Tls("the server speaks no TLS".to_owned()));
        }
        let tcp = plain.ask_for_tls(capabilities(who) | SSL, sequence).await?;
        let name =
            ServerName::try_from(host.clone()).map_err(|_| WireError::Tls(format!("'{host}' is no name of a host")))?;
        let encrypted = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await;
        let encrypted = encrypted.map_err(|error| WireError::Tls(error.to_string()))?;
        let mut wire = Self::new(Box::new(encrypted));
        wire.sequence = sequence.wrapping_add(1);
        wire.prove(who, greeting, true, Some(SSL)).await?;
        Ok(wire)
    }

    fn new(stream: Box<dyn super::Duplex>) -> Self {
        Self { stream, input: BytesMut::new(), sequence: 0, version: String::new(), is_busy: false }
    }

    async fn greeting(&mut self) -> Result<Greeting> {
        let packet = self.answer().await?;
        read_greeting(&packet).ok_or(WireError::Form("the greeting"))
    }

    /// `is_private` says whether nobody else can read what is sent.
    async fn prove(
        &mut self,
        who: &Credentials,
        greeting: Greeting,
        is_private: bool,
        more: Option<u32>,
    ) -> Result<()> {
        let Greeting { version, challenge, plugin, .. } = greeting;
        self.version = version;
        // A method that is not known is answered by another one; the server then says which one it wants.
        let plugin = if matches!(plugin.as_str(), NATIVE | CACHING) { plugin } else { NATIVE.to_owned() };
        let answer = proof(&plugin, &who.password, &challenge).unwrap_or_default();
        let mut reply = head(capabilities(who) | more.unwrap_or_default());
        reply.extend_from_slice(who.user.as_bytes());
        reply.push(0);
        reply.push(answer.len() as u8);
        reply.extend_from_slice(&answer);
        if let Some(database) = &who.database {
            reply.extend_from_slice(database.as_bytes());
            reply.push(0);
        }
        reply.extend_from_slice(plugin.as_bytes());
        reply.push(0);
        self.send(&reply).await?;
        self.verdict(who, plugin, is_private).await
    }

    async fn verdict(&mut self, who: &Credentials, mut plugin: String, is_private: bool) -> Result<()> {
        loop {
            let packet = self.packet().await?;
            match packet.first() {
                Some(&OK) => return Ok(()),
                Some(&ERROR) => return Err(packet::error(&packet)),
                Some(&EOF) => {
                    let mut fields = Fields(&packet[1..]);
                    let name = fields.until_zero().ok_or(WireError::Form("a change of the method of the login"))?;
                    plugin = String::from_utf8_lossy(name).into_owned();
                    let challenge: Vec<u8> = fields.0.iter().copied().take(CHALLENGE).collect();
                    if plugin == SHA && (is_private || who.password.is_empty()) {
                        self.send(&in_clear(&who.password)).await?;
                        continue;
                    }
                    let answer = proof(&plugin, &who.password, &challenge).ok_or_else(|| unknown(&plugin))?;
                    self.send(&answer).await?;
                }
                Some(&MORE) if plugin == CACHING => match packet.get(1) {
                    Some(&FAST) => {}
                    Some(&FULL) if is_private => self.send(&in_clear(&who.password)).await?,
                    Some(&FULL) => {
                        return Err(WireError::Login(
                            "the server wants the password itself, which is sent over an encrypted connection only"
                                .to_owned(),
                        ));
                    }
                    _ => return Err(WireError::Form("an answer to the login")),
                },
                _ => return Err(WireError::Form("an answer to the login")),
            }
        }
    }
}

/// Reads the greeting byte by byte, so that nothing of what is encrypted is read with it.
struct Greeter {
    stream: TcpStream,
}

impl Greeter {
    async fn greeting(&mut self) -> Result<(Greeting, u8)> {
        use tokio::io::AsyncReadExt;
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).await?;
        let mut packet = vec![0; usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16];
        self.stream.read_exact(&mut packet).await?;
        if packet.first() == Some(&ERROR) {
            return Err(packet::error(&packet));
        }
        let greeting = read_greeting(&packet).ok_or(WireError::Form("the greeting"))?;
        Ok((greeting, head[3].wrapping_add(1)))
    }

    async fn ask_for_tls(mut self, capabilities: u32, sequence: u8) -> Result<TcpStream> {
        use tokio::io::AsyncWriteExt;
        let request = head(capabilities);
        let mut packet = (request.len() as u32).to_le_bytes()[..3].to_vec();
        packet.push(sequence);
        packet.extend(request);
        self.stream.write_all(&packet).await?;
        Ok(self.stream)
    }
}

fn capabilities(who: &Credentials) -> u32 {
    let database = if who.database.is_some() { CONNECT_WITH_DB } else { 0 };
    let text = LONG_PASSWORD | LONG_FLAG | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION;
    text | PLUGIN_AUTH | PLUGIN_AUTH_LENENC | database
}

/// What a reply begins with: capabilities, the longest packet, and the character set.
fn head(capabilities: u32) -> Vec<u8> {
    let mut reply = capabilities.to_le_bytes().to_vec();
    reply.extend_from_slice(&(super::MOST as u32).to_le_bytes());
    reply.push(UTF8MB4);
    reply.extend_from_slice(&[0; 23]);
    reply
}

fn in_clear(password: &str) -> Vec<u8> {
    [password.as_bytes(), &[0]].concat()
}

fn unknown(plugin: &str) -> WireError {
    WireError::Login(format!("the server wants the login by '{plugin}', which is not known here"))
}

/// Version 10 of the protocol, which every server since 2000 speaks.
fn read_greeting(packet: &[u8]) -> Option<Greeting> {
    let mut fields = Fields(packet);
    if fields.byte()? != 10 {
        return None;
    }
    let version = String::from_utf8_lossy(fields.until_zero()?).into_owned();
    let _thread = fields.number(4)?;
    let mut challenge = fields.take(8)?.to_vec();
    let _filler = fields.byte()?;
    let low = fields.number(2)?;
    let (_charset, _status) = (fields.byte()?, fields.number(2)?);
    let high = fields.number(2)?;
    let length = usize::from(fields.byte()?);
    let _reserved = fields.take(10)?;
    let rest = length.saturating_sub(8).max(13);
    challenge.extend_from_slice(fields.take(rest.min(fields.0.len()))?);
    challenge.truncate(CHALLENGE);
    let plugin = fields.until_zero().map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
    Some(Greeting { version, capabilities: (low | high << 16) as u32, challenge, plugin })
}

/// What proves that one knows a password; `None` for a method that is not known, or that would show it.
fn proof(plugin: &str, password: &str, challenge: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match plugin {
        NATIVE => &SHA1_FOR_LEGACY_USE_ONLY,
        CACHING => &SHA256,
        _ => return None,
    };
    if password.is_empty() {
        return Some(Vec::new());
    }
    let hash = |parts: &[&[u8]]| {
        let mut context = Context::new(algorithm);
        parts.iter().for_each(|part| context.update(part));
        context.finish()
    };
    let once = hash(&[password.as_bytes()]);
    let twice = hash(&[once.as_ref()]);
    let mask = match plugin {
        NATIVE => hash(&[challenge, twice.as_ref()]),
        _ => hash(&[twice.as_ref(), challenge]),
    };
    Some(once.as_ref().iter().zip(mask.as_ref()).map(|(byte, mask)| byte ^ mask).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by Python's hashlib, by the formulas of the manual.
    #[test]
    fn proofs_are_those_of_the_manual() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let challenge: Vec<u8> = (1..=20).collect();
        let of = |plugin| proof(plugin, "s3cret", &challenge).map(hex);
        assert_eq!(of(NATIVE).unwrap(), "f66fdd3ff855d9349a0ddb50c4a1a535fb412465");
        assert_eq!(of(CACHING).unwrap(), "3f3a9a7786fd9be9a006eed686b4e6b76484fdc06dc15685df5f8793574b84fc");
        assert_eq!(of("client_ed25519"), None);
        assert_eq!(proof(NATIVE, "", &challenge), Some(Vec::new()));
    }

    #[test]
    fn a_greeting_is_read_or_refused() {
        let mut packet = b"\x0a8.0.36\0\x01\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15".to_vec();
        packet.extend([0; 10]);
        packet.extend(b"ijklmnopqrst\0caching_sha2_password\0");
        let greeting = read_greeting(&packet).unwrap();
        assert_eq!((greeting.version.as_str(), greeting.plugin.as_str()), ("8.0.36", CACHING));
        assert_eq!(greeting.challenge, b"abcdefghijklmnopqrst");
        assert!(greeting.capabilities & SSL != 0 && greeting.capabilities & PLUGIN_AUTH != 0);
        assert!(read_greeting(&packet[..20]).is_none() && read_greeting(b"\x09old").is_none());
    }
}
