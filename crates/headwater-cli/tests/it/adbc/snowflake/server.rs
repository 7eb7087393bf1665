//! fakesnow, an emulator of Snowflake, and its tables by Snowflake's own client.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::adbc::installed;

/// How long the server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Starts the server and ends it when standard input does: when this process ends, however that comes.
const LEASH: &str = "\"$0\" \"$@\" & server=$!; read -r _; kill $server; wait";

/// A Python with fakesnow, Snowflake's client, and its ADBC driver.
pub(super) fn python() -> String {
    installed("HEADWATER_SNOWFLAKE_PYTHON")
}

/// A running server.
pub(super) struct Server {
    /// The shell that holds it.
    leash: Child,
    port: u16,
    tables: TempDir,
}

impl Server {
    /// Starts a server on a free port.
    pub(super) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let tables = tempfile::tempdir().unwrap();
        Self { leash: Self::run(port, &tables), port, tables }
    }

    /// Ends it, and starts it again with its tables.
    pub(super) fn restart(&mut self) {
        self.end();
        self.leash = Self::run(self.port, &self.tables);
    }

    fn end(&mut self) {
        drop(self.leash.stdin.take());
        let _ = self.leash.wait();
    }

    fn run(port: u16, tables: &TempDir) -> Child {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/adbc/snowflake/server.py");
        let leash = Command::new("sh")
            .args(["-c", LEASH, &python()])
            .arg(program)
            .arg(port.to_string())
            .arg(tables.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "fakesnow does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        leash
    }

    /// How the driver reaches a database, which is made if it is not there.
    pub(super) fn uri(&self, database: &str, password: &str) -> String {
        let port = self.port;
        format!("me:{password}@127.0.0.1:{port}/{database}/shop?account=acme&protocol=http&warehouse=small")
    }

    /// Runs statements. Gives the rows of the last one, a line each, with nothing for null.
    #[track_caller]
    pub(super) fn ask(&self, database: &str, statements: &[&str]) -> String {
        let program = "import snowflake.connector, sys
port, database, *statements = sys.argv[1:]
client = snowflake.connector.connect(user='me', password='pw', account='acme', host='127.0.0.1', port=int(port), protocol='http',
    database=database, schema='shop', session_parameters={'CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED': False})
cursor = client.cursor()
for statement in statements: cursor.execute(statement)
for row in cursor.fetchall(): print(*('' if value is None else value for value in row), sep=',')
client.close()";
        let mut client = Command::new(python());
        client.args(["-c", program, &self.port.to_string(), database]).args(statements);
        let output = client.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}
