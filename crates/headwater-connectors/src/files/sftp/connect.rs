//! Setting up a connection: a socket, a host key that is known, a user who is let in, and the server's SFTP.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use headwater_sdk::{Blame, Error};
use russh::client::Config;
use russh::keys::Algorithm;
use russh::{ChannelMsg, Preferred, cipher, kex};
use tokio::net::TcpStream;

use super::address::Address;
use super::failure::{Failure, unreachable};
use super::login::log_in;
use super::session::Session;
use super::trust::{Doorkeeper, Stopped};
use crate::codes;

/// How long the setting up may take, all in all.
const PATIENCE: Duration = Duration::from_secs(45);
/// How long nothing may come before the other side is asked whether it is there, which it may be three times.
const SILENCE: Duration = Duration::from_secs(15);
/// Bytes that a server may send before we have taken any: enough for networks with much delay.
const WINDOW: u32 = 8 << 20;
/// The most bytes of a packet; more than OpenSSH sends.
const PACKET: u32 = 65_535;

/// The fastest one first where processors have instructions for it, as those have that data is loaded on.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

/// What servers that are kept for long may still know, after what is preferred.
const MORE_EXCHANGES: [kex::Name; 3] = [kex::ECDH_SHA2_NISTP256, kex::ECDH_SHA2_NISTP384, kex::ECDH_SHA2_NISTP521];

/// Connects, and begins an SFTP session.
///
/// # Errors
/// When the server is not there, is not the one that is meant, lets the user not in, or has no SFTP.
pub(super) async fn connect(address: &Address) -> Result<Session, Failure> {
    match tokio::time::timeout(PATIENCE, set_up(address)).await {
        Ok(done) => done,
        Err(_) => Err(Failure::lost(&address.server, "it does not answer")),
    }
}

async fn set_up(address: &Address) -> Result<Session, Failure> {
    let doorkeeper = Doorkeeper::new(&address.host, address.port, &address.trust).map_err(Failure::Final)?;
    let unreachable = |error: std::io::Error| Failure::Lost(unreachable(&address.server).caused_by(error));
    let socket = TcpStream::connect((address.host.as_str(), address.port)).await.map_err(unreachable)?;
    socket.set_nodelay(true).map_err(unreachable)?;
    let mut preferred = Preferred { cipher: Cow::Borrowed(CIPHERS), ..Preferred::default() };
    preferred.key.to_mut().retain(|algorithm| !matches!(algorithm, Algorithm::Rsa { hash: None }));
    preferred.key = doorkeeper.in_order(&preferred.key);
    preferred.kex.to_mut().extend(MORE_EXCHANGES);
    let config = Config {
        preferred,
        window_size: WINDOW,
        maximum_packet_size: PACKET,
        keepalive_interval: Some(SILENCE),
        nodelay: true,
        ..Config::default()
    };
    let begun = russh::client::connect_stream(Arc::new(config), socket, doorkeeper).await;
    let mut connection = begun.map_err(|stopped| explained(stopped, address))?;
    log_in(address, &mut connection).await?;
    let lost = |error: russh::Error| Failure::lost(&address.server, &error.to_string());
    let mut channel = connection.channel_open_session().await.map_err(lost)?;
    channel.request_subsystem(true, "sftp").await.map_err(lost)?;
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => break,
            Some(ChannelMsg::Failure) => {
                let message = format!("the server {} has no SFTP", address.server);
                let help = "ask the server's operator to offer it (OpenSSH: `Subsystem sftp internal-sftp`)";
                return Err(Failure::Final(Error::new(codes::UNREACHABLE, Blame::Environment, message).help(help)));
            }
            Some(_) => {}
            None => return Err(Failure::lost(&address.server, "it ended the connection")),
        }
    }
    Session::begin(Arc::clone(&address.server), connection, channel).await
}

/// Why no connection came about.
fn explained(stopped: Stopped, address: &Address) -> Failure {
    match stopped {
        Stopped::Ours(error) => Failure::Final(error),
        Stopped::Ssh(error @ russh::Error::NoCommonAlgo { .. }) => {
            let message = format!("the server {} knows only what is not safe any more", address.server);
            let help =
                "ask the server's operator to bring it up to date: nothing that rests on SHA-1, CBC or DSA is spoken";
            Failure::Final(Error::new(codes::UNREACHABLE, Blame::Environment, message).help(help).caused_by(error))
        }
        Stopped::Ssh(error) => Failure::Lost(unreachable(&address.server).caused_by(error)),
    }
}
