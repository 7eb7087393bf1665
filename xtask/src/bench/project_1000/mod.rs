//! Scenario `project-1000`: a project of 1,000 small models, where the time goes into reading, planning and deciding.
//!
//! Headwater's `check`, first `run` and a `run` with nothing to do stand beside dbt's `parse` (cold and unchanged), and
//! `seed` with `run`. Each has a copy of the project to itself. What both have built is compared table by table. After an
//! edit of one model, `headwater plan` stands beside what tells the same in dbt and SQLMesh: each must name that model and
//! all that are made from it, and no other.

mod dbt;
mod dialects;
mod edit;
mod models;
mod sqlmesh;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use self::dbt::Dbt;
use self::edit::Edit;
use self::sqlmesh::SqlMesh;

use super::Settings;
use super::headwater::{Headwater, require_published};
use super::machine;
use super::places::clear;
use super::rounds::{Contender, Round, Sample, Series, interleave};
use super::section::{Goal, Section, seconds, times};
use super::tools::Tool;

const CHECK: &str = "headwater check";
const FIRST_RUN: &str = "headwater run (first)";
const NO_OP_RUN: &str = "headwater run (nothing to do)";
const PLAN: &str = "headwater plan (one edit)";
const PARSE_COLD: &str = "dbt parse (cold)";
const PARSE_UNCHANGED: &str = "dbt parse (unchanged)";
const DBT_RUN: &str = "dbt seed and run (first)";

const DBT_MODIFIED: &str = "dbt ls state:modified+ (one edit)";
const SQLMESH_PLAN: &str = "sqlmesh plan (one edit)";

/// Rows of every table, by name.
type Rows = BTreeMap<String, u64>;

/// Runs the scenario with `count` models. `None` when nothing was to be measured.
pub(super) fn run(settings: &Settings, count: usize) -> Result<Option<Section>, String> {
    let places = &settings.places;
    let versions = settings.versions(&[Tool::Floor, Tool::Dbt, Tool::SqlMesh])?;
    if settings.prepare {
        return Ok(None);
    }
    let work = places.work("project-1000")?;
    let models = models::all(count);
    let headwater = |name: &str| -> Result<PathBuf, String> {
        let project = work.join(format!("headwater-{name}"));
        dialects::write_headwater(&models, &project)?;
        Ok(project)
    };
    let edit = Edit::of(&models)?;
    let dbt = |name: &str| -> Result<Dbt<'_>, String> {
        let project = work.join(format!("dbt-{name}"));
        dialects::write_dbt(&models, &project, places)?;
        Ok(Dbt { places, project })
    };
    let (check, first, built_before) = (headwater("check")?, headwater("first")?, headwater("built")?);
    let (cold, unchanged, build, edited) = (dbt("cold")?, dbt("unchanged")?, dbt("run")?, dbt("edited")?);
    let sqlmesh = SqlMesh { places, project: work.join("sqlmesh") };
    dialects::write_sqlmesh(&models, &sqlmesh.project)?;
    if settings.wants(NO_OP_RUN) || settings.wants(PLAN) {
        require_published(&settings.headwater.ask(&built_before, &["run"])?)?;
    }
    if settings.wants(DBT_MODIFIED) {
        edited.keep_state()?;
    }
    if settings.wants(SQLMESH_PLAN) {
        sqlmesh.keep_state()?;
    }
    let program = &settings.headwater;
    let tables = models.len();
    // The program and dbt must agree; whichever comes first sets what is expected.
    let built = RefCell::new(None);

    let rounds: [(&'static str, Round<'_>); 9] = [
        (CHECK, Box::new(|| checked(program, &check, tables))),
        (FIRST_RUN, Box::new(|| first_run(program, &first, tables, &built))),
        (NO_OP_RUN, Box::new(|| no_op_run(program, &built_before))),
        (PLAN, Box::new(|| edit.measure(&built_before, || planned(program, &built_before)))),
        (PARSE_COLD, Box::new(|| cold.parse_cold())),
        (PARSE_UNCHANGED, Box::new(|| unchanged.parse_unchanged())),
        (DBT_RUN, Box::new(|| build.seed_and_run(&built))),
        (DBT_MODIFIED, Box::new(|| edit.measure(&edited.project, || edited.modified()))),
        (SQLMESH_PLAN, Box::new(|| edit.measure(&sqlmesh.project, || sqlmesh.modified()))),
    ];
    let contenders = rounds
        .into_iter()
        .map(|(name, round)| {
            let rounds = if name == DBT_RUN { settings.slow_rounds } else { settings.rounds };
            Contender { name, rounds, round }
        })
        .collect();
    let series = interleave(settings.choose(contenders)?)?;
    clear(&work)?;
    Ok(Some(Section {
        name: "project-1000".to_owned(),
        title: format!("A project of {tables} models"),
        what: format!(
            "{tables} models of about 20 lines in four layers over three small seeds: staging (views), joins, aggregates \
             with joins, and windows over joins (tables), each with a description and three checks; for dbt with the same \
             SQL, materialisations and data tests. `headwater check` plans every model and every check. The first \
             `headwater run` loads the seeds, builds everything and evaluates all checks; `dbt seed` and `dbt run` build \
             the same tables, and run no data tests. Both left the same number of rows in every table. Then one model \
             is edited: `headwater plan`, `dbt ls --select state:modified+` with the manifest of before and `sqlmesh \
             plan --explain` tell what is to be built anew. Each named that model and the {} that are made from it, \
             and no other.",
            edit.size() - 1
        ),
        date: machine::today()?,
        machine: machine::describe(),
        versions,
        goals: goals(&series),
        details: String::new(),
        series,
        base: CHECK,
    }))
}

