//! How many rows a plan is expected to yield, and what is known of its columns.

use datafusion::common::{Column, JoinType};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, Expr, FetchType, Join, Like, LogicalPlan, SkipType, TableScan};

use crate::session::columns::{as_column, below};
use crate::session::scan::LakeTable;

/// What is known of a column, in the table that it comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values {
    /// The rows of that table, before it was filtered.
    pub(super) rows: f64,
    /// How many values lie between its least and greatest one, where that is known.
    range: Option<f64>,
}

impl Values {
    /// A column of which each value is taken to stand once.
    pub(super) fn keys(rows: f64) -> Self {
        Self { rows, range: None }
    }

    /// Whether each of its values could stand once.
    fn is_key(&self) -> bool {
        self.range.is_none_or(|range| range >= self.rows)
    }

    /// How many different values there are at most.
    fn distinct(&self) -> f64 {
        self.range.map_or(self.rows, |range| range.min(self.rows))
    }

    /// How many different values are expected in this column and one that it is equal to: as many as the side that has the
    /// keys has rows.
    pub(super) fn keys_with(&self, other: &Self) -> f64 {
        match (self.is_key(), other.is_key()) {
            (true, true) => self.rows.min(other.rows),
            (true, false) => self.rows,
            (false, true) => other.rows,
            (false, false) => self.distinct().max(other.distinct()),
        }
    }
}

/// The share of rows that a condition keeps of which nothing is known.
pub(in crate::session) const UNKNOWN: f64 = 0.3;

/// The share of rows that a condition on a scan keeps which its table's log tells nothing of.
pub(in crate::session) fn kept_by(condition: &Expr) -> f64 {
    match condition {
        Expr::IsNotNull(_) | Expr::Like(Like { negated: true, .. }) => 0.9,
        Expr::Like(_) | Expr::IsNull(_) => 0.1,
        _ => UNKNOWN,
    }
}

/// The rows that a plan is expected to yield; `None` where that cannot be told.
pub(super) fn rows(plan: &LogicalPlan) -> Option<f64> {
    match plan {
        LogicalPlan::TableScan(scan) => {
            let rows = with_table(scan, |table| table.expected_rows(&scan.filters))?;
            Some(scan.fetch.map_or(rows, |fetch| rows.min(fetch as f64)))
        }
        LogicalPlan::Filter(filter) => {
            // What a scan knows of already is kept above it.
            let known: &[Expr] = match filter.input.as_ref() {
                LogicalPlan::TableScan(scan) => &scan.filters,
                _ => &[],
            };
            let conditions = split_conjunction(&filter.predicate);
            let others = conditions.into_iter().filter(|condition| !known.contains(condition));
            Some(rows(&filter.input)? * others.map(kept_by).product::<f64>())
        }
        LogicalPlan::Projection(projection) => rows(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => rows(&alias.input),
        LogicalPlan::Sort(sort) => {
            let rows = rows(&sort.input)?;
            Some(sort.fetch.map_or(rows, |fetch| rows.min(fetch as f64)))
        }
        LogicalPlan::Repartition(repartition) => rows(&repartition.input),
        LogicalPlan::Window(window) => rows(&window.input),
        LogicalPlan::Distinct(distinct) => rows(distinct.input()),
        LogicalPlan::Limit(limit) => {
            let most = match (limit.get_skip_type().ok()?, limit.get_fetch_type().ok()?) {
                (SkipType::Literal(_), FetchType::Literal(fetch)) => fetch.map_or(f64::INFINITY, |fetch| fetch as f64),
                _ => f64::INFINITY,
            };
            Some(rows(&limit.input)?.min(most))
        }
        LogicalPlan::Aggregate(aggregate) => groups(aggregate),
        LogicalPlan::Join(join) => of_join(join),
        LogicalPlan::Union(union) => union.inputs.iter().map(|input| rows(input)).sum(),
        LogicalPlan::Values(values) => Some(values.values.len() as f64),
        LogicalPlan::EmptyRelation(empty) => Some(f64::from(u8::from(empty.produce_one_row))),
        _ => None,
    }
}

/// What is known of a column that a plan yields; `None` where it is computed, or of no table of the lake.
pub(super) fn values(plan: &LogicalPlan, column: &Column) -> Option<Values> {
    match plan {
        LogicalPlan::TableScan(scan) => with_table(scan, |table| {
            let (rows, range) = table.extent(&column.name)?;
            Some(Values { rows, range })
        }),
        LogicalPlan::Aggregate(aggregate) => {
            let place = aggregate.schema.maybe_index_of_column(column)?;
            match aggregate.group_expr.as_slice() {
                [_] if place == 0 => Some(Values::keys(groups(aggregate)?)),
                keys => of_expr(&aggregate.input, keys.get(place)?),
            }
        }
        LogicalPlan::Join(join) => {
            let side = if join.left.schema().has_column(column) { &join.left } else { &join.right };
            values(side, column)
        }
        _ => values(plan.inputs().first()?, &below(plan, column)?),
    }
}

fn of_expr(input: &LogicalPlan, expr: &Expr) -> Option<Values> {
    values(input, &as_column(expr)?)
}

fn with_table<T>(scan: &TableScan, ask: impl FnOnce(&LakeTable) -> Option<T>) -> Option<T> {
    let provider = source_as_provider(&scan.source).ok()?;
    ask(provider.downcast_ref::<LakeTable>()?)
}

fn groups(aggregate: &Aggregate) -> Option<f64> {
    let input = rows(&aggregate.input)?;
    let distinct = aggregate.group_expr.iter().map(|key| match of_expr(&aggregate.input, key) {
        Some(values) => values.distinct(),
        None => input,
    });
    Some(distinct.product::<f64>().min(input))
}

fn of_join(join: &Join) -> Option<f64> {
    let (left, right) = (rows(&join.left)?, rows(&join.right)?);
    let known = |plan: &LogicalPlan, key: &Expr, rows| of_expr(plan, key).unwrap_or_else(|| Values::keys(rows));
    let keys = || {
        let pairs = join.on.iter().map(|(a, b)| known(&join.left, a, left).keys_with(&known(&join.right, b, right)));
        pairs.product::<f64>().max(1.0)
    };
    // The share of one side that finds a key on the other.
    let found = |others: f64| if join.on.is_empty() { 1.0 } else { (others / keys()).min(1.0) };
    let kept = if join.filter.is_some() { UNKNOWN } else { 1.0 };
    Some(match join.join_type {
        JoinType::Inner if join.on.is_empty() => left * right * kept,
        JoinType::Inner => left * right / keys() * kept,
        JoinType::Left | JoinType::Right | JoinType::Full => left.max(right),
        JoinType::LeftSemi => left * found(right),
        JoinType::RightSemi => right * found(left),
        JoinType::LeftAnti | JoinType::LeftMark => left,
        JoinType::RightAnti | JoinType::RightMark => right,
    })
}
