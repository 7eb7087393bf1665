//! What connectors promise: each file has the promises of a group, and a macro that makes a test of each of them for a kit.

pub(super) mod bad_rows;
pub(super) mod choosing;
pub(super) mod drift;
pub(super) mod following;
pub(super) mod incremental;
pub(super) mod loads;
pub(super) mod looking;
pub(super) mod mistakes;
pub(super) mod new_files;
pub(super) mod reach;

pub(super) use bad_rows::{bad_increments, bad_rows};
pub(super) use choosing::{conditions, excluding};
pub(super) use drift::{drift, leaves_out_nulls};
pub(super) use following::{bad_changes, following};
pub(super) use incremental::incremental;
pub(super) use loads::loads;
pub(super) use looking::{discovery, looking, no_discovery};
pub(super) use mistakes::{missing, mistakes};
pub(super) use new_files::new_files;
pub(super) use reach::{reach, secrets};

use super::bench::{Bench, Kit};
use super::table::Change;

/// The points at which a run dies, and what it has done by then.
const POINTS: [&str; 4] = ["engine_after_write", "after_stage", "after_intent", "after_flip"];

/// Runs that die at every point, each after something has happened; then one that does not.
#[track_caller]
fn die_and_go_on<K: Kit>(bench: &mut Bench<K>, next: impl Fn(usize) -> Vec<Change>) {
    for (round, point) in POINTS.into_iter().enumerate() {
        bench.change(&next(round));
        let died = bench.command(&["run"]).env("HEADWATER_CRASH_AT", point).output().unwrap();
        assert_eq!(died.status.code(), None, "{point}: {}", String::from_utf8_lossy(&died.stderr));
    }
    bench.run();
    bench.assert_same();
    bench.run();
    bench.assert_same();
}

/// Runs that are killed at some moment, each after something has happened; then one that is not.
#[track_caller]
fn be_killed_and_go_on<K: Kit>(bench: &mut Bench<K>, next: impl Fn(usize) -> Vec<Change>) {
    for (round, pause) in [15, 40, 80].into_iter().enumerate() {
        bench.change(&next(round));
        let mut run = bench.command(&["run"]);
        let mut run = run.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(pause));
        // It may have ended before.
        run.kill().unwrap();
        run.wait().unwrap();
    }
    bench.run();
    bench.assert_same();
}
