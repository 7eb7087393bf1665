//! The state of a walk over a plan: what has been seen, and what is around the place where the walk is.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::common::{Column, DataFusionError, Result};
use datafusion::logical_expr::{LogicalPlan, RecursiveQuery, Subquery};

use super::edges::{Edges, SourceColumns};
use super::plan::distinct;
use super::scope::{Flow, Scope};

/// A query whose columns cannot be traced to tables.
#[derive(Debug)]
pub(in crate::analysis) struct Untraceable(String);

impl fmt::Display for Untraceable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the columns cannot be traced through {}", self.0)
    }
}

impl std::error::Error for Untraceable {}

pub(super) fn untraceable(what: &str) -> DataFusionError {
    DataFusionError::External(Box::new(Untraceable(what.to_owned())))
}

/// How far out a flow depends on what is around its plan. 0: on the working table of a recursive CTE; `n + 1`: on
/// outer query `n`; [`CLOSED`]: on nothing.
type Reach = usize;
const CLOSED: Reach = Reach::MAX;

/// The state of a walk.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) sources: SourceColumns,
    /// The inputs of the queries around the current one, outermost first.
    outer: Vec<Scope>,
    /// What the working tables of the recursive CTEs around the current plan hold, outermost first.
    working: Vec<(String, Flow)>,
    /// The smallest reach met since the current shared plan was entered.
    reach: Reach,
    /// A number for the present contents of `outer` and `working`.
    frame: usize,
    frames: usize,
    /// Flows of plans seen before: a CTE is one plan, however often it is read. Those that depend on nothing around
    /// them are kept under frame 0, the others under the frame in which they were found.
    seen: HashMap<(*const LogicalPlan, usize), (Flow, Reach)>,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self {
            sources: SourceColumns::default(),
            outer: Vec::new(),
            working: Vec::new(),
            reach: CLOSED,
            frame: 0,
            frames: 0,
            seen: HashMap::new(),
        }
    }

    /// What flows out of a plan that others share.
    pub(super) fn shared(&mut self, plan: &Arc<LogicalPlan>) -> Result<Flow> {
        let address = Arc::as_ptr(plan);
        let seen = self.seen.get(&(address, 0)).or_else(|| self.seen.get(&(address, self.frame)));
        if let Some((flow, reach)) = seen {
            let (flow, reach) = (flow.clone(), *reach);
            self.reach = self.reach.min(reach);
            return Ok(flow);
        }
        let before = std::mem::replace(&mut self.reach, CLOSED);
        let flow = self.flow(plan)?;
        let reach = self.reach;
        let frame = if reach > self.outer.len() { 0 } else { self.frame };
        self.seen.insert((address, frame), (flow.clone(), reach));
        self.reach = before.min(reach);
        Ok(flow)
    }

    /// Starts with what the static term yields and lets the recursive term add to it until nothing is added. Edges are
    /// only ever added and there are finitely many, so it ends.
    pub(super) fn recursive_query(&mut self, query: &RecursiveQuery) -> Result<Flow> {
        let before = self.reach;
        let mut flow = self.shared(&query.static_term)?;
        loop {
            let frame = self.enter_frame();
            self.working.push((query.name.clone(), flow.clone()));
            let step = self.shared(&query.recursive_term);
            self.working.pop();
            self.frame = frame;
            let step = step?;
            let columns: Rc<[Edges]> = flow.columns.iter().zip(step.columns.iter()).map(|(a, b)| a.union(b)).collect();
            let mut next = Flow { columns, rows: flow.rows.union(&step.rows) };
            if query.is_distinct {
                next = distinct(next);
            }
            if next.columns == flow.columns && next.rows == flow.rows {
                // Its own working table is nothing around it.
                if self.working.is_empty() && self.outer.is_empty() {
                    self.reach = before;
                }
                return Ok(flow);
            }
            flow = next;
        }
    }

    /// What the recursive query of this name has found so far.
    pub(super) fn work_table(&mut self, name: &str) -> Result<Flow> {
        self.reach = 0;
        let held = self.working.iter().rev().find(|(of, _)| of == name);
        held.map(|(_, flow)| flow.clone()).ok_or_else(|| untraceable(&format!("the recursive query '{name}'")))
    }

    /// What flows out of a subquery of an expression over `scope`.
    pub(super) fn subquery(&mut self, subquery: &Subquery, scope: &Scope) -> Result<Flow> {
        self.within(scope.clone(), |walk| walk.shared(&subquery.subquery))
    }

    /// The column of an outer query that a correlated subquery names.
    pub(super) fn outer(&mut self, column: &Column) -> Result<Edges> {
        let found = self.outer.iter().enumerate().rev().find_map(|(n, scope)| Some((n, scope.find(column)?)));
        let (number, edges) =
            found.ok_or_else(|| untraceable(&format!("the outer column '{}'", column.flat_name())))?;
        self.reach = self.reach.min(number + 1);
        Ok(edges)
    }

    pub(super) fn within<T>(&mut self, scope: Scope, walk: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let frame = self.enter_frame();
        self.outer.push(scope);
        let result = walk(self);
        self.outer.pop();
        self.frame = frame;
        result
    }

    /// Begins a new frame and gives the number of the one that was left.
    fn enter_frame(&mut self) -> usize {
        self.frames += 1;
        std::mem::replace(&mut self.frame, self.frames)
    }
}
