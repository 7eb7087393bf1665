//! Sums of values that are added as the tables have them: whether they may be added is told by what the tables' owners say of
//! these columns.

use std::ops::Range;
use std::sync::Arc;

use datafusion::common::{Result, Span};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};
use headwater_sdk::lineage::Sum;

use super::edges::{ColumnId, Edges, SourceColumns};
use super::walk::Walk;
use crate::analysis::location::bytes_of;
use crate::analysis::walk::{Scope as AnyScope, Walker};

type Scope = AnyScope<Edges>;

/// A sum that a walk has come by.
#[derive(Debug)]
pub(super) struct FoundSum {
    of: Vec<ColumnId>,
    within: Vec<ColumnId>,
    place: Option<Span>,
}

impl FoundSum {
    /// The sum as others see it.
    pub(super) fn resolve(&self, sources: &SourceColumns, sql: &str) -> Sum {
        let columns = |ids: &[ColumnId]| {
            let mut columns: Vec<_> = ids.iter().filter_map(|id| sources.column(*id)).collect();
            columns.sort();
            columns.dedup();
            columns
        };
        let span: Option<Range<usize>> = self.place.as_ref().and_then(|place| bytes_of(sql, place));
        Sum { of: columns(&self.of), within: columns(&self.within), span }
    }
}

impl Walk {
    /// Notes an aggregate, or a window function, if it is a sum. Its rows share the values of `keys`.
    pub(super) fn note_sum(
        &mut self,
        expr: &Expr,
        keys: &[Edges],
        input: &Arc<LogicalPlan>,
        scope: &Scope,
    ) -> Result<()> {
        let (name, params, filter) = match expr.clone().unalias_nested().data {
            Expr::AggregateFunction(call) => (call.func.name().to_owned(), call.params.args, call.params.filter),
            Expr::WindowFunction(call) => {
                (call.fun.name().to_owned(), call.params.args.clone(), call.params.filter.clone())
            }
            _ => return Ok(()),
        };
        let (Some(argument), "sum") = (params.first(), name.as_str()) else { return Ok(()) };
        let of = self.value(without_casts(argument), scope)?.passed_on();
        if of.is_empty() {
            return Ok(());
        }
        let mut within: Vec<ColumnId> = keys.iter().flat_map(Edges::passed_on).collect();
        if let Some(filter) = &filter {
            self.fixed_by(filter, scope, &mut within)?;
        }
        self.fixed_in(input, &mut within)?;
        self.sums.push(FoundSum { of, within, place: place_of(argument) });
        Ok(())
    }

    /// Notes a window function, if it is a sum.
    pub(super) fn note_windowed_sum(&mut self, expr: &Expr, input: &Arc<LogicalPlan>, scope: &Scope) -> Result<()> {
        let Expr::WindowFunction(call) = expr.clone().unalias_nested().data else { return Ok(()) };
        let keys = self.keys(&call.params.partition_by, scope)?;
        self.note_sum(expr, &keys, input, scope)
    }

    /// The edges of expressions that group rows, without the casts around them.
    pub(super) fn keys<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, scope: &Scope) -> Result<Vec<Edges>> {
        exprs.into_iter().map(|expr| self.value(without_casts(expr), scope)).collect()
    }

    /// The columns that have one value in all rows of a plan, because a filter says so.
    fn fixed_in(&mut self, plan: &Arc<LogicalPlan>, fixed: &mut Vec<ColumnId>) -> Result<()> {
        match plan.as_ref() {
            LogicalPlan::Filter(node) => {
                let input = self.shared(&node.input)?;
                self.fixed_by(&node.predicate, &Scope::of(&node.input, &input), fixed)?;
                self.fixed_in(&node.input, fixed)
            }
            LogicalPlan::Projection(node) => self.fixed_in(&node.input, fixed),
            LogicalPlan::SubqueryAlias(node) => self.fixed_in(&node.input, fixed),
            LogicalPlan::Sort(node) => self.fixed_in(&node.input, fixed),
            LogicalPlan::Window(node) => self.fixed_in(&node.input, fixed),
            LogicalPlan::Join(node) => {
                self.fixed_in(&node.left, fixed)?;
                if super::super::walk::is_lateral(&node.right) { Ok(()) } else { self.fixed_in(&node.right, fixed) }
            }
            _ => Ok(()),
        }
    }

    /// The columns that a predicate compares with something that is the same for all rows.
    fn fixed_by(&mut self, predicate: &Expr, scope: &Scope, fixed: &mut Vec<ColumnId>) -> Result<()> {
        for part in split_conjunction(predicate) {
            let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = part else { continue };
            for (column, other) in [(left, right), (right, left)] {
                if other.column_refs().is_empty() && !other.contains_outer() {
                    fixed.extend(self.value(without_casts(column), scope)?.passed_on());
                }
            }
        }
        Ok(())
    }
}

fn without_casts(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast(cast) => without_casts(&cast.expr),
        Expr::TryCast(cast) => without_casts(&cast.expr),
        other => other,
    }
}

/// Where the first column that an expression names is written.
fn place_of(expr: &Expr) -> Option<Span> {
    let mut places: Vec<Span> = expr.column_refs().into_iter().filter_map(|column| column.spans.first()).collect();
    places.sort_by_key(|place| (place.start.line, place.start.column));
    places.first().copied()
}
