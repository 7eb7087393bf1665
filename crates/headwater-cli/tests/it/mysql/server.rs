//! A MariaDB of the tests' own: one server for all of them, a database for each.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long the server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Starts the server, and ends it at once when standard input ends: when this process does, however that comes.
const LEASH: &str = "\"$0\" \"$@\" & server=$!; read -r _; kill -KILL $server; wait $server; rm -rf \"$FOLDER\"";
/// Who may do everything, and the password.
pub(crate) const OWNER: (&str, &str) = ("owner", "s3cret-of-the-tests");

/// A server with settings of its own beside those of all.
pub(crate) struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    /// The shell that holds it; its standard input is open as long as this process lives.
    _leash: Child,
}

/// The one that most tests share.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[]))
}

impl Server {
    /// Starts one with settings such as `--log-bin=binlog`; without any, with those of the tests.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let programs = std::env::var_os("HEADWATER_MARIADB").unwrap_or_else(|| {
            panic!("HEADWATER_MARIADB is not set: run the tests with ./test, which installs MariaDB and sets it")
        });
        let programs = PathBuf::from(programs);
        let program =
            [programs.join("mariadbd"), programs.join("../sbin/mariadbd")].into_iter().find(|path| path.is_file());
        let program = program.unwrap_or_else(|| {
            panic!("there is no mariadbd in or beside {}: run the tests with ./test", programs.display())
        });
        let folder = tempfile::tempdir().unwrap().keep();
        let data = folder.join("data");
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let made = Command::new(programs.join("mariadb-install-db"))
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-log-bin"])
            .arg(format!("--datadir={}", data.display()))
            .args(is_root.then_some("--user=root"))
            // As below.
            .env("TMPDIR", &folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "mariadb-install-db: {}", String::from_utf8_lossy(&made.stderr));
        for (name, text) in [
            ("server.crt", include_str!("../postgres/tls/server.crt")),
            ("server.key", include_str!("../postgres/tls/server.key")),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let init = folder.join("init.sql");
        let (name, password) = OWNER;
        std::fs::write(&init, format!("create or replace user {name}@'127.0.0.1' identified by '{password}';\ngrant all on *.* to {name}@'127.0.0.1' with grant option;\n")).unwrap();
        let port = crate::held::free_port();
        let settings = if settings.is_empty() { &["--log-bin=binlog", "--binlog-format=ROW"][..] } else { settings };
        let mut leash = Command::new("sh");
        leash.arg("-c").arg(LEASH).arg(program).args([
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--server-id=1",
            "--skip-name-resolve",
        ]);
        leash.args(is_root.then_some("--user=root")).arg(format!("--port={port}"));
        for (name, path) in [
            ("datadir", data),
            // Servers that share one take each other's temporary files away.
            ("tmpdir", folder.clone()),
            ("socket", folder.join("socket")),
            ("init-file", init),
            ("ssl-cert", folder.join("server.crt")),
            ("ssl-key", folder.join("server.key")),
        ] {
            leash.arg(format!("--{name}={}", path.display()));
        }
        leash.args([
            "--innodb-flush-log-at-trx-commit=0",
            "--sync-binlog=0",
            "--max-connections=400",
            "--max-allowed-packet=64M",
        ]);
        leash.args(settings).env("FOLDER", &folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { programs, folder, port, _leash: leash.spawn().unwrap() };
        let began = Instant::now();
        while !server.client("mysql", "select 1").status.success() {
            assert!(began.elapsed() < PATIENCE, "MariaDB does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn client(&self, database: &str, sql: &str) -> std::process::Output {
        let mut client = Command::new(self.programs.join("mariadb"));
        client.args([
            "--no-defaults",
            "--batch",
            "--skip-column-names",
            "--default-character-set=utf8mb4",
            "--skip-ssl",
        ]);
        client.args(["--host=127.0.0.1", &format!("--port={}", self.port), &format!("--user={}", OWNER.0), database]);
        client.env("MYSQL_PWD", OWNER.1).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = client.spawn().unwrap();
        // After a mistake it reads no further, and says what it was.
        let _written = child.stdin.take().unwrap().write_all(sql.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Where its socket is.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }
}

/// A database of a test's own.
pub(crate) struct Database {
    /// The server, where it is the test's own, too.
    own: Option<Server>,
    name: String,
}

impl Database {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self::of(None)
    }

    /// One on a server of the test's own.
    pub(crate) fn on(server: Server) -> Self {
        Self::of(Some(server))
    }

    /// One of a given name.
    pub(crate) fn named(server: Server, name: &str) -> Self {
        let database = Self { own: Some(server), name: name.to_owned() };
        database.sql_in("mysql", &format!("create database {name} character set utf8mb4"));
        database
    }

    fn of(own: Option<Server>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let database = Self { own, name: format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed)) };
        let made =
            database.server().client("mysql", &format!("create database {} character set utf8mb4", database.name));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        database
    }

    pub(crate) fn server(&self) -> &Server {
        self.own.as_ref().unwrap_or_else(|| server())
    }

    /// What SQL answers, as the client writes it: rows by lines, fields apart by tabs.
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.sql_in(&self.name, sql)
    }

    #[track_caller]
    fn sql_in(&self, database: &str, sql: &str) -> String {
        let output = self.server().client(database, &format!("set time_zone = '+00:00';\n{sql}"));
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// SQL that is tried.
    pub(crate) fn tries(&self, sql: &str) -> bool {
        self.server().client(&self.name, sql).status.success()
    }

    /// SQL that goes on beside the test.
    pub(crate) fn beside(&self, sql: &str) -> std::thread::JoinHandle<()> {
        assert!(self.own.is_none(), "the server outlives the thread");
        let (name, sql) = (self.name.clone(), sql.to_owned());
        std::thread::spawn(move || {
            let output = server().client(&name, &sql);
            assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn port(&self) -> u16 {
        self.server().port
    }

    /// Where it is, for its owner.
    pub(crate) fn url(&self) -> String {
        self.url_of(OWNER.0, OWNER.1)
    }

    /// Where it is, for somebody.
    pub(crate) fn url_of(&self, user: &str, password: &str) -> String {
        format!("mysql://{user}:{password}@127.0.0.1:{}/{}", self.server().port, self.name)
    }
}
