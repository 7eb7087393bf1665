//! `cargo xtask bench <scenario>`: Headwater beside its peers, in one run on one machine.
//!
//! A scenario is a folder here. It turns its [`Settings`] into contenders, which [`rounds`] measures by turns, and what
//! came out into a [`Section`] of `docs/benchmarks.md`; every time stands beside a check that the result was right.
//! The figures of each round are kept in `bench/results`.
//!
//! Linux only: memory is read from `/proc`.

mod cdc;
mod checks;
mod dataset;
mod document;
mod figures;
mod files;
mod headwater;
mod machine;
mod main_job;
mod measure;
mod memory;
mod places;
mod postgres;
mod project_1000;
mod refresh;
mod rounds;
mod section;
#[cfg(test)]
mod tests;
mod tools;
mod tpch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use self::headwater::Headwater;
use self::places::Places;
use self::rounds::Contender;
use self::section::Section;
use self::tools::Tool;
use crate::report::say;

/// Rounds below which figures are not kept.
const FEWEST_ROUNDS: usize = 5;

/// What to measure, and how often.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// The scenario
    #[arg(value_enum)]
    scenario: Scenario,
    /// How often each contender runs
    #[arg(long, default_value_t = FEWEST_ROUNDS)]
    rounds: usize,
    /// How often the slow ones run: the stack of main-job, `dbt run` of project-1000, what
    /// refresh and postgres are compared with [default: as the others]
    #[arg(long)]
    slow_rounds: Option<usize>,
    /// How many times the flights example's data for main-job and checks [default: 1,30 and 30]; tpch's scale factor [1,10]
    #[arg(long, value_delimiter = ',')]
    scale: Vec<u32>,
    /// How many events refresh begins with, and how many rows postgres reads [default: 50,000,000 and 10,000,000]
    #[arg(long)]
    rows: Option<u64>,
    /// How many models project-1000 has
    #[arg(long, default_value_t = 1000)]
    models: usize,
    /// Measures these contenders only; nothing is then kept
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// A program to measure instead of building one
    #[arg(long)]
    headwater: Option<PathBuf>,
    /// Installs and makes what the scenario needs, and measures nothing
    #[arg(long)]
    prepare: bool,
    /// Prints what came out and keeps nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// The flights example, against dlt + dbt + Soda and a DuckDB script
    MainJob,
    /// 50 checks on a table, against the same write without them
    Checks,
    /// A chain of models when new rows come, against dbt and SQLMesh
    Refresh,
    /// A table of PostgreSQL, against dlt and Sling
    Postgres,
    /// Changes of tables of PostgreSQL, and how far the lake is behind
    Cdc,
    /// A file of CSV and one of JSON lines, against DuckDB and Polars
    Files,
    /// A project of 1,000 models, against dbt and SQLMesh
    #[value(name = "project-1000")]
    Project1000,
    /// The 22 queries of TPC-H, against DuckDB and Polars
    Tpch,
}

/// What every scenario is given.
struct Settings {
    places: Places,
    headwater: Headwater,
    rounds: usize,
    slow_rounds: usize,
    only: Vec<String>,
    prepare: bool,
}

impl Settings {
    /// What takes part, with versions; the tools are installed if they are not there.
    fn versions(&self, tools: &[Tool]) -> Result<Vec<String>, String> {
        let mut versions = self.headwater.versions(&self.places)?;
        for tool in tools {
            for version in tool.install(&self.places)? {
                if !versions.contains(&version) {
                    versions.push(version);
                }
            }
        }
        Ok(versions)
    }

    /// The contenders that were asked for.
    fn choose<'a>(&self, contenders: Vec<Contender<'a>>) -> Result<Vec<Contender<'a>>, String> {
        let names: Vec<&str> = contenders.iter().map(|contender| contender.name).collect();
        if let Some(unknown) = self.only.iter().find(|name| !names.contains(&name.as_str())) {
            return Err(format!("there is no contender '{unknown}': name some of {}", names.join(", ")));
        }
        Ok(contenders.into_iter().filter(|contender| self.wants(contender.name)).collect())
    }

    /// Whether a contender takes part.
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// Runs a scenario. The exit code is 0 when it was measured (goals may be missed), 2 when it could not be.
pub(crate) fn run(arguments: BenchArguments, root: &Path) -> ExitCode {
    match measure(arguments, root) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bench: {error}\n"));
            ExitCode::from(2)
        }
    }
}

fn measure(arguments: BenchArguments, root: &Path) -> Result<(), String> {
    if arguments.rounds == 0 || arguments.slow_rounds == Some(0) {
        return Err("ask for at least one round".to_owned());
    }
    let places = Places::new(root)?;
    let headwater = match arguments.headwater {
        Some(program) => Headwater::at(&program)?,
        None => Headwater::build(&places)?,
    };
    let rounds = arguments.rounds;
    let slow_rounds = arguments.slow_rounds.unwrap_or(rounds);
    let settings =
        Settings { places, headwater, rounds, slow_rounds, only: arguments.only, prepare: arguments.prepare };
    let scales = |default: &[u32]| if arguments.scale.is_empty() { default.to_vec() } else { arguments.scale.clone() };
    let mut whole = settings.only.is_empty() && rounds >= FEWEST_ROUNDS;
    match arguments.scenario {
        Scenario::MainJob => {
            for scale in scales(&[1, 30]) {
                show(main_job::run(&settings, scale)?, &settings, whole && !arguments.dry_run)?;
            }
            Ok(())
        }
        Scenario::Tpch => {
            for scale in scales(&[1, 10]) {
                show(tpch::run(&settings, scale)?, &settings, whole && !arguments.dry_run)?;
            }
            Ok(())
        }
        Scenario::Checks => {
            let [scale] = scales(&[checks::SCALE])[..] else {
                return Err("checks are measured at one scale".to_owned());
            };
            whole &= scale == checks::SCALE;
            show(checks::run(&settings, scale)?, &settings, whole && !arguments.dry_run)
        }
        Scenario::Refresh => {
            let rows = arguments.rows.unwrap_or(refresh::ROWS);
            whole &= rows == refresh::ROWS;
            show(refresh::run(&settings, rows)?, &settings, whole && !arguments.dry_run)
        }
        Scenario::Postgres => {
            let rows = arguments.rows.unwrap_or(postgres::ROWS);
            whole &= rows == postgres::ROWS;
            show(postgres::run(&settings, rows)?, &settings, whole && !arguments.dry_run)
        }
        Scenario::Cdc => show(cdc::run(&settings)?, &settings, whole && !arguments.dry_run),
        Scenario::Files => {
            for kind in files::KINDS {
                show(files::run(&settings, kind)?, &settings, whole && !arguments.dry_run)?;
            }
            Ok(())
        }
        Scenario::Project1000 => {
            whole &= arguments.models == 1000;
            show(project_1000::run(&settings, arguments.models)?, &settings, whole && !arguments.dry_run)
        }
    }
}

/// Prints a section, and keeps it when it is whole: all contenders, enough rounds, the scenario's own size.
fn show(section: Option<Section>, settings: &Settings, keep: bool) -> Result<(), String> {
    let Some(section) = section else { return Ok(()) };
    say(&format!("\n{}\n", section.markdown()));
    if !keep {
        say("nothing is kept of these figures\n");
        return Ok(());
    }
    let (document, results) = (settings.places.document(), settings.places.results(&section.name));
    document::put(&document, &section.name, &section.markdown())?;
    places::write(&results, &section.json()?)?;
    say(&format!("kept in {} and {}\n", document.display(), results.display()));
    Ok(())
}
