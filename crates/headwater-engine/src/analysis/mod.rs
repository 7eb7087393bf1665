//! Planning a model's SQL without touching data: its output columns, its lineage, and what is wrong with it.
//!
//! [`analyze`] is a function of the SQL, the schemas of the tables that it names, and the session's functions and options.
//! It copies nothing of the session and keeps nothing: a project's thousand models are planned in a fraction of a second.
//!
//! - `statement` takes the text apart and refuses what is not exactly one query,
//! - `context` looks up tables, functions and options for DataFusion's planner,
//! - `lineage` traces the plan's columns to the tables, `fingerprint` hashes what they are made from, both by a `walk`,
//! - `output` checks that a table can hold the output, `runnable` that the engine can run the query,
//! - `kept` keeps what came of it for the next process,
//! - `error` turns what DataFusion reports into a code, a sentence, a way out and a place.
//!
//! Names: unquoted identifiers are read in lower case, quoted ones as they are. An output column may have capitals; whoever
//! reads it must then quote it, which the error for a column that is not found says.

pub mod codes;
mod context;
mod error;
mod fingerprint;
mod kept;
mod lineage;
mod location;
mod output;
mod runnable;
mod statement;
mod table_error;
mod told_types;
mod volatile;
mod walk;
mod wording;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::analyzer::AnalyzerRule;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use headwater_sdk::engine::{Analysis, SqlError};
use headwater_sdk::name::TableName;

use crate::session::ExactDecimals;
use context::ModelContext;
use error::Source;
pub(crate) use kept::KeptAnalyses;
pub(crate) use location::byte_at;
use statement::QueryStatement;
pub(crate) use statement::{refuse_ignored_clause, refuse_recursive_union};
pub(crate) use told_types::retold;
pub(crate) use volatile::volatile_functions;

/// The schemas of the tables that SQL may name.
pub type TableSchema<'a> = dyn Fn(&TableName) -> Option<SchemaRef> + Sync + 'a;

/// Plans a query against the schemas of the tables that it names. See [`headwater_sdk::engine::Engine::analyze`].
///
/// The dialect and the planner's options are the session's (`datafusion.sql_parser.*`), so that a query means here what it
/// means when it runs.
///
/// # Errors
/// [`SqlError`] with a code of `HW0501` to `HW0549`, for SQL that is wrong, is no single query, writes, or whose output no
/// table can hold.
pub fn analyze(state: &SessionState, sql: &str, table_schema: &TableSchema<'_>) -> Result<Analysis, SqlError> {
    let source = Source { sql, state, table_schema };
    let statement = statement::parse_query(&source)?;
    let planned = plan(&source, statement)?;
    statement::check_plan(&planned)?;
    output::check_names(&source, planned.schema())?;
    let ((lineage, sums), volatile) = lineage::trace(&planned, sql)
        .and_then(|traced| Ok((traced, volatile_functions(&planned)?)))
        .map_err(|error| source.describe(&error))?;
    let fingerprints = fingerprint::fingerprints(&planned);
    let options = state.config_options();
    let coerced = ExactDecimals.analyze(planned, options).and_then(|plan| TypeCoercion::new().analyze(plan, options));
    let coerced = coerced.map_err(|error| source.describe(&error))?;
    runnable::check_runnable(state, &coerced)?;
    let schema = output::lake_schema(&source, coerced.schema())?;
    Ok(Analysis { schema: Arc::new(schema), lineage, fingerprints, sums, volatile })
}

/// A query's plan before and after it is optimised, over tables of which no more than the columns is known.
///
/// # Errors
/// As [`analyze`].
pub(crate) fn plans(
    state: &SessionState,
    sql: &str,
    table_schema: &TableSchema<'_>,
) -> Result<(LogicalPlan, LogicalPlan), SqlError> {
    let source = Source { sql, state, table_schema };
    let planned = plan(&source, statement::parse_query(&source)?)?;
    let optimized = state.optimize(&planned).map_err(|error| source.describe(&error))?;
    Ok((planned, optimized))
}

/// The bytes of the first place in a query where a table's dotted name stands.
pub(crate) fn place_of(state: &SessionState, sql: &str, name: &[&str]) -> Option<std::ops::Range<usize>> {
    let source = Source { sql, state, table_schema: &|_| None };
    location::find_name(sql, source.dialect().as_ref(), name)
}

fn plan(source: &Source<'_>, statement: QueryStatement) -> Result<LogicalPlan, SqlError> {
    let context = ModelContext::new(source.state, source.table_schema);
    let options = ParserOptions::from(&source.state.config_options().sql_parser).with_collect_spans(true);
    let planner = SqlToRel::new_with_options(&context, options);
    planner.sql_statement_to_plan(statement.into_statement()).map_err(|error| source.describe(&error))
}
