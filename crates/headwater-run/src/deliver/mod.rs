//! What is published on `main` is delivered: each delivery brings its destination from what it holds, as that remembers itself, to the
//! newest snapshot. A delivery that fails changes nothing there, and holds back no other. Destinations that cannot remember are
//! remembered by the catalogue ([`ledger`]).

mod decide;
mod job;
mod ledger;
mod outcome;
mod status;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use headwater_project::{Delivery, Project};
use headwater_sdk::destination::DestinationType;
use headwater_sdk::store::Lease;
use headwater_sdk::{Blame, Error, Result, RunId};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::error::RunError;
use crate::lake::Lake;
use crate::lease::{self, LeaseOptions};
use crate::observer::Observer;
use crate::run::RunOptions;
pub(crate) use decide::other_lake;
use job::Job;
pub(crate) use job::open_outlet;
pub use outcome::{DeliveryState, DeliverySummary};
pub use status::{DeliveryStatus, Standing, delivery_status, undelivered};
pub(crate) use status::{behind, holds};

/// The codes of destinations that are out of reach as a whole.
const UNREACHABLE: [&str; 3] = ["HW0341", "HW0351", "HW0388"];

/// How to deliver.
#[derive(Clone)]
pub struct DeliverOptions {
    /// The kinds of destinations.
    pub destinations: Arc<[Box<dyn DestinationType>]>,
    /// The deliveries, by their names, those of their destinations or of their tables; none for all.
    pub names: Vec<String>,
    /// Whether all rows are delivered, whatever the destination holds.
    pub anew: bool,
    /// Whether it is only told which deliveries have something to deliver, and what would stand in their way.
    pub dry_run: bool,
    /// How often a delivery is tried when its errors may pass.
    pub attempts: u32,
    /// The pause after the first failed attempt; it doubles with each.
    pub first_pause: Duration,
    /// How the lake's lease is taken and kept.
    pub lease: LeaseOptions,
    /// Stops it when it fires; the delivery that is under way is given up then.
    pub cancel: CancellationToken,
}

impl DeliverOptions {
    /// As a run goes about it: all that the destinations have not yet.
    pub fn of_run(run: &RunOptions, destinations: Arc<[Box<dyn DestinationType>]>) -> Self {
        Self {
            destinations,
            names: Vec::new(),
            anew: false,
            dry_run: false,
            attempts: run.attempts,
            first_pause: run.first_pause,
            lease: run.lease.clone(),
            cancel: run.cancel.clone(),
        }
    }
}

/// Delivers what `main` holds.
///
/// # Errors
/// [`RunError`] when nothing could be begun; deliveries that failed are in what is returned.
pub async fn deliver(
    project: &Project,
    lake: &Lake,
    options: &DeliverOptions,
    observer: &Arc<dyn Observer>,
) -> Result<Vec<DeliverySummary>, RunError> {
    let chosen = choose(project, &options.names)?;
    let id = RunId::from_ulid(ulid::Ulid::generate());
    // No run publishes and nothing is vacuumed meanwhile.
    let held = lease::take(&lake.store, &id, &options.lease, &options.cancel, observer.as_ref()).await?;
    let by = By { run: id, lease: held.lease().clone() };
    let all = async { Ok(deliver_all(project, lake, &chosen, options, &by, observer).await?) };
    held.during(all).await
}

/// The deliveries that are asked for.
fn choose<'a>(project: &'a Project, names: &[String]) -> Result<Vec<&'a Delivery>> {
    let is_there = |name: &&String| project.deliveries.iter().any(|delivery| delivery.is_meant_by(name));
    if let Some(unknown) = names.iter().find(|name| !is_there(name)) {
        let known: Vec<&str> = project.deliveries.iter().map(Delivery::name).collect();
        let error =
            Error::new("HW0980", Blame::Project, format!("there is no delivery '{unknown}' in this environment"));
        return Err(match known.is_empty() {
            true => error.help("write destinations/<name>.yml"),
            false => error.help(format!("name some of: {}", known.join(", "))),
        });
    }
    let meant = |delivery: &&Delivery| names.is_empty() || names.iter().any(|name| delivery.is_meant_by(name));
    Ok(project.deliveries.iter().filter(meant).collect())
}

/// By whom it is delivered: a run or a `headwater deliver`, and the lease that it holds.
pub(crate) struct By {
    pub(crate) run: RunId,
    pub(crate) lease: Lease,
}

/// Delivers, one after the other, and records what has come of it.
///
/// # Errors
/// When the catalogue cannot be read or written to.
pub(crate) async fn deliver_all(
    project: &Project,
    lake: &Lake,
    deliveries: &[&Delivery],
    options: &DeliverOptions,
    by: &By,
    observer: &Arc<dyn Observer>,
) -> Result<Vec<DeliverySummary>> {
    let base = lake.base().await?;
    let mut summaries = Vec::new();
    // Destinations that were out of reach, each with the delivery that has found it so.
    let mut unreachable: BTreeMap<&str, &str> = BTreeMap::new();
    for delivery in deliveries {
        let (began, started_ms) = (Instant::now(), clock::now_ms());
        let job = Job { project, lake, base: &base, delivery, options, by, observer, tried: Mutex::default() };
        let outcome = match unreachable.get(delivery.destination.as_str()) {
            Some(first) => Err(not_tried(delivery, first)),
            None => tokio::select! {
                outcome = job.with_patience() => outcome,
                () = options.cancel.cancelled() => Err(stopped()),
            },
        };
        if outcome.as_ref().is_err_and(|error| UNREACHABLE.contains(&error.code)) {
            unreachable.insert(&delivery.destination, delivery.name());
        }
        let tried = job.tried();
        let last = lake.store.delivery_history(delivery.name(), 1).await?;
        let was_refused = last.first().is_some_and(outcome::was_refused);
        let took = began.elapsed();
        let summary = DeliverySummary::new(delivery, &base, options.dry_run, outcome, was_refused, tried, took);
        if !options.dry_run {
            let record = summary.record(&by.run, delivery.connector, base.id(), started_ms);
            lake.store.put_delivery(&record, &by.lease).await?;
        }
        observer.delivered(&summary);
        summaries.push(summary);
    }
    Ok(summaries)
}

/// That a delivery was not tried, for the first one has found its destination out of reach.
fn not_tried(delivery: &Delivery, first: &str) -> Error {
    let message = format!("not tried: {} was out of reach for {first}", delivery.destination);
    Error::new("HW0996", Blame::Environment, message).help("the next run, or `headwater deliver`, delivers it")
}

fn stopped() -> Error {
    Error::new("HW0981", Blame::Environment, "the delivery was stopped")
        .help("what its destination had taken for good by then stays; the next run, or `headwater deliver`, goes on")
}
