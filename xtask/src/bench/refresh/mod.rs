//! Scenario `refresh`: a chain of a join, an aggregate and a history is brought up to date when 0.01 % to 10 % more events
//! come, beside dbt and SQLMesh doing the same, and beside making it anew. `bench/refresh/README.md` describes the peers.

mod expected;
mod ours;
mod peers;

use std::path::{Path, PathBuf};

use super::measure::capture;
use super::places::{Places, clear, link, make_folder};
use super::rounds::{Contender, Series, interleave};
use super::section::{Goal, Section, seconds, thousands, times};
use super::tools::Tool;
use super::{Settings, machine};
use crate::report::say;

/// Events that there are at first.
pub(super) const ROWS: u64 = 50_000_000;

/// The shares of new events, in percent, and what each contender is called with it.
const SHARES: [(&str, [&str; 3]); 4] = [
    ("0.01", ["headwater 0.01 % new", "dbt 0.01 % new", "SQLMesh 0.01 % new"]),
    ("0.1", ["headwater 0.1 % new", "dbt 0.1 % new", "SQLMesh 0.1 % new"]),
    ("1", ["headwater 1 % new", "dbt 1 % new", "SQLMesh 1 % new"]),
    ("10", ["headwater 10 % new", "dbt 10 % new", "SQLMesh 10 % new"]),
];
/// Making the three tables of the first events.
const ANEW: &str = "headwater all anew";
/// What the others are compared with.
const BASE: &str = SHARES[1].1[0];

/// The data, and where each contender works.
struct Bench<'a> {
    settings: &'a Settings,
    data: PathBuf,
    work: PathBuf,
    expected: expected::Expected,
}

impl Bench<'_> {
    /// A new folder in `at` with the first events and, if there is a share, the new ones: links, which cost nothing.
    fn link_data(&self, at: &Path, share: Option<&str>) -> Result<(), String> {
        let events = at.join("events");
        make_folder(&events)?;
        link(&self.data.join("products.parquet"), &at.join("products.parquet"))?;
        link(&self.data.join("base/events.parquet"), &events.join("000.parquet"))?;
        match share {
            Some(share) => link(&self.data.join(format!("change-{share}/new.parquet")), &events.join("001.parquet")),
            None => Ok(()),
        }
    }
}

/// Runs the scenario with `rows` events at first. `None` when nothing was to be measured.
pub(super) fn run(settings: &Settings, rows: u64) -> Result<Option<Section>, String> {
    let places = &settings.places;
    let versions = settings.versions(&[Tool::Floor, Tool::Dbt, Tool::SqlMesh])?;
    let data = make_data(places, rows)?;
    if settings.prepare {
        return Ok(None);
    }
    let expected = expected::Expected::read(&data.join("expected.json"))?;
    let bench = Bench { settings, data, work: places.work("refresh")?, expected };
    let any = |place: usize| SHARES.iter().any(|(_, names)| settings.wants(names[place]));
    let ours = ours::Ours::prepare(&bench, any(0), settings.wants(ANEW))?;
    let peer = |place, tool| any(place).then(|| peers::Peer::prepare(&bench, tool)).transpose();
    let (dbt, sqlmesh) = (peer(1, Tool::Dbt)?, peer(2, Tool::SqlMesh)?);
    let (ours, dbt, sqlmesh) = (&ours, dbt.as_ref(), sqlmesh.as_ref());
    let mut contenders =
        vec![Contender { name: ANEW, rounds: settings.slow_rounds, round: Box::new(move || ours.anew()) }];
    for (share, [own, of_dbt, of_sqlmesh]) in SHARES {
        contenders.push(Contender { name: own, rounds: settings.rounds, round: Box::new(move || ours.refresh(share)) });
        contenders.push(Contender {
            name: of_dbt,
            rounds: settings.slow_rounds,
            round: Box::new(move || dbt.ok_or("dbt was not prepared")?.refresh(share)),
        });
        contenders.push(Contender {
            name: of_sqlmesh,
            rounds: settings.slow_rounds,
            round: Box::new(move || sqlmesh.ok_or("SQLMesh was not prepared")?.refresh(share)),
        });
    }
    let series = interleave(settings.choose(contenders)?)?;
    clear(&bench.work)?;
    Ok(Some(Section {
        name: "refresh".to_owned(),
        title: "A refresh at the cost of the change".to_owned(),
        what: format!(
            "{} events, joined to 10,000 products (`sales`), summed by customer (`customers`), and a history of what is \
             made of that (`tiers`, a slowly changing dimension of type 2); then one file with 0.01 % to 10 % more \
             events, of customers and products all over. The time is that of one command that loads the file and brings \
             all three up to date: `headwater run`, `dbt build`, `sqlmesh run`. *All anew* builds the three tables of \
             the first events, which are loaded already. What came out was compared with figures that DuckDB worked out \
             from the files alone, in every round.",
            thousands(rows)
        ),
        date: machine::today()?,
        machine: machine::describe(),
        versions,
        goals: goals(&series),
        details: by_size(&series),
        series,
        base: BASE,
    }))
}

