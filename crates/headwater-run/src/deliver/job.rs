//! One delivery.

use std::sync::{Arc, Mutex, PoisonError};

use headwater_project::{Delivery, Project};
use headwater_sdk::connector::OpenContext;
use headwater_sdk::destination::{Delivered, DestinationType, Ledger, Load, Mark, Outlet, What};
use headwater_sdk::engine::OutgoingRequest;
use headwater_sdk::progress::Progress;
use headwater_sdk::store::LedgerRecord;
use headwater_sdk::{Blame, Error, Result};

use super::decide::{Decided, Shipment, decide};
use super::ledger::StoreLedger;
use super::{By, DeliverOptions};
use crate::failpoints::failpoint;
use crate::lake::{Base, Lake};
use crate::observer::Observer;
use crate::resolve::options_error;

/// Points at which tests let the process die, and which only a run that delivers passes.
const BEFORE_DELIVERY: &str = "before_delivery";
const AFTER_DELIVERY: &str = "after_delivery";

/// How it was tried.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tried {
    pub(super) attempts: u32,
    /// The snapshot that the destination held.
    pub(super) from: Option<u64>,
}

/// What has come of a delivery.
pub(super) enum Outcome {
    /// There is no such table yet.
    Nothing,
    /// The destination held what `main` has. Rows that it had refused were tried again, if there were any.
    UpToDate(Delivered),
    /// With whether these were all rows that the destination is to have.
    Shipped(Delivered, bool),
}

/// One delivery.
pub(super) struct Job<'a> {
    pub(super) project: &'a Project,
    pub(super) lake: &'a Lake,
    pub(super) base: &'a Base,
    pub(super) delivery: &'a Delivery,
    pub(super) options: &'a DeliverOptions,
    pub(super) by: &'a By,
    pub(super) observer: &'a Arc<dyn Observer>,
    pub(super) tried: Mutex<Tried>,
}

