//! The state of a walk, and the walk of a recursive query.

use std::rc::Rc;

use datafusion::common::Result;
use datafusion::logical_expr::{LogicalPlan, RecursiveQuery};

use super::edges::{Edges, SourceColumns};
use super::plan::distinct;
use super::sums::FoundSum;
use crate::analysis::walk::{Flow, Place, Walker};

/// The state of a walk.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) sources: SourceColumns,
    /// The sums that it came by.
    pub(super) sums: Vec<FoundSum>,
    place: Place<Edges>,
}

impl Walker for Walk {
    type Known = Edges;

    fn place(&mut self) -> &mut Place<Edges> {
        &mut self.place
    }

    fn flow(&mut self, plan: &LogicalPlan) -> Result<Flow<Edges>> {
        self.flow_of(plan)
    }
}

impl Walk {
    pub(super) fn new() -> Self {
        Self { sources: SourceColumns::default(), sums: Vec::new(), place: Place::new() }
    }

    /// Starts with what the static term yields and lets the recursive term add to it until nothing is added. Edges are
    /// only ever added and there are finitely many, so it ends.
    pub(super) fn recursive_query(&mut self, query: &RecursiveQuery) -> Result<Flow<Edges>> {
        self.closing(|walk| {
            let mut flow = walk.shared(&query.static_term)?;
            loop {
                let step = walk.recursive_term(&query.name, flow.clone(), &query.recursive_term)?;
                let columns: Rc<[Edges]> =
                    flow.columns.iter().zip(step.columns.iter()).map(|(a, b)| a.union(b)).collect();
                let mut next = Flow { columns, rows: flow.rows.union(&step.rows) };
                if query.is_distinct {
                    next = distinct(next);
                }
                if next.columns == flow.columns && next.rows == flow.rows {
                    return Ok(flow);
                }
                flow = next;
            }
        })
    }
}
