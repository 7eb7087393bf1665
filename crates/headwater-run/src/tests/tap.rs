//! Every call of the engine and the store passes here, to be counted, to fail, or to be where the process dies.

use std::sync::Mutex;

use headwater_sdk::{Blame, Error, Result};
use tokio::sync::Notify;

/// When a planned death strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    After,
}

#[derive(Debug, Clone)]
struct Fault {
    /// A call begins with this text.
    call: String,
    /// How many such calls pass first.
    skip: usize,
    /// How many such calls fail then.
    times: usize,
    transient: bool,
}

#[derive(Default)]
struct State {
    calls: Vec<String>,
    death: Option<(usize, Moment)>,
    dead: bool,
    faults: Vec<Fault>,
    hold: Option<(String, usize)>,
}

#[derive(Default)]
pub(super) struct Tap {
    state: Mutex<State>,
    died: Notify,
    /// Fires when a held call is reached.
    pub(super) reached: Notify,
    pub(super) release: Notify,
}

impl Tap {
    pub(super) fn calls(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.clone()
    }

    pub(super) fn forget(&self) {
        *self.state.lock().unwrap() = State::default();
    }

    /// The process dies at the call with this index: it never returns, and nothing happens after it.
    pub(super) fn die_at(&self, index: usize, moment: Moment) {
        self.state.lock().unwrap().death = Some((index, moment));
    }

    pub(super) async fn death(&self) {
        self.died.notified().await;
    }

    /// Calls that begin with `call` fail `times` times, after `skip` that pass.
    pub(super) fn fail(&self, call: &str, skip: usize, times: usize, transient: bool) {
        self.state.lock().unwrap().faults.push(Fault { call: call.into(), skip, times, transient });
    }

    /// The first call that begins with `call` waits until [`Tap::release`] fires.
    pub(super) fn hold(&self, call: &str) {
        self.hold_nth(call, 0);
    }

    /// As [`Tap::hold`], after `skip` such calls.
    pub(super) fn hold_nth(&self, call: &str, skip: usize) {
        self.state.lock().unwrap().hold = Some((call.into(), skip));
    }

    /// Notes a call and returns its index.
    pub(super) async fn before(&self, call: &str) -> Result<usize> {
        let (index, dies, held, fails) = {
            let mut state = self.state.lock().unwrap();
            let index = state.calls.len();
            state.calls.push(call.to_owned());
            let dies = state.dead || state.death == Some((index, Moment::Before));
            state.dead |= dies;
            let held = next_hold(&mut state.hold, call);
            (index, dies, held, next_fault(&mut state.faults, call))
        };
        if dies {
            self.die().await;
        }
        if held {
            self.reached.notify_one();
            self.release.notified().await;
        }
        match fails {
            Some(true) => Err(Error::new("HW9999", Blame::Environment, format!("{call} failed")).transient()),
            Some(false) => Err(Error::new("HW9999", Blame::Environment, format!("{call} failed"))),
            None => Ok(index),
        }
    }

    pub(super) async fn after(&self, index: usize) {
        let dies = {
            let mut state = self.state.lock().unwrap();
            let dies = state.dead || state.death == Some((index, Moment::After));
            state.dead |= dies;
            dies
        };
        if dies {
            self.die().await;
        }
    }

    async fn die(&self) {
        self.died.notify_one();
        std::future::pending::<()>().await;
    }
}

fn next_hold(hold: &mut Option<(String, usize)>, call: &str) -> bool {
    match hold {
        Some((text, skip)) if call.starts_with(text.as_str()) => match skip {
            0 => hold.take().is_some(),
            _ => {
                *skip -= 1;
                false
            }
        },
        _ => false,
    }
}

fn next_fault(faults: &mut [Fault], call: &str) -> Option<bool> {
    let fault = faults.iter_mut().find(|fault| fault.times > 0 && call.starts_with(&fault.call))?;
    if fault.skip > 0 {
        fault.skip -= 1;
        return None;
    }
    fault.times -= 1;
    Some(fault.transient)
}
