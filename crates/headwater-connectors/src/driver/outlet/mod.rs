//! Deliveries to tables of a database behind a driver.
//!
//! A load's rows go into a temporary table by the driver's bulk ingestion (`stage`), or into an ordinary one by SQL where there is neither (`written`).
//! From there they go, in one transaction, into the table that they are for by standard SQL (`table`), and the mark is set (`state`). Where the database refuses rows, these are looked for and kept (`refused`),
//! and the others are delivered.

mod columns;
mod definition;
mod fits;
mod incoming;
mod refused;
mod stage;
mod state;
mod table;
mod watched;
mod written;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use futures::StreamExt;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::SourceStream;
use headwater_sdk::destination::{Delivered, DeliveryMode, DeliverySettings, HeldRows, Kept, Load, Mark, Outlet, What};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Error, Result};
use tokio::sync::mpsc;

use super::database::{Database, Session};
use super::stream::{TableStream, blocking, names};
use super::told::{has_collided, is_missing};
use crate::codes;
use crate::database::{HOPELESS, KEPT, Wanted, parts_of};
use crate::delivered::{delivered_meanwhile, options_error, plan_back, read_back, types_before};
use incoming::Sent;
use refused::Refused;
use stage::Stage;
use state::There;
use table::{TargetTable, look};

/// Batches that wait for the driver.
const BATCHES: usize = 2;

/// A table that is delivered to.
#[derive(Clone)]
pub(crate) struct TableOutlet(Arc<Inner>);

struct Inner {
    database: Database,
    /// The parts of the table's name.
    name: Vec<String>,
    settings: DeliverySettings,
    /// Whether rows and mark are committed together, where the driver can.
    transactions: bool,
}

/// A delivery, as far as it is not rows.
struct Plan {
    schema: SchemaRef,
    since: Option<Mark>,
    mark: Mark,
    /// The types of what the table holds, where the delivery goes on from that.
    before: BTreeMap<String, String>,
    /// Whether no others come than rows that were refused.
    is_again: bool,
    /// Whether rows that were refused are tried again: all do not come.
    tries_again: bool,
}

/// A delivery whose rows are in the stage.
struct Work<'a> {
    outlet: &'a Inner,
    session: &'a Session,
    plan: &'a Plan,
    table: &'a TargetTable<'a>,
    there: There,
    /// Whether the table was there before: the mark means nothing otherwise.
    was_there: bool,
}

impl TableOutlet {
    /// # Errors
    /// When `to` names no table.
    pub(crate) fn new(
        database: Database,
        to: &str,
        settings: DeliverySettings,
        transactions: bool,
    ) -> std::result::Result<Self, OptionsError> {
        let name = parts_of(to, names(database.quote())).ok_or_else(|| OptionsError {
            key: Some("to"),
            message: format!("'{to}' cannot name a table"),
            help: Some("write schema.table".to_owned()),
        })?;
        Ok(Self(Arc::new(Inner { database, name, settings, transactions })))
    }
}

#[async_trait]
impl Outlet for TableOutlet {
    async fn mark(&self) -> Result<Option<Mark>> {
        let inner = Arc::clone(&self.0);
        blocking(move || {
            if inner.database.is_to_be_made() {
                return Ok(None);
            }
            let session = inner.database.connect()?;
            // Where somebody has dropped the table, nothing of what the mark tells is there any more.
            if inner.is_there(&session, inner.table())? { inner.marks(&session).read() } else { Ok(None) }
        })
        .await
    }

    async fn deliver(&self, load: Load, progress: Arc<Progress>) -> Result<Delivered> {
        let Load { schema, mut rows, since, mark, what, ledger: _ } = load;
        let (sender, receiver) = mpsc::channel(BATCHES);
        let inner = Arc::clone(&self.0);
        let is_again = what == What::Again;
        let tries_again = is_again || (what != What::All && inner.settings.mode != DeliveryMode::Replace);
        // Who delivers all rows anew takes the table as it is.
        let goes_on = what != What::All || inner.settings.mode == DeliveryMode::Replace;
        let before = types_before(since.as_ref().filter(|_| goes_on));
        let plan = Plan { schema, since, mark, before, is_again, tries_again };
        let taken = blocking(move || inner.deliver(&plan, receiver));
        let sent = async move {
            while let Some(next) = rows.next().await {
                let is_last = next.is_err();
                if let Ok(outgoing) = &next {
                    progress.add_rows_in(outgoing.rows.num_rows() as u64);
                }
                if sender.send(next.map(Some)).await.is_err() || is_last {
                    return;
                }
            }
            // Who takes them up has gone already where this does not arrive, and says why.
            let _ended = sender.send(Ok(None)).await;
        };
        futures::join!(taken, sent).0
    }

