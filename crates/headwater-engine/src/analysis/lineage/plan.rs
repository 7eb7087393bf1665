//! What flows out of each kind of plan node.

use std::sync::Arc;

use datafusion::common::{JoinType, Result};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Distinct, DistinctOn, Expr, Join, LogicalPlan, TableScan, Union, Unnest, Values,
};
use headwater_sdk::lineage::Influence;

use super::edges::{Edges, Gathered};
use super::walk::Walk;
use crate::analysis::context::{LakeTable, WorkTable};
use crate::analysis::walk::{Flow, Scope, Walker, is_lateral, untraceable};

impl Walk {
    /// What flows out of a plan.
    #[recursive::recursive]
    pub(super) fn flow_of(&mut self, plan: &LogicalPlan) -> Result<Flow<Edges>> {
        match plan {
            LogicalPlan::TableScan(scan) => self.table_scan(scan),
            LogicalPlan::Projection(node) => self.project(&node.input, &node.expr),
            LogicalPlan::Filter(node) => self.restrict(&node.input, [&node.predicate], Influence::Filter),
            LogicalPlan::Limit(node) => {
                let counts = node.skip.iter().chain(&node.fetch).map(AsRef::as_ref);
                self.restrict(&node.input, counts, Influence::Filter)
            }
            LogicalPlan::Sort(node) => {
                self.restrict(&node.input, node.expr.iter().map(|key| &key.expr), Influence::Sort)
            }
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Window(node) => {
                let input = self.shared(&node.input)?;
                let scope = Scope::of(&node.input, &input);
                let mut columns = input.columns.to_vec();
                for expr in &node.window_expr {
                    self.note_windowed_sum(expr, &node.input, &scope)?;
                    columns.push(self.value(expr, &scope)?);
                }
                Ok(Flow { columns: columns.into(), rows: input.rows })
            }
            LogicalPlan::Union(union) => self.union(union),
            LogicalPlan::Distinct(Distinct::All(input)) => Ok(distinct(self.shared(input)?)),
            LogicalPlan::Distinct(Distinct::On(node)) => self.distinct_on(node),
            LogicalPlan::SubqueryAlias(node) => self.shared(&node.input),
            LogicalPlan::Subquery(node) => self.shared(&node.subquery),
            LogicalPlan::Repartition(node) => self.shared(&node.input),
            LogicalPlan::Unnest(unnest) => self.unnest(unnest),
            LogicalPlan::Values(values) => self.values(values),
            LogicalPlan::EmptyRelation(node) => {
                let columns = vec![Edges::default(); node.schema.fields().len()];
                Ok(Flow { columns: columns.into(), rows: Edges::default() })
            }
            LogicalPlan::RecursiveQuery(query) => self.recursive_query(query),
            LogicalPlan::Extension(node) => Err(untraceable(&format!("the operator '{}'", node.node.name()))),
            other => Err(untraceable(&format!("'{}'", other.display()))),
        }
    }

    fn table_scan(&mut self, scan: &TableScan) -> Result<Flow<Edges>> {
        let width = scan.source.schema().fields().len();
        let all = if let Some(table) = scan.source.downcast_ref::<LakeTable>() {
            let first = self.sources.first_of(table.name(), table.schema_ref());
            Flow { columns: (first..first + width as u32).map(Edges::identity).collect(), rows: Edges::default() }
        } else if let Some(table) = scan.source.downcast_ref::<WorkTable>() {
            self.work_table(table.name())?
        } else {
            // A table function's rows are made from its arguments, which are constants.
            Flow { columns: vec![Edges::default(); width].into(), rows: Edges::default() }
        };
        let flow = match &scan.projection {
            Some(indices) => Flow { columns: indices.iter().map(|i| column(&all, *i)).collect(), rows: all.rows },
            None => all,
        };
        if scan.filters.is_empty() {
            return Ok(flow);
        }
        Err(untraceable("a scan with filters"))
    }

    fn project(&mut self, input: &Arc<LogicalPlan>, exprs: &[Expr]) -> Result<Flow<Edges>> {
        let flow = self.shared(input)?;
        let scope = Scope::of(input, &flow);
        let columns = exprs.iter().map(|expr| self.value(expr, &scope)).collect::<Result<_>>()?;
        Ok(Flow { columns, rows: flow.rows })
    }

