//! A process that stalls for longer than its lease lasts, and comes back when another has taken over.
//!
//! These tests wait for half a minute: a lease lasts that long. They do nothing in that time.

use std::thread;
use std::time::Duration;

use super::killed::prepare;
use super::lakes::{Lake, Stage};
use super::outcome::{assert_whole, sight};
use super::process::{Process, Trap};
use super::turns::Turn;

/// Longer than a lease lasts after its last heartbeat.
const LEASE_ENDS: Duration = Duration::from_secs(31);

/// A run that stands still at a point of the flow.
fn stalled(lake: &Lake, point: &str) -> Process {
    let _turn = Turn::wait();
    let mut process = lake.start(&["run"], Trap::Stop(point));
    assert!(process.stands_still(), "no run passes {point}");
    process
}

/// Lets a stalled run go on: it finds out that the lake is not its own any more.
#[track_caller]
fn assert_is_fenced_off(process: Process, point: &str) {
    process.signal("CONT");
    let said = process.end_whatever_it_says();
    assert_eq!(said.code, Some(3), "{point}: {said:?}");
    let told = said.err.contains("HW0702");
    assert!(told, "{point}: it does not know why it ended: {said:?}");
}

#[test]
fn a_stalled_run_that_was_taken_over_publishes_nothing() {
    prepare();
    let points = [
        "after_plan",
        "before_stage:3",
        "engine_after_write:4",
        "after_audit_record:5",
        "before_intent",
        "after_intent",
        "publish_between_tables:3",
        "before_flip",
    ];
    let lakes: Vec<(&str, Lake, Process)> = points
        .into_iter()
        .map(|point| {
            let lake = Lake::at(Stage::Loaded);
            let process = stalled(&lake, point);
            (point, lake, process)
        })
        .collect();
    // On a busy machine the first one's lease may have ended by now.
    let early = lakes.last().unwrap().1.say(&["run"]).exits(3);
    assert!(early.err.contains("HW0911"), "its lease has not ended yet: {early:?}");
    thread::sleep(LEASE_ENDS);
    for (point, lake, process) in lakes {
        let _turn = Turn::wait();
        println!("{point}");
        lake.say(&["run"]).exits(0);
        assert!(sight(Stage::Loaded).look(&lake), "{point}");
        assert_is_fenced_off(process, point);
        assert_whole(&lake, Stage::Loaded);
    }
}

#[test]
fn a_stalled_run_ends_without_a_panic() {
    prepare();
    let lakes: Vec<(Lake, Process)> = (2..8)
        .map(|passing| {
            let lake = Lake::at(Stage::Loaded);
            let process = stalled(&lake, &format!("before_stage:{passing}"));
            (lake, process)
        })
        .collect();
    thread::sleep(LEASE_ENDS);
    for (lake, process) in lakes {
        let _turn = Turn::wait();
        lake.say(&["run"]).exits(0);
        process.signal("CONT");
        assert_eq!(process.end().code, Some(3));
    }
}

#[test]
fn a_stalled_run_that_comes_back_does_no_harm_to_the_one_that_took_over() {
    prepare();
    // Where the first one stalls, and where the second one is when the first comes back.
    let meetings = [
        ("before_stage:2", "after_audit_record:4"),
        ("engine_after_write:3", "before_intent"),
        ("engine_after_commit:3", "after_audit_record:3"),
        ("before_audit_record:5", "publish_between_tables:3"),
        ("before_intent", "publish_between_tables:2"),
        ("after_intent", "before_flip"),
        ("publish_between_tables:2", "before_flip"),
        ("before_flip", "after_flip"),
    ];
    let lakes: Vec<_> = meetings
        .into_iter()
        .map(|(first, second)| {
            let lake = Lake::at(Stage::Loaded);
            let process = stalled(&lake, first);
            (first, second, lake, process)
        })
        .collect();
    thread::sleep(LEASE_ENDS);
    for (first, second, lake, process) in lakes {
        println!("{first} against {second}");
        let successor = stalled(&lake, second);
        let _turn = Turn::wait();
        assert_is_fenced_off(process, first);
        successor.signal("CONT");
        let said = successor.end();
        assert_eq!(said.code, Some(0), "{first} against {second}: {said:?}");
        assert_whole(&lake, Stage::Loaded);
    }
}
