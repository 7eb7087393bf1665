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

use super::columns::{OPERATION, PLACE, taken_back, values};
use super::{Inner, Work};
use crate::database::{Faults, HOPELESS, REFUSED, SAMPLES, Statements, apply};
use crate::delivered::{as_json, row_of};
use crate::driver::database::Session;
use crate::driver::dialect::Dialect;

/// Places that a statement names.
const AT_ONCE: usize = 500;

/// A row that was refused.
pub(super) struct Refused {
    pub(super) operation: i8,
    /// As a JSON object, in the types in which it was handed over.
    row: String,
    reason: String,
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
    let place = outlet.quoted(PLACE);
    let columns = schema.fields().iter().map(|field| outlet.quoted(field.name()));
    let columns = columns.chain([OPERATION, PLACE].map(|name| outlet.quoted(name))).collect::<Vec<_>>().join(", ");
    let reason_of: BTreeMap<i64, String> = faults.rows.into_iter().collect();
    let places: Vec<i64> = reason_of.keys().copied().collect();
    let mut refused = Vec::new();
    for some in places.chunks(AT_ONCE) {
        let those = some.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let sql = format!("select {columns} from {} where {place} in ({those})", stage.sql);
        for rows in session.query(&sql).map_err(failed)? {
            let rows = rows.and_then(|rows| taken_back(&rows, schema, session.dialect));
            let rows = rows.map_err(|error| failed(error.into()))?;
            refused.extend(rows.into_iter().map(|(operation, place, row)| Refused {
                operation,
                row: as_json(&row),
                reason: reason_of.get(&place).cloned().unwrap_or_default(),
            }));
        }
        session.update(&format!("delete from {} where {place} in ({those})", stage.sql)).map_err(failed)?;
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
        let tried = table.make().and_then(|()| table.take_up((from, to)));
        session.rollback().map_err(|error| outlet.failed(&error))?;
        match tried {
            Ok(_) => Ok(Ok(0)),
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
    let (table, delivery, now) = (
        outlet.beside(REFUSED),
        session.literal(&outlet.settings.name),
        session.literal(&jiff::Timestamp::now().to_string()),
    );
    let run = |sql: String| session.update(&sql).map_err(|error| outlet.failed(&error));
    run(format!("delete from {table} where delivery = {delivery}"))?;
    for Refused { operation, row, reason } in refused {
        let (row, reason, name) = (session.literal(row), session.literal(reason), outlet.quoted("row"));
        run(format!(
            "insert into {table} (delivery, operation, {name}, reason, since) values ({delivery}, {operation}, {row}, {reason}, {now})"
        ))?;
    }
    let some = refused.iter().take(SAMPLES);
    Ok(some.map(|Refused { row, reason, .. }| Undelivered { row: row.clone(), reason: reason.clone() }).collect())
}