    async fn kept(&self) -> Result<Kept> {
        let inner = Arc::clone(&self.0);
        blocking(move || {
            let session = inner.database.connect()?;
            if !inner.marks(&session).are_there()?.refused {
                return Ok(Kept::default());
            }
            let rows = refused::read(&inner, &session)?;
            let again = rows.iter().filter(|row| row.operation != HOPELESS).count() as u64;
            Ok(Kept { rows: rows.len() as u64, again })
        })
        .await
    }

    async fn held(&self, schema: &SchemaRef) -> Result<Option<HeldRows>> {
        let plain = schema.fields().iter().filter(|field| !field.data_type().is_nested()).cloned();
        let plain: SchemaRef = Arc::new(Schema::new(plain.collect::<Vec<_>>()));
        let plan = |schema: SchemaRef, declares: bool| async move {
            let inner = Arc::clone(&self.0);
            let there = blocking(move || {
                let session = inner.database.connect()?;
                session.columns_of_table(&inner.name, inner.table()).map_err(|error| inner.failed(&error))
            });
            let there = there.await?;
            let others = there.fields().iter().map(|field| field.name().clone());
            let exclude = others.filter(|name| schema.index_of(name).is_err()).collect();
            let from = Some(self.0.beside(self.0.table()));
            let wanted = Wanted { from, query: None, condition: None, exclude, cursor: None };
            let mut settings = read_back(&schema)?;
            settings.columns.retain(|_| declares);
            let stream = TableStream::new(self.0.database.clone(), wanted, settings).map_err(options_error)?;
            stream.plan(None, None).await
        };
        Ok(Some(plan_back(&plain, plan).await?.into()))
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<()> {
        let (inner, schema) = (Arc::clone(&self.0), schema.clone());
        blocking(move || {
            // Nothing is made where it is only looked.
            if inner.database.is_to_be_made() {
                return inner.database.can_be_made();
            }
            let session = inner.database.connect()?;
            let before = types_before(inner.marks(&session).read()?.as_ref());
            let Some(there) = look(&inner, &session, &schema)? else { return Ok(()) };
            fits::lossy(&inner, &session, &schema, &there, &before).map(|_| ())
        })
        .await
    }
}

impl Inner {
    fn deliver(&self, plan: &Plan, rows: mpsc::Receiver<Sent>) -> Result<Delivered> {
        // What is not there is an error of many drivers, which would end a transaction: it is asked for by a session of its own.
        let looking = self.database.connect()?;
        let marks = self.marks(&looking);
        let there = marks.are_there()?;
        let columns = look(self, &looking, &plan.schema)?;
        let is_there = columns.is_some();
        let found = if there.marks && is_there { marks.read()? } else { None };
        if found != plan.since {
            return Err(delivered_meanwhile(&self.shown()));
        }
        let lossy = match &columns {
            Some(columns) => fits::lossy(self, &looking, &plan.schema, columns, &plan.before)?,
            None => Vec::new(),
        };
        let kept = if plan.tries_again && there.refused { refused::read(self, &looking)? } else { Vec::new() };
        let session = self.database.connect()?;
        drop(looking);
        let kept = refused::again(kept, &plan.schema, session.dialect);
        let mut stage = Stage::new(self, &session);
        let delivered = stage.fill(self, &session, &plan.schema, kept, rows).and_then(|mut held| {
            let changed = fits::take_out(self, &session, &stage, plan, &lossy)?;
            stage.upserts -= changed.len() as u64;
            held.extend(changed);
            self.take_up(plan, &session, &stage, there, is_there, held)
        });
        stage.end(&session);
        delivered
    }

