//! The example's figures, against loops over its files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::say_with_python;
use crate::program::{copy_folder, query, workspace};

/// The readings of a gauge, day by day.
type Levels = BTreeMap<String, BTreeMap<String, Option<f64>>>;

/// The floods of a gauge: first day, last day, days, peak.
type Flood = (String, String, usize, f64);

fn example() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("scripts");
    copy_folder(&workspace().join("examples/scripts"), &project, &["lake"]);
    (folder, project)
}

fn cells(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn smoothed(project: &Path, alpha: f64) -> BTreeMap<String, Vec<(String, f64)>> {
    let mut levels = Levels::new();
    for row in cells(&project.join("seeds/levels.csv")) {
        levels.entry(row[0].clone()).or_default().insert(row[1].clone(), row[2].parse().ok());
    }
    let of_gauge = |days: BTreeMap<String, Option<f64>>| {
        let mut value = None;
        let next = days.into_iter().map(|(day, level)| {
            value = match (value, level) {
                (Some(before), Some(level)) => Some(alpha * level + (1.0 - alpha) * before),
                (before, level) => level.or(before),
            };
            (day, value.unwrap())
        });
        next.collect()
    };
    levels.into_iter().map(|(gauge, days)| (gauge, of_gauge(days))).collect()
}

fn floods(days: &[(String, f64)], limit: f64) -> Vec<Flood> {
    let mut floods: Vec<Flood> = Vec::new();
    let mut going_on = false;
    for (day, level) in days {
        let level = (level * 10.0).round() / 10.0;
        if level < limit {
            going_on = false;
        } else if let Some(flood) = floods.last_mut().filter(|_| going_on) {
            (flood.1, flood.2, flood.3) = (day.clone(), flood.2 + 1, flood.3.max(level));
        } else {
            floods.push((day.clone(), day.clone(), 1, level));
            going_on = true;
        }
    }
    floods
}

#[test]
fn a_python_and_a_shell_program_yield_the_figures_of_plain_loops() {
    let (_folder, project) = example();
    say_with_python(&project, &["check"]).exits(0);
    let said = say_with_python(&project, &["run"]).exits(0);
    assert!(said.err.contains("marts.smoothed_levels | smoothed 300 levels of 3 gauges"), "{}", said.err);

    let expected = smoothed(&project, 0.25);
    let found = query(&project, "select gauge, day, level_cm from marts.smoothed_levels order by 1, 2");
    let expected_rows: Vec<(String, String, f64)> = expected
        .iter()
        .flat_map(|(gauge, days)| days.iter().map(|(day, level)| (gauge.clone(), day.clone(), *level)))
        .collect();
    assert_eq!((found.lines().count(), expected_rows.len()), (300, 300));
    for (line, (gauge, day, level)) in found.lines().zip(&expected_rows) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!((cells[0], cells[1]), (gauge.as_str(), day.as_str()));
        assert!((cells[2].parse::<f64>().unwrap() - level).abs() < 1e-9, "{line}: {level}");
    }

    let limits: BTreeMap<String, f64> = cells(&project.join("seeds/gauges.csv"))
        .into_iter()
        .map(|row| (row[0].clone(), row[2].parse().unwrap()))
        .collect();
    let mut expected_floods = Vec::new();
    for (gauge, days) in &expected {
        for (first, last, days, peak) in floods(days, limits[gauge]) {
            expected_floods.push(format!("{gauge},{first},{last},{days},{peak:.1}"));
        }
    }
    let found =
        query(&project, "select gauge, first_day, last_day, days, peak_cm from marts.flood_episodes order by 1, 2");
    assert_eq!(found.lines().collect::<Vec<_>>(), expected_floods);
    assert!(expected_floods.len() > limits.len(), "an example with floods");
    assert_eq!(query(&project, "select count(*) from marts.worst_floods"), "3");

    // Nothing has changed: no program is run, and none has to be there.
    let said = crate::program::say(&project, &["run"]).exits(0);
    assert!(said.err.contains("all up to date"), "{}", said.err);
}

#[test]
fn a_variable_that_a_script_is_given_makes_it_run_again() {
    let (_folder, project) = example();
    say_with_python(&project, &["run"]).exits(0);
    let said = say_with_python(&project, &["plan", "--var", "alpha=0.5"]).exits(0);
    assert!(said.out.contains("its variables changed"), "{}", said.out);
    say_with_python(&project, &["run", "--var", "alpha=0.5"]).exits(0);
    let found =
        query(&project, "select level_cm from marts.smoothed_levels where gauge = 'K1' order by day desc limit 1");
    let expected = smoothed(&project, 0.5)["K1"].last().unwrap().1;
    assert!((found.parse::<f64>().unwrap() - expected).abs() < 1e-9, "{found}: {expected}");
}
