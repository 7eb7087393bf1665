//! Reaching the server, and what its errors mean to a person.

use std::path::PathBuf;
use std::time::Duration;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use headwater_sdk::{Blame, Error, Result};
use url::Url;

use super::options::ZeroDates;
use super::wire::{Address, Credentials, Wire, WireError};
use crate::codes;
use crate::database::{Tls, TlsCodes, encryption, is_here};
use crate::text::{LOOSE_SIGN, has_loose_sign, percent_decoded};

/// How long a server has to let a session begin.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a session may stand still, and the server wait for somebody who reads slowly: eight hours.
const STILL: u32 = 8 * 3600;

/// How values are taken in a session that writes: none is cut, and a 0 is a 0 in a column that counts by itself.
const STRICT: &str = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION";

/// A session with the server.
pub(super) type Session = Wire;

/// Which of the two it is, with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    MariaDb(u32, u32),
    MySql(u32, u32),
}

impl Flavour {
    /// That of a session's server, by what it says in its greeting.
    pub(super) fn of(session: &Session) -> Self {
        let maria = session.version.contains("MariaDB");
        // Replication of old made MariaDB say `5.5.5-10.11.6-MariaDB`.
        let version = session.version.strip_prefix("5.5.5-").filter(|_| maria).unwrap_or(&session.version);
        let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|digits| digits.parse().unwrap_or(0));
        let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if maria { Self::MariaDb(major, minor) } else { Self::MySql(major, minor) }
    }

    pub(super) fn is_mariadb(self) -> bool {
        matches!(self, Self::MariaDb(..))
    }
}

/// Where a database is, and how to speak to it.
#[derive(Debug, Clone)]
pub(super) struct Server {
    address: Address,
    who: Credentials,
    tls: Tls,
    ca: Option<PathBuf>,
    pub(super) zero_dates: ZeroDates,
    /// What it is called in messages: host, port and database, without secrets.
    pub(super) name: String,
}

impl Server {
    /// Reads the options of a source or a destination.
    ///
    /// # Errors
    /// [`OptionsError`] when they make no sense.
    pub(super) fn new(
        connection: &str,
        tls: Option<Tls>,
        ca: Option<&str>,
        zero_dates: ZeroDates,
        context: &OpenContext,
    ) -> std::result::Result<Self, OptionsError> {
        let wrong = |key: &'static str, message: String, help: &str| OptionsError {
            key: Some(key),
            message,
            help: Some(help.to_owned()),
        };
        const FORM: &str = "write mysql://user:password@host:3306/database, with %40 for an @ in the password";
        // The text may hold the password: only the reason is shown.
        let help = if has_loose_sign(connection) { LOOSE_SIGN } else { FORM };
        let cannot = |reason: &str| wrong("connection", format!("the connection cannot be read: {reason}"), help);
        let url = Url::parse(connection).map_err(|error| cannot(&error.to_string()))?;
        if !matches!(url.scheme(), "mysql" | "mariadb") {
            return Err(cannot("it does not begin with mysql:// or mariadb://"));
        }
        let decoded = |text: &str| percent_decoded(text).ok_or_else(|| cannot("what stands behind a % is no UTF-8"));
        let (mut socket, mut asked) = (None, None);
        for (key, value) in url.query_pairs() {
            match (key.as_ref(), value.as_ref()) {
                ("socket", path) => socket = Some(PathBuf::from(path)),
                ("ssl-mode" | "ssl_mode", mode) => {
                    asked = match mode.to_ascii_uppercase().as_str() {
                        "PREFERRED" => None,
                        "DISABLED" => Some(Tls::Off),
                        "REQUIRED" => Some(Tls::Encrypt),
                        "VERIFY_CA" | "VERIFY_IDENTITY" => Some(Tls::Verify),
                        other => {
                            let help = "leave it out and write `tls: verify`, `encrypt` or `off` beside the connection";
                            return Err(wrong("connection", format!("there is no ssl-mode '{other}'"), help));
                        }
                    };
                }
                (other, _) => {
                    let help = "`socket` and `ssl-mode` may stand behind the ?; all else is set by this program";
                    return Err(wrong("connection", format!("'{other}' is not known of a connection"), help));
                }
            }
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let here = socket.is_some() || is_here(&host);
        let (address, place) = match socket {
            #[cfg(unix)]
            Some(path) => (Address::Socket(path.clone()), path.display().to_string()),
            #[cfg(not(unix))]
            Some(_) => return Err(cannot("there are no sockets of files on this system")),
            None if host.is_empty() => return Err(cannot("it names no host")),
            None => {
                let port = url.port().unwrap_or(3306);
                let place = format!("{host}:{port}");
                (Address::Tcp { host, port }, place)
            }
        };
        let database = decoded(url.path().trim_start_matches('/'))?;
        let who = Credentials {
            user: decoded(url.username())?,
            password: decoded(url.password().unwrap_or_default())?,
            database: (!database.is_empty()).then(|| database.clone()),
        };
        let tls = tls.or(asked).unwrap_or(if here { Tls::Off } else { Tls::Verify });
        if ca.is_some() && tls != Tls::Verify {
            let help = "write `tls: verify`, or leave `ca` out";
            return Err(wrong("ca", "certificates are given, and nothing is verified".to_owned(), help));
        }
        let ca = ca.map(|path| context.project_dir.join(path));
        let name = if database.is_empty() { place } else { format!("{place}/{database}") };
        Ok(Self { address, who, tls, ca, zero_dates, name })
    }

