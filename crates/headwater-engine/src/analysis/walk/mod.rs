//! Walking a plan from its tables up: what is around the place where a walk is, and what it has seen.
//!
//! What a walk finds out about columns and rows is its own affair ([`Walker::Known`]).

mod scope;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use datafusion::common::{Column, DataFusionError, Result};
use datafusion::logical_expr::{LogicalPlan, Subquery};

pub(super) use scope::{Flow, Scope};

/// A query whose columns cannot be traced to tables.
#[derive(Debug)]
pub(super) struct Untraceable(String);

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

/// Where a walk is, and what it has seen.
#[derive(Debug)]
pub(super) struct Place<T> {
    /// The inputs of the queries around the current one, outermost first.
    outer: Vec<Scope<T>>,
    /// What the working tables of the recursive CTEs around the current plan hold, outermost first.
    working: Vec<(String, Flow<T>)>,
    /// The smallest reach met since the current shared plan was entered.
    reach: Reach,
    /// A number for the present contents of `outer` and `working`.
    frame: usize,
    frames: usize,
    /// Flows of plans seen before: a CTE is one plan, however often it is read. Those that depend on nothing around
    /// them are kept under frame 0, the others under the frame in which they were found.
    seen: HashMap<(*const LogicalPlan, usize), (Flow<T>, Reach)>,
}

impl<T> Place<T> {
    pub(super) fn new() -> Self {
        let (outer, working, seen) = (Vec::new(), Vec::new(), HashMap::new());
        Self { outer, working, reach: CLOSED, frame: 0, frames: 0, seen }
    }

    /// Begins a new frame and gives the number of the one that was left.
    fn enter_frame(&mut self) -> usize {
        self.frames += 1;
        std::mem::replace(&mut self.frame, self.frames)
    }
}

/// A walk over a plan.
pub(super) trait Walker: Sized {
    /// What it finds out about a column, and about the rows.
    type Known: Clone;

    fn place(&mut self) -> &mut Place<Self::Known>;

    /// What flows out of a plan.
    fn flow(&mut self, plan: &LogicalPlan) -> Result<Flow<Self::Known>>;

    /// What flows out of a plan that others share.
    fn shared(&mut self, plan: &Arc<LogicalPlan>) -> Result<Flow<Self::Known>> {
        let place = self.place();
        let address = Arc::as_ptr(plan);
        let seen = place.seen.get(&(address, 0)).or_else(|| place.seen.get(&(address, place.frame)));
        if let Some((flow, reach)) = seen {
            let (flow, reach) = (flow.clone(), *reach);
            place.reach = place.reach.min(reach);
            return Ok(flow);
        }
        let before = std::mem::replace(&mut place.reach, CLOSED);
        let flow = self.flow(plan)?;
        let place = self.place();
        let reach = place.reach;
        let frame = if reach > place.outer.len() { 0 } else { place.frame };
        place.seen.insert((address, frame), (flow.clone(), reach));
        place.reach = before.min(reach);
        Ok(flow)
    }

    /// What flows out of the recursive term of a recursive query whose working table holds `held`.
    fn recursive_term(
        &mut self,
        name: &str,
        held: Flow<Self::Known>,
        term: &Arc<LogicalPlan>,
    ) -> Result<Flow<Self::Known>> {
        let frame = self.place().enter_frame();
        self.place().working.push((name.to_owned(), held));
        let step = self.shared(term);
        self.place().working.pop();
        self.place().frame = frame;
        step
    }

    /// Runs a walk of a recursive query, whose own working table is nothing around it.
    fn closing<R>(&mut self, walk: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let before = self.place().reach;
        let result = walk(self)?;
        let place = self.place();
        if place.working.is_empty() && place.outer.is_empty() {
            place.reach = before;
        }
        Ok(result)
    }

    /// What the recursive query of this name has found so far.
    fn work_table(&mut self, name: &str) -> Result<Flow<Self::Known>> {
        let place = self.place();
        place.reach = 0;
        let held = place.working.iter().rev().find(|(of, _)| of == name);
        held.map(|(_, flow)| flow.clone()).ok_or_else(|| untraceable(&format!("the recursive query '{name}'")))
    }

    /// What flows out of a subquery of an expression over `scope`.
    fn subquery(&mut self, subquery: &Subquery, scope: &Scope<Self::Known>) -> Result<Flow<Self::Known>> {
        self.within(scope.clone(), |walk| walk.shared(&subquery.subquery))
    }

    /// The column of an outer query that a correlated subquery names, and that query's number, from the outermost.
    fn outer(&mut self, column: &Column) -> Result<(usize, Self::Known)> {
        let place = self.place();
        let found = place.outer.iter().enumerate().rev().find_map(|(n, scope)| Some((n, scope.find(column)?)));
        let (number, known) =
            found.ok_or_else(|| untraceable(&format!("the outer column '{}'", column.flat_name())))?;
        place.reach = place.reach.min(number + 1);
        Ok((number, known))
    }

    fn within<R>(&mut self, scope: Scope<Self::Known>, walk: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let frame = self.place().enter_frame();
        self.place().outer.push(scope);
        let result = walk(self);
        self.place().outer.pop();
        self.place().frame = frame;
        result
    }
}

/// Whether a join's right side may name columns of its left side.
pub(super) fn is_lateral(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Subquery(_) => true,
        LogicalPlan::SubqueryAlias(node) => matches!(node.input.as_ref(), LogicalPlan::Subquery(_)),
        _ => false,
    }
}
