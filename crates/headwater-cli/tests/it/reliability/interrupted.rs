//! Ctrl-C, at any time and with work done.

use std::thread;
use std::time::{Duration, Instant};

use super::chance::{Chance, seed};
use super::killed::prepare;
use super::lakes::{Lake, REFERENCE, Stage};
use super::outcome::{assert_resumes, sight};
use super::process::Trap;
use super::turns;

/// A person who presses Ctrl-C does not wait longer than this.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn an_interrupted_run_says_so_and_the_next_one_keeps_what_it_had_done() {
    prepare();
    turns::for_each([("INT", 3), ("TERM", 4), ("INT", 5)], |(signal, done)| {
        let stage = Stage::Loaded;
        let lake = Lake::at(stage);
        // It stands still when as many tasks are audited, and is told to end before it goes on.
        let mut process = lake.start(&["run", "--jobs", "1"], Trap::Stop(&format!("after_audit_record:{done}")));
        assert!(process.stands_still());
        process.signal(signal);
        let start = Instant::now();
        process.signal("CONT");
        let said = process.end();
        assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
        assert_eq!(said.code, Some(1), "{said:?}");
        let told = format!("{}{}", said.out, said.err);
        assert!(told.contains("interrupted") && told.contains("headwater run"), "what to do next: {told}");
        assert!(!sight(stage).look(&lake), "an interrupted run publishes nothing");

        let said = assert_resumes(&lake, stage);
        let kept = kept(&said.err);
        // What was audited when it stood still; it may have ended another task before it heard of it.
        assert!(kept >= done && kept <= done + 1, "{kept} of {done} tasks are kept: {}", said.err);
        assert_eq!(said.err.matches("(kept)").count(), kept, "{}", said.err);
    });
}

/// The number in `going on with the unfinished run …: 3 tasks are kept`.
fn kept(err: &str) -> usize {
    let line = err.lines().find(|line| line.contains("tasks are kept")).unwrap_or_else(|| panic!("{err}"));
    assert!(line.contains("going on with the unfinished run"), "{line}");
    line.split_whitespace().rev().nth(3).unwrap().parse().unwrap()
}

#[test]
fn a_run_that_is_interrupted_at_any_time_ends_at_once_and_loses_nothing() {
    prepare();
    let seed = seed();
    turns::for_each(0..12, |attempt| {
        let stage = if attempt % 4 == 0 { Stage::Empty } else { Stage::Loaded };
        let delay = REFERENCE.second_run.mul_f64(Chance::new(seed, attempt).fraction());
        println!("HEADWATER_SEED={seed}, lake {attempt}: interrupted after {delay:?}");
        let lake = Lake::at(stage);
        let interrupt = || {
            let process = lake.start(&["run"], Trap::None);
            thread::sleep(delay);
            process.signal("INT");
            let start = Instant::now();
            let said = process.end();
            assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
            said
        };
        let (said, _) = sight(stage).look_during(&lake, interrupt);
        // No code: the signal came before the program could listen, and ended it.
        assert!(matches!(said.code, None | Some(0 | 1)), "{said:?}");
        if said.code == Some(1) {
            assert!(format!("{}{}", said.out, said.err).contains("interrupted"), "{said:?}");
        }
        let next = assert_resumes(&lake, stage);
        assert!(!next.err.contains("died"), "it had given the lake back: {next:?}");
    });
}