fn checked(headwater: &Headwater, project: &Path, tables: usize) -> Result<Sample, String> {
    let (measured, answer) = headwater.measure(project, &["check"])?;
    // The models and the three seeds.
    if answer["assets"] != tables + 3 {
        return Err(format!("expected {tables} models and 3 seeds, and found {answer}"));
    }
    Ok(measured.into())
}

fn first_run(
    headwater: &Headwater,
    project: &Path,
    models: usize,
    built: &RefCell<Option<Rows>>,
) -> Result<Sample, String> {
    clear(&project.join("lake"))?;
    let (measured, run) = headwater.measure(project, &["run"])?;
    require_published(&run)?;
    let assets = run["assets"].as_array().ok_or("the run tells no assets")?;
    let checks: u64 = assets.iter().filter_map(|asset| asset["checks"]["passed"].as_u64()).sum();
    if checks != 3 * models as u64 {
        return Err(format!("expected 3 checks of each of {models} models to pass, and {checks} did"));
    }
    let tables = assets.iter().filter(|asset| asset["kind"] == "table");
    let rows = tables.filter_map(|asset| Some((asset["asset"].as_str()?.to_owned(), asset["rows_out"].as_u64()?)));
    agree(&rows.collect(), built)?;
    let mut sample = Sample::from(measured);
    sample.facts.insert("checks_passed".to_owned(), checks.into());
    Ok(sample)
}

fn no_op_run(headwater: &Headwater, project: &Path) -> Result<Sample, String> {
    let (measured, run) = headwater.measure(project, &["run"])?;
    require_published(&run)?;
    if run["snapshot"].is_null() { Ok(measured.into()) } else { Err("a run with nothing to do published".to_owned()) }
}

/// What a plan would do anything about.
fn planned(headwater: &Headwater, project: &Path) -> Result<(Sample, BTreeSet<String>), String> {
    let (measured, plan) = headwater.measure(project, &["plan"])?;
    let tasks = plan["tasks"].as_array().ok_or("the plan tells no tasks")?;
    let wanted = tasks.iter().filter(|task| task["action"] != "skip").filter_map(|task| task["asset"].as_str());
    let names = wanted.map(|asset| asset.rsplit('.').next().unwrap_or(asset).to_owned());
    Ok((measured.into(), names.collect()))
}

/// Compares the rows of every table with those that were built first.
fn agree(rows: &Rows, built: &RefCell<Option<Rows>>) -> Result<(), String> {
    let mut built = built.borrow_mut();
    let expected = built.get_or_insert_with(|| rows.clone());
    let differs = expected.iter().find(|(table, number)| rows.get(*table) != Some(number));
    match differs {
        Some((table, number)) => Err(format!("{table} has {number} rows, or {:?}", rows.get(table))),
        None if rows.len() != expected.len() => Err(format!("{} tables, or {}", expected.len(), rows.len())),
        None if rows.values().sum::<u64>() == 0 => Err("all tables are empty".to_owned()),
        None => Ok(()),
    }
}

fn goals(series: &[Series]) -> Vec<Goal> {
    let median = |name| Section::find(series, name).map(Series::median);
    let mut goals = Vec::new();
    let soon = [
        (CHECK, "`headwater check` in at most 1 s"),
        (NO_OP_RUN, "A run with nothing to do in at most 1 s"),
        (PLAN, "`headwater plan` after an edit in at most 1 s"),
    ];
    for (name, text) in soon {
        if let Some(time) = median(name) {
            goals.push(Goal { text: text.to_owned(), seen: seconds(time), met: time <= 1.0 });
        }
    }
    if let (Some(check), Some(parse)) = (median(CHECK), median(PARSE_COLD)) {
        let text = "`headwater check` at least 20 × as fast as `dbt parse`".to_owned();
        goals.push(Goal { text, seen: times(parse / check), met: parse / check >= 20.0 });
    }
    goals
}
