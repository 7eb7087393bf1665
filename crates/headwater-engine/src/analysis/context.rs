//! What names mean while SQL is planned: tables by the caller's schemas, functions and options by the session.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableFunctionArgs;
use datafusion::common::config::ConfigOptions;
use datafusion::common::{DFSchema, DataFusionError, Result, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::execution::SessionState;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, RelationPlanner, TypePlanner};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{AggregateUDF, Expr, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::variable::VarType;
use headwater_sdk::name::TableName;

use super::TableSchema;
use super::table_error::{BadTable, table_name};
use crate::session::SqlTypes;

/// A table of the lake as a plan sees it: a name and columns, no data.
#[derive(Debug)]
pub(super) struct LakeTable {
    name: TableName,
    schema: SchemaRef,
}

impl LakeTable {
    pub(super) fn new(name: TableName, schema: SchemaRef) -> Self {
        Self { name, schema }
    }

    pub(super) fn name(&self) -> &TableName {
        &self.name
    }

    pub(super) fn schema_ref(&self) -> &SchemaRef {
        &self.schema
    }
}

impl TableSource for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// What a recursive CTE has found so far, read by its recursive term.
#[derive(Debug)]
pub(super) struct WorkTable {
    name: String,
    schema: SchemaRef,
}

impl WorkTable {
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl TableSource for WorkTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// Looks names up for one query. Borrows everything: it costs nothing to make.
pub(super) struct ModelContext<'a> {
    state: &'a SessionState,
    table_schema: &'a TableSchema<'a>,
}

impl<'a> ModelContext<'a> {
    pub(super) fn new(state: &'a SessionState, table_schema: &'a TableSchema<'a>) -> Self {
        Self { state, table_schema }
    }
}

impl ContextProvider for ModelContext<'_> {
    /// The planner asks for every name in FROM, those of CTEs included, and takes an error for a CTE's name in good part.
    fn get_table_source(&self, reference: TableReference) -> Result<Arc<dyn TableSource>> {
        let name = table_name(&reference).map_err(BadTable::into_error)?;
        match (self.table_schema)(&name) {
            Some(schema) => Ok(Arc::new(LakeTable::new(name, schema))),
            None => Err(BadTable::Unknown(name).into_error()),
        }
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(Arc::new(SqlTypes))
    }

    fn get_table_function_source(&self, name: &str, args: Vec<Expr>) -> Result<Arc<dyn TableSource>> {
        let function = self.state.table_functions().get(name);
        let function = function.ok_or_else(|| DataFusionError::Plan(format!("table function '{name}' not found")))?;
        let context = SimplifyContext::builder().with_config_options(Arc::clone(self.state.config_options())).build();
        let simplifier = ExprSimplifier::new(context);
        let no_columns = DFSchema::empty();
        let args = args.into_iter().map(|arg| simplifier.simplify(simplifier.coerce(arg, &no_columns)?));
        let args = args.collect::<Result<Vec<_>>>()?;
        let provider = function.create_table_provider_with_args(TableFunctionArgs::new(&args, self.state))?;
        Ok(provider_as_source(provider))
    }

    fn create_cte_work_table(&self, name: &str, schema: SchemaRef) -> Result<Arc<dyn TableSource>> {
        Ok(Arc::new(WorkTable { name: name.to_owned(), schema }))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.state.expr_planners()
    }

    fn get_relation_planners(&self) -> &[Arc<dyn RelationPlanner>] {
        self.state.relation_planners()
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.state.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.state.higher_order_functions().get(name).cloned()
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.state.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, names: &[String]) -> Option<DataType> {
        let system = names.first().is_some_and(|name| name.starts_with("@@"));
        let kind = if system { VarType::System } else { VarType::UserDefined };
        self.state.execution_props().var_providers.as_ref()?.get(&kind)?.get_type(names)
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.state.scalar_functions().keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        self.state.higher_order_functions().keys().cloned().collect()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.state.aggregate_functions().keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.state.window_functions().keys().cloned().collect()
    }
}
