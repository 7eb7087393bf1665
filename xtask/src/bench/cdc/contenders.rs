//! Who takes up the changes, and whether the tables are the database's.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::super::Settings;
use super::super::headwater::{Headwater, require_published};
use super::super::measure::{capture, measure};
use super::super::places::copy_folder;
use super::super::postgres::server::Server;
use super::super::rounds::Sample;

/// Changes that are made for a round: four of each transaction.
pub(super) const CHANGES: u64 = 1_000_000;
/// Clients of pgbench.
const CLIENTS: u64 = 4;
/// Thousands of accounts by hundreds.
const SCALE: &str = "10";
/// The floor's slot.
const SLOT: &str = "bench_floor";

/// The tables, each with sums of its columns.
const TABLES: [(&str, &str, &str); 4] = [
    ("raw.accounts", "pgbench_accounts", "sum(aid), sum(bid), sum(abalance)"),
    ("raw.branches", "pgbench_branches", "sum(bid), sum(bbalance), 0"),
    ("raw.tellers", "pgbench_tellers", "sum(tid), sum(bid), sum(tbalance)"),
    ("raw.history", "pgbench_history", "sum(id), sum(aid), sum(delta)"),
];

/// The database, and where the contenders work.
pub(super) struct Bench {
    pub(super) server: Server,
    pub(super) work: PathBuf,
    pub(super) headwater: Headwater,
    /// Where `heartbeat.sql` is.
    pub(super) heartbeat: PathBuf,
}

/// Makes pgbench's tables, each with a key, and that of the heartbeats.
pub(super) fn fill(server: &Server) -> Result<(), String> {
    capture(server.program("pgbench").args(["-i", "-q", "-s", SCALE]))?;
    server.sql("alter table pgbench_history add column id bigserial primary key")?;
    server
        .sql("create table heartbeat (id bigserial primary key, at timestamptz not null default clock_timestamp())")?;
    server.sql("vacuum (freeze, analyze)")?;
    server.sql("checkpoint").map(drop)
}

impl Bench {
    pub(super) fn new(settings: &Settings, server: Server, work: PathBuf) -> Result<Self, String> {
        let headwater = settings.headwater.with("BENCH_DSN", &server.url());
        let places = &settings.places;
        copy_folder(&places.source("bench/cdc/headwater"), &work.join("project"), &["lake"])?;
        let bench = Self { server, work, headwater, heartbeat: places.source("bench/cdc/heartbeat.sql") };
        bench.forget()?;
        bench.server.sql("create publication headwater for all tables")?;
        // The first load.
        require_published(&bench.headwater.ask(&bench.project(), &["run"])?)?;
        Ok(bench)
    }

    pub(super) fn project(&self) -> PathBuf {
        self.work.join("project")
    }

    /// The changes become those of the lake's tables.
    pub(super) fn headwater(&self) -> Result<Sample, String> {
        self.headwater.ask(&self.project(), &["run"])?;
        self.make_changes()?;
        let (measured, run) = self.headwater.measure(&self.project(), &["run"])?;
        require_published(&run)?;
        self.verify()?;
        Ok(measured.into())
    }

    /// The changes leave the server, and nothing becomes of them.
    pub(super) fn floor(&self) -> Result<Sample, String> {
        self.drop_slot(SLOT)?;
        self.server.sql("drop publication if exists bench_floor")?;
        self.server.sql("create publication bench_floor for all tables")?;
        self.server.sql(&format!("select pg_create_logical_replication_slot('{SLOT}', 'pgoutput')"))?;
        self.make_changes()?;
        let end = self.server.sql("select pg_current_wal_lsn()")?;
        let mut receive = self.server.program("pg_recvlogical");
        receive.args([
            "-d",
            "postgres",
            "--start",
            "--slot",
            SLOT,
            "-f",
            "/dev/null",
            "--no-loop",
            "--endpos",
            end.trim(),
        ]);
        receive.args(["-o", "proto_version=1", "-o", "publication_names=bench_floor"]);
        let measured = measure(&mut receive, &self.work.join("floor.stdout"))?;
        self.drop_slot(SLOT)?;
        Ok(measured.into())
    }

    fn make_changes(&self) -> Result<(), String> {
        let each = (CHANGES / 4 / CLIENTS).to_string();
        let clients = CLIENTS.to_string();
        capture(self.server.program("pgbench").args(["-n", "-c", &clients, "-j", "2", "-t", &each])).map(drop)
    }

    /// pgbench at a pace, in transactions a second, for some seconds.
    pub(super) fn pgbench(&self, pace: u32, seconds: u64) -> Command {
        let mut pgbench = self.server.program("pgbench");
        pgbench.args(["-n", "-c", "4", "-R", &pace.to_string(), "-T", &seconds.to_string()]);
        pgbench.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        pgbench
    }

    /// Holds the lake's tables to the database's.
    pub(super) fn verify(&self) -> Result<(), String> {
        for (ours, theirs, sums) in TABLES {
            let figures = |table: &str| format!("select concat_ws('|', count(*), {sums}) as figures from {table}");
            let expected = self.server.sql(&figures(theirs))?;
            let sums = self.headwater.query(&self.project(), &figures(ours))?;
            let found = sums.first().and_then(|row| row["figures"].as_str()).unwrap_or_default();
            if found != expected.trim() {
                return Err(format!("{ours}: expected {}, and found {found}", expected.trim()));
            }
        }
        Ok(())
    }

    /// Removes the slots of earlier lakes, for which the server would keep changes.
    pub(super) fn forget(&self) -> Result<(), String> {
        let slots = self.server.sql("select slot_name from pg_replication_slots")?;
        slots.lines().filter(|slot| !slot.is_empty()).try_for_each(|slot| self.drop_slot(slot))?;
        let publications = self.server.sql("select pubname from pg_publication")?;
        let mut names = publications.lines().filter(|name| !name.is_empty());
        names.try_for_each(|name| self.server.sql(&format!("drop publication \"{name}\"")).map(drop))
    }

    fn drop_slot(&self, slot: &str) -> Result<(), String> {
        let sql = "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name";
        self.server.sql(&format!("{sql} = '{slot}'")).map(drop)
    }
}
