//! The columns of a stream.

use adbc_core::error::{Error as DriverError, Status};
use arrow_schema::{DataType, Schema};
use headwater_sdk::Result;

use super::database::Session;
use super::types::DriverType;
use crate::database::{Asked, Relation, filter};

/// The columns that a stream can read, in the database's order.
///
/// # Errors
/// When what is asked for is not there, or is no query.
pub(super) fn columns_of(session: &Session, asked: &Asked) -> Result<Vec<(String, DriverType)>> {
    let conditions: Vec<&str> = asked.condition.as_deref().into_iter().collect();
    let sql = format!("select * from {}{}", asked.relation(), filter(&conditions));
    let failed = |error: DriverError| {
        let what = format!("{} of {} cannot be read", asked.shown(), session.database().shown());
        session.database().failed(&error, &what)
    };
    let schema = schema_of(session, asked, &sql).map_err(failed)?;
    let exact = exact(session, &sql).map_err(failed)?;
    let exact = exact.filter(|exact| exact.fields().len() == schema.fields().len());
    let types = schema.fields().iter().enumerate().map(|(at, field)| {
        // Where it says more than Arrow's type.
        let exact = exact.as_ref().map(|exact| DriverType::of(exact.field(at))).filter(DriverType::is_as_text);
        (field.name().clone(), exact.unwrap_or_else(|| DriverType::of(field)))
    });
    Ok(types.collect())
}

/// The columns with the types that Arrow does not have; `None` where the driver tells of them at once.
fn exact(session: &Session, sql: &str) -> Result<Option<Schema>, DriverError> {
    let Some([begin, end]) = session.dialect.exact_types() else { return Ok(None) };
    session.update(begin)?;
    let columns = session.columns(sql);
    session.update(end)?;
    columns
}

fn schema_of(session: &Session, asked: &Asked, sql: &str) -> Result<Schema, DriverError> {
    if let Some(schema) = session.columns(sql)? {
        return Ok(schema);
    }
    match (&asked.relation, asked.name.last()) {
        (Relation::Table(_), Some(table)) => session.columns_of_table(&asked.name, table),
        // One row in any case: without any, the driver tells no columns.
        (Relation::Query(query), _) if session.dialect.hides_what_breaks() => {
            let row = format!("select any_value(headwater_row) as headwater_row from (\n{query}\n) as headwater_row");
            let row = session.query(&row)?.schema();
            match row.fields().first().map(|field| field.data_type()) {
                Some(DataType::Struct(fields)) => Ok(Schema::new(fields.clone())),
                _ => {
                    Err(DriverError::with_message_and_status("it tells no columns of the query", Status::InvalidState))
                }
            }
        }
        // What its first rows are, which is all that such a driver can tell of a query.
        _ => Ok(session.query(sql)?.schema().as_ref().clone()),
    }
}