    /// A session of its own, in which nothing can be written.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(super) async fn connect(&self) -> Result<Session> {
        self.begin("", "read only").await
    }

    /// A session of its own that writes, and in which a value that does not fit is an error.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(super) async fn connect_to_write(&self) -> Result<Session> {
        self.begin(STRICT, "read write").await
    }

    async fn begin(&self, sql_mode: &str, access: &str) -> Result<Session> {
        tokio::time::timeout(PATIENCE, self.log_in(sql_mode, access)).await.unwrap_or_else(|_late| {
            let message = format!("{}: no session begins within {PATIENCE:?}", self.name);
            Err(Error::new(codes::MYSQL_UNREACHABLE, Blame::Environment, message)
                .help("check that a MySQL or MariaDB listens at that port, and that it is not overloaded")
                .transient())
        })
    }

    async fn log_in(&self, sql_mode: &str, access: &str) -> Result<Session> {
        let codes = TlsCodes { options: codes::MYSQL_OPTIONS, tls: codes::MYSQL_TLS };
        let encryption = encryption(self.tls, self.ca.as_deref(), codes)?.map(std::sync::Arc::new);
        let session = Wire::log_in(&self.address, &self.who, encryption.as_ref()).await;
        let mut session = session.map_err(|error| self.error(&error, "it cannot be connected to"))?;
        // Values have one form whatever the server's defaults are, and no limit of theirs cuts a long load off.
        let limit = if Flavour::of(&session).is_mariadb() { "max_statement_time" } else { "max_execution_time" };
        let set = format!(
            "set names utf8mb4, sql_mode = '{sql_mode}', time_zone = '+00:00', net_write_timeout = {STILL}, \
             net_read_timeout = {STILL}, wait_timeout = {STILL}, lock_wait_timeout = 60, sql_auto_is_null = 0"
        );
        for sql in [
            set.as_str(),
            &format!("set session transaction isolation level repeatable read, {access}"),
            // Versions before these settings have no such limit.
            &format!("set {limit} = 0"),
        ] {
            match session.all(sql).await {
                Err(WireError::Server { number: 1193, .. }) => {}
                done => done.map(drop).map_err(|error| self.error(&error, "a session cannot be set up"))?,
            }
        }
        Ok(session)
    }

    /// The rows of a statement that are few; `doing` says what for.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) async fn ask(&self, session: &mut Session, sql: &str, doing: &str) -> Result<Vec<Vec<Option<String>>>> {
        session.all(sql).await.map_err(|error| self.error(&error, doing))
    }

    /// The database of the connection; none where it names none.
    pub(super) fn database(&self) -> Option<&str> {
        self.who.database.as_deref()
    }

    /// Who is logged in, for messages.
    pub(super) fn user(&self) -> &str {
        &self.who.user
    }

    /// An error of the database, for a person. `doing` says what was under way, e.g. `shop.orders cannot be read`.
    pub(super) fn error(&self, error: &WireError, doing: &str) -> Error {
        let (code, blame, transient, help) = self.judge(error);
        let told = Error::new(code, blame, format!("{}: {doing}: {error}", self.name)).help(help);
        if transient { told.transient() } else { told }
    }

    fn judge(&self, error: &WireError) -> (&'static str, Blame, bool, String) {
        let (here, user) = (Blame::Environment, self.user());
        let (number, state) = match error {
            WireError::Server { number, state, .. } => (*number, state.as_str()),
            WireError::Tls(_) => {
                let help = "give the certificate's signer with `ca: file.pem`, or, on a network that you trust, write \
                            `tls: encrypt` (unverified) or `tls: off`";
                return (codes::MYSQL_TLS, here, false, help.to_owned());
            }
            WireError::Login(_) => {
                let help = format!(
                    "write `tls: verify` or `tls: encrypt`, or let {user} log in by caching_sha2_password or \
                     mysql_native_password"
                );
                return (codes::MYSQL_REFUSED, here, false, help);
            }
            WireError::Io(_) | WireError::Form(_) => {
                let help = "check host and port, that the server runs and listens there, and firewalls in between";
                return (codes::MYSQL_UNREACHABLE, here, true, help.to_owned());
            }
        };
        match number {
            1045 | 1130 | 1698 | 1820 | 1862 | 1251 | 1524 | 3118 | 4151 => {
                let help = format!("check the user {user}, its password, and from which hosts it may come");
                (codes::MYSQL_REFUSED, here, false, help)
            }
            1049 => (codes::MYSQL_REFUSED, Blame::Project, false, "correct the database in the connection".to_owned()),
            1044 | 1142 | 1143 | 1227 | 1370 | 3530 => {
                let help = format!("let it read: grant select on … to {user}");
                (codes::MYSQL_FORBIDDEN, here, false, help)
            }
            // Too many connections, a server that stops, work that was ended, a lock that was not given, what a disk has no room for.
            1040
            | 1053
            | 1077
            | 1079
            | 1152
            | 1158..=1161
            | 1184
            | 1203
            | 1205
            | 1213
            | 1226
            | 1317
            | 1927
            | 1969
            | 3024
            | 4031
            | 1021
            | 1129 => {
                let help = "the server ended the work: the next try may succeed; its log says more".to_owned();
                (codes::MYSQL_UNREACHABLE, here, true, help)
            }
            // Names that are not there or mean several things, and syntax.
            _ if state.starts_with("42") || matches!(number, 1792 | 1356 | 1290) => {
                let help = "correct `from`, `where` or `query` of the stream".to_owned();
                (codes::MYSQL_OPTIONS, Blame::Project, false, help)
            }
            _ if state.starts_with("22") => {
                let help = "correct the data, or the `where` or `query` that computes with it".to_owned();
                (codes::MYSQL_FAILED, Blame::Data, false, help)
            }
            _ => {
                let help = format!("the server's number is {number}: its documentation and its log say more");
                (codes::MYSQL_FAILED, here, false, help)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(connection: &str) -> std::result::Result<Server, OptionsError> {
        let context = OpenContext {
            project_dir: PathBuf::from("."),
            storage: Default::default(),
            secrets: Vec::new(),
            lake_name: String::new(),
        };
        Server::new(connection, None, None, ZeroDates::AsNull, &context)
    }

    #[test]
    fn servers_elsewhere_are_verified() {
        assert_eq!(server("mysql://u:p@db.example.com/d").unwrap().tls, Tls::Verify);
        assert_eq!(server("mariadb://u:p@127.0.0.1:3307/d").unwrap().tls, Tls::Off);
        assert_eq!(server("mysql://u@[::1]/d").unwrap().tls, Tls::Off);
        assert_eq!(server("mysql://u@localhost/d?socket=/run/m.sock").unwrap().name, "/run/m.sock/d");
        assert_eq!(server("mysql://u@db/d?ssl-mode=REQUIRED").unwrap().tls, Tls::Encrypt);
        assert_eq!(server("mysql://u@db").unwrap().name, "db:3306");
    }

    #[test]
    fn what_is_no_connection_is_told_without_its_password() {
        for (connection, words) in [
            ("mysql://u:top-secret@h:port/d", "cannot be read"),
            ("postgres://u:top-secret@h/d", "mysql://"),
            ("mysql://u:top-secret@h/d?ssl-mode=maybe", "MAYBE"),
            ("mysql://u:top-secret@h/d?charset=latin1", "'charset'"),
        ] {
            let error = server(connection).unwrap_err();
            assert!(error.message.contains(words) && !error.message.contains("top-secret"), "{}", error.message);
        }
        let loose = server("mysql://u:top#secret@h/d").unwrap_err();
        assert!(loose.help.unwrap().contains("%23") && !loose.message.contains("secret"), "{}", loose.message);
        assert_eq!(server("mysql://u:a%40b%25@h/d").unwrap().who.password, "a@b%");
    }
}
