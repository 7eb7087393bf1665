//! A column of a table that rows are added to gets a wider type: the rows that were there are written again.
//!
//! The files of a Delta table hold the types of its schema. Without the table feature `typeWidening`, which few engines
//! read, a file with the narrower type is not the table's any more.

use arrow::datatypes::Schema;
use deltalake_core::kernel::Add;
use headwater_sdk::Result;
use headwater_sdk::engine::WriteMode;
use headwater_sdk::name::quote_identifier;

use super::quarantine::{Target, rewrite};
use super::task::Attempt;
use crate::branch::Previous;

/// Writes the rows of the table's version `previous` again when they are to be added to and a column's type has changed.
/// `None` when they can stay. `schema` are the table's columns from now on.
pub(super) async fn carry_over(
    attempt: &Attempt<'_>,
    previous: Option<&Previous>,
    schema: &Schema,
    target: &Target<'_>,
) -> Result<Option<Vec<Add>>> {
    let Some(previous) = previous.filter(|_| attempt.mode == WriteMode::Append) else { return Ok(None) };
    let before = previous.table.schema();
    if !is_retyped(&before, schema) {
        return Ok(None);
    }
    let columns: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| match before.field_with_name(field.name()) {
            Ok(_) => quote_identifier(field.name()),
            Err(_) => format!("NULL AS {}", quote_identifier(field.name())),
        })
        .collect();
    let mut relations = attempt.relations.clone();
    relations.insert(target.table.clone(), previous.relation.clone());
    let session = attempt.session(&relations);
    let sql = format!("SELECT {} FROM {}", columns.join(", "), target.table);
    Ok(Some(rewrite(attempt, target, &session, &sql).await?.adds))
}

pub(super) fn is_retyped(before: &Schema, after: &Schema) -> bool {
    before.fields().iter().any(|old| {
        let new = after.field_with_name(old.name());
        new.is_ok_and(|new| new.data_type() != old.data_type())
    })
}
