//! Columns of the table that are of another type than the values that are handed over: which of these lose something there.

use std::collections::BTreeMap;

use arrow_schema::{DataType, Field, Schema};
use headwater_sdk::Result;

use super::columns::{OPERATION, PLACE, taken_back, values};
use super::definition::type_in;
use super::refused::Refused;
use super::stage::Stage;
use super::{Inner, Plan};
use crate::database::{Faults, Kind, Loss, noise};
use crate::delivered::{as_json, is_changed, too_narrow};
use crate::driver::database::Session;
use crate::driver::dialect::Dialect;
use crate::driver::stream::names;

/// Places that a statement names.
const AT_ONCE: usize = 500;

/// A column whose values can lose something in the table.
pub(super) struct Lossy {
    name: String,
    /// Its type in the table.
    there: DataType,
    sent: Kind,
    loss: Loss,
}

/// The columns that can lose something. `before` has the types of what the table holds, where the delivery goes on from that.
///
/// # Errors
/// When a column has another type in the lake now, and is too narrow.
pub(super) fn lossy(
    outlet: &Inner,
    session: &Session,
    schema: &Schema,
    there: &Schema,
    before: &BTreeMap<String, String>,
) -> Result<Vec<Lossy>> {
    // SQLite keeps values as they are, whatever its columns are called; BigQuery refuses what is of another kind.
    if matches!(session.dialect, Dialect::Sqlite | Dialect::BigQuery) {
        return Ok(Vec::new());
    }
    let handed = values(schema, session.dialect);
    let mut lossy = Vec::new();
    for (field, sent) in schema.fields().iter().zip(&handed) {
        let Ok(there) = there.field_with_name(field.name()) else { continue };
        let (is, sent) = (Kind::of(there.data_type()), Kind::of(sent.data_type()));
        if sent == Kind::Other || is == Kind::Other || is.holds(&sent) {
            continue;
        }
        if is_changed(before, field) {
            return Err(too_narrow(
                &outlet.shown(),
                field,
                &there.data_type().to_string(),
                &widening(outlet, session, field),
            ));
        }
        if let Some(loss) = is.loses(&sent) {
            lossy.push(Lossy { name: field.name().clone(), there: there.data_type().clone(), sent, loss });
        }
    }
    Ok(lossy)
}

fn widening(outlet: &Inner, session: &Session, field: &Field) -> String {
    let quote = names(outlet.database.quote());
    let becomes = type_in(field.data_type(), session.dialect, quote);
    let (table, column) = (outlet.beside(outlet.table()), outlet.quoted(field.name()));
    format!("alter table {table} alter column {column} set data type {becomes}")
}

/// The condition under which a value loses something, as far as the database's SQL can tell without failing.
fn loses(loss: Loss, column: &str, of: &Kind, dialect: Dialect) -> Option<String> {
    let tries = matches!(dialect, Dialect::DuckDb | Dialect::Snowflake);
    Some(match (loss, of) {
        (Loss::Digits(places), Kind::Text(_)) if tries => {
            let number = format!("try_cast({column} as double precision)");
            format!("{number} <> round({number}, {places})")
        }
        (Loss::Digits(0), Kind::Float { .. } | Kind::Decimal(_)) => format!("{column} <> floor({column})"),
        (Loss::Digits(places), Kind::Decimal(_)) => format!("{column} <> round({column}, {places})"),
        (Loss::Digits(places), Kind::Float { double }) if dialect == Dialect::Postgres => {
            let number = format!("cast({column} as numeric)");
            format!("abs({number} - round({number}, {places})) > abs({number}) * {}", noise(*double))
        }
        (Loss::Digits(places), Kind::Float { double }) => {
            format!("abs({column} - round({column}, {places})) > abs({column}) * {}", noise(*double))
        }
        (Loss::Mantissa { double }, Kind::Integer { .. }) => {
            let most = if double { 1_i64 << 53 } else { 1 << 24 };
            format!("{column} not between -{most} and {most}")
        }
        (Loss::Mantissa { double }, Kind::Decimal(Some((_, places)))) => {
            let float = if double { "double precision" } else { "real" };
            format!("{column} <> cast(cast({column} as {float}) as decimal(38, {places}))")
        }
        (Loss::TimeOfDay, Kind::Timestamp { zone: false, .. }) => {
            format!("{column} <> cast(cast({column} as date) as timestamp)")
        }
        (Loss::TimeOfDay, Kind::Text(_)) => {
            format!("({column} like '%:%' and {column} not like '%00:00' and {column} not like '%00:00:00%')")
        }
        (Loss::Seconds(0), Kind::Timestamp { zone: false, .. }) => {
            format!("{column} <> date_trunc('second', {column})")
        }
        (Loss::Seconds(3), Kind::Timestamp { zone: false, .. }) => {
            format!("{column} <> date_trunc('milliseconds', {column})")
        }
        (Loss::Number, _) => format!("{column} not in (0, 1)"),
        _ => return None,
    })
}

