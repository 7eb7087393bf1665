//! Scenario `main-job`: the flights example, from files to checked tables, beside what does the same job today.
//!
//! - `headwater`: `headwater run` of the example.
//! - `floor duckdb`, `floor parquet`: a DuckDB script that loads and builds, and does nothing else.
//! - `stack`: dlt loads, dbt builds, Soda Core checks, one after the other.
//!
//! Each starts from nothing, and its tables are held to `tests/expected` in every round.

mod peers;
mod project;
mod verify;

use super::dataset::Dataset;
use super::machine;
use super::places::clear;
use super::rounds::{Contender, Sample, Series, interleave};
use super::section::{Goal, Section, mib, thousands, times};
use super::tools::Tool;
use super::{Settings, headwater};

const HEADWATER: &str = "headwater";
const FLOOR_DUCKDB: &str = "floor duckdb";
const FLOOR_PARQUET: &str = "floor parquet";
const STACK: &str = "stack";

/// Most memory at ×30 (10 million flights).
const MOST_MEMORY: u64 = 1 << 30;

/// Runs the scenario on the data `scale` times. `None` when nothing was to be measured.
pub(super) fn run(settings: &Settings, scale: u32) -> Result<Option<Section>, String> {
    let places = &settings.places;
    let versions = settings.versions(&[Tool::Floor, Tool::Dlt, Tool::Dbt, Tool::Soda])?;
    let dataset = Dataset::make(places, scale)?;
    if settings.prepare {
        return Ok(None);
    }
    let work = places.work(&format!("main-job-x{scale}"))?;
    let project = work.join("project");
    project::make(&places.source("examples/flights"), &project, &dataset.data, scale)?;
    let expected = dataset.expected()?;
    dataset.warm()?;

    let peer = peers::Peer { places, dataset: &dataset, work: &work };
    let floor =
        |name, parquet: bool| Contender { name, rounds: settings.rounds, round: Box::new(move || peer.floor(parquet)) };
    let headwater = Contender {
        name: HEADWATER,
        rounds: settings.rounds,
        round: Box::new(|| {
            clear(&project.join("lake"))?;
            let (measured, run) = settings.headwater.measure(&project, &["run"])?;
            headwater::require_published(&run)?;
            let figures = verify::compare(&settings.headwater, &project, &run, &expected)?;
            let mut sample = Sample::from(measured);
            sample.facts.insert("figures_verified".to_owned(), figures.into());
            Ok(sample)
        }),
    };
    let stack = Contender { name: STACK, rounds: settings.slow_rounds, round: Box::new(move || peer.stack()) };
    let contenders = vec![headwater, floor(FLOOR_DUCKDB, false), floor(FLOOR_PARQUET, true), stack];
    let series = interleave(settings.choose(contenders)?)?;
    clear(&work)?;

    Ok(Some(Section {
        name: format!("main-job-x{scale}"),
        title: format!("The main job, ×{scale}"),
        what: format!(
            "The flights example on {} flights. Headwater loads, builds, checks, sets rows aside, keeps history and \
             lineage, and publishes. The floor is a DuckDB script that loads and builds, into a DuckDB file or into \
             Parquet files, and does nothing else. The stack is dlt, dbt and Soda Core with the same loads, models and \
             checks. Each began with nothing and ended with the right figures, in every round; rounds were run by turns.",
            thousands(expected["rows"]["raw.flights"].as_u64().unwrap_or_default())
        ),
        date: machine::today()?,
        machine: machine::describe(),
        versions,
        goals: goals(&series, scale),
        details: String::new(),
        series,
        base: HEADWATER,
    }))
}

fn goals(series: &[Series], scale: u32) -> Vec<Goal> {
    let Some(headwater) = Section::find(series, HEADWATER) else { return Vec::new() };
    let mut goals = Vec::new();
    if let Some(stack) = Section::find(series, STACK) {
        let ratio = stack.median() / headwater.median();
        let text = "At least 10 × as fast as the stack".to_owned();
        goals.push(Goal { text, seen: times(ratio), met: ratio >= 10.0 });
    }
    for name in [FLOOR_DUCKDB, FLOOR_PARQUET] {
        if let Some(floor) = Section::find(series, name) {
            let ratio = headwater.median() / floor.median();
            let text = format!("At most 1.5 × the time of the {name}");
            goals.push(Goal { text, seen: times(ratio), met: ratio <= 1.5 });
        }
    }
    if scale == 30 {
        let peak = headwater.peak_bytes();
        let text = "At most 1 GiB of memory with the default limit".to_owned();
        goals.push(Goal { text, seen: mib(peak), met: peak <= MOST_MEMORY });
    }
    goals
}
