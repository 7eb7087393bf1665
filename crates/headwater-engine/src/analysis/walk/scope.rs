//! What the names in an expression refer to: the columns of the inputs of a plan node, each with what is known of it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::common::{Column, DFSchemaRef};
use datafusion::logical_expr::LogicalPlan;

/// What flows out of a plan node: what is known of each of its columns, and of which rows there are.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct Flow<T> {
    /// One per column, in the order of the node's schema.
    pub(in crate::analysis) columns: Rc<[T]>,
    /// Of the rows.
    pub(in crate::analysis) rows: T,
}

/// The inputs whose columns an expression can name.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct Scope<T> {
    parts: Vec<(DFSchemaRef, Rc<[T]>)>,
    /// Where the last column was found: expressions mostly name columns in their order (`select *`).
    next: Cell<usize>,
}

impl<T: Clone> Scope<T> {
    /// The columns of one input.
    pub(in crate::analysis) fn of(plan: &LogicalPlan, flow: &Flow<T>) -> Self {
        Self { parts: vec![(Arc::clone(plan.schema()), Rc::clone(&flow.columns))], next: Cell::new(0) }
    }

    /// The columns of both sides of a join; the left side wins where a name is in both.
    pub(in crate::analysis) fn of_join(left: (&LogicalPlan, &Flow<T>), right: (&LogicalPlan, &Flow<T>)) -> Self {
        let mut scope = Self::of(left.0, left.1);
        scope.parts.extend(Self::of(right.0, right.1).parts);
        scope
    }

    /// No columns at all.
    pub(in crate::analysis) fn empty() -> Self {
        Self { parts: Vec::new(), next: Cell::new(0) }
    }

    /// What is known of the column that a name means, or `None` when the scope has no such column.
    pub(in crate::analysis) fn find(&self, column: &Column) -> Option<T> {
        self.parts.iter().find_map(|(schema, known)| {
            let index = self.expected(schema, column).or_else(|| schema.maybe_index_of_column(column))?;
            self.next.set(index + 1);
            known.get(index).cloned()
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
