//! Sessions: the one door to the lake's tables.
//!
//! A session resolves names in one [`Relations`] map, so everything that it reads belongs to one snapshot (or one
//! branch). Tables are opened when a plan first names them; views are planned in place. There is no other way in which a
//! table reaches a query. (Given rows stand for tables where a query is tried out: `given`.)

mod answer;
mod catalog;
mod columns;
mod decimals;
mod estimates;
mod expressions;
mod given;
mod join_order;
mod memory;
mod namesakes;
mod overflow;
mod runtime;
mod scan;
mod semi_joins;
mod small_batches;
mod sql_types;
mod star;
mod travel;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::TreeNode;
use datafusion::execution::TaskContext;
use datafusion::execution::context::{SQLOptions, SessionState};
use datafusion::logical_expr::{Explain, Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::parser::Statement as DFStatement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use headwater_sdk::engine::{Past, SqlError, TableScan};
use headwater_sdk::{Blame, Error, Relation, Relations, Result, TableName};

pub(crate) use answer::{answer, small_answer};
pub(crate) use catalog::TableCache;
pub(crate) use decimals::{ExactDecimals, exact_decimals};
pub(crate) use overflow::refuse_overflow;
pub(crate) use runtime::Runtime;
pub(crate) use scan::{FILE_COLUMN, LakeTable, ROW_COLUMN, needs_delta_rs};
pub(crate) use semi_joins::semi_join;
pub(crate) use small_batches::{owned, small_batches};
pub(crate) use sql_types::SqlTypes;
pub(crate) use star::DateDimension;
pub(crate) use travel::moments;

use crate::analysis;
use crate::lake::location::Location;
use crate::lake::table::is_disk_full;
use runtime::CATALOG;
use scan::ScanLog;
use travel::Travel;

/// Names resolved in one map of relations.
#[derive(Clone)]
pub(crate) struct Session {
    state: Arc<SessionState>,
    /// What can be named, by catalogue.
    names: Arc<HashMap<String, Vec<TableName>>>,
}

impl Session {
    /// A session on the given relations, and on `extra` beside them.
    pub(crate) fn new(
        runtime: &Runtime,
        location: &Location,
        relations: &Relations,
        cache: &Arc<TableCache>,
        extra: Option<(TableName, Arc<LakeTable>)>,
    ) -> Self {
        Self::on(runtime, location, cache, [(CATALOG.to_owned(), relations, extra)])
    }

    /// A session on the given relations, and on what names meant at other moments.
    pub(crate) fn with_past(
        runtime: &Runtime,
        location: &Location,
        (relations, past): (&Relations, &Past),
        cache: &Arc<TableCache>,
    ) -> Self {
        let then = past.iter().map(|(moment, relations)| (travel::catalog_of(moment), relations, None));
        Self::on(runtime, location, cache, std::iter::once((CATALOG.to_owned(), relations, None)).chain(then))
    }

    /// A session on catalogues, each with its name, its relations and a table beside them.
    fn on<'a>(
        runtime: &Runtime,
        location: &Location,
        cache: &Arc<TableCache>,
        catalogs: impl IntoIterator<Item = (String, &'a Relations, Option<(TableName, Arc<LakeTable>)>)>,
    ) -> Self {
        let mut names = HashMap::new();
        let catalogs = catalogs.into_iter().map(|(name, relations, extra)| {
            names.insert(name.clone(), relations.keys().cloned().collect());
            let (runtime, location) = (runtime.clone(), location.clone());
            let catalog = catalog::LakeCatalog::new(runtime, location, relations.clone(), cache.clone(), extra);
            (name, Arc::new(catalog) as _)
        });
        let state = Arc::new(runtime.state(catalogs));
        Self { state, names: Arc::new(names) }
    }

    /// The planner's and optimiser's state.
    pub(crate) fn state(&self) -> &SessionState {
        &self.state
    }

    /// What a plan is executed with.
    pub(crate) fn context(&self, thrift: Thrift) -> Arc<TaskContext> {
        if thrift != Thrift::Alone {
            return self.state.task_ctx();
        }
        let mut state = self.state.as_ref().clone();
        *state.config_mut() = state.config().clone().with_batch_size(SMALL_BATCH);
        state.task_ctx()
    }

    /// Plans a query. Everything that is not a query (DDL, DML, SET, COPY, EXPLAIN ANALYZE of such) is refused.
    pub(crate) async fn plan(&self, sql: &str) -> Result<LogicalPlan> {
        let travel = Travel::read(sql)?;
        let plan = match self.plan_statement(&travel).await {
            Ok(plan) => plan?,
            Err(error) => return Err(self.explain(&travel).await.unwrap_or_else(|| sql_error(&error))),
        };
        read_only(&plan)?;
        analysis::refuse_recursive_union(&plan).map_or(Ok(plan), |refusal| Err(in_query(refusal)))
    }

    async fn plan_statement(&self, travel: &Travel) -> datafusion::common::Result<Result<LogicalPlan>> {
        let dialect = self.state.config_options().sql_parser.dialect;
        let mut statement = self.state.sql_to_statement(&travel.sql, &dialect)?;
        if let Err(misplaced) = travel.apply(&mut statement) {
            return Ok(Err(misplaced));
        }
        if let DFStatement::Statement(inner) = &statement
            && let SqlStatement::Query(query) = inner.as_ref()
            && let Some(refusal) = analysis::refuse_ignored_clause(query)
        {
            return Ok(Err(in_query(refusal)));
        }
        self.state.statement_to_plan(statement).await.map(Ok)
    }

    /// A better reason than the planner's why a statement cannot be planned, with the place.
    async fn explain(&self, travel: &Travel) -> Option<Error> {
        let sql = &travel.sql;
        let dialect = self.state.config_options().sql_parser.dialect;
        let mut statement = self.state.sql_to_statement(sql, &dialect).ok();
        if let Some(statement) = &mut statement {
            travel.apply(statement).ok()?;
        }
        match &statement {
            Some(DFStatement::Statement(inner)) if matches!(**inner, SqlStatement::Query(_)) => {}
            Some(DFStatement::Explain(_)) | None => {}
            Some(_) => return Some(not_a_query()),
        }
        let references = match &statement {
            Some(statement) => self.state.resolve_table_references(statement).ok()?,
            None => Vec::new(),
        };
        let mut schemas = HashMap::new();
        for reference in references {
            if reference.schema() == Some("information_schema") {
                return None;
            }
            let written: Vec<&str> = reference.schema().into_iter().chain([reference.table()]).collect();
            let name = reference.schema().and_then(|schema| TableName::new(schema, reference.table()).ok());
            let catalog = reference.catalog().unwrap_or(CATALOG);
            let names = self.names.get(catalog).map_or(&[] as &[TableName], Vec::as_slice);
            let Some(name) = name.filter(|name| names.contains(name)) else {
                let span = analysis::place_of(&self.state, sql, &written);
                return Some(no_table(&written.join("."), catalog, names).at(span));
            };
            schemas.insert(
                name,
                self.state.schema_for_ref(reference.clone()).ok()?.table(reference.table()).await.ok()??.schema(),
            );
        }
        let wrong = analysis::analyze(&self.state, sql, &|name| schemas.get(name).cloned()).err()?;
        Some(in_query(wrong))
    }

    /// What the queries that were executed in it have asked of whole tables.
    pub(crate) fn scans(&self) -> Vec<TableScan> {
        self.state.config().get_extension::<ScanLog>().map(|log| log.told()).unwrap_or_default()
    }

    /// A plan as the optimiser leaves it.
    pub(crate) fn optimize(&self, plan: &LogicalPlan) -> Result<LogicalPlan> {
        self.state.optimize(plan).map_err(|e| sql_error(&e))
    }

    /// The tables and views that a query reads, and those that these views read in turn.
    pub(crate) fn reads(&self, sql: &str, relations: &Relations) -> Result<BTreeSet<TableName>> {
        let (mut found, mut waiting) = (BTreeSet::new(), vec![sql.to_owned()]);
        let dialect = self.state.config_options().sql_parser.dialect;
        while let Some(sql) = waiting.pop() {
            let statement = self.state.sql_to_statement(&sql, &dialect).map_err(|e| sql_error(&e))?;
            for reference in self.state.resolve_table_references(&statement).map_err(|e| sql_error(&e))? {
                let name = reference.schema().and_then(|schema| TableName::new(schema, reference.table()).ok());
                let Some(name) = name.filter(|name| relations.contains_key(name)) else { continue };
                if let Some(Relation::View { sql }) = relations.get(&name)
                    && !found.contains(&name)
                {
                    waiting.push(sql.clone());
                }
                found.insert(name);
            }
        }
        Ok(found)
    }

    /// Makes a plan executable.
    pub(crate) async fn physical(&self, plan: &LogicalPlan, thrift: Thrift) -> Result<Arc<dyn ExecutionPlan>> {
        let mut state = self.state.as_ref().clone();
        let options = state.config_mut().options_mut();
        options.optimizer.prefer_hash_join = thrift == Thrift::Fast;
        if thrift == Thrift::InOrder {
            *state.config_mut() = state.config().clone().with_target_partitions(1);
        }
        if thrift == Thrift::Alone {
            // Joins that spill are not planned in one lane.
            let lanes = if has_joins(plan)? { 2 } else { 1 };
            *state.config_mut() = state.config().clone().with_target_partitions(lanes).with_batch_size(SMALL_BATCH);
        }
        let plan = in_better_order(&state, plan).map_err(|e| sql_error(&e))?;
        let explained = match &plan {
            LogicalPlan::Explain(explain) => explain.plan.as_ref(),
            plan => plan,
        };
        let planner = Arc::clone(state.query_planner());
        let physical = planner.create_physical_plan(explained, &state).await.map_err(|e| sql_error(&e))?;
        let has_namesakes = namesakes::are_below_filters(&physical);
        let is_explained = matches!(plan, LogicalPlan::Explain(_));
        if !has_namesakes && !is_explained {
            return small_batches::before_sorts(physical).map_err(|e| sql_error(&e));
        }
        if has_namesakes {
            let options = &mut state.config_mut().options_mut().optimizer;
            options.enable_join_dynamic_filter_pushdown = false;
            options.enable_topk_dynamic_filter_pushdown = false;
            options.enable_aggregate_dynamic_filter_pushdown = false;
        }
        let physical = planner.create_physical_plan(&plan, &state).await;
        let physical = if is_explained { physical } else { physical.and_then(small_batches::before_sorts) };
        physical.map_err(|e| sql_error(&e))
    }
}

/// A table that is not among the names of a catalogue: today's, or that of a moment.
fn no_table(written: &str, catalog: &str, names: &[TableName]) -> Error {
    let when = if catalog == CATALOG { String::new() } else { format!(" {catalog}") };
    let nearest = names.iter().map(ToString::to_string).min_by_key(|name| strsim::damerau_levenshtein(name, written));
    let error = Error::new("HW0557", Blame::Project, format!("there is no table {written}{when}"));
    match nearest {
        Some(near) if strsim::damerau_levenshtein(&near, written) <= written.len() / 2 => {
            error.help(format!("did you mean {near}?"))
        }
        _ => error.help("`headwater show` lists the tables; a table is named schema.table"),
    }
}

/// How a plan goes about memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thrift {
    /// Hash joins, which hold one side in memory and cannot spill.
    Fast,
    /// Merge joins: slower, but they spill.
    Spilling,
    /// As `Spilling`, in as few threads as that can do with and in small batches: little else takes memory while a sort merges
    /// what it spilled.
    Alone,
    /// In one thread, so that the rows of a scan come in the order of its files.
    InOrder,
}

