//! Files of SFTP servers, as those of an object store.
//!
//! ```text
//! SftpStore ─► Server (one connection, made again when it is lost) ─► Session (requests and answers) ─► russh ─► the network
//! ```
//!
//! Nothing is sent to a server before its host key is known (`trust`). Reads are asked for ahead, writes go to a name of their own and
//! are put into their place when they are whole.

mod address;
mod connect;
mod failure;
mod known_hosts;
mod login;
mod options;
mod read;
mod server;
mod session;
mod store;
mod trust;
mod wire;
mod write;

use std::path::Path;
use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use object_store::path::Path as StorePath;

use address::Address;
pub use options::SftpOptions;
use server::Server;
pub(crate) use store::SftpStore;
pub(crate) use write::is_unfinished;

/// The store of a server that a location names, the folder in it, and what comes before a file's path in messages. Nothing is reached
/// for yet.
///
/// # Errors
/// [`OptionsError`] when there can be no such place.
pub(crate) fn store(
    location: &str,
    options: &SftpOptions,
    project: &Path,
) -> Result<(SftpStore, StorePath, String), OptionsError> {
    let (address, folder, shown) = Address::new(location, options, project)?;
    Ok((SftpStore { server: Arc::new(Server::new(address)) }, folder, shown))
}