fn make_data(places: &Places, rows: u64) -> Result<PathBuf, String> {
    let data = places.kept(&format!("refresh-{rows}"));
    if !data.join("expected.json").exists() {
        say(&format!("making {}\n", data.display()));
        clear(&data)?;
        make_folder(&data)?;
        let mut make = Tool::Floor.script(places, "bench/refresh/make.py");
        capture(make.arg(rows.to_string()).arg(&data))?;
    }
    Ok(data)
}

/// The median times by the size of the change, a line for each, and how Headwater refreshed its tables.
fn by_size(series: &[Series]) -> String {
    let median = |name: &str| Section::find(series, name).map_or_else(String::new, |series| seconds(series.median()));
    let mut text = "| new events | headwater | dbt | SQLMesh | how headwater did it |\n".to_owned();
    text += "| ---: | ---: | ---: | ---: | --- |\n";
    for (share, names) in SHARES {
        let [headwater, dbt, sqlmesh] = names.map(median);
        text += &format!("| {share} % | {headwater} | {dbt} | {sqlmesh} | {} |\n", how(series, names[0]));
    }
    text + &format!("| all anew | {} | | | {} |\n", median(ANEW), how(series, ANEW))
}

/// How Headwater brought each table up to date in the last round.
fn how(series: &[Series], name: &str) -> String {
    let last = Section::find(series, name).and_then(|series| series.rounds.last());
    let facts = last.into_iter().flat_map(|sample| &sample.facts);
    facts.map(|(table, how)| format!("{table}: {}", how.as_str().unwrap_or_default())).collect::<Vec<_>>().join(", ")
}

fn goals(series: &[Series]) -> Vec<Goal> {
    let median = |name: &str| Section::find(series, name).map(Series::median);
    let mut goals = Vec::new();
    if let (Some(refresh), Some(anew)) = (median(BASE), median(ANEW)) {
        let text = "0.1 % new at least 20 × as fast as all anew".to_owned();
        goals.push(Goal { text, seen: times(anew / refresh), met: anew / refresh >= 20.0 });
    }
    for (place, peer) in [(1, "dbt"), (2, "SQLMesh")] {
        if let (Some(refresh), Some(other)) = (median(BASE), median(SHARES[1].1[place])) {
            let text = format!("0.1 % new faster than {peer}");
            goals.push(Goal { text, seen: times(other / refresh), met: other > refresh });
        }
    }
    let own: Option<Vec<f64>> = SHARES.iter().map(|(_, names)| median(names[0])).collect();
    if let Some(own) = own {
        let text = "Time grows with the change".to_owned();
        let seen = own.iter().map(|time| format!("{time:.2} s")).collect::<Vec<_>>().join(", ");
        goals.push(Goal { text, seen, met: own.windows(2).all(|pair| pair[0] <= pair[1] * 1.1) });
    }
    goals
}
