//! One life of a lake: a process dies, maybe several in turn, and the next run puts everything right.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use super::delta::files_below;
use super::lakes::{Lake, REFERENCE, count_rows};
use super::reader::Sight;

/// How far a process had come when it died, as far as the files tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reached {
    /// Nothing was staged.
    Nothing,
    /// Something was staged.
    Staging,
    /// Some tables were published, `main` still showed the old snapshot.
    Publishing,
    /// `main` showed the new snapshot.
    Flipped,
}

/// Looks at a lake whose process has just died: every reader sees the old state or the new one.
#[track_caller]
pub(super) fn look_after_death(lake: &Lake, sight: Sight<'_>, flipped_before: bool) -> Reached {
    let flipped = sight.look(lake);
    assert!(flipped || !flipped_before, "the old state came back");
    if flipped {
        return Reached::Flipped;
    }
    if count_rows(&lake.lake()) != sight.old.rows {
        return Reached::Publishing;
    }
    match files_below(&lake.lake().join("_headwater/branches")).is_empty() {
        true => Reached::Nothing,
        false => Reached::Staging,
    }
}

/// How many died where.
#[derive(Debug, Default)]
pub(super) struct Deaths(Mutex<BTreeMap<Reached, usize>>);

impl Deaths {
    pub(super) fn add(&self, reached: Reached) {
        *self.0.lock().unwrap().entry(reached).or_default() += 1;
    }

    pub(super) fn of(&self, reached: Reached) -> usize {
        self.0.lock().unwrap().get(&reached).copied().unwrap_or_default()
    }

    pub(super) fn all(&self) -> usize {
        self.0.lock().unwrap().values().sum()
    }
}

impl fmt::Display for Deaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deaths = self.0.lock().unwrap();
        let parts: Vec<String> = deaths.iter().map(|(reached, count)| format!("{reached:?} {count}")).collect();
        f.write_str(&parts.join(", "))
    }
}

/// Makes the reference lakes before several threads want them, so that no run is measured beside another.
pub(super) fn prepare() {
    let (first, second) = (REFERENCE.first_run, REFERENCE.second_run);
    println!("undisturbed runs took {first:?} and {second:?}");
}
