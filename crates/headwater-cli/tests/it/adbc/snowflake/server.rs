//! fakesnow, an emulator of Snowflake, and its tables by Snowflake's own client.

use std::process::Command;

use tempfile::TempDir;

use crate::adbc::installed;
use crate::held::{Held, free_port, leash, printed};
use crate::program::workspace;

/// A Python with fakesnow, Snowflake's client, and its ADBC driver.
pub(super) fn python() -> String {
    installed("HEADWATER_SNOWFLAKE_PYTHON")
}

/// A running server.
pub(super) struct Server {
    /// None while it is started anew.
    program: Option<Held>,
    port: u16,
    tables: TempDir,
}

impl Server {
    /// Starts a server on a free port.
    pub(super) fn start() -> Self {
        let (port, tables) = (free_port(), tempfile::tempdir().unwrap());
        Self { program: Some(Self::run(port, &tables)), port, tables }
    }

    /// Ends it, and starts it again with its tables.
    pub(super) fn restart(&mut self) {
        self.program = None;
        self.program = Some(Self::run(self.port, &self.tables));
    }

    fn run(port: u16, tables: &TempDir) -> Held {
        let program = workspace().join("crates/headwater-cli/tests/it/adbc/snowflake/server.py");
        let mut held = leash(python());
        held.arg(program).arg(port.to_string()).arg(tables.path());
        Held::start_answering(&mut held, port, String::new)
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
        printed(client.args(["-c", program, &self.port.to_string(), database]).args(statements))
    }
}