impl Job<'_> {
    /// How it was tried so far.
    pub(super) fn tried(&self) -> Tried {
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tries again what may pass.
    pub(super) async fn with_patience(&self) -> Result<Outcome> {
        let mut pause = self.options.first_pause;
        for attempt in 1.. {
            self.tried.lock().unwrap_or_else(PoisonError::into_inner).attempts = attempt;
            let outcome = Box::pin(self.attempt()).await;
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
        Ok(Outcome::Nothing)
    }

    async fn attempt(&self) -> Result<Outcome> {
        let Some(relation) = self.base.relation(&self.delivery.table) else { return Ok(Outcome::Nothing) };
        let outlet = open_outlet(self.project, &self.options.destinations, self.delivery)?;
        if !outlet.remembers() {
            return self.by_ledger(outlet.as_ref()).await;
        }
        let since = outlet.mark().await?;
        self.held(since.as_ref());
        let known = since.as_ref().filter(|_| !self.options.anew);
        match decide(self.lake, self.base, self.delivery, relation, known, true).await? {
            Decided::Nothing => Ok(Outcome::Nothing),
            Decided::Ship(shipment) => {
                let is_all = shipment.what == What::All;
                let delivered = self.ship(outlet.as_ref(), self.base, shipment, since, None).await?;
                Ok(Outcome::Shipped(delivered, is_all))
            }
            Decided::UpToDate(shipment) => {
                let kept = outlet.kept().await?;
                if kept.again == 0 || self.options.dry_run {
                    return Ok(Outcome::UpToDate(Delivered { undelivered: kept.rows, ..Delivered::default() }));
                }
                self.ship(outlet.as_ref(), self.base, shipment, since, None).await.map(Outcome::UpToDate)
            }
        }
    }

    /// Delivers to a destination that cannot remember what it holds. What was begun is brought to its end before anything newer is
    /// delivered: nobody could tell otherwise which rows the destination has, and which of them are gone by now.
    async fn by_ledger(&self, outlet: &dyn Outlet) -> Result<Outcome> {
        let (store, name) = (&self.lake.store, self.delivery.name());
        let mut known = store.ledger(name).await?.unwrap_or_default();
        known.delivery = name.to_owned();
        if self.options.anew {
            (known.mark, known.pending) = (None, None);
            // What was acknowledged of a delivery that died is forgotten, too; a further attempt goes on with this one.
            if !self.options.dry_run && self.tried().attempts == 1 {
                store.put_ledger(&known, &self.by.lease).await?;
            }
        }
        self.held(known.mark.as_ref());
        // Of what was begun, some may have been taken.
        let is_all = known.mark.is_none() && known.pending.is_none();
        let mut targets = Vec::new();
        if let Some(pending) = known.pending.as_ref().filter(|pending| Some(pending.snapshot) != self.base.id()) {
            targets.push(self.begun(pending).await?);
        }
        targets.push(self.base.clone());
        let (mut all, mut again) = (None, None);
        for base in targets {
            let Some(relation) = base.relation(&self.delivery.table) else { continue };
            // All rows are sent to who was sent none, by a run that died before it had sent the first, too.
            let decided = decide(self.lake, &base, self.delivery, relation, known.mark.as_ref(), false).await?;
            let shipment = match decided {
                Decided::Ship(shipment) => shipment,
                Decided::UpToDate(shipment) => {
                    again = Some((base, shipment));
                    continue;
                }
                Decided::Nothing => continue,
            };
            let mark = shipment.mark.clone();
            if !self.options.dry_run {
                known.pending = Some(mark.clone());
                store.put_ledger(&known, &self.by.lease).await?;
            }
            let ledger: Arc<dyn Ledger> = Arc::new(StoreLedger::new(self.lake, self.by, name));
            let delivered = self.ship(outlet, &base, shipment, known.mark.clone(), Some(ledger)).await?;
            add(&mut all, delivered);
            if self.options.dry_run {
                break;
            }
            known = LedgerRecord { delivery: name.to_owned(), mark: Some(mark), pending: None };
            store.put_ledger(&known, &self.by.lease).await?;
        }
        match (all, again) {
            (Some(all), _) => Ok(Outcome::Shipped(all, is_all)),
            (None, Some((base, shipment))) => self.again_by_ledger(outlet, &base, shipment, known).await,
            (None, None) => Ok(Outcome::Nothing),
        }
    }

    /// Tries rows again that were refused, where there is nothing else to be sent.
    async fn again_by_ledger(
        &self,
        outlet: &dyn Outlet,
        base: &Base,
        shipment: Shipment,
        known: LedgerRecord,
    ) -> Result<Outcome> {
        let (store, name) = (&self.lake.store, self.delivery.name());
        let kept = store.undelivered(name).await?.len() as u64;
        if kept == 0 || self.options.dry_run {
            return Ok(Outcome::UpToDate(Delivered { undelivered: kept, ..Delivered::default() }));
        }
        let ledger: Arc<dyn Ledger> = Arc::new(StoreLedger::new(self.lake, self.by, name));
        let delivered = self.ship(outlet, base, shipment, known.mark.clone(), Some(ledger)).await?;
        // What was acknowledged meanwhile is of no use any more.
        store.put_ledger(&LedgerRecord { pending: None, ..known }, &self.by.lease).await?;
        Ok(Outcome::UpToDate(delivered))
    }

    /// What `main` held at a mark.
    async fn begun(&self, pending: &Mark) -> Result<Base> {
        let snapshot = self.lake.store.snapshot(pending.snapshot).await?;
        self.lake.base_of(None, snapshot).await
    }

    fn held(&self, since: Option<&Mark>) {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).from = since.map(|since| since.snapshot);
    }

    async fn ship(
        &self,
        outlet: &dyn Outlet,
        base: &Base,
        shipment: Shipment,
        since: Option<Mark>,
        ledger: Option<Arc<dyn Ledger>>,
    ) -> Result<Delivered> {
        let Shipment { what, before, filter_before, resend, columns, mark } = shipment;
        let request = OutgoingRequest {
            table: self.delivery.table.clone(),
            before,
            after: base.relations(),
            what,
            columns,
            filter: self.delivery.filter.as_ref().map(|filter| filter.name.clone()),
            filter_before,
            key: self.delivery.settings.key.clone(),
            resend,
        };
        let rows = self.lake.engine.outgoing(&request).await.map_err(explain_gone)?;
        if self.options.dry_run {
            outlet.examine(&rows.schema).await?;
            return Ok(Delivered::default());
        }
        failpoint(BEFORE_DELIVERY);
        let progress = Arc::new(Progress::default());
        let load = Load { schema: rows.schema, what, rows: rows.rows, since, mark, ledger };
        let delivered = outlet.deliver(load, progress).await?;
        failpoint(AFTER_DELIVERY);
        Ok(delivered)
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
    let (project_dir, storage) = (project.dir.clone(), project.environment.lake_storage());
    let context =
        OpenContext { project_dir, storage, secrets: project.secrets.clone(), lake_name: project.lake_name() };
    let opened = kind.destination(system.clone(), &context);
    opened.and_then(|opened| opened.outlet(options.clone(), settings.clone())).map_err(options_error)
}

/// Adds what a further load has led to.
fn add(all: &mut Option<Delivered>, more: Delivered) {
    let Some(known) = all else {
        *all = Some(more);
        return;
    };
    known.written += more.written;
    known.deleted += more.deleted;
    known.bytes += more.bytes;
    known.notes.extend(more.notes);
    // Rows that are refused are those that are kept by now.
    (known.undelivered, known.samples, known.kept) = (more.undelivered, more.samples, more.kept);
}

/// Files of a snapshot that is long gone cannot be read.
fn explain_gone(error: Error) -> Error {
    match (&error.help, error.transient) {
        (None, false) => error.help("`headwater deliver --anew` delivers all rows, whatever was delivered before"),
        _ => error,
    }
}