    /// The same columns; the expressions decide about the rows.
    fn restrict<'e>(
        &mut self,
        input: &Arc<LogicalPlan>,
        exprs: impl IntoIterator<Item = &'e Expr>,
        kind: Influence,
    ) -> Result<Flow<Edges>> {
        let flow = self.shared(input)?;
        let deciding = self.deciding(exprs, kind, &Scope::of(input, &flow))?;
        Ok(Flow { columns: flow.columns, rows: flow.rows.union(&deciding) })
    }

    fn join(&mut self, join: &Join) -> Result<Flow<Edges>> {
        let left = self.shared(&join.left)?;
        let right = if is_lateral(&join.right) {
            let scope = Scope::of(&join.left, &left);
            self.within(scope, |walk| walk.shared(&join.right))?
        } else {
            self.shared(&join.right)?
        };
        let mut keys = Gathered::default();
        let left_first = Scope::of_join((&join.left, &left), (&join.right, &right));
        let right_first = Scope::of_join((&join.right, &right), (&join.left, &left));
        for (left_key, right_key) in &join.on {
            keys.add(&self.value(left_key, &left_first)?);
            keys.add(&self.value(right_key, &right_first)?);
        }
        if let Some(filter) = &join.filter {
            keys.add(&self.value(filter, &left_first)?);
        }
        let keys = keys.finish().deciding(Influence::Join);
        let both = left.rows.union(&right.rows).union(&keys);
        let mark = |kept: &Flow<Edges>, tested: &Flow<Edges>| {
            let columns = kept.columns.iter().cloned().chain([tested.rows.union(&keys)]).collect();
            Flow { columns, rows: kept.rows.clone() }
        };
        Ok(match join.join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                Flow { columns: left.columns.iter().chain(right.columns.iter()).cloned().collect(), rows: both }
            }
            JoinType::LeftSemi | JoinType::LeftAnti => Flow { columns: left.columns, rows: both },
            JoinType::RightSemi | JoinType::RightAnti => Flow { columns: right.columns, rows: both },
            JoinType::LeftMark => mark(&left, &right),
            JoinType::RightMark => mark(&right, &left),
        })
    }

    fn aggregate(&mut self, aggregate: &Aggregate) -> Result<Flow<Edges>> {
        let input = self.shared(&aggregate.input)?;
        let scope = Scope::of(&aggregate.input, &input);
        let keys = grouping_set_to_exprlist(&aggregate.group_expr)?;
        let mut columns = keys.iter().map(|key| self.value(key, &scope)).collect::<Result<Vec<_>>>()?;
        let mut rows = Gathered::default();
        rows.add(&input.rows);
        columns.iter().for_each(|key| rows.add(&key.deciding(Influence::GroupBy)));
        if matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]) {
            // Which grouping set a row is of: a column of the plan that no source column has a part in.
            columns.push(Edges::default());
        }
        // Without keys there is one row, whatever the input: what decides about the input's rows decides its values.
        let one_row = aggregate.group_expr.is_empty();
        let shared = self.keys(keys.iter().copied(), &scope)?;
        for expr in &aggregate.aggr_expr {
            self.note_sum(expr, &shared, &aggregate.input, &scope)?;
            let value = self.value(expr, &scope)?;
            columns.push(if one_row { value.union(&input.rows) } else { value });
        }
        let rows = if one_row { Edges::default() } else { rows.finish() };
        Ok(Flow { columns: columns.into(), rows })
    }

    fn union(&mut self, union: &Union) -> Result<Flow<Edges>> {
        let mut columns: Vec<Gathered> = union.schema.fields().iter().map(|_| Gathered::default()).collect();
        let mut rows = Gathered::default();
        for input in &union.inputs {
            let flow = self.shared(input)?;
            columns.iter_mut().zip(flow.columns.iter()).for_each(|(column, edges)| column.add(edges));
            rows.add(&flow.rows);
        }
        Ok(Flow { columns: columns.into_iter().map(Gathered::finish).collect(), rows: rows.finish() })
    }

    fn distinct_on(&mut self, node: &DistinctOn) -> Result<Flow<Edges>> {
        let input = self.shared(&node.input)?;
        let scope = Scope::of(&node.input, &input);
        let columns = node.select_expr.iter().map(|expr| self.value(expr, &scope)).collect::<Result<_>>()?;
        let keys = self.deciding(&node.on_expr, Influence::GroupBy, &scope)?;
        let order = self.sorting(node.sort_expr.as_deref().unwrap_or_default(), Influence::Sort, &scope)?;
        Ok(Flow { columns, rows: input.rows.union(&keys).union(&order) })
    }

    /// A list decides by its length how many rows there are, as a join with its elements would.
    fn unnest(&mut self, unnest: &Unnest) -> Result<Flow<Edges>> {
        let input = self.shared(&unnest.input)?;
        let mut rows = Gathered::default();
        rows.add(&input.rows);
        for (list, _) in &unnest.list_type_columns {
            rows.add(&column(&input, *list).deciding(Influence::Join));
        }
        let is_taken_apart = |index: &usize| {
            unnest.struct_type_columns.contains(index) || unnest.list_type_columns.iter().any(|(list, _)| list == index)
        };
        let columns = unnest.dependency_indices.iter().map(|index| {
            let column = column(&input, *index);
            if is_taken_apart(index) { column.computed(Influence::Transformation) } else { column }
        });
        Ok(Flow { columns: columns.collect(), rows: rows.finish() })
    }

    fn values(&mut self, values: &Values) -> Result<Flow<Edges>> {
        let mut columns: Vec<Gathered> = values.schema.fields().iter().map(|_| Gathered::default()).collect();
        for row in &values.values {
            for (column, expr) in columns.iter_mut().zip(row) {
                column.add(&self.value(expr, &Scope::empty())?);
            }
        }
        Ok(Flow { columns: columns.into_iter().map(Gathered::finish).collect(), rows: Edges::default() })
    }
}

/// Rows are told apart by all of their columns.
pub(super) fn distinct(flow: Flow<Edges>) -> Flow<Edges> {
    let mut rows = Gathered::default();
    rows.add(&flow.rows);
    flow.columns.iter().for_each(|column| rows.add(&column.deciding(Influence::GroupBy)));
    Flow { columns: flow.columns, rows: rows.finish() }
}

/// A column's edges; none for a position that does not exist.
pub(super) fn column(flow: &Flow<Edges>, index: usize) -> Edges {
    flow.columns.get(index).cloned().unwrap_or_default()
}
