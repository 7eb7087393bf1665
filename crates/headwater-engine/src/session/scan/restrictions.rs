//! The columns that the filters of a scan restrict, and how much of the table they ask for.
//!
//! Filters come as the optimiser leaves them: in conjunctions of comparisons with constants. What is not of that kind
//! restricts nothing here, since nothing can be skipped by it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use headwater_sdk::engine::{Asked, Restriction};

/// The most intervals that are kept of a column.
const MOST_INTERVALS: usize = 1024;

/// Values between two bounds; without a bound, all on that side.
#[derive(Debug, Clone, PartialEq)]
struct Interval {
    low: Option<Bound>,
    high: Option<Bound>,
}

/// Where an interval ends.
#[derive(Debug, Clone, PartialEq)]
struct Bound {
    value: ScalarValue,
    /// Whether the value itself lies outside.
    open: bool,
}

/// What a file knows of a column.
pub(super) struct FileBounds {
    /// Its rows.
    pub(super) rows: u64,
    /// The column's least and greatest value in it, where known.
    pub(super) bounds: Option<(ScalarValue, ScalarValue)>,
}

/// The restrictions that all filters make together. `bounds` tells what the files know of a column.
pub(super) fn restrictions(filters: &[Expr], bounds: impl Fn(&str) -> Vec<FileBounds>) -> Vec<Restriction> {
    let mut columns: BTreeMap<String, Vec<Interval>> = BTreeMap::new();
    for filter in filters {
        restrict(filter, &mut columns);
    }
    let restriction = |(column, intervals): (String, Vec<Interval>)| {
        let asked = match intervals.iter().all(Interval::is_value) {
            true => Asked::Values(intervals.len() as u64),
            false => Asked::Range { share: share(&intervals, &bounds(&column)) },
        };
        Restriction { column, asked }
    };
    columns.into_iter().map(restriction).collect()
}

/// Whether a filter is of the kind that restricts columns.
pub(super) fn is_restriction(filter: &Expr) -> bool {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            is_restriction(left) && is_restriction(right)
        }
        _ => intervals(filter).is_some(),
    }
}

/// Adds what a filter restricts.
fn restrict(filter: &Expr, columns: &mut BTreeMap<String, Vec<Interval>>) {
    if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) = filter {
        restrict(left, columns);
        restrict(right, columns);
    } else if let Some((column, intervals)) = intervals(filter) {
        let both = match columns.remove(&column) {
            Some(known) => intersection(&known, &intervals),
            None => intervals,
        };
        columns.insert(column, both);
    }
}

