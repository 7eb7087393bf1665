//! A PostgreSQL of the tests' own: one server for all of them, a database for each.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// How long the server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Starts the server, again at once for each line of standard input, and ends it at once when that ends: when this process does,
/// however that comes.
const LEASH: &str = "program=$0; start() { \"$program\" \"$@\" & server=$!; }; start \"$@\"
while read -r _; do kill -QUIT $server; wait $server; start \"$@\"; done
kill -QUIT $server; wait $server; rm -rf \"$FOLDER\"";
/// The superuser, and its password.
pub(crate) const OWNER: (&str, &str) = ("postgres", "s3cret-of-the-tests");

pub(crate) struct Server {
    programs: PathBuf,
    port: u16,
    /// The shell that holds it; its standard input is open as long as this process lives.
    leash: Mutex<Child>,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start("logical"))
}

/// PostgreSQL refuses to run as root: its own user does it then.
fn as_its_user(program: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(program);
    command
}

impl Server {
    /// One of a test's own, to be restarted or set up otherwise. It ends with this process.
    pub(crate) fn own(wal_level: &str) -> &'static Self {
        Box::leak(Box::new(Self::start(wal_level)))
    }

    /// Ends it without any ado, as a crash does, and starts it again.
    pub(crate) fn restart(&self) {
        let since = || self.psql("postgres", "select pg_postmaster_start_time()").stdout;
        let before = since();
        let mut leash = self.leash.lock().unwrap();
        leash.stdin.as_mut().unwrap().write_all(b"again\n").unwrap();
        let began = Instant::now();
        loop {
            let now = since();
            if !now.is_empty() && now != before {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "PostgreSQL does not come back");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn start(wal_level: &str) -> Self {
        let programs = std::env::var_os("HEADWATER_POSTGRES").unwrap_or_else(|| {
            panic!("HEADWATER_POSTGRES is not set: run the tests with ./test, which installs PostgreSQL and sets it")
        });
        let programs = PathBuf::from(programs);
        assert!(
            programs.join("initdb").is_file(),
            "there is no {}/initdb: run the tests with ./test",
            programs.display()
        );
        let folder = tempfile::tempdir().unwrap().keep();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        let (data, password) = (folder.join("data"), folder.join("password"));
        std::fs::write(&password, OWNER.1).unwrap();
        let made = as_its_user(&programs.join("initdb"))
            .args([
                "--auth",
                "scram-sha-256",
                "--username",
                OWNER.0,
                "--encoding",
                "UTF8",
                "--no-sync",
                "--locale",
                "C",
            ])
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(&data)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        for (name, text) in
            [("server.crt", include_str!("tls/server.crt")), ("server.key", include_str!("tls/server.key"))]
        {
            std::fs::write(folder.join(name), text).unwrap();
            // The server takes a key only if nobody else can read it.
            let mut install = as_its_user(Path::new("install"));
            install.args(["-m", "600"]).arg(folder.join(name)).arg(data.join(name)).current_dir(&folder);
            assert!(install.status().unwrap().success(), "{name} cannot be put into {}", data.display());
        }
        let port = crate::held::free_port();
        let wal_level = format!("wal_level={wal_level}");
        let settings = [
            "ssl=on",
            "listen_addresses=127.0.0.1",
            "fsync=off",
            &wal_level,
            "max_connections=300",
            "max_replication_slots=100",
            "max_wal_senders=5",
        ];
        let inner = as_its_user(&programs.join("postgres"));
        let mut leash = Command::new("sh");
        leash.arg("-c").arg(LEASH).arg(inner.get_program()).args(inner.get_args());
        leash.arg("-D").arg(&data).arg("-k").arg(&folder).args(["-p", &port.to_string()]);
        leash.args(settings.iter().flat_map(|setting| ["-c", setting])).env("FOLDER", &folder).current_dir(&folder);
        let leash = leash.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { programs, port, leash: Mutex::new(leash) };
        let began = Instant::now();
        while !server.psql("postgres", "select 1").status.success() {
            assert!(began.elapsed() < PATIENCE, "PostgreSQL does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn psql(&self, database: &str, sql: &str) -> std::process::Output {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        psql.args(["-U", OWNER.0, "-d", database]).env("PGPASSWORD", OWNER.1).env("PGTZ", "UTC");
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // After a mistake psql reads no further, and says what it was.
        let _written = child.stdin.take().unwrap().write_all(sql.as_bytes());
        child.wait_with_output().unwrap()
    }
}

/// A database of a test's own.
pub(crate) struct Database {
    server: &'static Server,
    name: String,
}

impl Database {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self::on(server())
    }

    /// An empty one on a server.
    pub(crate) fn on(server: &'static Server) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let database = Self { server, name: format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed)) };
        let made = server.psql("postgres", &format!("create database {}", database.name));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        database
    }

    /// What SQL answers, as psql writes it: rows by lines, fields apart by `|`.
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        let output = self.server.psql(&self.name, sql);
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// SQL that goes on beside the test.
    pub(crate) fn beside(&self, sql: &str) -> std::thread::JoinHandle<()> {
        let (server, name, sql) = (self.server, self.name.clone(), sql.to_owned());
        std::thread::spawn(move || {
            let output = server.psql(&name, &sql);
            assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        })
    }

    /// A name of its own on the server, for a slot.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, for its owner.
    pub(crate) fn url(&self) -> String {
        self.url_of(OWNER.0, OWNER.1)
    }

    /// Where it is, for somebody.
    pub(crate) fn url_of(&self, user: &str, password: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{}", self.server.port, self.name)
    }
}

/// SQL in a database of another name.
#[track_caller]
pub(crate) fn on(database: &str, sql: &str) {
    let output = server().psql(database, sql);
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
}
