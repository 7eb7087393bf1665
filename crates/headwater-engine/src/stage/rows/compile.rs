//! Predicates of checks, compiled against the columns of their table.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::DFSchema;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_plan::PhysicalExpr;
use headwater_sdk::check::CompiledCheck;
use headwater_sdk::{Blame, Error, Result};

use crate::session::{exact_decimals, refuse_overflow, sql_error};

/// Compiles a predicate. It is simplified first: some functions, `coalesce` for one, exist in plans only.
pub(super) fn physical_expr(
    sql: &str,
    schema: &DFSchema,
    state: &SessionState,
) -> datafusion::common::Result<Arc<dyn PhysicalExpr>> {
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(state.config_options().clone())
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    let simplifier = ExprSimplifier::new(context);
    let written = exact_decimals(state.create_logical_expr(sql, schema)?, schema)?.data;
    let coerced = simplifier.coerce(written, schema)?;
    let exact = refuse_overflow(coerced, schema)?.data;
    state.create_physical_expr(simplifier.simplify(exact)?, schema)
}

pub(super) fn boolean(
    expression: Arc<dyn PhysicalExpr>,
    schema: &Schema,
    check: &CompiledCheck,
) -> Result<Arc<dyn PhysicalExpr>> {
    match expression.data_type(schema) {
        Ok(DataType::Boolean | DataType::Null) => Ok(expression),
        Ok(other) => Err(in_check(
            check,
            Error::new("HW0561", Blame::Project, format!("the predicate gives {other} values, not true or false")),
        )),
        Err(e) => Err(in_check(check, sql_error(&e))),
    }
}

pub(super) fn timelike(column: usize, schema: &Schema, check: &CompiledCheck) -> Result<usize> {
    let field = schema.field(column);
    match field.data_type() {
        DataType::Timestamp(..) | DataType::Date32 => Ok(column),
        other => Err(in_check(
            check,
            Error::new(
                "HW0562",
                Blame::Project,
                format!("column '{}' is {other}, neither date nor timestamp", field.name()),
            )
            .help("name a date or timestamp column"),
        )),
    }
}

pub(super) fn no_column(check: &CompiledCheck, name: &str) -> Error {
    in_check(check, Error::new("HW0563", Blame::Project, format!("there is no column '{name}'")))
}

/// Says which check an error is about.
pub(crate) fn in_check(check: &CompiledCheck, error: Error) -> Error {
    let mut made = Error::new(error.code, error.blame, format!("check {}: {}", check.name, error.full_message()));
    made.help = error.help;
    made
}
