//! Deliveries to tables of a PostgreSQL 12 or newer.
//!
//! ```yaml
//! connector: postgres
//! connection: "${CRM_DSN}"         # postgres://user:password@host/database
//! deliveries:
//!   - { table: marts.dim_customer, to: crm.customers, key: customer_id }
//!   - { table: marts.daily_sales, to: crm.daily_sales, mode: replace }
//! ```
//!
//! What it promises:
//!
//! - **Exactly once.** The rows of a delivery and the mark that says which snapshot of the lake they are of (in the table
//!   `headwater_deliveries` of the same schema) are committed together. A delivery that dies has not happened; the next one goes on from
//!   the mark.
//! - **Only what has changed is sent** (`upsert`, `append`), told by the table's own log.
//! - **Readers see all of it or nothing.** `replace` fills a new table and puts it in the place of the old one, with its indexes,
//!   constraints and grants; where views, triggers or foreign keys hold on to the table, its rows are replaced within the transaction.
//! - **A row that the database refuses** (a constraint, a value that its column cannot hold) is told with the database's reason, goes to
//!   `headwater_undelivered` beside the table, and is tried again with every delivery until it succeeds or has changed; with more than
//!   `most_undelivered` of them nothing is delivered.
//! - **Memory does not grow with the rows**, which go by `COPY … (FORMAT binary)`.
//!
//! The table is made if it is not there, with the key as its primary key; columns that it lacks are added, others that it has are left
//! alone. A column has the type that a source of PostgreSQL would read it from; lists of plain values are arrays, other nested values
//! `jsonb`. A column of the table with another type is filled by a cast where that changes no value: a row of which it would (9.5 into a whole number,
//! a time into a date, a text that is longer than its column) is a refused one.
//!
//! When a type of the lake becomes wider, so does the column of a table that Headwater has made, which its comment says (`made by Headwater`),
//! where no value is changed by that: `bigint` for `integer`, `text` for all others, `double precision` for whole numbers that it holds exactly.
//! In a table of another's (and in one of a Headwater that wrote no comment yet) the delivery fails before anything is sent, with the statement that alters the column; so it does where a view stands
//! in the way. `headwater deliver --anew` takes the column as it is, and refuses rows. An upsert goes by a unique index on the key, or, more slowly, without.
//! The role needs `usage` and `create` on the schema, and `select`, `insert`, `update` and `delete` on the table.
//!
//! Inside: a load is one transaction. Its rows are copied into a temporary table (`stage`), from there into the table that they are for
//! (`table`, `apply`, `replace`), and the mark is set (`state`).

mod apply;
mod columns;
mod encode;
mod fits;
mod names;
mod options;
mod replace;
mod stage;
mod state;
mod table;

use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, SourceStream};
use headwater_sdk::destination::{
    Delivered, DeliveryMode, DeliverySettings, Destination, HeldRows, Kept, Load, Mark, OnDelete, Outlet, What,
};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Error, Result};
use tokio_postgres::Client;

pub use options::{DeliveryOptions, DestinationOptions};

use super::connect::{Server, Session};
use super::stream::TableStream;
use crate::codes;
use crate::database::{Faults, KEPT, STAGE};
use crate::delivered::{delivered_meanwhile, options_error, plan_back, read_back, types_before};
use apply::apply;
use names::Target;
use stage::OPERATION;
use table::TargetTable;

/// The destination. See the module's text.
#[derive(Debug)]
pub struct PostgresDestination {
    server: Server,
}

impl Destination for PostgresDestination {
    const NAME: &'static str = "postgres";
    const MODES: &'static [DeliveryMode] = &[DeliveryMode::Upsert, DeliveryMode::Append, DeliveryMode::Replace];
    type Options = DestinationOptions;
    type DeliveryOptions = DeliveryOptions;

    fn destination(options: DestinationOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        Ok(Self { server: Server::new(&options.connection, options.tls, options.ca.as_deref(), context)? })
    }

    fn outlet(&self, options: DeliveryOptions, settings: DeliverySettings) -> Result<Arc<dyn Outlet>, OptionsError> {
        Ok(Arc::new(TableOutlet { server: self.server.clone(), target: Target::new(&options.to)?, settings }))
    }
}

/// A table that is delivered to.
struct TableOutlet {
    server: Server,
    target: Target,
    settings: DeliverySettings,
}

#[async_trait]
impl Outlet for TableOutlet {
    async fn mark(&self) -> Result<Option<Mark>> {
        let session = self.server.connect().await?;
        self.marks(&session).read().await
    }

