//! A column of a table that rows are added to gets a wider type: the rows that were there are written again.
//!
//! The files of a Delta table hold the types of its schema. Without the table feature `typeWidening`, which few engines
//! read, a file with the narrower type is not the table's any more.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, ident, lit};
use deltalake_core::kernel::Add;
use headwater_sdk::engine::WriteMode;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result, TableName};

use super::history::open;
use super::quarantine::{Target, rewrite};
use super::task::Attempt;
use crate::Lake;
use crate::branch::Previous;
use crate::lake::table::TableVersion;
use crate::refresh::source_of;
use crate::session::{Session, small_answer, sql_error};

/// Up to here, and down to its negative, a double is every whole number.
const EXACT: i64 = 1 << 53;

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
    verify_exact(&attempt.branch.lake, &session, target.table, &previous.table, schema).await?;
    let sql = format!("SELECT {} FROM {}", columns.join(", "), target.table);
    Ok(Some(rewrite(attempt, target, &session, &sql).await?.adds))
}

/// Whether all values that the table has are the same in its new types: from there on, a double is not every whole number.
///
/// # Errors
/// When some are not.
pub(super) async fn verify_exact(
    lake: &Lake,
    session: &Session,
    name: &TableName,
    previous: &TableVersion,
    after: &Schema,
) -> Result<()> {
    let before = previous.schema();
    let rounded = |field: &&Arc<Field>| {
        let now = after.field_with_name(field.name()).map(Field::data_type);
        *field.data_type() == DataType::Int64 && now.is_ok_and(|now| *now == DataType::Float64)
    };
    for column in before.fields().iter().filter(rounded).map(|field| field.name()) {
        let scan = LogicalPlanBuilder::scan("t", source_of(open(lake, name, previous).await?), None);
        let is_large = ident(column).not_between(lit(-EXACT), lit(EXACT));
        let plan = scan
            .and_then(|scan| scan.filter(is_large))
            .and_then(|large| large.aggregate(Vec::<Expr>::new(), [count(lit(1_i64))]))
            .and_then(LogicalPlanBuilder::build);
        let rows = small_answer(session, &plan.map_err(|e| sql_error(&e))?).await?;
        let counts = rows.iter().filter_map(|batch| batch.column(0).as_primitive_opt::<Int64Type>());
        let count: i64 = counts.filter_map(|counts| counts.values().first()).sum();
        if count > 0 {
            let values = if count == 1 { "one value".to_owned() } else { format!("{count} values") };
            let message = format!(
                "{name}: column '{column}' is to become double, and {values} that it has would be rounded: they are beyond ±{EXACT}"
            );
            return Err(Error::new("HW0645", Blame::Data, message).help(format!(
                "declare another type that takes both, e.g. `columns: {{ {column}: {{ type: \"decimal(38,10)\" }} }}` or string, and load \
                 it again with --full-refresh"
            )));
        }
    }
    Ok(())
}

pub(super) fn is_retyped(before: &Schema, after: &Schema) -> bool {
    before.fields().iter().any(|old| {
        let new = after.field_with_name(old.name());
        new.is_ok_and(|new| new.data_type() != old.data_type())
    })
}
