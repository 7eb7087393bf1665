//! Rollbacks and maintenance die as well.

use std::thread;
use std::time::{Duration, Instant};

use super::chance::{Chance, seed};
use super::delta::orphans;
use super::killed::{look_after_death, prepare};
use super::lakes::{Lake, REFERENCE, Stage, TABLES};
use super::outcome::{assert_contents, assert_tidy, sight, vacuum};
use super::process::Trap;
use super::turns;

const ROLLBACK: [&str; 2] = ["rollback", "1"];
const MAINTAIN: [&str; 6] = ["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0"];

/// A lake with two snapshots.
fn twice_loaded() -> Lake {
    let lake = Lake::at(Stage::Loaded);
    lake.say(&["run"]).exits(0);
    lake
}

/// After the death of a rollback: the same command succeeds, and nothing is left over.
#[track_caller]
fn assert_rolls_back(lake: &Lake) {
    lake.say(&ROLLBACK).exits(0);
    assert_contents(lake, &REFERENCE.first);
    vacuum(lake);
    assert_contents(lake, &REFERENCE.first);
    assert_tidy(lake);
}

#[test]
fn a_run_after_a_rollback_brings_back_what_was_rolled_back() {
    prepare();
    let _turn = turns::Turn::wait();
    let lake = twice_loaded();
    assert_rolls_back(&lake);
    lake.say(&["run"]).exits(0);
    assert_contents(&lake, &REFERENCE.second);
}

#[test]
fn uploads_that_were_cut_off_are_removed() {
    prepare();
    let _turn = turns::Turn::wait();
    let lake = twice_loaded();
    // What a process leaves that dies while it writes a data file, or between writing a commit and giving it its name.
    for name in ["raw/events/part-00000-cut-off.parquet#1", "marts/facts/_delta_log/00000000000000000002.json#1"] {
        std::fs::write(lake.lake().join(name), "half").unwrap();
    }
    assert_eq!(vacuum(&lake), 2);
    assert_contents(&lake, &REFERENCE.second);
    let orphans = orphans(&lake.lake(), &TABLES);
    assert!(orphans.is_empty(), "nothing refers to {orphans:#?}");
}

#[test]
fn a_rollback_that_dies_at_any_point_can_be_done_again() {
    prepare();
    let points = [
        "before_intent",
        "after_intent",
        "publish_between_commits:2",
        "publish_between_tables:1",
        "publish_between_tables:3",
        "publish_between_tables:7",
        "before_flip",
        "after_flip",
    ];
    turns::for_each(points, |point| {
        println!("{point}");
        let lake = twice_loaded();
        let die = || lake.start(&ROLLBACK, Trap::Crash(point)).end().code.is_none();
        let (died, flipped) = sight(Stage::Done).look_during(&lake, die);
        assert!(died, "no rollback passes {point}");
        look_after_death(&lake, sight(Stage::Done), flipped);
        assert_rolls_back(&lake);
    });
}

#[test]
fn a_rollback_that_is_killed_at_any_time_can_be_done_again() {
    prepare();
    let seed = seed();
    let span = {
        let _turn = turns::Turn::wait();
        let lake = twice_loaded();
        let start = Instant::now();
        lake.say(&ROLLBACK).exits(0);
        start.elapsed()
    };
    turns::for_each(0..10, |attempt| {
        let delay = span.mul_f64(Chance::new(seed, attempt).fraction());
        println!("HEADWATER_SEED={seed}, lake {attempt}: killed after {delay:?}");
        let lake = twice_loaded();
        let kill = || {
            let process = lake.start(&ROLLBACK, Trap::None);
            thread::sleep(delay);
            process.kill()
        };
        let (_, flipped) = sight(Stage::Done).look_during(&lake, kill);
        look_after_death(&lake, sight(Stage::Done), flipped);
        assert_rolls_back(&lake);
    });
}

#[test]
fn maintenance_that_is_killed_at_any_time_takes_nothing_that_is_needed() {
    prepare();
    let seed = seed();
    let untidy = || {
        let lake = twice_loaded();
        assert!(lake.start(&["run", "--full-refresh"], Trap::Crash("after_audit_record:5")).end().code.is_none());
        lake
    };
    let span = {
        let _turn = turns::Turn::wait();
        let lake = untidy();
        let start = Instant::now();
        lake.say(&MAINTAIN).exits(0);
        start.elapsed()
    };
    turns::for_each(0..12, |attempt| {
        let lake = untidy();
        // Most of the time goes by before the first file goes.
        let delay = span.mul_f64(0.3 + 0.7 * Chance::new(seed, attempt).fraction());
        println!("HEADWATER_SEED={seed}, lake {attempt}: killed after {delay:?} of {span:?}");
        let process = lake.start(&MAINTAIN, Trap::None);
        thread::sleep(delay);
        process.kill();
        assert_contents(&lake, &REFERENCE.second);
        lake.say(&["run"]).exits(0);
        vacuum(&lake);
        assert_contents(&lake, &REFERENCE.second);
        assert_tidy(&lake);
    });
}

#[test]
fn a_rollback_takes_the_lake_over_from_a_run_that_died() {
    prepare();
    let _turn = turns::Turn::wait();
    let lake = twice_loaded();
    assert!(lake.start(&["run", "--full-refresh"], Trap::Crash("after_audit_record:4")).end().code.is_none());
    let start = Instant::now();
    let said = lake.say(&ROLLBACK).exits(0);
    assert!(said.err.contains("died: taking over"), "{said:?}");
    assert!(start.elapsed() < Duration::from_secs(20), "a dead process was waited for");
    assert_contents(&lake, &REFERENCE.first);
}

#[test]
fn staged_commits_that_somebody_removed_are_built_anew() {
    prepare();
    let _turn = turns::Turn::wait();
    for point in ["after_intent", "publish_between_tables:2"] {
        let lake = Lake::at(Stage::Loaded);
        lake.start(&["run"], Trap::Crash(point)).end_whatever_it_says();
        let staged = std::fs::read_dir(lake.lake().join("_headwater/branches")).unwrap().next().unwrap().unwrap();
        std::fs::remove_dir_all(staged.path().join("marts")).unwrap();
        let said = lake.say(&["run"]).exits(0);
        assert!(said.err.contains("what was staged of") && said.err.contains("is gone"), "{point}: {}", said.err);
        vacuum(&lake);
        assert_contents(&lake, &REFERENCE.second);
        assert_tidy(&lake);
    }
}