/// The values of one column that a filter lets pass; `None` where it is about several, or not of that kind.
fn intervals(filter: &Expr) -> Option<(String, Vec<Interval>)> {
    let (column, intervals) = match filter {
        Expr::Column(column) => (column.name.clone(), vec![Interval::of(ScalarValue::Boolean(Some(true)))]),
        Expr::Not(inner) => {
            let Expr::Column(column) = inner.as_ref() else { return None };
            (column.name.clone(), vec![Interval::of(ScalarValue::Boolean(Some(false)))])
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let ((column, mut one), (other, mut two)) = (intervals(left)?, intervals(right)?);
            one.append(&mut two);
            one.dedup();
            (column == other).then_some((column, one))?
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            let ((column, one), (other, two)) = (intervals(left)?, intervals(right)?);
            (column == other).then(|| (column, intersection(&one, &two)))?
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (left.as_ref(), right.as_ref()) {
            (Expr::Column(column), Expr::Literal(value, _)) => (column.name.clone(), vec![Interval::when(*op, value)?]),
            (Expr::Literal(value, _), Expr::Column(column)) => {
                (column.name.clone(), vec![Interval::when(op.swap()?, value)?])
            }
            _ => return None,
        },
        Expr::InList(InList { expr, list, negated: false }) => {
            let Expr::Column(column) = expr.as_ref() else { return None };
            let value = |item: &Expr| match item {
                Expr::Literal(value, _) => Some(Interval::of(value.clone())),
                _ => None,
            };
            (column.name.clone(), list.iter().map(value).collect::<Option<Vec<_>>>()?)
        }
        Expr::Between(Between { expr, negated: false, low, high }) => {
            let (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) =
                (expr.as_ref(), low.as_ref(), high.as_ref())
            else {
                return None;
            };
            let bound = |value: &ScalarValue| Some(Bound { value: value.clone(), open: false });
            (column.name.clone(), vec![Interval { low: bound(low), high: bound(high) }])
        }
        _ => return None,
    };
    (intervals.len() <= MOST_INTERVALS).then_some((column, intervals))
}

impl Interval {
    fn of(value: ScalarValue) -> Self {
        Self { low: Some(Bound { value: value.clone(), open: false }), high: Some(Bound { value, open: false }) }
    }

    fn when(op: Operator, value: &ScalarValue) -> Option<Self> {
        let value = (!value.is_null()).then(|| value.clone())?;
        let bound = |open| Some(Bound { value: value.clone(), open });
        Some(match op {
            Operator::Eq | Operator::IsNotDistinctFrom => Self::of(value),
            Operator::Lt => Self { low: None, high: bound(true) },
            Operator::LtEq => Self { low: None, high: bound(false) },
            Operator::Gt => Self { low: bound(true), high: None },
            Operator::GtEq => Self { low: bound(false), high: None },
            _ => return None,
        })
    }

    fn is_value(&self) -> bool {
        self.low.is_some() && self.low == self.high
    }

    /// What lies in both; `None` when nothing does.
    fn and(&self, other: &Self) -> Option<Self> {
        let tighter = |one: &Option<Bound>, two: &Option<Bound>, side: Ordering| match (one, two) {
            (Some(one), Some(two)) => {
                let order = one.value.partial_cmp(&two.value);
                let first = order == Some(side) || (order == Some(Ordering::Equal) && one.open);
                Some(if first { one.clone() } else { two.clone() })
            }
            (one, two) => one.clone().or_else(|| two.clone()),
        };
        let both = Self {
            low: tighter(&self.low, &other.low, Ordering::Greater),
            high: tighter(&self.high, &other.high, Ordering::Less),
        };
        let is_empty = match (&both.low, &both.high) {
            (Some(low), Some(high)) => match low.value.partial_cmp(&high.value) {
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) => low.open || high.open,
                _ => false,
            },
            _ => false,
        };
        (!is_empty).then_some(both)
    }

    /// The share that it holds of the values between two bounds, as if they were spread evenly.
    fn share_between(&self, least: &ScalarValue, most: &ScalarValue) -> Option<f64> {
        // The distance from one whole number, or day, to the next.
        let step = if is_stepped(least) { 1.0 } else { 0.0 };
        let (least, most) = (number(least)?, number(most)?);
        let low = match &self.low {
            Some(bound) => number(&bound.value)? + if bound.open { step } else { 0.0 },
            None => least,
        };
        let high = match &self.high {
            Some(bound) => number(&bound.value)? - if bound.open { step } else { 0.0 },
            None => most,
        };
        let (overlap, whole) = (high.min(most) - low.max(least) + step, most - least + step);
        Some(if whole > 0.0 { (overlap / whole).clamp(0.0, 1.0) } else { f64::from(overlap >= 0.0) })
    }
}

fn intersection(one: &[Interval], two: &[Interval]) -> Vec<Interval> {
    one.iter().flat_map(|one| two.iter().filter_map(|two| one.and(two))).take(MOST_INTERVALS + 1).collect()
}

/// The share of the rows whose values lie in one of some intervals; `None` where the files do not tell.
fn share(intervals: &[Interval], files: &[FileBounds]) -> Option<f64> {
    let (mut asked, mut rows) = (0.0, 0.0);
    for file in files {
        let (least, most) = file.bounds.as_ref()?;
        let shares = intervals.iter().map(|interval| interval.share_between(least, most));
        let share: f64 = shares.sum::<Option<f64>>()?;
        asked += share.min(1.0) * file.rows as f64;
        rows += file.rows as f64;
    }
    (rows > 0.0).then(|| asked / rows)
}

/// Whether a value is a whole number or a day, of which each has a next one.
pub(super) fn is_stepped(value: &ScalarValue) -> bool {
    value.data_type().is_integer() || value.data_type() == DataType::Date32
}

/// A number, or a point in time, on a line; `None` for values that have no distances.
pub(super) fn number(value: &ScalarValue) -> Option<f64> {
    let data_type = value.data_type();
    let number = match data_type {
        _ if data_type.is_numeric() => value.cast_to(&DataType::Float64),
        _ if data_type.is_temporal() => {
            value.cast_to(&DataType::Int64).and_then(|whole| whole.cast_to(&DataType::Float64))
        }
        _ => return None,
    };
    match number {
        Ok(ScalarValue::Float64(Some(number))) if number.is_finite() => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
