//! What is compared with what: `main..next`, `3..7`, `next`.

use headwater_sdk::store::{MAIN, SnapshotRecord};
use headwater_sdk::{Blame, Error, Result};
use serde::Serialize;

use crate::lake::Lake;

/// Two sides, each a branch's name or a snapshot's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    sides: [String; 2],
}

/// One side as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// What it was called: `main`, a branch, or a snapshot's number.
    pub name: String,
    /// The snapshot; `None` where nothing was published yet.
    pub snapshot: Option<u64>,
}

impl Range {
    /// Reads `before..after`; a name alone is compared with `main`.
    ///
    /// # Errors
    /// `HW0935` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let sides = match text.split_once("..") {
            None => [MAIN, text],
            Some((before, after)) => [before, after],
        };
        if sides.iter().any(|side| side.is_empty() || side.contains('.')) {
            return Err(Error::new(
                "HW0935",
                Blame::Project,
                format!("'{text}' does not say what to compare with what"),
            )
            .help(
                "write before..after, each the name of a branch or the number of a snapshot, e.g. main..next or 3..7",
            ));
        }
        Ok(Self { sides: sides.map(str::to_owned) })
    }

    pub(super) fn name(&self, place: usize) -> String {
        let name = &self.sides[place];
        if number(name).is_some() { format!("snapshot {name}") } else { name.clone() }
    }

    pub(super) fn side(&self, place: usize, snapshot: Option<&SnapshotRecord>) -> Side {
        Side { name: self.sides[place].clone(), snapshot: snapshot.map(|snapshot| snapshot.id) }
    }

    /// The snapshots of both sides; `None` where nothing was published yet.
    pub(super) async fn open(&self, lake: &Lake) -> Result<(Option<SnapshotRecord>, Option<SnapshotRecord>)> {
        let [before, after] = &self.sides;
        Ok((open(lake, before).await?, open(lake, after).await?))
    }
}

async fn open(lake: &Lake, name: &str) -> Result<Option<SnapshotRecord>> {
    if name == MAIN {
        return lake.store.head().await;
    }
    let Some(id) = number(name) else {
        return Ok(lake.base_on(Some(name)).await?.snapshot);
    };
    let found = lake.store.snapshot(id).await?;
    let missing = || {
        Error::new("HW0916", Blame::Project, format!("there is no snapshot {id}"))
            .help("`headwater history` lists those of main, with --branch those of a branch")
    };
    found.ok_or_else(missing).map(Some)
}

/// A snapshot's number; the name of a branch is never one.
fn number(name: &str) -> Option<u64> {
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_two_sides() {
        let sides = |text| Range::parse(text).map(|range| range.sides).map_err(|e| e.code);
        assert_eq!(sides("main..next"), Ok(["main".to_owned(), "next".to_owned()]));
        assert_eq!(sides("3..12"), Ok(["3".to_owned(), "12".to_owned()]));
        assert_eq!(sides("next"), Ok(["main".to_owned(), "next".to_owned()]));
        for wrong in ["", "..", "a..", "..b", "a...b", "a..b..c", "marts.t"] {
            assert_eq!(sides(wrong), Err("HW0935"), "{wrong}");
        }
    }
}
