//! Column-level lineage of a query, from its plan before optimisation.
//!
//! # What the edges mean
//!
//! A query has output *columns* and output *rows* (a multiset). Of a source column `c`, an output column `o` and the
//! rows, lineage says, in the words of OpenLineage's ColumnLineage facet 1-2-0:
//!
//! - a **DIRECT** edge `c → o`: values of `o` are made from values of `c`.
//!   - `IDENTITY`: where a value of `o` comes from `c`, it is that value. Through names, joins, unions, CTEs, scalar
//!     subqueries, and the branches of CASE, COALESCE, NVL, NVL2 and the first argument of NULLIF.
//!   - `TRANSFORMATION`: computed from values of one row: operators, functions, casts, access to and unnesting of parts.
//!     Casts that only the engine adds (to bring the sides of a UNION to one type) do not count.
//!   - `AGGREGATION`: computed from values of many rows: arguments of aggregate and of all window functions, the query
//!     side of `IN (query)` and `= ANY (query)`. Stronger than TRANSFORMATION, which is stronger than IDENTITY: a value
//!     on its way through several has the strongest of them.
//! - an **INDIRECT** edge `c → o`: `c` decides which values those of `o` are made from.
//!   - `CONDITIONAL`: conditions of CASE; arguments of COALESCE and NVL but the last, the first of NVL2, both of NULLIF.
//!   - `WINDOW`: keys that partition or order a window.
//!   - `FILTER`, `SORT` of an aggregate's own `FILTER (WHERE …)` and `ORDER BY`.
//!   - whatever decides about the *rows of a subquery in an expression* (its filters, joins, groups, limits, and those of
//!     the CTEs that it reads): they decide that expression's value, not the rows of the query around it.
//!   - whatever decides about the rows that an *aggregate without keys* reads: it yields one row whatever it reads, so they
//!     decide its values only, COUNT(*) included.
//! - an edge of the **dataset**: `c` decides which rows there are, for all columns alike. INDIRECT always.
//!   - `FILTER`: WHERE, HAVING, QUALIFY, and what limits count by; `JOIN`: join conditions of every kind of join, INTERSECT
//!     and EXCEPT included, and lists that are unnested, whose lengths multiply rows; `GROUP_BY`: grouping keys, DISTINCT and
//!     DISTINCT ON; `SORT`: ORDER BY, which decides what a LIMIT keeps and how the table is laid out.
//!
//! What decides is taken with everything that it is made from: an edge of any kind into an expression that filters is a
//! FILTER edge. Two edges of one column into one column are merged if they have the same kind.
//!
//! An edge is **masking** when on every way of its kind from `c` the value passes a one-way function: hashes, and what tells
//! no more than whether or how many values there are (COUNT, APPROX_DISTINCT, IS NULL, the deciding part of COALESCE).
//!
//! # What they promise
//!
//! Change the values of one source column, and nothing else. If both runs of a query without volatile functions, and
//! without a choice that SQL leaves open (LIMIT without a total order, …), end without an error, then
//!
//! 1. if `c` has no edge at all, both yield the same multiset of rows;
//! 2. if `c` has no dataset edge, both yield the same multiset of rows once the columns that `c` has an edge into are left out;
//! 3. if the query neither aggregates nor numbers rows, a row that both yield (told by the keys of the rows that it was
//!    joined from) differs at most in the columns that `c` has an edge into, and its row exists in both unless `c` has a dataset edge;
//! 4. if the query is made of SELECT lists, UNION ALL, CROSS JOIN and CTEs only, its tables have rows, and it has an IDENTITY
//!    edge `c → o`, then a change of `c` that maps distinct values to distinct new ones changes the multiset of `o`.
//!
//! `tests/it/lineage` holds queries with their lineage, tests 1 to 4 on generated queries by changing data, and shows
//! that the tests fail if any one kind of edge is left out.

mod edges;
mod expression;
mod function;
mod plan;
mod sums;
mod walk;

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;
use headwater_sdk::lineage::{ColumnLineage, OutputColumn, Sum};

use walk::Walk;

/// The lineage of a plan that was made against [`super::context::ModelContext`], before any rewriting.
///
/// # Errors
/// For operators that are not SQL's, and for columns that the plan itself does not resolve.
///
/// With it come the sums in the plan, with their places in `sql`.
pub(super) fn trace(plan: &LogicalPlan, sql: &str) -> Result<(ColumnLineage, Vec<Sum>)> {
    let mut walk = Walk::new();
    let flow = walk.flow_of(plan)?;
    let names = plan.schema().fields().iter().map(|field| field.name());
    let columns = names
        .zip(flow.columns.iter())
        .map(|(name, edges)| OutputColumn { name: name.clone(), edges: walk.sources.resolve(edges) });
    let lineage = ColumnLineage { columns: columns.collect(), dataset: walk.sources.resolve(&flow.rows) };
    let mut sums: Vec<Sum> = Vec::new();
    for sum in walk.sums.iter().map(|sum| sum.resolve(&walk.sources, sql)) {
        if !sums.contains(&sum) {
            sums.push(sum);
        }
    }
    Ok((lineage, sums))
}

#[cfg(test)]
mod tests;
