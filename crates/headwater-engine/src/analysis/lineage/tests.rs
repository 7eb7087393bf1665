//! Plans that no SQL gives before it is optimised, and SQL that the engine cannot run yet.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchemaRef, JoinType, TableReference};
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{Expr, Extension, LogicalPlanBuilder, UserDefinedLogicalNodeCore, col};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::planner::SqlToRel;
use datafusion::sql::sqlparser::dialect::DuckDbDialect;
use headwater_sdk::TableName;
use headwater_sdk::lineage::Influence;

use super::*;
use crate::analysis::context::{LakeTable, ModelContext};

fn scan(table: &str, projection: Option<Vec<usize>>) -> LogicalPlanBuilder {
    let columns = ["a", "b"].map(|name| Field::new(name, DataType::Int64, true));
    let name = TableName::new("s", table).unwrap();
    let source = LakeTable::new(name, Arc::new(Schema::new(columns.to_vec())));
    LogicalPlanBuilder::scan(TableReference::partial("s", table), Arc::new(source), projection).unwrap()
}

fn edges(lineage: &ColumnLineage, column: usize) -> Vec<(String, Influence)> {
    let edges = lineage.columns[column].edges.iter();
    edges.map(|edge| (format!("{}.{}", edge.from.table.table(), edge.from.column), edge.influence)).collect()
}

#[test]
fn a_mark_join_keeps_its_rows_and_decides_the_mark() {
    let right = scan("u", None).filter(col("b").gt(col("a"))).unwrap().build().unwrap();
    let keys = (vec!["s.t.a"], vec!["s.u.a"]);
    let plan = scan("t", None).join(right, JoinType::LeftMark, keys, None).unwrap().build().unwrap();
    let lineage = trace(&plan, "").unwrap().0;
    assert_eq!(lineage.dataset, []);
    let of_mark =
        [("t.a", Influence::Join), ("u.a", Influence::Join), ("u.a", Influence::Filter), ("u.b", Influence::Filter)];
    assert_eq!(edges(&lineage, 2), of_mark.map(|(from, influence)| (from.to_owned(), influence)));
}

#[test]
fn a_scan_of_some_columns_has_those() {
    let plan = scan("t", Some(vec![1])).build().unwrap();
    assert_eq!(edges(&trace(&plan, "").unwrap().0, 0), [("t.b".to_owned(), Influence::Identity)]);
}

/// An operator that SQL does not have.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Foreign(LogicalPlan);

impl PartialOrd for Foreign {
    fn partial_cmp(&self, _: &Self) -> Option<Ordering> {
        None
    }
}

impl UserDefinedLogicalNodeCore for Foreign {
    fn name(&self) -> &'static str {
        "Foreign"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.0]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.0.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Foreign")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Self(inputs.into_iter().next().unwrap()))
    }
}

#[test]
fn an_operator_that_is_not_sqls_is_refused() {
    let node = Arc::new(Foreign(scan("t", None).build().unwrap()));
    let error = trace(&LogicalPlan::Extension(Extension { node }), "").unwrap_err().to_string();
    assert!(error.contains("cannot be traced through the operator 'Foreign'"), "{error}");
}

/// The edges of the last output column of a query over `s.t (a, b)`, `s.u (a, b)` and `s.n (a, list)`, and the rows'.
fn last_column(sql: &str) -> String {
    let state = SessionStateBuilder::new().with_config(SessionConfig::new()).with_default_features().build();
    let schema_of = |name: &TableName| {
        let second = match name.table() {
            "n" => Field::new("list", DataType::new_list(DataType::Int64, true), true),
            _ => Field::new("b", DataType::Int64, true),
        };
        Some(Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true), second])))
    };
    let mut statements = DFParser::parse_sql_with_dialect(sql, &DuckDbDialect {}).unwrap();
    let Some(Statement::Statement(statement)) = statements.pop_front() else { panic!("{sql}") };
    let plan = SqlToRel::new(&ModelContext::new(&state, &schema_of)).sql_statement_to_plan(*statement).unwrap();
    let lineage = trace(&plan, "").unwrap().0;
    let write = |edges: &[headwater_sdk::lineage::Edge]| {
        let edges = edges.iter().map(|e| format!("{}.{} {:?}", e.from.table.table(), e.from.column, e.influence));
        edges.collect::<Vec<_>>().join(", ")
    };
    format!("{}; {}", write(&lineage.columns.last().unwrap().edges), write(&lineage.dataset))
}

#[test]
fn what_the_engine_cannot_run_yet_is_traced() {
    for (sql, expected) in [
        ("select exists (select b from s.u where u.a = t.a) as x from s.t", "t.a Filter, u.a Filter; "),
        (
            "select b in (select u.b from s.u where u.a > 1) as x from s.t",
            "t.b Transformation, u.a Filter, u.b Aggregation; ",
        ),
        ("select (select b from s.u where u.a = t.a) as x from s.t", "t.a Filter, u.a Filter, u.b Identity; "),
        (
            "select (select max(y.a) from s.u y where y.b in (select z.a from s.n z where z.a = t.b)) as x from s.t",
            "n.a Filter, t.b Filter, u.a Aggregation, u.b Filter; ",
        ),
        (
            "select x.c from s.t, lateral (select t.b + u.b as c from s.u where u.a = t.a) as x",
            "t.b Transformation, u.b Transformation; t.a Filter, u.a Filter",
        ),
        ("select array_transform(list, v -> v + a) as x from s.n", "n.a Transformation, n.list Transformation; "),
    ] {
        assert_eq!(last_column(sql), expected, "{sql}");
    }
}
