//! The two sides of a join: the one whose rows pass through, and the one that they are looked up in.

use datafusion::common::JoinType;
use datafusion::logical_expr::{Expr, Join, LogicalPlan};

use super::columns::is_over;

/// A side of a join whose rows pass through, and the other one.
pub(super) struct Side<'a> {
    /// The side whose columns may make a key of the join's output.
    pub(super) rows: &'a LogicalPlan,
    /// The side in which its rows are looked up.
    pub(super) other: &'a LogicalPlan,
    /// The equal expressions of both, in that order.
    pub(super) on: Vec<(&'a Expr, &'a Expr)>,
    /// Whether both keys of `on` are equal in every row that comes out.
    inner: bool,
    /// Whether a row comes out or not by what the other side holds as a whole (NOT IN).
    pub(super) null_aware: bool,
}

/// The sides of a join whose rows pass through, each of them or none.
pub(super) fn sides(join: &Join) -> Vec<Side<'_>> {
    let inner = join.join_type == JoinType::Inner;
    let left = || Side {
        rows: &join.left,
        other: &join.right,
        on: join.on.iter().map(|(left, right)| (left, right)).collect(),
        inner,
        null_aware: join.null_aware,
    };
    let right = || Side {
        rows: &join.right,
        other: &join.left,
        on: join.on.iter().map(|(left, right)| (right, left)).collect(),
        inner,
        null_aware: join.null_aware,
    };
    match join.join_type {
        JoinType::Inner => vec![left(), right()],
        JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => vec![left()],
        JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => vec![right()],
        JoinType::Full => Vec::new(),
    }
}

impl Side<'_> {
    /// An expression over the join's output, over this side's columns; `None` when it is about the other side's.
    pub(super) fn own(&self, expr: &Expr) -> Option<Expr> {
        if is_over(expr, self.rows.schema()) {
            return Some(expr.clone());
        }
        let equal = self.on.iter().find(|(_, other)| *other == expr).filter(|_| self.inner);
        equal.map(|(own, _)| (*own).clone())
    }

    /// What an expression over this side's columns equals on the other side, in rows that are found there.
    pub(super) fn equal(&self, expr: &Expr) -> Option<Expr> {
        self.on.iter().find(|(own, _)| *own == expr).map(|(_, other)| (*other).clone())
    }
}
