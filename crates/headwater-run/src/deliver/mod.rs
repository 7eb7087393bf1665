//! What is published on `main` is delivered: each delivery brings its destination from what it holds, as that remembers itself, to the
//! newest snapshot. A delivery that fails changes nothing there, and holds back no other.

mod decide;
mod outcome;

use std::sync::Arc;
use std::time::{Duration, Instant};

use headwater_project::{Delivery, Project};
use headwater_sdk::connector::OpenContext;
use headwater_sdk::destination::{Delivered, DestinationType, Load, Outlet};
use headwater_sdk::engine::OutgoingRequest;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result, RunId};
use tokio_util::sync::CancellationToken;

use crate::error::RunError;
use crate::failpoints::failpoint;
use crate::lake::{Base, Lake};
use crate::lease::{self, LeaseOptions};
use crate::observer::Observer;
use crate::resolve::options_error;
pub(crate) use decide::other_lake;
use decide::{Shipment, decide};
pub use outcome::{DeliveryState, DeliverySummary};

/// Points at which tests let the process die, and which only a run that delivers passes.
const BEFORE_DELIVERY: &str = "before_delivery";
const AFTER_DELIVERY: &str = "after_delivery";

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
    /// Stops it when it fires; the delivery that is under way has not happened then.
    pub cancel: CancellationToken,
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
    let all = async { Ok(deliver_all(project, lake, &chosen, options, observer).await?) };
    held.during(all).await
}

/// The deliveries that are asked for.
fn choose<'a>(project: &'a Project, names: &[String]) -> Result<Vec<&'a Delivery>> {
    let is_meant = |delivery: &Delivery, name: &String| {
        [delivery.name(), &delivery.destination, &delivery.table.to_string()].contains(&name.as_str())
    };
    if let Some(unknown) = names.iter().find(|name| !project.deliveries.iter().any(|delivery| is_meant(delivery, name)))
    {
        let known: Vec<&str> = project.deliveries.iter().map(Delivery::name).collect();
        let error =
            Error::new("HW0980", Blame::Project, format!("there is no delivery '{unknown}' in this environment"));
        return Err(match known.is_empty() {
            true => error.help("write destinations/<name>.yml"),
            false => error.help(format!("name some of: {}", known.join(", "))),
        });
    }
    let meant = |delivery: &&Delivery| names.is_empty() || names.iter().any(|name| is_meant(delivery, name));
    Ok(project.deliveries.iter().filter(meant).collect())
}

/// Delivers, one after the other.
///
/// # Errors
/// When the catalogue cannot be read.
pub(crate) async fn deliver_all(
    project: &Project,
    lake: &Lake,
    deliveries: &[&Delivery],
    options: &DeliverOptions,
    observer: &Arc<dyn Observer>,
) -> Result<Vec<DeliverySummary>> {
    let base = lake.base().await?;
    let mut summaries = Vec::new();
    for delivery in deliveries {
        let began = Instant::now();
        let job = Job { project, lake, base: &base, delivery, options, observer };
        let outcome = tokio::select! {
            outcome = job.with_patience() => outcome,
            () = options.cancel.cancelled() => Err(stopped()),
        };
        let summary = DeliverySummary::new(delivery, &base, options.dry_run, outcome, began.elapsed());
        observer.delivered(&summary);
        summaries.push(summary);
    }
    Ok(summaries)
}

fn stopped() -> Error {
    Error::new("HW0981", Blame::Environment, "the delivery was stopped, and has not happened")
        .help("the next run, or `headwater deliver`, delivers it")
}

/// One delivery.
struct Job<'a> {
    project: &'a Project,
    lake: &'a Lake,
    base: &'a Base,
    delivery: &'a Delivery,
    options: &'a DeliverOptions,
    observer: &'a Arc<dyn Observer>,
}

impl Job<'_> {
    /// Tries again what may pass.
    async fn with_patience(&self) -> Result<Option<Delivered>> {
        let mut pause = self.options.first_pause;
        for attempt in 1.. {
            let outcome = self.attempt().await;
            match outcome {
                Err(error) if error.transient && attempt < self.options.attempts => {
                    let seconds = pause.as_secs_f64();
                    let what = error.full_message();
                    self.observer.note(&format!("{}: {what}; tried again in {seconds:.0} s", self.delivery.name()));
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
        Ok(None)
    }

    /// `None` when there is nothing to deliver.
    async fn attempt(&self) -> Result<Option<Delivered>> {
        let Some(relation) = self.base.relation(&self.delivery.table) else { return Ok(None) };
        let outlet = open_outlet(self.project, &self.options.destinations, self.delivery)?;
        let since = outlet.mark().await?;
        let decided = decide(self.lake, self.base, self.delivery, relation, since.as_ref(), self.options.anew).await?;
        let Some(Shipment { what, before, resend, columns, mark }) = decided else { return Ok(None) };
        let request = OutgoingRequest {
            table: self.delivery.table.clone(),
            before,
            after: self.base.relations(),
            what,
            columns,
            filter: self.delivery.filter.as_ref().map(|filter| filter.name.clone()),
            key: self.delivery.settings.key.clone(),
            resend,
        };
        let rows = self.lake.engine.outgoing(&request).await.map_err(explain_gone)?;
        if self.options.dry_run {
            outlet.examine(&rows.schema).await?;
            return Ok(Some(Delivered::default()));
        }
        failpoint(BEFORE_DELIVERY);
        let progress = Arc::new(Progress::default());
        let load = Load { schema: rows.schema, what, rows: rows.rows, since, mark };
        let delivered = outlet.deliver(load, progress).await?;
        failpoint(AFTER_DELIVERY);
        Ok(Some(delivered))
    }
}

/// The outlet of a delivery, without reaching for the destination.
///
/// # Errors
/// `HW0917` when there is no such connector, `HW0918` when it refuses its options.
pub(crate) fn open_outlet(
    project: &Project,
    destinations: &[Box<dyn DestinationType>],
    delivery: &Delivery,
) -> Result<Arc<dyn Outlet>> {
    let Delivery { connector, system, options, settings, .. } = delivery;
    let kind = destinations.iter().find(|kind| kind.name() == *connector).ok_or_else(|| {
        Error::new("HW0917", Blame::Headwater, format!("this program has no connector '{connector}'"))
    })?;
    let (project_dir, storage_options) = (project.dir.clone(), project.environment.storage.clone());
    let context = OpenContext { project_dir, storage_options, secrets: project.secrets.clone() };
    let opened = kind.destination(system.clone(), &context);
    opened.and_then(|opened| opened.outlet(options.clone(), settings.clone())).map_err(options_error)
}

/// Files of a snapshot that is long gone cannot be read.
fn explain_gone(error: Error) -> Error {
    match (&error.help, error.transient) {
        (None, false) => error.help("`headwater deliver --anew` delivers all rows, whatever was delivered before"),
        _ => error,
    }
}
