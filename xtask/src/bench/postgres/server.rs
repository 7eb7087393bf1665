//! A PostgreSQL with the tables that are read. Its folder is made once and kept.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::measure::capture;
use super::super::places::{Places, clear, make_folder, write};
use super::super::tools::Tool;
use crate::report::say;

/// How long a server may take to answer, also after it was killed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Starts a server, and ends it when standard input ends: when this process does, however that comes.
const LEASH: &str = "\"$0\" \"$@\" & server=$!; read -r _; kill -INT $server; wait $server";
/// Puts the first rows of what the generator makes into the table: its program, the scale, the lines, and `psql` with a COPY.
const FILL: &str =
    "scale=$1; lines=$2; shift 2; \"$0\" csv --quiet --stdout -T lineitem -s $scale | head -n $lines | \"$@\"";
/// Rows of `lineitem` at scale factor 1, in millions, and some fewer: there have to be enough.
const ROWS_OF_SCALE: f64 = 5.9e6;
/// The statement that makes the table, with the types of TPC-H's specification.
const TABLE: &str = "create table lineitem (l_orderkey bigint not null, l_partkey bigint not null, l_suppkey bigint not null, \
     l_linenumber integer not null, l_quantity numeric(15,2) not null, l_extendedprice numeric(15,2) not null, \
     l_discount numeric(15,2) not null, l_tax numeric(15,2) not null, l_returnflag char(1) not null, \
     l_linestatus char(1) not null, l_shipdate date not null, l_commitdate date not null, l_receiptdate date not null, \
     l_shipinstruct char(25) not null, l_shipmode char(10) not null, l_comment varchar(44) not null)";

/// The table of a tenth of the rows.
pub(super) const TENTH: &str = "lineitem_tenth";
/// The table.
pub(super) const WHOLE: &str = "lineitem";
/// The table of five times the rows.
pub(super) const FIVE: &str = "lineitem_five";

/// A server that runs as long as this value lives.
pub(in super::super) struct Server {
    programs: PathBuf,
    port: u16,
    leash: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.leash.stdin.take());
        // The server has been told to end.
        let _ended = self.leash.wait();
    }
}

impl Server {
    /// The server with `rows` rows in its table, made if it is not there.
    pub(super) fn start(places: &Places, rows: u64) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("headwater-bench-postgres-{rows}"));
        Self::start_in(&folder, &[], |server| server.fill(places, rows))
    }

    /// The server in a folder, with more settings, made and filled if it is not there.
    pub(in super::super) fn start_in(
        folder: &Path,
        settings: &[&str],
        fill: impl FnOnce(&Self) -> Result<(), String>,
    ) -> Result<Self, String> {
        let programs = programs()?;
        let (data, done) = (folder.join("data"), folder.join("done"));
        if !done.exists() {
            say(&format!("making {}\n", data.display()));
            clear(folder)?;
            make_folder(folder)?;
            let open = std::fs::Permissions::from_mode(0o777);
            std::fs::set_permissions(folder, open).map_err(|e| format!("cannot open {}: {e}", folder.display()))?;
            let mut make = as_its_user(&programs.join("initdb"));
            make.args(["--auth", "trust", "--username", "postgres"]);
            make.args(["--encoding", "UTF8", "--locale", "C", "--no-sync"]);
            capture(make.arg("--pgdata").arg(&data).current_dir(folder))?;
        }
        let server = Self::launch(programs, folder, &data, settings)?;
        if !done.exists() {
            fill(&server)?;
            write(&done, "")?;
        }
        Ok(server)
    }

    fn launch(programs: PathBuf, folder: &Path, data: &Path, more: &[&str]) -> Result<Self, String> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.map_err(|e| format!("there is no free port: {e}"))?.port();
        let inner = as_its_user(&programs.join("postgres"));
        let settings = ["listen_addresses=127.0.0.1", "fsync=off", "shared_buffers=256MB", "max_wal_size=8GB"];
        let mut leash = Command::new("sh");
        leash.arg("-c").arg(LEASH).arg(inner.get_program()).args(inner.get_args());
        leash.arg("-D").arg(data).arg("-k").arg(folder).args(["-p", &port.to_string()]);
        leash.args(settings.iter().chain(more).flat_map(|setting| ["-c", setting])).current_dir(folder);
        leash.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let leash = leash.spawn().map_err(|e| format!("cannot start PostgreSQL: {e}"))?;
        let server = Self { programs, port, leash };
        let began = Instant::now();
        while let Err(error) = server.sql("select 1") {
            if began.elapsed() > PATIENCE {
                return Err(format!("PostgreSQL does not answer: {error}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Makes the tables, with no work left for later that would fall into somebody's round.
    fn fill(&self, places: &Places, rows: u64) -> Result<(), String> {
        self.sql(TABLE)?;
        let scale = format!("{:.3}", rows as f64 / ROWS_OF_SCALE);
        let generator = Tool::Tpchgen.program(places, "tpchgen-cli");
        let copy = self.psql("copy lineitem from stdin (format csv, header)");
        let mut fill = Command::new("sh");
        fill.args(["-c", FILL]).arg(generator.get_program()).args([scale, (rows + 1).to_string()]);
        fill.arg(copy.get_program()).args(copy.get_args());
        capture(&mut fill)?;
        self.sql(&format!("create table {TENTH} as select * from {WHOLE} limit {}", rows / 10))?;
        self.sql(&format!("create unlogged table {FIVE} as select {WHOLE}.* from {WHOLE}, generate_series(1, 5)"))?;
        self.sql("vacuum (freeze, analyze)")?;
        self.sql("checkpoint")?;
        let found = self.sql(&format!("select count(*) from {WHOLE}"))?;
        if found.trim() == rows.to_string() { Ok(()) } else { Err(format!("{rows} rows were asked for, {found} came")) }
    }

    /// One of its programs, told to connect to it.
    pub(in super::super) fn program(&self, name: &str) -> Command {
        let mut program = Command::new(self.programs.join(name));
        program.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string()]).env("PGDATABASE", "postgres");
        program
    }

    /// `psql` with a statement.
    pub(super) fn psql(&self, sql: &str) -> Command {
        let mut psql = self.program("psql");
        psql.args(["-d", "postgres", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        psql
    }

    /// What a statement answers: rows by lines, fields apart by `|`.
    pub(in super::super) fn sql(&self, sql: &str) -> Result<String, String> {
        capture(&mut self.psql(sql))
    }

    /// Where it is.
    pub(in super::super) fn url(&self) -> String {
        format!("postgresql://postgres:none@127.0.0.1:{}/postgres", self.port)
    }

    /// Its version.
    pub(in super::super) fn version(&self) -> Result<String, String> {
        Ok(format!("PostgreSQL {}", self.sql("show server_version")?.trim()))
    }
}

/// The folder of PostgreSQL's programs.
fn programs() -> Result<PathBuf, String> {
    if let Some(folder) = std::env::var_os("HEADWATER_POSTGRES") {
        return Ok(PathBuf::from(folder));
    }
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").is_file()).max();
    newest.ok_or_else(|| "install PostgreSQL, or name the folder of initdb in HEADWATER_POSTGRES".to_owned())
}

/// PostgreSQL refuses to run as root: its own user does it then.
fn as_its_user(program: &Path) -> Command {
    if !capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0") {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(program);
    command
}
