//! The right to change a lake: one run at a time, proven alive by a heartbeat.

mod holder;

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use headwater_sdk::store::{Lease, Store};
use headwater_sdk::{Blame, Error, Result, RunId};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::error::RunError;
use crate::observer::Observer;
pub(crate) use holder::Holder;

/// The lease that every change of a lake needs.
const NAME: &str = "lake";

/// How often a waiting run asks again.
const POLL: Duration = Duration::from_millis(250);

/// How a lease is taken and kept.
#[derive(Debug, Clone)]
pub struct LeaseOptions {
    /// How long the lease outlives its last heartbeat.
    pub ttl: Duration,
    /// The time between heartbeats.
    pub heartbeat: Duration,
    /// How long to wait for another holder; `None` refuses at once.
    pub wait: Option<Duration>,
}

impl Default for LeaseOptions {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(30), heartbeat: Duration::from_secs(5), wait: None }
    }
}

impl LeaseOptions {
    fn ttl_ms(&self) -> u64 {
        self.ttl.as_millis() as u64
    }
}

/// A lease held by this process, with its heartbeat.
pub(crate) struct Held {
    lease: Lease,
    store: Arc<dyn Store>,
    lost: CancellationToken,
    heart: JoinHandle<()>,
    ttl_ms: u64,
}

impl Held {
    /// The lease, for the store.
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Makes sure that the lease has not been taken over, e.g. while the machine slept.
    ///
    /// # Errors
    /// `HW0702` when it has, and when the store cannot be reached.
    pub(crate) async fn verify(&self) -> Result<()> {
        match self.store.renew_lease(&self.lease, self.ttl_ms).await? {
            true => Ok(()),
            false => Err(lost_lease()),
        }
    }

    async fn is_lost(&self) -> bool {
        matches!(self.store.renew_lease(&self.lease, self.ttl_ms).await, Ok(false))
    }

    /// Does the work under the lease and gives it back, however the work ends. When the lease is lost on the way, the
    /// work is dropped where it stands.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = Result<T, RunError>>) -> Result<T, RunError> {
        let outcome = tokio::select! {
            outcome = work => outcome,
            () = self.lost.cancelled() => Err(lost_lease().into()),
        };
        let outcome = match outcome {
            // What went wrong may be no more than what the one that took over has done.
            Err(RunError::Failed(error)) if self.is_lost().await => Err(lost_lease().caused_by(error).into()),
            outcome => outcome,
        };
        self.heart.abort();
        if let Err(error) = self.store.release_lease(&self.lease).await {
            // It runs out by itself; the next run finds this process gone and takes over at once.
            tracing::warn!(error = %error.full_message(), "the lease could not be given back");
        }
        outcome
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.heart.abort();
    }
}

/// Takes the lake's lease for a run.
///
/// # Errors
/// `HW0911` when another process has it and does not give it back in time, and when the store cannot be reached.
pub(crate) async fn take(
    store: &Arc<dyn Store>,
    run: &RunId,
    options: &LeaseOptions,
    cancel: &CancellationToken,
    observer: &dyn Observer,
) -> Result<Held, RunError> {
    let me = Holder::this_process(run).to_string();
    let deadline = options.wait.map(|wait| Instant::now() + wait);
    let mut told = false;
    loop {
        let other = match store.acquire_lease(NAME, &me, options.ttl_ms()).await? {
            Ok(lease) => return Ok(keep(Arc::clone(store), lease, options)),
            Err(other) => other,
        };
        let holder = Holder::parse(&other.holder);
        if holder.as_ref().is_some_and(Holder::is_dead) {
            observer.note(&format!("{} died: taking over", describe(&other)));
            store.release_lease(&other).await?;
            continue;
        }
        if deadline.is_none_or(|deadline| Instant::now() >= deadline) {
            return Err(in_use(&other).into());
        }
        if !told {
            observer.note(&format!("waiting for {}", describe(&other)));
            told = true;
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = cancel.cancelled() => return Err(RunError::Interrupted),
        }
    }
}

fn keep(store: Arc<dyn Store>, lease: Lease, options: &LeaseOptions) -> Held {
    let lost = CancellationToken::new();
    let heart = tokio::spawn(beat(Arc::downgrade(&store), lease.clone(), options.clone(), lost.clone()));
    Held { lease, store, lost, heart, ttl_ms: options.ttl_ms() }
}

/// Prolongs the lease until the task is aborted or the lease is lost. A store that cannot be reached is asked again
/// until the lease would have run out. Between two beats it does not keep the store open: its last user closes it.
async fn beat(store: Weak<dyn Store>, lease: Lease, options: LeaseOptions, lost: CancellationToken) {
    let mut alive_until = Instant::now() + options.ttl;
    loop {
        tokio::time::sleep(options.heartbeat).await;
        let asked = Instant::now();
        let Some(store) = store.upgrade() else { break };
        match store.renew_lease(&lease, options.ttl_ms()).await {
            Ok(true) => alive_until = asked + options.ttl,
            Ok(false) => break,
            Err(error) => tracing::warn!(error = %error.full_message(), "the lease could not be prolonged"),
        }
        if Instant::now() >= alive_until {
            break;
        }
    }
    lost.cancel();
}

fn describe(lease: &Lease) -> String {
    Holder::parse(&lease.holder).map_or_else(|| lease.holder.clone(), |holder| holder.describe())
}

fn in_use(other: &Lease) -> Error {
    Error::new("HW0911", Blame::Environment, format!("the lake is in use by {}", describe(other)))
        .help("wait for it with --wait 10m, or stop that process; if its machine is gone, the lease ends by itself within 30 seconds")
}

fn lost_lease() -> Error {
    Error::new("HW0702", Blame::Environment, "another process has taken over the lake: this run stopped")
        .help("`headwater history` tells whether it had published already, `headwater runs` what the other one did; then run again. A machine that sleeps or stalls for 30 seconds loses its lease")
}
