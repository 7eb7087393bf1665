//! Scenario `postgres`: a table of PostgreSQL becomes files, beside dlt and Sling, and beside the rows merely leaving the
//! server. `bench/postgres/README.md` describes them.

mod contenders;
pub(super) mod server;

use self::contenders::Bench;
use self::server::{FIVE, Server, TENTH, WHOLE};
use super::places::clear;
use super::rounds::{Contender, Series, interleave};
use super::section::{Goal, Section, mib, thousands, times};
use super::tools::Tool;
use super::{Settings, machine};

/// Rows of the table.
pub(super) const ROWS: u64 = 10_000_000;

const PSQL: &str = "psql";
const HEADWATER: &str = "headwater";
const TENTH_OF_THEM: &str = "headwater, a tenth of the rows";
const FIVE_TIMES_THEM: &str = "headwater, five times the rows";
const PYARROW: &str = "dlt, pyarrow";
const CONNECTORX: &str = "dlt, ConnectorX";
const SLING: &str = "sling";

/// How much of the fastest peer's time Headwater may take, and how much of the floor's.
const OF_PEERS: f64 = 0.5;
const OF_FLOOR: f64 = 1.3;
/// The memory that it may hold whatever the size, in bytes.
const MEMORY: u64 = 300 << 20;

/// Runs the scenario with `rows` rows. `None` when nothing was to be measured.
pub(super) fn run(settings: &Settings, rows: u64) -> Result<Option<Section>, String> {
    let places = &settings.places;
    let mut versions = settings.versions(&[Tool::DltPostgres, Tool::Sling, Tool::Floor, Tool::Tpchgen])?;
    let server = Server::start(places, rows)?;
    if settings.prepare {
        return Ok(None);
    }
    versions.push(server.version()?);
    let bench = Bench { settings, server, work: places.work("postgres")?, figures: contenders::figures(settings)? };
    // Once, so that nobody is the one who waits for the disk.
    for table in [FIVE, TENTH, WHOLE] {
        bench.server.sql(&format!("select sum(l_linenumber) from {table}"))?;
    }
    let (bench, rounds, slow) = (&bench, settings.rounds, settings.slow_rounds);
    let contenders = vec![
        Contender { name: PSQL, rounds, round: Box::new(|| bench.floor()) },
        Contender { name: HEADWATER, rounds, round: Box::new(|| bench.headwater(WHOLE)) },
        Contender { name: PYARROW, rounds: slow, round: Box::new(|| bench.dlt("pyarrow")) },
        Contender { name: CONNECTORX, rounds: slow, round: Box::new(|| bench.dlt("connectorx")) },
        Contender { name: SLING, rounds: slow, round: Box::new(|| bench.sling()) },
        Contender { name: TENTH_OF_THEM, rounds: slow, round: Box::new(|| bench.headwater(TENTH)) },
        Contender { name: FIVE_TIMES_THEM, rounds: 1, round: Box::new(|| bench.headwater(FIVE)) },
    ];
    let series = interleave(settings.choose(contenders)?)?;
    clear(&bench.work)?;
    Ok(Some(Section {
        name: "postgres".to_owned(),
        title: "A table of PostgreSQL".to_owned(),
        what: format!(
            "`lineitem` of TPC-H with {} rows, in a PostgreSQL on the same machine that does not wait for the disk, \
             becomes a published Delta table (`headwater run`), Parquet files (dlt with its two backends of Arrow \
             tables), and one Parquet file (Sling). *psql* is the floor: `copy … to stdout (format binary)`, thrown away. \
             Memory is that of the reader, without the server's. What was written was counted and summed, and compared \
             with what PostgreSQL says, in every round.",
            thousands(rows)
        ),
        date: machine::today()?,
        machine: machine::describe(),
        versions,
        goals: goals(&series),
        details: String::new(),
        series,
        base: HEADWATER,
    }))
}

fn goals(series: &[Series]) -> Vec<Goal> {
    let find = |name| Section::find(series, name);
    let mut goals = Vec::new();
    let peers = [PYARROW, CONNECTORX, SLING].into_iter().filter_map(find);
    let fastest = peers.min_by(|a, b| a.median().total_cmp(&b.median()));
    if let (Some(own), Some(peer)) = (find(HEADWATER), fastest) {
        let text = format!("At least 2 × as fast as the fastest of dlt and Sling (here: {})", peer.name);
        let met = own.median() <= OF_PEERS * peer.median();
        goals.push(Goal { text, seen: times(peer.median() / own.median()), met });
    }
    if let (Some(own), Some(floor)) = (find(HEADWATER), find(PSQL)) {
        let ratio = own.median() / floor.median();
        goals.push(Goal { text: "Within 1.3 × of psql".to_owned(), seen: times(ratio), met: ratio <= OF_FLOOR });
    }
    let sizes: Vec<u64> =
        [TENTH_OF_THEM, HEADWATER, FIVE_TIMES_THEM].into_iter().filter_map(find).map(Series::peak_bytes).collect();
    if let Some(most) = sizes.iter().max() {
        let seen = sizes.iter().map(|bytes| mib(*bytes)).collect::<Vec<_>>().join(", ");
        let text = "At most 300 MiB, whatever the size".to_owned();
        goals.push(Goal { text, seen, met: *most <= MEMORY });
    }
    goals
}