    /// Takes the rows of a stage up. `held` are rows that are not in it, and are kept in place of being written.
    fn take_up(
        &self,
        plan: &Plan,
        session: &Session,
        stage: &Stage,
        mut there: There,
        is_there: bool,
        mut held: Vec<Refused>,
    ) -> Result<Delivered> {
        let mut table = TargetTable::new(self, session, &plan.schema, stage, is_there);
        table.is_added_to = plan.is_again;
        if !session.dialect.defines_in_transactions() {
            self.marks(session).make_now(there, plan.since.is_some())?;
            there = There { marks: true, refused: true };
            table.make_now()?;
        }
        let work = Work { outlet: self, session, plan, table: &table, there, was_there: is_there };
        let mut written = stage.upserts;
        if !self.transactions || !session.begin().map_err(|error| self.failed(&error))? {
            let note = format!(
                "{}: rows and mark were not committed together [{}]: after a failure rows may come twice",
                self.shown(),
                codes::DRIVER_NO_TRANSACTIONS
            );
            let delivered = work.take_up(&held)?;
            return Ok(Delivered { written, notes: vec![note], ..delivered });
        }
        let mut delivered = work.commit(&held);
        if delivered.as_ref().is_err_and(refused::is_of_rows) {
            let found = refused::take_out(&work)?;
            if !found.is_empty() {
                written -= found.iter().filter(|row| row.operation == 0).count() as u64;
                held.extend(found);
                delivered = work.commit(&held);
            }
        }
        delivered.map(|delivered| Delivered { written, ..delivered })
    }

    /// The last part of the table's name.
    fn table(&self) -> &str {
        self.name.last().map_or("", String::as_str)
    }

    /// Whether there is a table of the same schema.
    fn is_there(&self, session: &Session, table: &str) -> Result<bool> {
        match session.columns_of_table(&self.name, table) {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn marks<'a>(&'a self, session: &'a Session) -> state::Marks<'a> {
        state::Marks { outlet: self, session }
    }

    /// What is delivered to, for people.
    fn shown(&self) -> String {
        format!("{}: {}", self.database.shown(), self.name.join("."))
    }

    fn quoted(&self, name: &str) -> String {
        names(self.database.quote()).quoted(name)
    }

    /// A table of the same schema, in SQL.
    fn beside(&self, table: &str) -> String {
        let (_, before) = self.name.split_last().unwrap_or((&self.name[0], &[]));
        let parts = before.iter().map(String::as_str).chain([table]);
        parts.map(|part| self.quoted(part)).collect::<Vec<_>>().join(".")
    }

    /// As [`Self::failed`], where another delivery may have been faster.
    fn collided(&self, error: &adbc_core::error::Error) -> Error {
        if has_collided(error) { delivered_meanwhile(&self.shown()) } else { self.failed(error) }
    }

    /// An error of the driver, for a person.
    fn failed(&self, error: &adbc_core::error::Error) -> Error {
        self.database.failed(error, &self.what_failed())
    }

    fn what_failed(&self) -> String {
        format!("{} cannot be delivered to", self.name.join("."))
    }

    /// What the driver says in an error of [`Self::failed`].
    fn reason_in(&self, error: &Error) -> String {
        let before = format!("{}: ", self.what_failed());
        error.message.strip_prefix(&before).unwrap_or(&error.message).to_owned()
    }
}

impl Work<'_> {
    /// Takes the rows up, and commits; or rolls back. `held` are rows that are kept in place of being written.
    fn commit(&self, held: &[Refused]) -> Result<Delivered> {
        match self.take_up(held) {
            Ok(delivered) => {
                failpoint("before_delivery_commit");
                self.end().map(|()| delivered)
            }
            Err(error) => {
                // The session's end does the same; where it says why it cannot, the first error says more.
                let _undone = self.session.rollback();
                Err(error)
            }
        }
    }

    fn end(&self) -> Result<()> {
        let Self { outlet, session, plan, .. } = self;
        let ended = session.commit().map_err(|error| outlet.collided(&error));
        if !session.collects() {
            return ended;
        }
        // Whether it has done something is not answered: the mark says so, also when the answer was lost on its way.
        match outlet.marks(session).read() {
            Ok(Some(found)) if found == plan.mark => Ok(()),
            found => ended.and(found.map(|_| ())).and(Err(delivered_meanwhile(&outlet.shown()))),
        }
    }

    fn take_up(&self, held: &[Refused]) -> Result<Delivered> {
        let Self { outlet, session, plan, table, there, was_there } = *self;
        let marks = outlet.marks(session);
        marks.make(there)?;
        let found = if outlet.transactions { marks.lock()? } else { marks.read()? };
        if found.filter(|_| was_there) != plan.since {
            return Err(delivered_meanwhile(&outlet.shown()));
        }
        table.make()?;
        let deleted = table.take_up(table.stage.places)?;
        let samples = refused::keep(outlet, session, held)?;
        failpoint("before_delivery_mark");
        marks.set(&plan.mark)?;
        Ok(Delivered { deleted, undelivered: held.len() as u64, samples, kept: KEPT, ..Delivered::default() })
    }
}
