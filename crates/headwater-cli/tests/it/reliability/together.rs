//! Several processes want one lake at the same time.

use std::thread;

use super::killed::prepare;
use super::lakes::{Lake, Stage};
use super::outcome::{assert_whole, sight};
use super::process::{Process, Trap};
use super::turns;
use crate::program::Said;

const ROUNDS: usize = 20;

fn stage_of(round: usize) -> Stage {
    if round.is_multiple_of(3) { Stage::Empty } else { Stage::Loaded }
}

/// Starts runs at one moment and waits for all. Each with its process number.
fn race(lake: &Lake, arguments: &[&str], runners: usize) -> Vec<(u32, Said)> {
    let started: Vec<(u32, Process)> =
        (0..runners).map(|_| lake.start(arguments, Trap::None)).map(|process| (process.id(), process)).collect();
    thread::scope(|scope| {
        let ends: Vec<_> = started.into_iter().map(|(id, process)| (id, scope.spawn(|| process.end()))).collect();
        ends.into_iter().map(|(id, end)| (id, end.join().unwrap())).collect()
    })
}

#[test]
fn of_two_runs_at_once_one_publishes_and_the_other_is_told_who_is_at_work() {
    prepare();
    let refused = std::sync::atomic::AtomicUsize::new(0);
    turns::for_each(0..ROUNDS, |round| {
        let stage = stage_of(round);
        let lake = Lake::at(stage);
        let (said, _) = sight(stage).look_during(&lake, || race(&lake, &["run"], 2));
        let winners: Vec<u32> = said.iter().filter(|(_, said)| said.code == Some(0)).map(|(id, _)| *id).collect();
        for (_, loser) in said.iter().filter(|(_, said)| said.code != Some(0)) {
            refused.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            assert_eq!(loser.code, Some(3), "round {round}: {said:?}");
            let names = winners.iter().any(|id| loser.err.contains(&format!("process {id} ")));
            assert!(names && loser.err.contains("HW0911") && loser.err.contains("--wait"), "round {round}: {loser:?}");
        }
        assert!(!winners.is_empty(), "round {round}: {said:?}");
        assert_whole(&lake, stage);
    });
    assert!(refused.into_inner() > 0, "no two runs ever met");
}

#[test]
fn runs_that_wait_come_one_after_the_other() {
    prepare();
    turns::for_each(0..6, |round| {
        let stage = stage_of(round);
        let lake = Lake::at(stage);
        let (said, _) = sight(stage).look_during(&lake, || race(&lake, &["run", "--wait", "2m"], 3));
        for (_, said) in &said {
            assert_eq!(said.code, Some(0), "round {round}: {said:?}");
        }
        let waited = said.iter().filter(|(_, said)| said.err.contains("waiting for run")).count();
        assert!(waited > 0, "round {round}: nobody had to wait: {said:?}");
        assert_whole(&lake, stage);
    });
}

#[test]
fn different_commands_keep_out_of_each_others_way() {
    prepare();
    turns::for_each(0..4, |round| {
        let lake = Lake::at(Stage::Loaded);
        let keep = ["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0", "--wait", "2m"];
        let processes = [lake.start(&["run", "--wait", "2m"], Trap::None), lake.start(&keep, Trap::None)];
        for process in processes {
            let said = process.end();
            assert_eq!(said.code, Some(0), "round {round}: {said:?}");
        }
        assert_whole(&lake, Stage::Loaded);
    });
}
