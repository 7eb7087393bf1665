//! Scenario `cdc`: changes of PostgreSQL become changes of Delta tables. `bench/cdc/README.md` describes it.

mod contenders;
mod lag;

use self::contenders::{Bench, CHANGES};
use self::lag::Lag;
use super::places::clear;
use super::postgres::server::Server;
use super::rounds::{Contender, Series, interleave};
use super::section::{Section, seconds, thousands};
use super::{Settings, machine};

const HEADWATER: &str = "headwater";
const FLOOR: &str = "pg_recvlogical";
/// Transactions in a second while the lag is measured.
const PACES: [u32; 3] = [25, 250, 1000];

/// Runs the scenario. `None` when nothing was to be measured.
pub(super) fn run(settings: &Settings) -> Result<Option<Section>, String> {
    let places = &settings.places;
    let mut versions = settings.versions(&[])?;
    let folder = std::env::temp_dir().join("headwater-bench-cdc");
    let server = Server::start_in(&folder, &["wal_level=logical"], contenders::fill)?;
    if settings.prepare {
        return Ok(None);
    }
    versions.push(server.version()?);
    let bench = Bench::new(settings, server, places.work("cdc")?)?;
    let (bench, rounds) = (&bench, settings.rounds);
    let contenders = vec![
        Contender { name: HEADWATER, rounds, round: Box::new(|| bench.headwater()) },
        Contender { name: FLOOR, rounds, round: Box::new(|| bench.floor()) },
    ];
    let series = interleave(settings.choose(contenders)?)?;
    let lags = match settings.wants(HEADWATER) {
        true => PACES.iter().map(|pace| lag::measure(bench, *pace)).collect::<Result<Vec<_>, _>>()?,
        false => Vec::new(),
    };
    bench.forget()?;
    clear(&bench.work)?;
    Ok(Some(Section {
        name: "cdc".to_owned(),
        title: "Change data capture from PostgreSQL".to_owned(),
        what: format!(
            "{} changes of 250,000 transactions of pgbench in 4 tables, taken up by one `headwater run` into Delta tables by their keys, \
             and for comparison received by `pg_recvlogical` and thrown away. All tables were compared with the database's in every round, \
             by counts and sums. The memory is that of the reader, without the server's.",
            thousands(CHANGES)
        ),
        date: machine::today()?,
        machine: machine::describe(),
        versions,
        goals: Vec::new(),
        details: details(&series, &lags),
        series,
        base: HEADWATER,
    }))
}

/// What was taken up in a second, and how far the lake was behind.
fn details(series: &[Series], lags: &[Lag]) -> String {
    let mut text = String::new();
    if let Some(own) = Section::find(series, HEADWATER) {
        let rate = (CHANGES as f64 / own.median()) as u64;
        text += &format!("Taken up: {} changes a second.\n\n", thousands(rate));
    }
    if !lags.is_empty() {
        text += "How far the lake is behind while pgbench runs and `headwater run` runs again and again, from a row's insertion until the \
                 end of the process that has published it:\n\n| changes a second | runs | p50 | p99 | most |\n| ---: | ---: | ---: | ---: | ---: |\n";
    }
    for lag in lags {
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            thousands(lag.changes_per_second),
            lag.runs,
            seconds(lag.share(0.5)),
            seconds(lag.share(0.99)),
            seconds(lag.share(1.0))
        );
    }
    text
}