/// A plan as the optimiser leaves it, with its joins in a better order where there is one.
///
/// This is done for execution alone: what is proven of a plan, as how its table can be refreshed, must not depend on how long
/// tables are.
fn in_better_order(state: &SessionState, plan: &LogicalPlan) -> datafusion::common::Result<LogicalPlan> {
    match state.optimize(plan)? {
        LogicalPlan::Explain(explain) => {
            let plan = Arc::new(join_order::ordered(explain.plan.as_ref().clone(), state)?);
            Ok(LogicalPlan::Explain(Explain { plan, ..explain }))
        }
        optimized => join_order::ordered(optimized, state),
    }
}

/// Whether rows of a plan are joined, by itself or by the subqueries in its expressions.
fn has_joins(plan: &LogicalPlan) -> Result<bool> {
    let is_subquery = |expr: &Expr| Ok(matches!(expr, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_)));
    let joins = plan.exists(|node| {
        let mut found = matches!(node, LogicalPlan::Join(_));
        for expr in node.expressions() {
            found = found || expr.exists(is_subquery)?;
        }
        Ok(found)
    });
    joins.map_err(|e| sql_error(&e))
}

/// Rows of a batch where memory is short.
const SMALL_BATCH: usize = 1024;

impl Thrift {
    /// What to try after `error`; `None` when nothing more can be tried, or memory was not the trouble.
    pub(crate) fn next_after(self, error: &Error) -> Option<Self> {
        match self {
            _ if error.code != "HW0551" => None,
            Self::Fast => Some(Self::Spilling),
            Self::Spilling => Some(Self::Alone),
            Self::Alone | Self::InOrder => None,
        }
    }
}

