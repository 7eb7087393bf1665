//! What the names in an expression refer to: the columns of the inputs of a plan node, each with its edges.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::common::{Column, DFSchemaRef};
use datafusion::logical_expr::LogicalPlan;

use super::edges::Edges;

/// What flows out of a plan node: the edges into each of its columns, and those that decide which rows there are.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// One set per column, in the order of the node's schema.
    pub(super) columns: Rc<[Edges]>,
    /// INDIRECT edges only.
    pub(super) rows: Edges,
}

impl Flow {
    /// A column's edges; none for a position that does not exist.
    pub(super) fn column(&self, index: usize) -> Edges {
        self.columns.get(index).cloned().unwrap_or_default()
    }
}

/// The inputs whose columns an expression can name.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    parts: Vec<(DFSchemaRef, Rc<[Edges]>)>,
    /// Where the last column was found: expressions mostly name columns in their order (`select *`).
    next: Cell<usize>,
}

impl Scope {
    /// The columns of one input.
    pub(super) fn of(plan: &LogicalPlan, flow: &Flow) -> Self {
        Self { parts: vec![(Arc::clone(plan.schema()), Rc::clone(&flow.columns))], next: Cell::new(0) }
    }

    /// The columns of both sides of a join; the left side wins where a name is in both.
    pub(super) fn of_join(left: (&LogicalPlan, &Flow), right: (&LogicalPlan, &Flow)) -> Self {
        let mut scope = Self::of(left.0, left.1);
        scope.parts.extend(Self::of(right.0, right.1).parts);
        scope
    }

    /// No columns at all.
    pub(super) fn empty() -> Self {
        Self { parts: Vec::new(), next: Cell::new(0) }
    }

    /// The edges of the column that a name means, or `None` when the scope has no such column.
    pub(super) fn find(&self, column: &Column) -> Option<Edges> {
        self.parts.iter().find_map(|(schema, edges)| {
            let index = self.expected(schema, column).or_else(|| schema.maybe_index_of_column(column))?;
            self.next.set(index + 1);
            edges.get(index).cloned()
        })
    }

    /// The column after the one that was found last, if it is the one looked for. Qualified names are unique in a
    /// schema, so that finding one anywhere is finding the first.
    fn expected(&self, schema: &DFSchemaRef, column: &Column) -> Option<usize> {
        let (index, relation) = (self.next.get(), column.relation.as_ref()?);
        if index >= schema.fields().len() {
            return None;
        }
        let (qualifier, field) = schema.qualified_field(index);
        (field.name() == &column.name && qualifier.is_some_and(|q| q.resolved_eq(relation))).then_some(index)
    }
}