    async fn deliver(&self, load: Load, progress: Arc<Progress>) -> Result<Delivered> {
        let session = self.server.connect().await?;
        let delivered = self.in_transaction(&session, load, &progress).await?;
        failpoint("before_delivery_commit");
        session.batch_execute("commit").await.map_err(|error| self.error(&error))?;
        Ok(delivered)
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<()> {
        let session = self.server.connect().await?;
        session.batch_execute("begin read write").await.map_err(|error| self.error(&error))?;
        self.marks(&session).make().await?;
        let before = types_before(self.marks(&session).read().await?.as_ref());
        TargetTable::prepare(self, &session, schema, &before).await?;
        session.batch_execute("rollback").await.map_err(|error| self.error(&error))
    }

    async fn kept(&self) -> Result<Kept> {
        let session = self.server.connect().await?;
        self.marks(&session).kept().await
    }

    async fn held(&self, schema: &SchemaRef) -> Result<Option<HeldRows>> {
        let plan = |schema: SchemaRef, declares: bool| async move {
            let columns = names::list(schema.fields().iter().map(|field| field.name().as_str()), "");
            let query = format!("select {columns} from {}", self.target.sql());
            let mut settings = read_back(&schema)?;
            settings.columns.retain(|_| declares);
            let stream = TableStream::of_query(self.server.clone(), query, settings).map_err(options_error)?;
            stream.plan(None, None).await
        };
        Ok(Some(plan_back(schema, plan).await?.into()))
    }
}

impl TableOutlet {
    async fn in_transaction(&self, session: &Session, load: Load, progress: &Progress) -> Result<Delivered> {
        // Constraints are told with the rows that break them, not at the end.
        let begin = "begin read write; set constraints all immediate";
        session.batch_execute(begin).await.map_err(|error| self.error(&error))?;
        let marks = self.marks(session);
        marks.make().await?;
        if marks.lock().await? != load.since {
            return Err(delivered_meanwhile(&format!("{}: {}", self.server.name, self.target.shown())));
        }
        // Who delivers all rows anew takes the table as it is.
        let goes_on = load.what != What::All || self.settings.mode == DeliveryMode::Replace;
        let before = types_before(load.since.as_ref().filter(|_| goes_on));
        let mut table = TargetTable::prepare(self, session, &load.schema, &before).await?;
        let stage = stage::fill(self, session, load.rows, &load.schema, progress).await?;
        let mut faults = Faults::new(self.settings.most_undelivered);
        faults.refused(&stage.unsendable)?;
        // Rows that were refused earlier, unless all rows come again.
        let is_again = load.what == What::Again;
        let tries_again = is_again || (load.what != What::All && self.settings.mode != DeliveryMode::Replace);
        if tries_again {
            marks.restage(&table).await?;
        }
        fits::leave_out(self, session, &table.lossy(), &mut faults).await?;
        let notes = std::mem::take(&mut table.altered);
        let mut delivered = Delivered { kept: KEPT, bytes: stage.bytes, notes, ..Delivered::default() };
        match self.settings.mode {
            DeliveryMode::Upsert => {
                if self.settings.on_delete == OnDelete::Delete {
                    delivered.deleted = apply(self, session, &[table.delete()], &stage, &mut faults).await?;
                }
                delivered.written = apply(self, session, &table.upsert(), &stage, &mut faults).await?;
                delivered.notes.extend(table.unindexed());
            }
            // Where all rows come at once, those that were refused are added to what has come.
            mode if is_again || mode == DeliveryMode::Append => {
                delivered.written = apply(self, session, &[table.insert(&table.sql)], &stage, &mut faults).await?;
            }
            _ => {
                (delivered.written, delivered.deleted) =
                    replace::replace(self, session, &table, &stage, &mut faults, &mut delivered.notes).await?;
            }
        }
        let refused = faults.count();
        delivered.notes.extend(self.left_out(session, &table, &delivered, refused).await?);
        delivered.samples = marks.set_aside(&table, &stage, faults, tries_again).await?;
        delivered.undelivered = refused.max(marks.kept().await?.rows);
        marks.set(&load.mark).await?;
        Ok(delivered)
    }

    /// What is told of rows that the table took and does not have: its triggers can leave rows out without a word.
    async fn left_out(
        &self,
        client: &Client,
        table: &TargetTable,
        delivered: &Delivered,
        refused: u64,
    ) -> Result<Option<String>> {
        // Rows of a key alone are not written where they are there.
        if table.is_key_alone() {
            return Ok(None);
        }
        let sql = format!("select count(*) from {STAGE} where {OPERATION} = 0");
        let sent: i64 = client.query_one(&sql, &[]).await.map_err(|error| self.error(&error))?.get(0);
        let lacking = u64::try_from(sent).unwrap_or(0).saturating_sub(delivered.written + refused);
        Ok((lacking > 0).then(|| {
            format!(
                "{}: of the rows that were sent, a trigger or a rule of the table has left out {lacking}",
                table.sql
            )
        }))
    }

    fn marks<'a>(&'a self, client: &'a Client) -> state::Marks<'a> {
        state::Marks { outlet: self, client }
    }

    /// An error of the database, for a person.
    fn error(&self, error: &tokio_postgres::Error) -> Error {
        let mut told = self.server.error(error, &format!("{} cannot be delivered to", self.target.shown()));
        let (schema, table, role) = (&self.target.schema, self.target.shown(), self.server.role());
        if told.code == codes::POSTGRES_FORBIDDEN {
            told.help = Some(format!(
                "let it write: grant usage, create on schema {schema} to {role}; grant select, insert, update, delete on {table} to {role}"
            ));
        } else if told.code == codes::POSTGRES_OPTIONS {
            told.help =
                Some("correct `to` of the delivery, or make the schema or the column's type what it takes".to_owned());
        }
        told
    }
}
