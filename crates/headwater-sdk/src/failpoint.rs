//! Points in the code where a test can make the process die, to prove that nothing is lost when it does.
//!
//! The environment variable `HEADWATER_CRASH_AT` names a point: `before_flip`, or `after_stage:3` for the third time
//! that it is passed. The process then aborts, without unwinding and without flushing, as on `kill -9`. The variable
//! is read once. Without it, a point costs one atomic load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The environment variable that names the point.
pub const VARIABLE: &str = "HEADWATER_CRASH_AT";

/// Where to die: a point's name and the how-manieth passing, from 1.
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

/// Aborts the process when this is where [`VARIABLE`] wants it dead.
pub fn failpoint(name: &str) {
    static TARGET: OnceLock<Option<Target>> = OnceLock::new();
    static PASSINGS: AtomicU64 = AtomicU64::new(0);
    let target = TARGET.get_or_init(|| std::env::var(VARIABLE).ok().as_deref().and_then(parse_target));
    if let Some(target) = target
        && target.name == name
        && PASSINGS.fetch_add(1, Ordering::SeqCst) + 1 == target.passing
    {
        std::process::abort();
    }
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
