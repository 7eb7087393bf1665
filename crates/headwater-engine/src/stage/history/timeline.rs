//! The versions of one key in time, and what becomes of them when its row is seen again. Nothing here knows tables.
//!
//! A version holds from `from` on, until `to`, that moment excluded; one without `to` is current. Versions of a key stand in
//! order and do not overlap. A row that the input yields says what holds now: since its `updated_at`, or, without such a
//! column, since the run that finds it.

use headwater_sdk::method::Deletes;

/// A moment: microseconds since 1970-01-01T00:00:00Z.
pub(super) type Moment = i64;

/// One version of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) from: Moment,
    pub(super) to: Option<Moment>,
    pub(super) state: State,
}

/// A row as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// A hash of the tracked columns.
    pub(super) tracked: u128,
    /// A hash of the columns that are neither tracked nor of the key.
    pub(super) untracked: u128,
    /// When the source says that it was changed.
    pub(super) updated_at: Option<Moment>,
}

/// Where the values of a version come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// A version that was there, by its place.
    Version(usize),
    /// The row that the input yields.
    Input,
}

/// A version to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) values: Values,
    pub(super) from: Moment,
    pub(super) to: Option<Moment>,
}

/// What happens to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// It has a current version, and had none.
    Opened,
    /// Its current version ends where another begins.
    Changed,
    /// It is gone: its current version ends.
    Deleted,
    /// What held at an earlier time is put right.
    Corrected,
    /// Untracked columns of its current version are overwritten.
    Overwritten,
}

/// What has to be done to a key's versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Amendment {
    pub(super) event: Event,
    /// The places of versions that are taken out.
    pub(super) removed: Vec<usize>,
    /// What is written in their place.
    pub(super) written: Vec<Piece>,
}

/// Whether versions are in order, none ends before it begins, and none but the last is current.
pub(super) fn is_whole(versions: &[Version]) -> bool {
    let lasts = |version: &Version| version.to.is_none_or(|to| to > version.from);
    versions.iter().all(lasts) && versions.windows(2).all(|pair| pair[0].to.is_some_and(|to| to <= pair[1].from))
}

/// What has to be done about a key; `None` when nothing. `input` is its row, if the input yields one; `at` is when the run
/// began.
pub(super) fn amend(versions: &[Version], input: Option<&State>, at: Moment, deletes: Deletes) -> Option<Amendment> {
    let last = versions.last().zip(versions.len().checked_sub(1));
    let current = last.filter(|(version, _)| version.to.is_none());
    match (input, current) {
        (None, Some((version, place))) if deletes == Deletes::Close => {
            let to = Some(at.max(after(version.from)));
            let piece = Piece { values: Values::Version(place), from: version.from, to };
            Some(Amendment { event: Event::Deleted, removed: vec![place], written: vec![piece] })
        }
        (None, _) => None,
        (Some(state), Some((version, place))) => of_current(versions, version, place, state, at),
        (Some(state), None) => Some(reopen(versions, state, at)),
    }
}

/// The first moment past another.
fn after(moment: Moment) -> Moment {
    moment.saturating_add(1)
}

fn of_current(versions: &[Version], current: &Version, place: usize, state: &State, at: Moment) -> Option<Amendment> {
    let is_same = state.tracked == current.state.tracked;
    if is_same && state.updated_at == current.state.updated_at {
        return overwrite(current, place, state);
    }
    match state.updated_at {
        Some(since) if since <= current.from => match current.state.updated_at {
            // A key that came again began its version later than its row was updated: what is no older than that row is what holds now.
            Some(known) if since >= known => match is_same {
                true => overwrite(current, place, state),
                false => Some(correct(versions, current, place, state)),
            },
            _ => insert(versions, state, since),
        },
        // What was touched without a change is the same version.
        _ if is_same => overwrite(current, place, state),
        since => {
            let from = since.unwrap_or_else(|| at.max(after(current.from)));
            let ended = Piece { values: Values::Version(place), from: current.from, to: Some(from) };
            let opened = Piece { values: Values::Input, from, to: None };
            Some(Amendment { event: Event::Changed, removed: vec![place], written: vec![ended, opened] })
        }
    }
}

/// The current version with the values of the row.
fn correct(versions: &[Version], current: &Version, place: usize, state: &State) -> Amendment {
    let mut amendment = Amendment { event: Event::Corrected, removed: vec![place], written: Vec::new() };
    let from = join_before(versions, place, state, current.from, &mut amendment);
    amendment.written.push(Piece { values: Values::Input, from, to: None });
    amendment
}

/// The current version with the values of the row, when only such columns differ that make no new version.
fn overwrite(current: &Version, place: usize, state: &State) -> Option<Amendment> {
    let piece = Piece { values: Values::Input, from: current.from, to: None };
    let differs = state.untracked != current.state.untracked;
    differs.then(|| Amendment { event: Event::Overwritten, removed: vec![place], written: vec![piece] })
}

/// A key without a current version is there (again): since its row was updated, but not while it was seen to be gone.
fn reopen(versions: &[Version], state: &State, at: Moment) -> Amendment {
    let ended = versions.last().and_then(|last| last.to);
    let from = match (state.updated_at, ended) {
        (Some(since), Some(ended)) if since < ended => at.max(ended),
        (Some(since), _) => since,
        (None, ended) => ended.map_or(at, |ended| at.max(ended)),
    };
    let mut amendment = Amendment { event: Event::Opened, removed: Vec::new(), written: Vec::new() };
    let begins = join_before(versions, versions.len(), state, from, &mut amendment);
    amendment.written.push(Piece { values: Values::Input, from: begins, to: None });
    amendment
}

/// A row that was updated at or before the beginning of the current version: it holds from then on until the version after
/// it begins, or the one that it cuts ends.
fn insert(versions: &[Version], state: &State, since: Moment) -> Option<Amendment> {
    let next = versions.iter().position(|version| version.from > since).unwrap_or(versions.len());
    let holds = next.checked_sub(1).filter(|place| versions[*place].to.is_none_or(|to| to > since));
    let mut amendment = Amendment { event: Event::Corrected, removed: Vec::new(), written: Vec::new() };
    let (mut from, mut to) = (since, versions.get(next).map(|next| next.from));
    match holds {
        Some(place) => {
            let cut = &versions[place];
            if cut.state.tracked == state.tracked {
                return if cut.to.is_none() { overwrite(cut, place, state) } else { None };
            }
            amendment.removed.push(place);
            to = cut.to;
            if cut.from < since {
                let piece = Piece { values: Values::Version(place), from: cut.from, to: Some(since) };
                amendment.written.push(piece);
            } else {
                from = join_before(versions, place, state, since, &mut amendment);
            }
        }
        None => from = join_before(versions, next, state, since, &mut amendment),
    }
    // A version that begins where this one ends and is the same begins with this one.
    if let Some(following) = versions.get(next)
        && to == Some(following.from)
        && following.state.tracked == state.tracked
    {
        amendment.removed.push(next);
        to = following.to;
    }
    amendment.written.push(Piece { values: Values::Input, from, to });
    Some(amendment)
}

/// Where a version that begins at `from` begins when the one before the place `end` is the same and ends there: that one is
/// taken out.
fn join_before(versions: &[Version], end: usize, state: &State, from: Moment, amendment: &mut Amendment) -> Moment {
    let before = end.checked_sub(1).map(|place| (place, &versions[place]));
    match before {
        Some((place, version)) if version.to == Some(from) && version.state.tracked == state.tracked => {
            amendment.removed.push(place);
            version.from
        }
        _ => from,
    }
}

#[cfg(test)]
mod tests;
