//! One run of the program, for the streams of a group.

use std::io::BufReader;
use std::process::ChildStdout;
use std::sync::{Arc, PoisonError};

use headwater_sdk::{Blame, Error, Result};
use tokio::sync::oneshot;

use super::failure::Failure;
use super::gathering::{Slot, Started, Together, mark};
use super::router::Router;
use super::source::Tap;
use super::spool::Spool;
use super::stream::Chosen;
use crate::codes;
use crate::process::{Attended, Undecoded, Workplace, thread};

/// Bytes of the pipe that are read at a time.
const BUFFER: usize = 256 << 10;

/// Reads the streams of a group into their spools.
pub(super) async fn read(tap: Arc<Tap>, together: Together, slot: Slot) {
    // Whoever waits for a spool is told, also when this is cut off.
    let spools = Spools(together.members.iter().map(|member| Arc::clone(&member.spool)).collect());
    let _turn = tap.turn.lock().await;
    if let Err(error) = run(&tap, together, &slot).await {
        spools.fail(&error);
    }
}

async fn run(tap: &Tap, together: Together, slot: &Slot) -> Result<()> {
    let Together { members, states } = together;
    let (protocol, catalogue) = (&tap.protocol, tap.catalogue().await?);
    let state = protocol.joined(&states);
    let chosen: Vec<&Chosen> = members.iter().map(|member| &member.chosen).collect();
    let workplace = Workplace::new()?;
    let arguments = protocol.reading(&workplace, &catalogue, &chosen, state.as_ref())?;
    // Only a state that is handed over as it was kept can be gone back to.
    let began = state.filter(|state| protocol.kin(Some(state)) == *state).map(|state| mark(&state));
    let (mut attended, pipes) = Attended::start(&tap.program, &arguments, |_| ())?;
    let started = Started { ender: attended.ender(), _workplace: workplace };
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
    drop(pipes.stdin);
    let router = Router::new(Arc::clone(protocol), catalogue, members, began, attended.said());
    let (tell, told) = oneshot::channel();
    thread("headwater-stdout", move || {
        let _nobody = tell.send(routed(router, pipes.stdout));
    })?;
    let (mut router, output) = match told.await.map_err(|_| attended.cut_off())? {
        Ok(router) => (Some(router), Ok(())),
        Err(undecoded) => (None, Err(undecoded)),
    };
    let ended = attended.end(output).await;
    drop(slot.lock().unwrap_or_else(PoisonError::into_inner).take());
    if let Some(fault) = router.as_mut().and_then(|router| router.fault.take()) {
        return Err(fault);
    }
    ended?;
    match router {
        Some(router) => router.finish(),
        None => Err(attended.cut_off()),
    }
}

fn routed(mut router: Router, stdout: ChildStdout) -> std::result::Result<Router, Undecoded> {
    router.route_all(BufReader::with_capacity(BUFFER, stdout))?;
    Ok(router)
}

/// The spools of a group.
struct Spools(Vec<Arc<Spool>>);

impl Spools {
    fn fail(&self, error: &Error) {
        let failure = Failure::from(error);
        self.0.iter().for_each(|spool| spool.end(Err(failure.clone())));
    }
}

impl Drop for Spools {
    fn drop(&mut self) {
        self.fail(&Error::new(codes::DEFECT, Blame::Headwater, "the reading of a program was cut off"));
    }
}
