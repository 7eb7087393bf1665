//! A process dies at every named point of the flow, at every passing of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::delta::files_below;
use super::killed::{Deaths, Reached, look_after_death, prepare};
use super::lakes::{Lake, Stage};
use super::outcome::{assert_contents, assert_resumes, sight};
use super::process::{Process, Trap};
use super::turns;
use crate::program::workspace;

/// More passings than a run of this small project has of any point.
const MOST_PASSINGS: usize = 60;

/// Every name in the sources: `failpoint("name")`, and the constants of `headwater-run/src/failpoints.rs`.
fn points() -> BTreeSet<String> {
    let quoted = |text: &str| text.split('"').nth(1).map(str::to_owned);
    let mut points = BTreeSet::new();
    let crates = workspace().join("crates");
    let constants = fs::read_to_string(crates.join("headwater-run/src/failpoints.rs")).unwrap();
    points.extend(constants.lines().filter(|line| line.contains(": &str = ")).filter_map(quoted));
    for name in ["headwater-engine", "headwater-run", "headwater-catalog"] {
        let sources = files_below(&crates.join(name).join("src"));
        // A run that delivers nothing passes none of the outlets': deliveries die in tests of their own.
        let is_outlet = |file: &Path| file.parent().is_some_and(|folder| folder.ends_with("outlet"));
        for source in sources.iter().filter(|file| is_rust(file) && !is_outlet(file)) {
            let text = fs::read_to_string(source).unwrap();
            points.extend(text.match_indices("failpoint(\"").filter_map(|(at, _)| quoted(&text[at..])));
        }
    }
    points
}

fn is_rust(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "rs")
}

/// Runs until the point is passed for the n-th time; false when the run ended before that.
fn dies_at(lake: &Lake, point: &str) -> bool {
    let process: Process = lake.start(&["run"], Trap::Crash(point));
    let said = process.end();
    assert!(matches!(said.code, None | Some(0)), "{point}: {said:?}");
    said.code.is_none()
}

#[test]
fn a_run_that_dies_at_any_point_is_put_right_by_the_next_one() {
    prepare();
    let points = points();
    assert!(points.len() >= 16, "{points:?}");
    let deaths = Deaths::default();
    let cases = points.iter().flat_map(|point| [(Stage::Loaded, point), (Stage::Empty, point)]);
    turns::for_each(cases, |(stage, point)| {
        // On a lake that is new, a few passings are enough: the others differ in nothing.
        let passings = match stage {
            Stage::Empty => 2,
            Stage::Loaded | Stage::Done => MOST_PASSINGS,
        };
        for passing in 1..=passings {
            let at = format!("{point}:{passing}");
            println!("{stage:?} {at}");
            let lake = Lake::at(stage);
            let (died, flipped) = sight(stage).look_during(&lake, || dies_at(&lake, &at));
            if !died {
                assert!(passing > 1, "no run passes {point}");
                assert_contents(&lake, sight(stage).new);
                return;
            }
            deaths.add(look_after_death(&lake, sight(stage), flipped));
            let said = assert_resumes(&lake, stage);
            assert!(said.err.contains("died: taking over"), "{at}: {said:?}");
        }
        assert!(passings < MOST_PASSINGS, "{point} is passed more often than anybody expects");
    });
    println!("{} runs died at {} points: {deaths}", deaths.all(), points.len());
    assert!(deaths.all() >= 60, "{deaths}");
    for reached in [Reached::Nothing, Reached::Staging, Reached::Publishing, Reached::Flipped] {
        assert!(deaths.of(reached) >= 2, "{reached:?}: {deaths}");
    }
}

#[test]
fn a_run_that_goes_on_with_another_may_die_at_any_point_as_well() {
    prepare();
    let deaths = Deaths::default();
    turns::for_each(points(), |point| {
        let stage = Stage::Loaded;
        let lake = Lake::at(stage);
        // The first one dies with something staged, the second one wherever it is told to, on what the first has left.
        assert!(dies_at(&lake, "after_audit_record:3"));
        let (died, flipped) = sight(stage).look_during(&lake, || dies_at(&lake, &point));
        assert!(died, "{point}");
        deaths.add(look_after_death(&lake, sight(stage), flipped));
        assert_resumes(&lake, stage);
    });
    println!("{deaths}");
}

#[test]
fn a_run_that_died_while_publishing_is_finished_by_the_next_command_that_changes_the_lake() {
    prepare();
    let points = ["after_intent", "publish_between_tables:1", "publish_between_commits:3", "before_flip", "after_flip"];
    turns::for_each(points, |point| {
        let lake = Lake::at(Stage::Loaded);
        assert!(dies_at(&lake, point));
        // No run, only maintenance: the batch that was being published is there afterwards.
        super::outcome::assert_whole(&lake, Stage::Loaded);
        let idle = lake.say(&["run", "--json"]).exits(0).json();
        assert!(idle["snapshot"].is_null(), "there was nothing left to do: {idle}");
    });
}
