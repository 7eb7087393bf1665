//! Reaching the database, and what its errors mean to a person.

use std::path::PathBuf;
use std::time::Duration;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use headwater_sdk::{Blame, Error, Result};
use tokio::task::AbortHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::codes;
use crate::database::{self, Tls, TlsCodes};
use crate::text::{LOOSE_SIGN, has_loose_sign};

/// How long a server has to answer, unless the connection says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long one that has answered has to let a session begin.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection over which nothing comes for this long is tried out, so that a load does not wait for a server that is gone.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// What every session is set to: values are read in one form whatever the server's and the role's defaults are, no limit of theirs
/// cuts a long load off, and nothing can be written. A database without an encoding would refuse to send what is no UTF-8: its bytes
/// come as they are, and those that are no text make bad rows.
const SESSION: &str = "select set_config('client_encoding', case getdatabaseencoding() when 'SQL_ASCII' then 'SQL_ASCII' \
                       else 'UTF8' end, false); set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601'; \
                       set timezone = 'UTC'; set lc_monetary = 'C'; set extra_float_digits = 3; set statement_timeout = 0; set lock_timeout = '60s'; \
                       set idle_in_transaction_session_timeout = 0; set default_transaction_read_only = on";

/// A session with the server.
pub(super) struct Session {
    client: Client,
    connection: AbortHandle,
    /// Whether an answer is under way.
    pub(super) is_busy: bool,
}

impl std::ops::Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Session {
    /// The rest of an answer that nobody waits for is not read: it may be a whole table.
    fn drop(&mut self) {
        if self.is_busy {
            self.connection.abort();
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("is_busy", &self.is_busy).finish_non_exhaustive()
    }
}

/// Where a database is, and how to speak to it.
#[derive(Debug, Clone)]
pub(super) struct Server {
    config: Config,
    tls: Tls,
    ca: Option<PathBuf>,
    /// What it is called in messages: host, port and database, without secrets.
    pub(super) name: String,
}

impl Server {
    /// Reads where a database is, how the connection is encrypted, and whose certificates are trusted.
    ///
    /// # Errors
    /// [`OptionsError`] when they make no sense.
    pub(super) fn new(
        connection: &str,
        tls: Option<Tls>,
        ca: Option<&str>,
        context: &OpenContext,
    ) -> std::result::Result<Self, OptionsError> {
        let wrong = |key: &'static str, message: String, help: &str| OptionsError {
            key: Some(key),
            message,
            help: Some(help.to_owned()),
        };
        let (connection, asked) = without_sslmode(connection);
        let mut config: Config = connection.parse().map_err(|error: tokio_postgres::Error| {
            // The text may hold the password: only the reason is shown.
            let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            let form = "write postgres://user:password@host:5432/database, or host=… port=… user=… password=… dbname=…";
            let help = if has_loose_sign(&connection) { LOOSE_SIGN } else { form };
            wrong("connection", format!("the connection cannot be read: {reason}"), help)
        })?;
        if config.get_hosts().is_empty() {
            let help = "add the host: postgres://user@host/database, or host=/var/run/postgresql for a socket";
            return Err(wrong("connection", "the connection names no host".to_owned(), help));
        }
        let has_at = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
        if config.get_hosts().iter().any(has_at) {
            let message = "the connection cannot be read: it has more than one @".to_owned();
            return Err(wrong("connection", message, LOOSE_SIGN));
        }
        let asked = match asked.as_deref() {
            None | Some("prefer" | "allow") => None,
            Some("disable") => Some(Tls::Off),
            Some("require") => Some(Tls::Encrypt),
            Some("verify-ca" | "verify-full") => Some(Tls::Verify),
            Some(other) => {
                let help = "leave it out and write `tls: verify`, `encrypt` or `off` beside the connection";
                return Err(wrong("connection", format!("there is no sslmode '{other}'"), help));
            }
        };
        let default = if config.get_hosts().iter().all(is_here) { Tls::Off } else { Tls::Verify };
        let tls = tls.or(asked).unwrap_or(default);
        if ca.is_some() && tls != Tls::Verify {
            let help = "write `tls: verify`, or leave `ca` out";
            return Err(wrong("ca", "certificates are given, and nothing is verified".to_owned(), help));
        }
        config.ssl_mode(if tls == Tls::Off { SslMode::Disable } else { SslMode::Require });
        config.application_name("headwater");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        config.keepalives_idle(config.get_keepalives_idle().min(KEEPALIVE));
        let ca = ca.map(|path| context.project_dir.join(path));
        let name = name(&config);
        Ok(Self { config, tls, ca, name })
    }

