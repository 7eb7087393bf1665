//! Deliveries to tables of MySQL and MariaDB.
//!
//! ```yaml
//! connector: mysql
//! connection: "${CRM_DSN}"         # mysql://user:password@host/database
//! deliveries:
//!   - { table: marts.dim_customer, to: customers, key: customer_id }
//!   - { table: marts.daily_sales, to: crm.daily_sales, mode: replace }
//! ```
//!
//! What it promises:
//!
//! - **Exactly once.** The rows of a delivery and the mark that says which snapshot of the lake they are of (in the table
//!   `headwater_deliveries` of the same database) are committed together. A delivery that dies has not happened; the next one goes on
//!   from the mark. The table has to be one of an engine with transactions (InnoDB).
//! - **Only what has changed is sent** (`upsert`, `append`), told by the table's own log.
//! - **Readers see all of it or nothing.** `replace` fills a new table with the same columns, indexes and constraints, and renames both in
//!   one statement; a table with triggers or foreign keys has its rows replaced within a transaction.
//! - **A row that the database refuses** (a constraint, a trigger, a value that its column cannot hold: sessions are strict) is told with
//!   the database's reason, goes to `headwater_undelivered` beside the table, and is tried again with every delivery until it succeeds or has
//!   changed; with more than `most_undelivered` of them nothing is delivered.
//! - **Keys are compared exactly.** Where the table's collation takes two keys of the lake for the same (`a` and `A`), the second is
//!   a refused row; it does not overwrite the first.
//! - **Memory does not grow with the rows**, which go by statements of about 1 MiB, through a temporary table. (Rows that were
//!   refused earlier, at most `most_undelivered`, are held.)
//!
//! The table is made if it is not there, with the key as its primary key; columns that it lacks are added, others that it has are left
//! alone. A column of the table with another type is filled by the server's own conversion where that changes no value: a row of which it would
//! (9.5 into a whole number, a time into a date, a fraction of a second that the column has no digits for) is a refused one.
//!
//! When a type of the lake becomes wider, so does the column of a table that Headwater has made, which its comment says (`made by Headwater`),
//! where no value is changed by that: `bigint` for `int`, `longtext` for all others, `double` for whole numbers that it holds exactly. In a table of
//! another's (and in one of a Headwater that wrote no comment yet) the delivery fails before anything is sent, with the statement that alters the column.
//! `headwater deliver --anew` takes the column as it is, and refuses rows.
//!
//! An upsert goes by an index on the key, or, more slowly, without.
//!
//! Types: `boolean` is `tinyint(1)`, integers are `smallint`, `int` and `bigint`, floats and doubles are theirs (NaN and infinities are
//! refused: the database has none), decimals of up to 30 digits behind the point are `decimal`, those of more are text; texts are `longtext`
//! (`utf8mb4`), binary values `longblob`, dates `date`, timestamps `datetime(6)`, those of an instant in UTC (their `timestamp` ends in
//! 2038; a column that is one is filled all the same). Nested values are `json`. In a key, texts are `varchar(255)` and
//! binary values `varbinary(255)`, less where a key has several: an index can have no more; make the table yourself for longer ones.
//!
//! The user needs `select`, `insert`, `update`, `delete`, `create`, `alter` and `create temporary tables` on the database; `drop` for
//! `replace`. A row larger than the server's `max_allowed_packet` is a refused one. `deliver --dry-run` makes nothing, for the server
//! could not take it back: it looks at the table that is there.
//!
//! Tested against MariaDB 10.11; no MySQL was at hand.
//!
//! Inside: rows are put into a temporary table (`stage`), from there within a transaction into the table that they are for (`table`,
//! `apply`, `replace`), and the mark is set (`state`).

mod apply;
mod columns;
mod encode;
mod fits;
mod options;
mod replace;
mod rows;
mod stage;
mod state;
mod table;
mod target;
mod work;

use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, SourceStream, StreamSettings};
use headwater_sdk::destination::{
    Delivered, DeliveryMode, DeliverySettings, Destination, HeldRows, Kept, Load, Mark, OnDelete, Outlet, What,
};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Error, Result};

pub use options::{DeliveryOptions, DestinationOptions};

use super::binlog::Follower;
use super::connect::Server;
use super::options::{StreamOptions, ZeroDates};
use super::stream::TableStream;
use super::wire::WireError;
use crate::codes;
use crate::database::{Faults, KEPT};
use crate::delivered::{delivered_meanwhile, options_error, plan_back, read_back, types_before};
use apply::{Action, apply};
use replace::Replacement;
use state::KeptRows;
use table::TargetTable;
use target::Target;
use work::Work;

/// The destination. See the module's text.
#[derive(Debug)]
pub struct MySqlDestination {
    server: Server,
}

impl Destination for MySqlDestination {
    const NAME: &'static str = "mysql";
    const MODES: &'static [DeliveryMode] = &[DeliveryMode::Upsert, DeliveryMode::Append, DeliveryMode::Replace];
    type Options = DestinationOptions;
    type DeliveryOptions = DeliveryOptions;

    fn destination(options: DestinationOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let DestinationOptions { connection, tls, ca } = options;
        Ok(Self { server: Server::new(&connection, tls, ca.as_deref(), ZeroDates::AsNull, context)? })
    }

    fn outlet(&self, options: DeliveryOptions, settings: DeliverySettings) -> Result<Arc<dyn Outlet>, OptionsError> {
        let target = Target::new(&options.to, self.server.database())?;
        Ok(Arc::new(TableOutlet { server: self.server.clone(), target, settings }))
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
        let mut work = Work::begin(self).await?;
        let mark = replace::standing(&mut work).await?;
        work.session.quit().await;
        Ok(mark)
    }

