//! A process is killed at any time, and the one that goes on after it, too.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::chance::{Chance, seed};
use super::killed::{Deaths, Reached, look_after_death, prepare};
use super::lakes::{Lake, REFERENCE, Stage};
use super::outcome::{assert_resumes, sight};
use super::process::Trap;
use super::turns;

/// Kills, unless `HEADWATER_KILLS` asks for more.
const KILLS: usize = 150;

/// The time within which runs are killed. It follows from how long they take: a run that was too fast for its kill
/// shortens it, one that was caught prolongs it a little, so that kills reach the end of a run and few miss it.
struct Span(Mutex<f64>);

impl Span {
    fn seconds(&self, fraction: f64) -> Duration {
        Duration::from_secs_f64(*self.0.lock().unwrap() * fraction)
    }

    fn learn(&self, caught: bool) {
        *self.0.lock().unwrap() *= if caught { 1.01 } else { 0.95 };
    }
}

#[test]
fn a_run_that_is_killed_at_any_time_is_put_right_by_the_next_one() {
    prepare();
    let asked: Option<usize> = std::env::var("HEADWATER_KILLS").ok().and_then(|text| text.parse().ok());
    let wanted = asked.unwrap_or(KILLS);
    let seed = seed();
    println!("HEADWATER_SEED={seed}");
    let (deaths, late) = (Deaths::default(), AtomicUsize::new(0));
    let spans = [REFERENCE.first_run, REFERENCE.second_run].map(|run| Span(Mutex::new(run.as_secs_f64())));
    turns::for_each(0..wanted * 2, |attempt| {
        if deaths.all() >= wanted {
            return;
        }
        let mut chance = Chance::new(seed, attempt);
        let stage = if chance.below(4) == 0 { Stage::Empty } else { Stage::Loaded };
        let span = &spans[usize::from(stage == Stage::Loaded)];
        let lake = Lake::at(stage);
        let mut flipped = false;
        let mut story = Vec::new();
        for _ in 0..=chance.below(3) {
            let delay = span.seconds(chance.fraction());
            story.push(delay);
            println!("HEADWATER_SEED={seed}, lake {attempt}: {stage:?}, kills after {story:?}");
            let kill = || {
                let process = lake.start(&["run"], Trap::None);
                thread::sleep(delay);
                process.kill()
            };
            let (killed, seen) = sight(stage).look_during(&lake, kill);
            if !killed {
                late.fetch_add(1, Ordering::SeqCst);
            }
            span.learn(killed);
            let reached = look_after_death(&lake, sight(stage), flipped || seen);
            flipped = reached == Reached::Flipped;
            if killed {
                deaths.add(reached);
            }
            if chance.below(5) == 0 {
                // Maintenance in between takes nothing from a run that can be gone on with.
                lake.say(&["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0"]).exits(0);
                flipped = look_after_death(&lake, sight(stage), flipped) == Reached::Flipped;
            }
        }
        assert_resumes(&lake, stage);
    });
    println!("{} kills, {} came too late: {deaths}", deaths.all(), late.into_inner());
    assert!(deaths.all() >= wanted, "{deaths}");
    for reached in [Reached::Nothing, Reached::Staging, Reached::Flipped] {
        assert!(deaths.of(reached) > 0, "no kill hit {reached:?}: {deaths}");
    }
}