/// Takes the rows out of the temporary table whose values would be others in the table, and returns those that were to be written.
///
/// # Errors
/// When the database fails, or these are too many.
pub(super) fn take_out(
    outlet: &Inner,
    session: &Session,
    stage: &Stage,
    plan: &Plan,
    lossy: &[Lossy],
) -> Result<Vec<Refused>> {
    let failed = |error| outlet.failed(&error);
    let (place, operation) = (outlet.quoted(PLACE), outlet.quoted(OPERATION));
    let mut faults = Faults::new(outlet.settings.most_undelivered);
    let mut refused = Vec::new();
    for Lossy { name, there, sent, loss } in lossy {
        let column = outlet.quoted(name);
        let Some(condition) = loses(*loss, &column, sent, session.dialect) else { continue };
        let places =
            format!("select {place} from {} where {operation} = 0 and ({condition}) order by {place}", stage.sql);
        let places = session.texts(&places).map_err(failed)?;
        let places: Vec<i64> = places.into_iter().flatten().flatten().filter_map(|place| place.parse().ok()).collect();
        let reason = format!("column '{name}': {there} cannot hold the value as it is");
        places.iter().try_for_each(|place| faults.add(*place, reason.clone()))?;
        for some in places.chunks(AT_ONCE) {
            let rows = taken(outlet, session, &plan.schema, stage, some)?;
            refused.extend(rows.into_iter().map(|(operation, _, row)| Refused {
                operation,
                row,
                reason: reason.clone(),
            }));
        }
        if outlet.settings.key.contains(name) {
            // A row whose key the table cannot have is not there either.
            let gone = format!("delete from {} where {operation} = 1 and ({condition})", stage.sql);
            session.update_now(&gone).map_err(failed)?;
        }
    }
    Ok(refused)
}

/// Takes rows out of the temporary table, by their places: each with its operation, its place, and as JSON.
///
/// # Errors
/// When the database fails.
pub(super) fn taken(
    outlet: &Inner,
    session: &Session,
    schema: &Schema,
    stage: &Stage,
    places: &[i64],
) -> Result<Vec<(i8, i64, String)>> {
    let failed = |error| outlet.failed(&error);
    let place = outlet.quoted(PLACE);
    let columns = schema.fields().iter().map(|field| outlet.quoted(field.name()));
    let columns = columns.chain([OPERATION, PLACE].map(|name| outlet.quoted(name))).collect::<Vec<_>>().join(", ");
    let mut taken = Vec::new();
    let those = places.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let sql = format!("select {columns} from {} where {place} in ({those})", stage.sql);
    for rows in session.query(&sql).map_err(failed)? {
        let rows = rows.and_then(|rows| taken_back(&rows, schema, session.dialect));
        let rows = rows.map_err(|error| failed(error.into()))?;
        taken.extend(rows.into_iter().map(|(operation, place, row)| (operation, place, as_json(&row))));
    }
    session.update(&format!("delete from {} where {place} in ({those})", stage.sql)).map_err(failed)?;
    Ok(taken)
}
