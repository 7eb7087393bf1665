//! What must hold when somebody has put a lake in order again after whatever happened to it.

use super::delta;
use super::lakes::{Lake, REFERENCE, Stage, TABLES, View};
use super::reader::Sight;
use crate::program::{Said, published_versions};

/// What a run on a lake in this state may show, before and after.
pub(super) fn sight(stage: Stage) -> Sight<'static> {
    static NOTHING: View = View { contents: None, rows: [None; TABLES.len()] };
    let (first, second) = (&REFERENCE.first, &REFERENCE.second);
    match stage {
        Stage::Empty => Sight { old: &NOTHING, new: first },
        Stage::Loaded => Sight { old: first, new: second },
        Stage::Done => Sight { old: second, new: first },
    }
}

/// Runs, and asserts that everything is as if nothing had happened. Returns what the run said.
#[track_caller]
pub(super) fn assert_resumes(lake: &Lake, stage: Stage) -> Said {
    let said = lake.say(&["run"]).exits(0);
    assert_whole(lake, stage);
    said
}

/// Asserts that the batch which waited is loaded, once, and that nothing is left over: figures, snapshots and commits
/// are those of a lake that nothing happened to.
#[track_caller]
pub(super) fn assert_whole(lake: &Lake, stage: Stage) {
    let (view, snapshots) = match stage {
        Stage::Empty => (&REFERENCE.first, 1),
        Stage::Loaded | Stage::Done => (&REFERENCE.second, 2),
    };
    assert_eq!(vacuum(lake), snapshots, "one snapshot for each batch");
    for table in TABLES {
        let commits = published_versions(&lake.lake(), table).len();
        assert_eq!(commits, snapshots as usize, "{table}: one commit for each batch");
    }
    assert_contents(lake, view);
    assert_tidy(lake);
}

/// Asserts what is published.
#[track_caller]
pub(super) fn assert_contents(lake: &Lake, view: &View) {
    let seen = lake.contents();
    let differences = || view.differences(seen.as_ref());
    assert!(seen == view.contents, "figures differ from those of an undisturbed lake: {}", differences());
}

/// Removes what only older snapshots need. Returns the number of the one that is kept.
#[track_caller]
pub(super) fn vacuum(lake: &Lake) -> u64 {
    let said = lake.say(&["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0", "--json"]).exits(0);
    let done = said.json();
    assert_eq!(done["kept_snapshots"], 1, "{done}");
    done["oldest_kept"].as_u64().unwrap()
}

/// Asserts that no file of a vacuumed lake is there without need, staging areas included.
#[track_caller]
pub(super) fn assert_tidy(lake: &Lake) {
    let orphans = delta::orphans(&lake.lake(), &TABLES);
    assert!(orphans.is_empty(), "nothing refers to {orphans:#?}");
}
