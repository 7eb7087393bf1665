//! Scenario `checks`: what 50 checks cost that one pass over the rows tells.
//!
//! `bench/checks` loads one table of flights from one Parquet file. It is run as it is, and without its checks.

use std::path::Path;

use serde_json::Value;

use super::dataset::{Dataset, flights_parquet};
use super::headwater::require_published;
use super::machine;
use super::places::{Places, clear, copy_folder, read, write};
use super::rounds::{Contender, Sample, Series, interleave};
use super::section::{Goal, Section, thousands};
use super::{Headwater, Settings};

/// How many times the flights example's data is loaded: 10 million rows.
pub(super) const SCALE: u32 = 30;

const WITH: &str = "50 checks";
const WITHOUT: &str = "no checks";
/// The checks that the project has.
const CHECKS: u64 = 50;
/// What is written before the checks of the project's only table.
const CHECKS_KEY: &str = "\n    checks:\n";
/// Where the project's source has its file.
const LOCATION: &str = "\nlocation: data\n";

/// Runs the scenario on the data `scale` times. `None` when nothing was to be measured.
pub(super) fn run(settings: &Settings, scale: u32) -> Result<Option<Section>, String> {
    let places = &settings.places;
    let file = flights_parquet(places, scale)?;
    let rows = Dataset::make(places, scale)?.expected()?["rows"]["raw.flights"].clone();
    if settings.prepare {
        return Ok(None);
    }
    let work = places.work("checks")?;
    let folder = file.parent().unwrap_or(&file);
    std::io::copy(
        &mut std::fs::File::open(&file).map_err(|e| format!("cannot read {}: {e}", file.display()))?,
        &mut std::io::sink(),
    )
    .map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    let mut contenders = Vec::new();
    for (name, checks) in [(WITHOUT, 0), (WITH, CHECKS)] {
        let project = work.join(if checks == 0 { "without" } else { "with" });
        make_project(places, &project, folder, checks > 0)?;
        let (rows, headwater) = (&rows, &settings.headwater);
        let round = Box::new(move || round(headwater, &project, rows, checks));
        contenders.push(Contender { name, rounds: settings.rounds, round });
    }
    let series = interleave(settings.choose(contenders)?)?;
    clear(&work)?;
    Ok(Some(Section {
        name: "checks".to_owned(),
        title: "50 checks".to_owned(),
        what: format!(
            "`headwater run` of one table of {} flights with 19 columns from one Parquet file, without checks and \
             with the 50 of `bench/checks`: not_null, range, accepted_values, length, regex, expression and row_count. \
             Each run began with an empty lake; rounds were run by turns.",
            thousands(rows.as_u64().unwrap_or_default())
        ),
        date: machine::today()?,
        machine: machine::describe(),
        versions: settings.headwater.versions(places)?,
        goals: goals(&series),
        details: String::new(),
        series,
        base: WITHOUT,
    }))
}

/// Copies the project of `bench/checks`, with its data in `folder`, and its checks or none.
fn make_project(places: &Places, project: &Path, folder: &Path, checks: bool) -> Result<(), String> {
    copy_folder(&places.source("bench/checks"), project, &["lake"])?;
    let path = project.join("sources/flights.yml");
    let text = read(&path)?;
    let there = format!("\nlocation: {:?}\nallow_outside: true\n", folder.display().to_string());
    let (Some((start, end)), Some((before, _))) = (text.split_once(LOCATION), text.split_once(CHECKS_KEY)) else {
        return Err(format!("{} has no location or no checks", path.display()));
    };
    let source = if checks { format!("{start}{there}{end}") } else { format!("{before}\n").replace(LOCATION, &there) };
    write(&path, &source)
}

fn round(headwater: &Headwater, project: &Path, rows: &Value, checks: u64) -> Result<Sample, String> {
    clear(&project.join("lake"))?;
    let (measured, run) = headwater.measure(project, &["run"])?;
    require_published(&run)?;
    let asset = &run["assets"][0];
    let counts = &asset["checks"];
    let evaluated = ["passed", "warned"].iter().filter_map(|verdict| counts[*verdict].as_u64()).sum::<u64>();
    if asset["rows_out"] != *rows || evaluated != checks {
        return Err(format!("expected {rows} rows and {checks} checks, and found {asset}"));
    }
    let mut sample = Sample::from(measured);
    let audited = asset["bytes_audited"].as_u64().ok_or("the run does not tell bytes_audited")?;
    sample.facts.insert("bytes_audited".to_owned(), audited.into());
    Ok(sample)
}

fn goals(series: &[Series]) -> Vec<Goal> {
    let (Some(without), Some(with)) = (Section::find(series, WITHOUT), Section::find(series, WITH)) else {
        return Vec::new();
    };
    let more = 100.0 * (with.median() / without.median() - 1.0);
    let audited = with.greatest("bytes_audited");
    let time = "At most 15 % more time than without checks".to_owned();
    let bytes = "No byte read again for checks that one pass tells".to_owned();
    vec![
        Goal { text: time, seen: format!("{more:+.1} %"), met: more <= 15.0 },
        Goal { text: bytes, seen: format!("{audited} bytes"), met: audited == 0 },
    ]
}