/// Refuses plans that would change something.
fn read_only(plan: &LogicalPlan) -> Result<()> {
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    options.verify_plan(plan).map_err(|_| not_a_query())
}

fn not_a_query() -> Error {
    Error::new("HW0550", Blame::Project, "only queries are answered: this statement would change something")
        .help("write it as a model and `headwater run` it; a query starts with SELECT or WITH")
}

/// What is wrong with SQL, as an error of the query.
fn in_query(wrong: SqlError) -> Error {
    let mut error = Error::new(wrong.code, Blame::Project, wrong.message).at(wrong.span);
    error.help = wrong.help;
    error
}

/// An error of Arrow for a person.
pub(crate) fn arrow_error(error: ArrowError) -> Error {
    sql_error(&DataFusionError::from(error))
}

/// An error of planning or executing SQL, for a person.
pub(crate) fn sql_error(error: &DataFusionError) -> Error {
    let root = error.find_root();
    let text = root.strip_backtrace();
    let text = ["Error during planning: ", "SQL error: ", "Schema error: ", "Execution error: ", "Arrow error: "]
        .iter()
        .fold(text.as_str(), |text, prefix| text.strip_prefix(prefix).unwrap_or(text));
    let text = analysis::retold(text);
    // A data file that is gone comes wrapped in errors of the Parquet reader.
    let file_is_gone = ["Object at location", "No such file or directory"].iter().any(|sign| text.contains(sign));
    match root {
        _ if file_is_gone => Error::new("HW0552", Blame::Environment, text)
            .help("a file of the lake is gone: something else removed it; `headwater rollback` or a run with --full-refresh brings the table back"),
        DataFusionError::ResourcesExhausted(_) => {
            let help = "raise `memory` under defaults in headwater.yml, or make the query smaller";
            Error::new("HW0551", Blame::Environment, format!("out of the memory that a run may use: {text}")).help(help)
        }
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => {
            let help = if is_disk_full(&text) {
                "the disk is full: make room and run again; nothing was published"
            } else {
                "a file of the lake could not be read or written: check the storage, and whether something else removed files"
            };
            Error::new("HW0552", Blame::Environment, text).help(help)
        }
        DataFusionError::Internal(_) => Error::new("HW0553", Blame::Headwater, text)
            .help("this is a defect of Headwater or of its query engine: please report it with the SQL"),
        DataFusionError::External(inner) => match inner.downcast_ref::<Error>() {
            Some(ours) => copy_of(ours),
            None => Error::new("HW0554", Blame::Project, text),
        },
        DataFusionError::Execution(_) | DataFusionError::ArrowError(..) => Error::new("HW0555", Blame::Data, text)
            .help("a value in the data does not fit what the SQL does with it; try_cast or a filter may help"),
        _ => Error::new("HW0554", Blame::Project, text),
    }
}

fn copy_of(error: &Error) -> Error {
    let mut copy = Error::new(error.code, error.blame, error.full_message()).at(error.span.clone());
    copy.help.clone_from(&error.help);
    copy
}