    /// A session of its own.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(super) async fn connect(&self) -> Result<Session> {
        // Each host has its own time to accept the connection.
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(u32::MAX);
        let accept = self.config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
        let patience = accept.saturating_mul(hosts).saturating_add(LOGIN_TIMEOUT);
        tokio::time::timeout(patience, self.log_in()).await.unwrap_or_else(|_late| {
            let message = format!("{}: it accepts the connection and says nothing for {patience:?}", self.name);
            Err(Error::new(codes::POSTGRES_UNREACHABLE, Blame::Environment, message)
                .help("check that a PostgreSQL listens at that port, and that it is not overloaded")
                .transient())
        })
    }

    async fn log_in(&self) -> Result<Session> {
        let codes = TlsCodes { options: codes::POSTGRES_OPTIONS, tls: codes::POSTGRES_TLS };
        let session = match database::encryption(self.tls, self.ca.as_deref(), codes)? {
            None => self.connect_by(NoTls).await?,
            Some(config) => self.connect_by(MakeRustlsConnect::new(config)).await?,
        };
        session.batch_execute(SESSION).await.map_err(|error| self.error(&error, "a session cannot be set up"))?;
        Ok(session)
    }

    async fn connect_by<T>(&self, tls: T) -> Result<Session>
    where
        T: MakeTlsConnect<Socket> + Send,
        T::Stream: Send + 'static,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let connected = self.config.connect(tls).await;
        let (client, connection) = connected.map_err(|error| self.error(&error, "it cannot be connected to"))?;
        // Ends with the client. What goes wrong is told to whoever waits for an answer.
        let connection = tokio::spawn(async move {
            let _told = connection.await;
        });
        Ok(Session { client, connection: connection.abort_handle(), is_busy: false })
    }

    /// The role that is logged in, for messages.
    pub(super) fn role(&self) -> &str {
        self.config.get_user().unwrap_or("the role")
    }

    /// An error of the database, for a person. `doing` says what was under way, e.g. `public.orders cannot be read`.
    pub(super) fn error(&self, error: &tokio_postgres::Error, doing: &str) -> Error {
        let message = format!("{}: {doing}", self.name);
        let (code, blame, transient, help) = self.judge(error);
        let text = error.as_db_error().map_or_else(
            || std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string),
            |told| match told.detail() {
                Some(detail) => format!("{} ({detail})", told.message()),
                None => told.message().to_owned(),
            },
        );
        let told = Error::new(code, blame, format!("{message}: {text}")).help(help);
        if transient { told.transient() } else { told }
    }

    fn judge(&self, error: &tokio_postgres::Error) -> (&'static str, Blame, bool, String) {
        let (here, data) = (Blame::Environment, Blame::Data);
        let Some(told) = error.as_db_error() else {
            let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            if text.contains("certificate") || text.contains("TLS") || error.to_string().contains("TLS") {
                let help = "give the certificate's signer with `ca: file.pem`, or, on a network that you trust, write \
                            `tls: encrypt` (unverified) or `tls: off`";
                return (codes::POSTGRES_TLS, here, false, help.to_owned());
            }
            let help = "check host and port, that the server runs and listens there, and firewalls in between";
            return (codes::POSTGRES_UNREACHABLE, here, true, help.to_owned());
        };
        let state = told.code();
        let role = self.role();
        match *state {
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                let help = format!("check the user {role}, its password, and what pg_hba.conf of the server allows");
                (codes::POSTGRES_REFUSED, here, false, help)
            }
            SqlState::INVALID_CATALOG_NAME => {
                (codes::POSTGRES_REFUSED, Blame::Project, false, "correct the database in the connection".to_owned())
            }
            SqlState::INSUFFICIENT_PRIVILEGE => {
                // The server names what it denies in its message alone.
                let denied = |kind: &str| told.message().strip_prefix(&format!("permission denied for {kind} "));
                let help = if let Some(schema) = denied("schema") {
                    format!(
                        "let it read: grant usage on schema {schema} to {role}; grant select on all tables in schema {schema} to {role}"
                    )
                } else if let Some(table) = ["table", "view", "relation"].into_iter().find_map(denied) {
                    format!("let it read: grant select on {table} to {role}")
                } else {
                    format!("let {role} read it: grant usage on its schema, and grant select on the table")
                };
                (codes::POSTGRES_FORBIDDEN, here, false, help)
            }
            // Class 42: syntax, and names that are not there, or mean several things.
            _ if state.code().starts_with("42") || *state == SqlState::INVALID_SCHEMA_NAME => {
                let help = "correct `from`, `where` or `query` of the stream".to_owned();
                (codes::POSTGRES_OPTIONS, Blame::Project, false, help)
            }
            _ if ["08", "53", "57", "40", "58", "55"].iter().any(|class| state.code().starts_with(class)) => {
                let help = "the server ended the work: the next try may succeed; its log says more".to_owned();
                (codes::POSTGRES_UNREACHABLE, here, true, help)
            }
            _ if state.code().starts_with("22") => {
                let help = "correct the data, or the `where` or `query` that computes with it".to_owned();
                (codes::POSTGRES_FAILED, data, false, help)
            }
            _ => {
                let help =
                    format!("PostgreSQL's code is {}: its documentation and the server's log say more", state.code());
                (codes::POSTGRES_FAILED, here, false, help)
            }
        }
    }
}