    async fn deliver(&self, load: Load, progress: Arc<Progress>) -> Result<Delivered> {
        let mut work = Work::begin(self).await?;
        let delivered = self.take_up(&mut work, load, &progress).await?;
        work.session.quit().await;
        Ok(delivered)
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<()> {
        let mut work = Work::begin(self).await?;
        let before = types_before(replace::standing(&mut work).await?.as_ref());
        if let Some(table) = TargetTable::look(&mut work, schema, &before).await? {
            // What a statement may do is judged when it is explained.
            work.ask(&format!("explain delete from {} where false", table.sql)).await?;
        }
        work.session.quit().await;
        Ok(())
    }

    async fn kept(&self) -> Result<Kept> {
        let mut work = Work::begin(self).await?;
        let kept = state::kept(&mut work).await?;
        work.session.quit().await;
        Ok(kept)
    }

    async fn held(&self, schema: &SchemaRef) -> Result<Option<HeldRows>> {
        let follower = Arc::new(Follower::new(self.server.clone()));
        // What is kept as text there, and was none, is left out: lists, and decimals with more digits than it has.
        let is_kept = |field: &&FieldRef| {
            let kind = field.data_type();
            !kind.is_nested() && (matches!(kind, DataType::Utf8) || !columns::is_text(kind))
        };
        let plain = Arc::new(Schema::new(schema.fields().iter().filter(is_kept).cloned().collect::<Vec<_>>()));
        let plan = |schema: SchemaRef, declares: bool| {
            let (follower, from) = (Arc::clone(&follower), self.target.sql());
            async move {
                let options = StreamOptions { from: Some(from), ..StreamOptions::default() };
                let settings = StreamSettings { columns: Vec::new(), ..read_back(&schema)? };
                let stream =
                    TableStream::new(self.server.clone(), follower, options, settings).map_err(options_error)?;
                stream.plan(declares.then_some(schema), None).await
            }
        };
        Ok(Some(plan_back(&plain, plan).await?.into()))
    }
}

impl TableOutlet {
    async fn take_up(&self, work: &mut Work<'_>, load: Load, progress: &Progress) -> Result<Delivered> {
        work.lock().await?;
        state::make(work).await?;
        if replace::settle(work).await? != load.since {
            return Err(delivered_meanwhile(&format!("{}: {}", self.server.name, self.target.shown())));
        }
        let is_again = load.what == What::Again;
        // Who delivers all rows anew takes the table as it is.
        let goes_on = load.what != What::All || self.settings.mode == DeliveryMode::Replace;
        let before = types_before(load.since.as_ref().filter(|_| goes_on));
        let mut table = TargetTable::prepare(work, &load.schema, &before).await?;
        let stage = stage::fill(work, load.rows, &load.schema, progress).await?;
        let mut faults = Faults::new(self.settings.most_undelivered);
        faults.refused(&stage.unsendable)?;
        // Statements of definition end transactions: what has to be made is made before one begins.
        let replacement = match self.settings.mode {
            DeliveryMode::Replace if !is_again => Replacement::begin(work, &table).await?,
            _ => None,
        };
        // Rows that were refused earlier, unless all rows come again.
        let kept = match (load.what, self.settings.mode) {
            (What::All, _) => KeptRows::new(),
            (_, DeliveryMode::Replace) if !is_again => KeptRows::new(),
            _ => state::restage(work, &load.schema).await?,
        };
        fits::leave_out(work, &table.lossy, &mut faults).await?;
        let notes = std::mem::take(&mut table.altered);
        let mut delivered = Delivered { kept: KEPT, bytes: stage.bytes, notes, ..Delivered::default() };
        work.run("start transaction").await?;
        match self.settings.mode {
            DeliveryMode::Upsert => {
                if self.settings.on_delete == OnDelete::Delete {
                    delivered.deleted = apply(work, &table, Action::Delete, &stage, &mut faults).await?;
                }
                delivered.written = apply(work, &table, Action::Upsert, &stage, &mut faults).await?;
                delivered.notes.extend(table.unindexed());
            }
            // Where all rows come at once, those that were refused are added to what has come.
            mode if is_again || mode == DeliveryMode::Append => {
                delivered.written = apply(work, &table, Action::Insert(&table.sql), &stage, &mut faults).await?;
            }
            _ => {
                let into = match &replacement {
                    Some(new) => &new.sql,
                    None => {
                        delivered.deleted = replace::clear(work, &table, &mut delivered.notes).await?;
                        &table.sql
                    }
                };
                delivered.written = apply(work, &table, Action::Insert(into), &stage, &mut faults).await?;
            }
        }
        let refused = faults.count();
        delivered.samples = state::set_aside(work, &load.schema, &stage, faults, kept).await?;
        delivered.undelivered = refused.max(state::kept(work).await?.rows);
        match &replacement {
            None => state::set(work, Some(&load.mark)).await?,
            Some(_) => state::set_pending(work, &load.mark).await?,
        }
        failpoint("before_delivery_commit");
        work.run("commit").await?;
        if let Some(replacement) = replacement {
            replacement.end(work, &table, &load.mark).await?;
        }
        Ok(delivered)
    }

    /// An error of the database, for a person.
    fn error(&self, error: &WireError) -> Error {
        let mut told = self.server.error(error, &format!("{} cannot be delivered to", self.target.shown()));
        let (database, user) = (super::quote::name(&self.target.database), self.server.user());
        if told.code == codes::MYSQL_FORBIDDEN {
            told.help = Some(format!(
                "let it write: grant select, insert, update, delete, create, alter, drop, create temporary tables on {database}.* to {user}"
            ));
        } else if told.code == codes::MYSQL_OPTIONS {
            told.help = Some(
                "correct `to` of the delivery, or make the database or the column's type what it takes".to_owned(),
            );
        }
        told
    }
}
