//! What the columns and the rows of each kind of plan node are made from.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, JoinType, Result};
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, LogicalPlan, RecursiveQuery, TableScan, Union, Unnest, Values, Window,
};

use super::Walk;
use super::print::{Mix, Print};
use crate::analysis::context::{LakeTable, WorkTable};
use crate::analysis::walk::{Flow, Scope, Walker, is_lateral, untraceable};
use crate::session::DateDimension;

type Prints = Flow<Print>;

impl Walk {
    #[recursive::recursive]
    pub(super) fn flow_of(&mut self, plan: &LogicalPlan) -> Result<Prints> {
        match plan {
            LogicalPlan::TableScan(scan) => self.table_scan(scan),
            LogicalPlan::Projection(node) => {
                let input = self.shared(&node.input)?;
                let columns = self.values(&node.expr, &Scope::of(&node.input, &input))?;
                Ok(Flow { columns: columns.into(), rows: input.rows })
            }
            LogicalPlan::Filter(node) => {
                let input = self.shared(&node.input)?;
                let condition = self.value(&node.predicate, &Scope::of(&node.input, &input))?;
                let rows = Mix::new("filter").print(input.rows).print(condition).finish();
                Ok(Flow { rows, ..input })
            }
            LogicalPlan::Limit(node) => {
                let input = self.shared(&node.input)?;
                let counts = [&node.skip, &node.fetch].into_iter().map(|count| count.as_deref());
                let mut mix = Mix::new("limit").print(input.rows);
                for count in counts {
                    mix = mix.prints(self.values(count, &Scope::empty())?);
                }
                // Whether the order leaves no choice is not known.
                Ok(Flow { rows: mix.finish().unstable(), ..input })
            }
            LogicalPlan::Sort(node) if node.fetch.is_none() => {
                let input = self.shared(&node.input)?;
                let keys = self.sorting(&node.expr, &Scope::of(&node.input, &input))?;
                Ok(Flow { rows: Mix::new("sorted").print(input.rows).print(keys).finish(), ..input })
            }
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Window(window) => self.window(window),
            LogicalPlan::Union(union) => self.union(union),
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let input = self.shared(input)?;
                let rows = Mix::new("distinct").print(input.rows).prints(input.columns.iter().copied()).finish();
                Ok(Flow { rows, ..input })
            }
            LogicalPlan::Distinct(Distinct::On(node)) => {
                let input = self.shared(&node.input)?;
                let scope = Scope::of(&node.input, &input);
                let keys = self.values(&node.on_expr, &scope)?;
                let order = self.sorting(node.sort_expr.as_deref().unwrap_or_default(), &scope)?;
                let columns = self.values(&node.select_expr, &scope)?;
                // Of rows that sort alike, any may be the first.
                let rows = Mix::new("distinct on").print(input.rows).prints(keys).print(order).finish().unstable();
                Ok(Flow { columns: columns.into(), rows })
            }
            LogicalPlan::SubqueryAlias(node) => self.shared(&node.input),
            LogicalPlan::Subquery(node) => self.shared(&node.subquery),
            LogicalPlan::Unnest(unnest) => self.unnest(unnest),
            LogicalPlan::Values(values) => self.constants(values),
            LogicalPlan::EmptyRelation(node) => {
                let rows = Mix::new("empty").with(node.produce_one_row).finish();
                let column = |index: usize| Mix::new("nothing").with(index).finish();
                Ok(Flow { columns: (0..node.schema.fields().len()).map(column).collect(), rows })
            }
            LogicalPlan::RecursiveQuery(query) => self.recursive_query(query),
            other => Err(untraceable(&format!("'{}'", other.display()))),
        }
    }

    fn table_scan(&mut self, scan: &TableScan) -> Result<Prints> {
        if !scan.filters.is_empty() || scan.fetch.is_some() || scan.projection.is_some() {
            return Err(untraceable("a scan of parts"));
        }
        if let Some(table) = scan.source.downcast_ref::<LakeTable>() {
            let name = table.name();
            let column = |(name_of, data_type): (&String, &DataType)| {
                Mix::new("column").with((name.schema(), name.table(), name_of)).with(data_type).finish()
            };
            let fields = table.schema_ref().fields();
            let columns = fields.iter().map(|field| column((field.name(), field.data_type()))).collect();
            let rows = Mix::new("table").with((name.schema(), name.table())).finish();
            return Ok(Flow { columns, rows });
        }
        match scan.source.downcast_ref::<WorkTable>() {
            Some(table) => self.work_table(table.name()),
            None => date_dimension(scan).ok_or_else(|| untraceable("a table function")),
        }
    }

    fn join(&mut self, join: &Join) -> Result<Prints> {
        let left = self.shared(&join.left)?;
        let left = Flow { columns: tagged("left", &left), ..left };
        let right = if is_lateral(&join.right) {
            self.within(Scope::of(&join.left, &left), |walk| walk.shared(&join.right))?
        } else {
            self.shared(&join.right)?
        };
        // A table joined with itself has every column twice.
        let right = Flow { columns: tagged("right", &right), ..right };
        let left_first = Scope::of_join((&join.left, &left), (&join.right, &right));
        let right_first = Scope::of_join((&join.right, &right), (&join.left, &left));
        let mut rows =
            Mix::new("join").with(join.join_type).with(join.null_equality).print(left.rows).print(right.rows);
        for (left_key, right_key) in &join.on {
            rows = rows.print(self.value(left_key, &left_first)?).print(self.value(right_key, &right_first)?);
        }
        let rows = rows.with(join.on.len()).prints(self.values(&join.filter, &left_first)?).finish();
        let columns = match join.join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                left.columns.iter().chain(right.columns.iter()).copied().collect()
            }
            JoinType::LeftSemi | JoinType::LeftAnti => left.columns,
            JoinType::RightSemi | JoinType::RightAnti => right.columns,
            JoinType::LeftMark | JoinType::RightMark => return Err(untraceable("a mark join")),
        };
        Ok(Flow { columns, rows })
    }

    fn aggregate(&mut self, aggregate: &Aggregate) -> Result<Prints> {
        let input = self.shared(&aggregate.input)?;
        let scope = Scope::of(&aggregate.input, &input);
        let keys = self.values(grouping_set_to_exprlist(&aggregate.group_expr)?, &scope)?;
        let mut rows = Mix::new("groups");
        let sets = match aggregate.group_expr.as_slice() {
            [Expr::GroupingSet(sets)] => Some(sets),
            _ => None,
        };
        // Without keys there is one row, whatever the input.
        if !aggregate.group_expr.is_empty() {
            rows = rows.print(input.rows).prints(keys.iter().copied());
        }
        if let Some(sets) = sets {
            rows = rows.prints(self.grouping_sets(sets, &scope)?);
        }
        let mut columns: Vec<Print> = keys.into_iter().map(|key| Mix::new("key").print(key).finish()).collect();
        if sets.is_some() {
            columns.push(Mix::new("grouping set").finish());
        }
        let rows = rows.finish();
        for expr in &aggregate.aggr_expr {
            let value = self.of_many_rows(expr, data_type(&aggregate.schema, columns.len())?, &scope)?;
            columns.push(Mix::new("of a group").print(input.rows).print(rows).print(value).finish());
        }
        Ok(Flow { columns: columns.into(), rows })
    }

    fn grouping_sets(&mut self, sets: &GroupingSet, scope: &Scope<Print>) -> Result<Vec<Print>> {
        let (kind, lists): (&str, Vec<&[Expr]>) = match sets {
            GroupingSet::Rollup(keys) => ("rollup", vec![keys]),
            GroupingSet::Cube(keys) => ("cube", vec![keys]),
            GroupingSet::GroupingSets(lists) => ("sets", lists.iter().map(Vec::as_slice).collect()),
        };
        let print = |walk: &mut Self, list: &[Expr]| Ok(Mix::new(kind).prints(walk.values(list, scope)?).finish());
        lists.into_iter().map(|list| print(self, list)).collect()
    }

    fn window(&mut self, window: &Window) -> Result<Prints> {
        let input = self.shared(&window.input)?;
        let scope = Scope::of(&window.input, &input);
        let mut columns = input.columns.to_vec();
        for expr in &window.window_expr {
            let value = self.of_many_rows(expr, data_type(&window.schema, columns.len())?, &scope)?;
            columns.push(Mix::new("over rows").print(input.rows).print(value).finish());
        }
        Ok(Flow { columns: columns.into(), rows: input.rows })
    }

    fn union(&mut self, union: &Union) -> Result<Prints> {
        let inputs = union.inputs.iter().map(|input| self.shared(input)).collect::<Result<Vec<_>>>()?;
        let rows = Mix::new("union").prints(inputs.iter().map(|input| input.rows)).finish();
        let mut columns = Vec::with_capacity(union.schema.fields().len());
        for index in 0..union.schema.fields().len() {
            let parts = inputs.iter().map(|input| input.columns.get(index).copied());
            let parts = parts.collect::<Option<Vec<_>>>().ok_or_else(|| untraceable("a union of unlike queries"))?;
            columns.push(Mix::new("union").prints(parts).finish());
        }
        Ok(Flow { columns: columns.into(), rows })
    }

    fn unnest(&mut self, unnest: &Unnest) -> Result<Prints> {
        let input = self.shared(&unnest.input)?;
        let column = |index: usize| input.columns.get(index).copied().ok_or_else(|| untraceable("an unnested column"));
        let mut rows = Mix::new("unnest").print(input.rows).with(unnest.options.null_handling);
        for (list, output) in &unnest.list_type_columns {
            rows = rows.print(column(*list)?).with(output.depth);
        }
        let rows = rows.with(unnest.list_type_columns.len()).finish();
        let mut columns: Vec<Print> = Vec::new();
        for (output, index) in unnest.dependency_indices.iter().enumerate() {
            let lists = unnest.list_type_columns.iter().filter(|(list, _)| list == index);
            let taken_apart = lists.count() > 0 || unnest.struct_type_columns.contains(index);
            if !taken_apart {
                columns.push(column(*index)?);
                continue;
            }
            // One input column may become several: elements of several depths, the fields of a struct.
            let sibling = unnest.dependency_indices.iter().take(output).filter(|other| *other == index).count();
            let depths = unnest.list_type_columns.iter().filter(|(list, _)| list == index).map(|(_, list)| list.depth);
            let mix = Mix::new("part").print(column(*index)?).with(sibling).with(depths.collect::<Vec<_>>());
            columns.push(mix.print(rows).finish());
        }
        Ok(Flow { columns: columns.into(), rows })
    }

    fn constants(&mut self, values: &Values) -> Result<Prints> {
        let scope = Scope::empty();
        let mut columns: Vec<Mix> =
            (0..values.schema.fields().len()).map(|index| Mix::new("values").with(index)).collect();
        for row in &values.values {
            let cells = self.values(row, &scope)?;
            columns = columns.into_iter().zip(cells).map(|(column, cell)| column.print(cell)).collect();
        }
        let rows = Mix::new("values").with(values.values.len()).finish();
        Ok(Flow { columns: columns.into_iter().map(Mix::finish).collect(), rows })
    }

    /// What a step finds depends on all that the steps before it have found: each column is made from the whole query.
    fn recursive_query(&mut self, query: &RecursiveQuery) -> Result<Prints> {
        self.closing(|walk| {
            let start = walk.shared(&query.static_term)?;
            let depth = walk.recursions;
            walk.recursions += 1;
            let held = |index: usize| Mix::new("working").with((depth, index)).finish();
            let held = Flow {
                columns: (0..start.columns.len()).map(held).collect(),
                rows: Mix::new("working").with(depth).finish(),
            };
            let step = walk.recursive_term(&query.name, held, &query.recursive_term);
            walk.recursions -= 1;
            let step = step?;
            let whole = Mix::new("recursion").with(query.is_distinct);
            let whole = whole.print(start.rows).prints(start.columns.iter().copied());
            let whole = whole.print(step.rows).prints(step.columns.iter().copied()).finish();
            // Where rows have nulls, DataFusion 55 takes some for found before that were not: what comes depends on the order.
            let whole = whole.stable_if(!query.is_distinct);
            let column = |index: usize| Mix::new("found").with(index).print(whole).finish();
            Ok(Flow { columns: (0..start.columns.len()).map(column).collect(), rows: whole })
        })
    }
}

/// A table function whose arguments can be told. The plan of others does not tell theirs.
fn date_dimension(scan: &TableScan) -> Option<Prints> {
    let told_by = DateDimension::told_by(scan)?;
    let column = |index: usize| Mix::new("date dimension").with(told_by).with(index).finish();
    let columns = (0..scan.source.schema().fields().len()).map(column).collect();
    let (first, last, _) = told_by;
    Some(Flow { columns, rows: Mix::new("date dimension").with((first, last)).finish() })
}

fn tagged(side: &str, flow: &Prints) -> std::rc::Rc<[Print]> {
    flow.columns.iter().map(|column| Mix::new(side).print(*column).finish()).collect()
}

fn data_type(schema: &Arc<DFSchema>, index: usize) -> Result<&DataType> {
    schema.fields().get(index).map(|field| field.data_type()).ok_or_else(|| untraceable("a column without a type"))
}
