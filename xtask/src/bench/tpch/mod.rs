//! Scenario `tpch`: the 22 queries of TPC-H on Headwater's Delta tables, beside DuckDB and Polars on the Parquet files that
//! these were loaded from. `bench/tpch/README.md` describes them.
//!
//! A round is one process that answers all queries twice; the second pass is timed. What each says to each query is held
//! to what DuckDB has said before, and that to what Polars has.

mod contenders;

use std::path::PathBuf;

use super::dataset::read_all;
use super::measure::capture;
use super::places::{Places, clear, copy_folder, link_folder, make_folder, read, rename, write};
use super::rounds::{Contender, Series, interleave};
use super::section::{Goal, Section, millis_of, times};
use super::tools::Tool;
use super::{Settings, headwater, machine};
use crate::report::say;

use self::contenders::{Bench, PASSES, QUERIES, query};

const HEADWATER: &str = "headwater";
const DUCKDB: &str = "duckdb";
const POLARS: &str = "polars";

/// Runs the scenario with a scale factor. `None` when nothing was to be measured.
pub(super) fn run(settings: &Settings, scale: u32) -> Result<Option<Section>, String> {
    let places = &settings.places;
    let versions = settings.versions(&[Tool::Floor, Tool::Polars, Tool::Tpchgen])?;
    let data = make_data(places, scale)?;
    if settings.prepare {
        return Ok(None);
    }
    let work = places.work(&format!("tpch-sf{scale}"))?;
    let (queries, project) = (work.join("queries.sql"), work.join("project"));
    let fraction = 0.0001 / f64::from(scale);
    let text = read(&places.source("bench/tpch/queries.sql"))?.replace("{fraction}", &fraction.to_string());
    write(&queries, &text)?;
    write(&work.join("passes.sql"), &[text.as_str(); PASSES].join("\n"))?;
    copy_folder(&places.source("bench/tpch/headwater"), &project, &["data", "lake"])?;
    link_folder(&data, &project.join("data"), None)?;
    read_all(&data)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let bench = Bench { settings, data, work, queries, project, fraction, threads };
    if settings.wants(HEADWATER) {
        say("loading the lake\n");
        headwater::require_published(&settings.headwater.ask(&bench.project, &["run"])?)?;
    }
    bench.expect()?;
    let (bench, rounds) = (&bench, settings.rounds);
    let contenders = vec![
        Contender { name: HEADWATER, rounds, round: Box::new(|| bench.headwater()) },
        Contender { name: DUCKDB, rounds, round: Box::new(|| bench.peer(DUCKDB)) },
        Contender { name: POLARS, rounds, round: Box::new(|| bench.peer(POLARS)) },
    ];
    let series = interleave(settings.choose(contenders)?)?;
    clear(&bench.work)?;
    Ok(Some(Section {
        name: format!("tpch-sf{scale}"),
        title: format!("TPC-H, scale factor {scale}"),
        what: format!(
            "The 22 queries of TPC-H with the parameters that the specification validates answers with. Headwater \
             answers `headwater query --file` on Delta tables, of which `orders` lies by date of order and `lineitem` by \
             date of shipment; DuckDB the same SQL over views of the Parquet files that these were loaded from, and \
             Polars lazy expressions over them with its streaming engine. Each has {threads} threads. Headwater may hold \
             4 GiB for queries, DuckDB its default of 80 % of the machine's memory, and Polars has no limit. A round is one \
             process that answers all 22 twice; the time is that of the second pass, from the query to its last row, \
             without the start of the process. Every answer of every pass was compared with one that DuckDB gave apart, \
             and that with one of Polars."
        ),
        date: machine::today()?,
        machine: machine::describe(),
        versions,
        goals: goals(&series),
        details: by_query(&series),
        series,
        base: HEADWATER,
    }))
}

fn make_data(places: &Places, scale: u32) -> Result<PathBuf, String> {
    if scale == 0 {
        return Err("a scale is at least 1".to_owned());
    }
    let data = places.kept(&format!("tpch-sf{scale}"));
    if !data.exists() {
        say(&format!("making {}\n", data.display()));
        let part = data.with_extension("part");
        clear(&part)?;
        make_folder(&part)?;
        let mut make = Tool::Tpchgen.program(places, "tpchgen-cli");
        capture(make.args(["parquet", "--quiet", "--scale-factor", &scale.to_string(), "--output-dir"]).arg(&part))?;
        rename(&part, &data)?;
    }
    Ok(data)
}

/// The geometric mean of a peer's times over Headwater's.
fn mean_over(peer: &Series, own: &Series) -> f64 {
    let logarithm = |number| (peer.median_of(&query(number)) / own.median_of(&query(number))).ln();
    ((1..=QUERIES).map(logarithm).sum::<f64>() / QUERIES as f64).exp()
}

fn goals(series: &[Series]) -> Vec<Goal> {
    let (Some(own), Some(duckdb)) = (Section::find(series, HEADWATER), Section::find(series, DUCKDB)) else {
        return Vec::new();
    };
    let ratio = 1.0 / mean_over(duckdb, own);
    let text = "At most 1.0 × the time of DuckDB, as the geometric mean of all queries".to_owned();
    vec![Goal { text, seen: times(ratio), met: ratio <= 1.0 }]
}

/// The median times of each query, the peers' also as multiples of Headwater's, and the geometric means of these.
fn by_query(series: &[Series]) -> String {
    let ours = Section::find(series, HEADWATER);
    let peers: Vec<&Series> = [DUCKDB, POLARS].iter().filter_map(|name| Section::find(series, name)).collect();
    let titles: String = peers.iter().map(|peer| format!(" {} | × headwater |", peer.name)).collect();
    let mut text = format!("| query | headwater |{titles}\n| --- | ---: |{}\n", " ---: | ---: |".repeat(peers.len()));
    for number in 1..=QUERIES {
        let name = query(number);
        let own = ours.map_or(f64::NAN, |ours| ours.median_of(&name));
        text += &format!("| {name} | {} |", millis_of(own));
        for peer in &peers {
            let time = peer.median_of(&name);
            text += &format!(" {} | {} |", millis_of(time), times(time / own));
        }
        text.push('\n');
    }
    text += "| geometric mean | |";
    for mean in peers.iter().filter_map(|peer| Some(mean_over(peer, ours?))) {
        text += &format!(" | {} |", times(mean));
    }
    text + "\n"
}
