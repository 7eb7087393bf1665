//! Rows that the database refuses: found in transactions that are rolled back, and kept in a table of the database.
//!
//! Not every database can go back to a point within a transaction. The temporary table outlives them, so that rows can be tried in one, and
//! all the others be written in another.

use std::collections::BTreeMap;

use arrow_array::Int8Array;
use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use headwater_sdk::destination::{Outgoing, Undelivered};
use headwater_sdk::{Blame, Error, Result};

use super::columns::{PLACE, values};
use super::fits::taken;
use super::{Inner, Work};
use crate::database::{Faults, HOPELESS, REFUSED, SAMPLES, Statements, apply};
use crate::delivered::row_of;
use crate::driver::database::Session;
use crate::driver::dialect::Dialect;

/// Places that a statement names.
const AT_ONCE: usize = 500;
/// Bytes after which a statement that writes rows takes no more of them.
const STATEMENT: usize = 64 << 10;

/// A row that was refused.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) operation: i8,
    /// As a JSON object, in the types in which it was handed over.
    pub(super) row: String,
    pub(super) reason: String,
}

/// Whether an error is about rows that are refused, and not about what else can happen.
pub(super) fn is_of_rows(error: &Error) -> bool {
    error.blame == Blame::Data
}

/// Rows that were refused by earlier deliveries.
///
/// # Errors
/// When they cannot be read.
pub(super) fn read(outlet: &Inner, session: &Session) -> Result<Vec<Refused>> {
    let sql = format!(
        "select operation, {}, reason from {} where delivery = {}",
        outlet.quoted("row"),
        outlet.beside(REFUSED),
        session.literal(&outlet.settings.name)
    );
    let rows = session.texts(&sql).map_err(|error| outlet.failed(&error))?;
    // Others write there, too: what is none of ours is kept as it is.
    let of = |row: Vec<Option<String>>| {
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || values.next().unwrap_or_default();
        Refused { operation: next().parse().unwrap_or(HOPELESS), row: next(), reason: next() }
    };
    Ok(rows.into_iter().map(of).collect())
}

/// Rows that are tried again, and those that are none of the schema any more and stay as they are.
pub(super) fn again(refused: Vec<Refused>, schema: &SchemaRef, dialect: Dialect) -> (Vec<Outgoing>, Vec<Refused>) {
    let schema: SchemaRef = Schema::new(values(schema, dialect)).into();
    let (mut again, mut stay) = (Vec::new(), Vec::new());
    for row in refused {
        match row_of(&schema, &row.row).filter(|_| row.operation != HOPELESS) {
            Some(rows) => again.push(Outgoing { rows, operations: Some(Int8Array::from(vec![row.operation])) }),
            None => stay.push(Refused { operation: HOPELESS, ..row }),
        }
    }
    (again, stay)
}

/// Looks for the rows that the database refuses, takes them out of the temporary table, and returns them. None where it refuses none of them
/// alone. A transaction has begun, and has nothing in it; so it has when this ends.
///
/// # Errors
/// When the database fails, or too many rows are refused.
pub(super) fn take_out(work: &Work<'_>) -> Result<Vec<Refused>> {
    let (outlet, session, schema, stage) = (work.outlet, work.session, &work.plan.schema, work.table.stage);
    let mut faults = Faults::new(outlet.settings.most_undelivered);
    futures::executor::block_on(apply(&mut Trials(work), stage.places, &mut faults))?;
    let failed = |error| outlet.failed(&error);
    let reason_of: BTreeMap<i64, String> = faults.rows.into_iter().collect();
    let places: Vec<i64> = reason_of.keys().copied().collect();
    let mut refused = Vec::new();
    for some in places.chunks(AT_ONCE) {
        let rows = taken(outlet, session, schema, stage, some)?;
        refused.extend(rows.into_iter().map(|(operation, place, row)| {
            let reason = reason_of.get(&place).cloned().unwrap_or_default();
            Refused { operation, row, reason }
        }));
    }
    session.commit().map_err(failed)?;
    Ok(refused)
}

/// Transactions in which rows are tried, and that are rolled back.
struct Trials<'a>(&'a Work<'a>);

#[async_trait]
impl Statements for Trials<'_> {
    async fn run(&mut self, from: i64, to: i64) -> Result<std::result::Result<u64, String>> {
        let Work { outlet, session, table, .. } = self.0;
        let failed = |error| outlet.failed(&error);
        let tried = match table.make().and_then(|()| table.take_up((from, to))) {
            Ok(_) => session.try_out().map_err(failed),
            Err(error) => {
                session.rollback().map_err(failed)?;
                Err(error)
            }
        };
        match tried {
            Ok(()) => Ok(Ok(0)),
            Err(error) if is_of_rows(&error) => Ok(Err(outlet.reason_in(&error))),
            Err(error) => Err(error),
        }
    }

    async fn narrow(&mut self) -> Result<()> {
        let Work { outlet, session, table, .. } = self.0;
        if !session.dialect.indexes_keys() {
            return Ok(());
        }
        let index = format!("create index headwater_stage_place on {} ({})", table.stage.sql, outlet.quoted(PLACE));
        let made = session.update(&index).and_then(|_| session.commit());
        made.map_err(|error| outlet.failed(&error))
    }
}

/// Keeps rows that are refused in place of those that were, and returns some of them.
///
/// # Errors
/// When the database does not take them.
pub(super) fn keep(outlet: &Inner, session: &Session, refused: &[Refused]) -> Result<Vec<Undelivered>> {
    let (table, name) = (outlet.beside(REFUSED), &outlet.settings.name);
    let run = |sql: &str| session.update(sql).map(|_| ()).map_err(|error| outlet.failed(&error));
    let run_now = |sql: &str| session.update_now(sql).map(|_| ()).map_err(|error| outlet.failed(&error));
    let clear = |delivery: &str| format!("delete from {table} where delivery = {delivery}");
    let delivery = session.literal(name);
    if refused.is_empty() || !session.collects() {
        run(&clear(&delivery))?;
        insertions(outlet, session, &delivery, refused).try_for_each(|sql| run(&sql))?;
    } else {
        // What is collected has to be short: rows are put there before it, and it gives them their name.
        let next = session.literal(&format!("{name} (next)"));
        run_now(&clear(&next))?;
        insertions(outlet, session, &next, refused).try_for_each(|sql| run_now(&sql))?;
        run(&clear(&delivery))?;
        run(&format!("update {table} set delivery = {delivery} where delivery = {next}"))?;
    }
    let some = refused.iter().take(SAMPLES);
    Ok(some.map(|Refused { row, reason, .. }| Undelivered { row: row.clone(), reason: reason.clone() }).collect())
}

/// Statements that write rows, each of some.
fn insertions<'a>(
    outlet: &Inner,
    session: &'a Session,
    delivery: &'a str,
    refused: &'a [Refused],
) -> impl Iterator<Item = String> + 'a {
    let (table, name, now) =
        (outlet.beside(REFUSED), outlet.quoted("row"), session.literal(&jiff::Timestamp::now().to_string()));
    let mut left = refused.iter().peekable();
    std::iter::from_fn(move || {
        left.peek()?;
        let mut sql = format!("insert into {table} (delivery, operation, {name}, reason, since) values ");
        let begin = sql.len();
        while let Some(Refused { operation, row, reason, .. }) = left.next_if(|_| sql.len() < STATEMENT) {
            let between = if sql.len() > begin { ", " } else { "" };
            let (row, reason) = (session.literal(row), session.literal(reason));
            sql.push_str(&format!("{between}({delivery}, {operation}, {row}, {reason}, {now})"));
        }
        Some(sql)
    })
}