/// Whether traffic to a host never leaves the machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => database::is_here(name),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn name(config: &Config) -> String {
    let hosts = config.get_hosts().iter().enumerate().map(|(index, host)| {
        let port = config.get_ports().get(index).or(config.get_ports().first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        }
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    format!("{hosts}/{}", config.get_dbname().or(config.get_user()).unwrap_or_default())
}

/// A connection without its `sslmode`, of which the driver knows fewer than libpq, and that.
fn without_sslmode(connection: &str) -> (String, Option<String>) {
    const KEY: &str = "sslmode=";
    // Not within a password.
    let is_key =
        |start: usize| connection[..start].chars().next_back().is_none_or(|c| "?&".contains(c) || c.is_whitespace());
    let Some(start) = connection.match_indices(KEY).map(|(start, _)| start).find(|start| is_key(*start)) else {
        return (connection.to_owned(), None);
    };
    let value = &connection[start + KEY.len()..];
    let end = value.find(|c: char| c == '&' || c.is_whitespace()).unwrap_or(value.len());
    let (mode, rest) = value.split_at(end);
    let before = connection[..start].to_owned();
    let joined = match rest.strip_prefix('&') {
        Some(rest) => before + rest,
        None => before.strip_suffix(['&', '?']).map(str::to_owned).unwrap_or(before) + rest,
    };
    (joined, Some(mode.trim_matches('\'').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sslmode_is_taken_out_wherever_it_stands() {
        let of = |text: &str| without_sslmode(text);
        let mode = |text: &str| Some(text.to_owned());
        assert_eq!(of("postgres://h/d?sslmode=require"), ("postgres://h/d".into(), mode("require")));
        assert_eq!(of("postgres://h/d?sslmode=disable&a=1"), ("postgres://h/d?a=1".into(), mode("disable")));
        assert_eq!(of("postgres://h/d?a=1&sslmode=verify-full"), ("postgres://h/d?a=1".into(), mode("verify-full")));
        assert_eq!(of("host=h sslmode='prefer' user=u"), ("host=h  user=u".into(), mode("prefer")));
        assert_eq!(of("host=h"), ("host=h".into(), None));
        assert_eq!(of("host=h password=xsslmode=off"), ("host=h password=xsslmode=off".into(), None));
    }

    #[test]
    fn servers_elsewhere_are_verified() {
        let context = OpenContext {
            project_dir: PathBuf::from("."),
            storage: Default::default(),
            secrets: Vec::new(),
            lake_name: String::new(),
        };
        let of = |connection: &str| Server::new(connection, None, None, &context).map(|server| server.tls);
        assert_eq!(of("postgres://u:p@db.example.com/d").unwrap(), Tls::Verify);
        assert_eq!(of("postgres://u:p@127.0.0.1/d").unwrap(), Tls::Off);
        assert_eq!(of("host=/var/run/postgresql user=u").unwrap(), Tls::Off);
        assert_eq!(of("postgres://u:p@db.example.com/d?sslmode=disable").unwrap(), Tls::Off);
        assert!(of("postgres://u:p@h:notaport/d").unwrap_err().message.contains("cannot be read"));
        for password in ["p@w", "p@w:x"] {
            let error = of(&format!("postgres://u:{password}@h/d")).unwrap_err();
            assert!(error.help.unwrap().contains("%40") && !error.message.contains(password), "{password}");
        }
        assert!(of("postgres://u:p#w?/@h/d").is_ok());
        assert!(of("user=u").unwrap_err().message.contains("no host"));
    }
}
