//! Plans that no SQL gives before it is optimised.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchemaRef, JoinType, TableReference};
use datafusion::logical_expr::{Expr, Extension, LogicalPlanBuilder, UserDefinedLogicalNodeCore, col};
use headwater_sdk::TableName;
use headwater_sdk::lineage::Influence;

use super::*;
use crate::analysis::context::LakeTable;

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
    let lineage = trace(&plan).unwrap();
    assert_eq!(lineage.dataset, []);
    let of_mark =
        [("t.a", Influence::Join), ("u.a", Influence::Join), ("u.a", Influence::Filter), ("u.b", Influence::Filter)];
    assert_eq!(edges(&lineage, 2), of_mark.map(|(from, influence)| (from.to_owned(), influence)));
}

#[test]
fn a_scan_of_some_columns_has_those() {
    let plan = scan("t", Some(vec![1])).build().unwrap();
    assert_eq!(edges(&trace(&plan).unwrap(), 0), [("t.b".to_owned(), Influence::Identity)]);
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
    let error = trace(&LogicalPlan::Extension(Extension { node })).unwrap_err().to_string();
    assert!(error.contains("cannot be traced through the operator 'Foreign'"), "{error}");
}
