//! What has changed of the tables that a plan scans.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, TableSource};
use headwater_sdk::TableName;

use super::derivative::Sign;

/// What has changed of one table.
#[derive(Clone)]
pub(crate) struct Change {
    /// The table as it was.
    pub(crate) old: Arc<dyn TableSource>,
    /// Rows that it has gained, if any.
    pub(crate) appeared: Option<Arc<dyn TableSource>>,
    /// Rows that it has lost, if any.
    pub(crate) vanished: Option<Arc<dyn TableSource>>,
}

/// A table as a plan's source.
pub(crate) fn source_of(table: impl TableProvider + 'static) -> Arc<dyn TableSource> {
    provider_as_source(Arc::new(table))
}

/// The table that a scan reads; `None` for what is none of the lake's: what a recursion has found so far, a table function.
pub(crate) fn table_of(scan: &TableScan) -> Option<TableName> {
    TableName::new(scan.table_name.schema()?, scan.table_name.table()).ok()
}

/// The tables that have gained or lost rows.
#[derive(Clone, Default)]
pub(crate) struct Changed(pub(crate) HashMap<TableName, Change>);

impl Changed {
    /// As if no table had lost a row.
    pub(crate) fn gained(mut self) -> Self {
        self.0.retain(|_, change| change.appeared.is_some());
        self.0.values_mut().for_each(|change| change.vanished = None);
        self
    }

    fn of(&self, scan: &TableScan) -> Option<&Change> {
        self.0.get(&table_of(scan)?)
    }

    /// The rows that a scan has gained or lost.
    pub(super) fn rows(&self, scan: &TableScan, sign: Sign) -> Option<LogicalPlan> {
        let change = self.of(scan)?;
        let rows = match sign {
            Sign::Appeared => &change.appeared,
            Sign::Vanished => &change.vanished,
        };
        Some(LogicalPlan::TableScan(TableScan { source: Arc::clone(rows.as_ref()?), ..scan.clone() }))
    }

    /// Whether a plan, its subqueries included, reads a table that has changed.
    pub(super) fn touch(&self, plan: &LogicalPlan) -> Result<bool> {
        let mut touched = false;
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                touched |= self.of(scan).is_some();
            }
            Ok(if touched { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        Ok(touched)
    }

    /// Whether a subquery in a node's own expressions reads a table that has changed.
    pub(super) fn touch_expressions(&self, node: &LogicalPlan) -> Result<bool> {
        let mut touched = false;
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                let subquery = match part {
                    Expr::ScalarSubquery(subquery) => Some(&subquery.subquery),
                    Expr::Exists(exists) => Some(&exists.subquery.subquery),
                    Expr::InSubquery(test) => Some(&test.subquery.subquery),
                    Expr::SetComparison(test) => Some(&test.subquery.subquery),
                    _ => None,
                };
                if let Some(subquery) = subquery {
                    touched |= self.touch(subquery)?;
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(touched)
    }

    /// A plan over the tables as they were.
    pub(super) fn at_old(&self, plan: &LogicalPlan) -> Result<LogicalPlan> {
        let old = plan.clone().transform_up_with_subqueries(|node| match node {
            LogicalPlan::TableScan(scan) => match self.of(&scan) {
                Some(change) => {
                    let source = Arc::clone(&change.old);
                    Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan })))
                }
                None => Ok(Transformed::no(LogicalPlan::TableScan(scan))),
            },
            other => Ok(Transformed::no(other)),
        })?;
        Ok(old.data)
    }
}
