//! The streams of a program that are read in one run of Headwater, and which of them the program is started for together
//! (docs/adr/0017-taps.md).

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::task::JoinHandle;

use super::messages::Protocol;
use super::reading;
use super::router::Expected;
use super::source::Tap;
use super::spool::Spool;
use super::stream::{Chosen, Position};
use crate::process::{Ender, Workplace};

/// A stream that takes part.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) chosen: Chosen,
    /// How far its table is; `None` for one that begins.
    pub(super) position: Option<Position>,
    /// Whether rows that come again do no harm.
    pub(super) keyed: bool,
    pub(super) expected: Expected,
    pub(super) spool: Arc<Spool>,
}

/// Streams that may be read together, until the first of them is read.
#[derive(Debug, Default)]
pub(super) struct Gathering(Mutex<Stage>);

#[derive(Debug)]
enum Stage {
    Open(Vec<Member>),
    Begun(Vec<Group>),
}

impl Default for Stage {
    fn default() -> Self {
        Self::Open(Vec::new())
    }
}

/// Streams that the program is started for together.
#[derive(Debug)]
struct Group {
    places: Vec<usize>,
    /// Those that wait for the program to be started.
    waiting: Option<Together>,
    work: Option<Work>,
}

/// What the program is started for.
#[derive(Debug, Default)]
pub(super) struct Together {
    pub(super) members: Vec<Member>,
    /// Where it goes on from: a state for each member, where there is one.
    pub(super) states: Vec<Value>,
}

/// The work on a group, which ends when nobody wants it any more.
#[derive(Debug)]
struct Work {
    task: JoinHandle<()>,
    started: Slot,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.task.abort();
        // The task ends when it gets a turn; neither the program nor its files must outlive this process.
        drop(self.started.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// The program of a group, while it is at work.
pub(super) type Slot = Arc<Mutex<Option<Started>>>;

/// A program that was started. When it is dropped, the program is ended, and then its files are removed.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) ender: Ender,
    pub(super) _workplace: Workplace,
}

impl Drop for Started {
    fn drop(&mut self) {
        self.ender.end();
    }
}

impl Gathering {
    /// Takes a stream in; its place among all. `None`, and it is left, when the gathering has begun to be read.
    pub(super) fn add(&self, member: &mut Option<Member>) -> Option<usize> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Stage::Open(members) => {
                members.extend(member.take());
                Some(members.len() - 1)
            }
            Stage::Begun(_) => None,
        }
    }

    /// Has the stream in a place read, if it is not yet. Must be called on a Tokio runtime.
    pub(super) fn begin(&self, place: usize, tap: &Arc<Tap>) {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Stage::Open(members) = &mut *stage {
            *stage = Stage::Begun(groups(std::mem::take(members), tap.protocol.as_ref()));
        }
        let Stage::Begun(groups) = &mut *stage else { return };
        let Some(group) = groups.iter_mut().find(|group| group.places.contains(&place)) else { return };
        if let Some(together) = group.waiting.take() {
            let started = Slot::default();
            let task = tokio::spawn(reading::read(Arc::clone(tap), together, Arc::clone(&started)));
            group.work = Some(Work { task, started });
        }
    }
}

/// Streams are read together that go on from one state. What is behind it: a state may be of all streams of the run that led to it, and
/// a stream must never be told to go on from a state whose rows its table does not have.
fn groups(members: Vec<Member>, protocol: &dyn Protocol) -> Vec<Group> {
    let state = |member: &Member| member.position.as_ref().and_then(|position| position.state.clone());
    let states: Vec<Option<Value>> = members.iter().map(state).collect();
    let marks: Vec<String> = states.iter().map(|state| mark(&protocol.kin(state.as_ref()))).collect();
    let mut groups: Vec<(Group, String)> = Vec::new();
    for (place, member) in members.into_iter().enumerate() {
        // A table that was left behind by others of its run is joined by those again whose rows may come twice: they go back to
        // the state that theirs began with.
        let began = member.position.as_ref().filter(|_| member.keyed).and_then(|position| position.began.as_ref());
        let back = began.and_then(|began| {
            let left_behind = |at: &usize| marks[*at] == *began && states[*at].is_some() && marks[*at] != marks[place];
            (0..marks.len()).find(left_behind)
        });
        let at = back.unwrap_or(place);
        let has = |group: &Together| group.members.iter().any(|other| other.chosen.id == member.chosen.id);
        let fits = |group: &&mut (Group, String)| group.1 == marks[at] && !group.0.waiting.as_ref().is_none_or(has);
        match groups.iter_mut().find(fits) {
            Some((group, _)) => {
                group.places.push(place);
                let together = group.waiting.get_or_insert_default();
                together.members.push(member);
                together.states.extend(states[at].clone());
            }
            None => {
                let together = Together { members: vec![member], states: states[at].iter().cloned().collect() };
                let group = Group { places: vec![place], waiting: Some(together), work: None };
                groups.push((group, marks[at].clone()));
            }
        }
    }
    groups.into_iter().map(|(group, _)| group).collect()
}

/// A text that is the same for the same value, in whatever order its keys stand.
pub(super) fn mark(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    blake3::hash(value.to_string().as_bytes()).to_hex()[..16].to_owned()
}
