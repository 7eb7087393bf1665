//! Points in the code where a test can make the process die or stand still, to prove that nothing is lost when it does.
//!
//! The environment variable `HEADWATER_CRASH_AT` names a point: `before_flip`, or `after_stage:3` for the third time
//! that it is passed. The process then aborts, without unwinding and without flushing, as on `kill -9`. In the same way
//! `HEADWATER_STOP_AT` names a point at which the process stops as on `kill -STOP`, until somebody continues it. The
//! variables are read once. Without them, a point costs two atomic loads.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The environment variable that names the point at which to die.
pub const VARIABLE: &str = "HEADWATER_CRASH_AT";

/// The environment variable that names the point at which to stand still.
pub const STOP_VARIABLE: &str = "HEADWATER_STOP_AT";

/// Where to act: a point's name and the how-manieth passing, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    name: String,
    passing: u64,
}

fn parse_target(text: &str) -> Option<Target> {
    let (name, passing) = match text.split_once(':') {
        Some((name, passing)) => (name, passing.parse().ok()?),
        None => (text, 1),
    };
    (!name.is_empty() && passing > 0).then(|| Target { name: name.to_owned(), passing })
}

/// A variable, and how often the point that it names has been passed.
struct Trap {
    variable: &'static str,
    target: OnceLock<Option<Target>>,
    passings: AtomicU64,
}

impl Trap {
    const fn new(variable: &'static str) -> Self {
        Self { variable, target: OnceLock::new(), passings: AtomicU64::new(0) }
    }

    /// Whether this is the passing that the variable means.
    fn is_sprung(&self, name: &str) -> bool {
        let target = self.target.get_or_init(|| std::env::var(self.variable).ok().as_deref().and_then(parse_target));
        target.as_ref().is_some_and(|target| {
            target.name == name && self.passings.fetch_add(1, Ordering::SeqCst) + 1 == target.passing
        })
    }
}

/// Aborts or stops the process when this is where [`VARIABLE`] or [`STOP_VARIABLE`] wants it.
pub fn failpoint(name: &str) {
    static CRASH: Trap = Trap::new(VARIABLE);
    static STOP: Trap = Trap::new(STOP_VARIABLE);
    if CRASH.is_sprung(name) {
        std::process::abort();
    }
    if STOP.is_sprung(name) {
        stop();
    }
}

/// Stops every thread of the process. Without unsafe code only another process can do that: a shell, where there is one.
fn stop() {
    let signal = format!("kill -STOP {}", std::process::id());
    let _ = std::process::Command::new("sh").args(["-c", &signal]).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_name_and_a_count() {
        let target = |name: &str, passing| Some(Target { name: name.into(), passing });
        assert_eq!(parse_target("before_flip"), target("before_flip", 1));
        assert_eq!(parse_target("after_stage:3"), target("after_stage", 3));
        for bad in ["", ":2", "x:0", "x:y"] {
            assert_eq!(parse_target(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_unset_variable_lets_everything_pass() {
        failpoint("before_flip");
    }
}
