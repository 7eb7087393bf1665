//! The edges into the value of an expression.

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{
    AggregateFunction, Case, HigherOrderFunction, ScalarFunction, Sort as SortExpr, WindowFunction,
};
use datafusion::logical_expr::{Expr, Subquery};
use headwater_sdk::lineage::Influence;

use super::edges::{Edges, Gathered};
use super::function::{self, Use};
use super::plan::column;
use super::walk::Walk;
use crate::analysis::walk::{Flow, Scope as AnyScope, Walker, untraceable};

type Scope = AnyScope<Edges>;

impl Walk {
    /// The edges into an expression's value for one row of the scope (for an aggregate: one group).
    #[recursive::recursive]
    pub(super) fn value(&mut self, expr: &Expr, scope: &Scope) -> Result<Edges> {
        match expr {
            Expr::Column(column) => {
                scope.find(column).ok_or_else(|| untraceable(&format!("column '{}'", column.flat_name())))
            }
            Expr::OuterReferenceColumn(_, column) => Ok(self.outer(column)?.1),
            Expr::Alias(alias) => self.value(&alias.expr, scope),
            Expr::Literal(..) | Expr::ScalarVariable(..) | Expr::LambdaVariable(_) | Expr::Placeholder(_) => {
                Ok(Edges::default())
            }
            Expr::IsNull(inner) | Expr::IsNotNull(inner) | Expr::IsUnknown(inner) | Expr::IsNotUnknown(inner) => {
                Ok(self.value(inner, scope)?.computed(Influence::Transformation).masked())
            }
            Expr::Case(case) => self.case(case, scope),
            Expr::ScalarFunction(call) => self.scalar_function(call, scope),
            Expr::AggregateFunction(call) => self.aggregate_function(call, scope),
            Expr::WindowFunction(call) => self.window_function(call, scope),
            Expr::HigherOrderFunction(call) => self.higher_order_function(call, scope),
            Expr::ScalarSubquery(subquery) => {
                let flow = self.subquery(subquery, scope)?;
                Ok(column(&flow, 0).union(&flow.rows))
            }
            Expr::Exists(exists) => Ok(self.subquery(&exists.subquery, scope)?.rows),
            Expr::InSubquery(test) => self.set_test(&test.expr, &test.subquery, scope),
            Expr::SetComparison(test) => self.set_test(&test.expr, &test.subquery, scope),
            // What is left computes its value from those of its parts: operators, casts, BETWEEN, LIKE, IN lists, …
            _ => self.computed_from_parts(expr, scope),
        }
    }

    /// The edges by which expressions decide something: which rows are kept, joined, grouped, …
    pub(super) fn deciding<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        kind: Influence,
        scope: &Scope,
    ) -> Result<Edges> {
        let mut gathered = Gathered::default();
        for expr in exprs {
            gathered.add(&self.value(expr, scope)?.deciding(kind));
        }
        Ok(gathered.finish())
    }

    fn computed_from_parts(&mut self, expr: &Expr, scope: &Scope) -> Result<Edges> {
        let mut gathered = Gathered::default();
        expr.apply_children(|part| {
            gathered.add(&self.value(part, scope)?.computed(Influence::Transformation));
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(gathered.finish())
    }

    fn case(&mut self, case: &Case, scope: &Scope) -> Result<Edges> {
        let mut gathered = Gathered::default();
        let conditions = case.expr.iter().chain(case.when_then_expr.iter().map(|(when, _)| when));
        gathered.add(&self.deciding(conditions.map(AsRef::as_ref), Influence::Conditional, scope)?);
        for branch in case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr) {
            gathered.add(&self.value(branch, scope)?);
        }
        Ok(gathered.finish())
    }

    fn scalar_function(&mut self, call: &ScalarFunction, scope: &Scope) -> Result<Edges> {
        let name = call.name();
        if function::reads_type_only(name) {
            return Ok(Edges::default());
        }
        let mut gathered = Gathered::default();
        for (index, argument) in call.args.iter().enumerate() {
            let value = self.value(argument, scope)?;
            let decides = || value.deciding(Influence::Conditional);
            match function::argument_use(name, index, call.args.len()) {
                Use::Computed if function::is_one_way(name) => {
                    gathered.add(&value.computed(Influence::Transformation).masked());
                }
                Use::Computed => gathered.add(&value.computed(Influence::Transformation)),
                Use::Passed => gathered.add(&value),
                Use::PassedOrNull => {
                    gathered.add(&value);
                    gathered.add(&decides().masked());
                }
                Use::DecidesByNull => gathered.add(&decides().masked()),
                Use::Decides => gathered.add(&decides()),
                Use::PassedAndDecides => {
                    gathered.add(&value);
                    gathered.add(&decides());
                }
            }
        }
        Ok(gathered.finish())
    }

    fn aggregate_function(&mut self, call: &AggregateFunction, scope: &Scope) -> Result<Edges> {
        let mut gathered = Gathered::default();
        if call.func.name() != function::GROUPING {
            gathered.add(&self.many_rows(&call.params.args, call.func.name(), scope)?);
        }
        gathered.add(&self.deciding(call.params.filter.as_deref(), Influence::Filter, scope)?);
        gathered.add(&self.sorting(&call.params.order_by, Influence::Sort, scope)?);
        Ok(gathered.finish())
    }

    fn window_function(&mut self, call: &WindowFunction, scope: &Scope) -> Result<Edges> {
        let params = &call.params;
        let mut gathered = Gathered::default();
        gathered.add(&self.many_rows(&params.args, call.fun.name(), scope)?);
        gathered.add(&self.deciding(&params.partition_by, Influence::Window, scope)?);
        gathered.add(&self.sorting(&params.order_by, Influence::Window, scope)?);
        gathered.add(&self.deciding(params.filter.as_deref(), Influence::Filter, scope)?);
        Ok(gathered.finish())
    }

    fn many_rows(&mut self, args: &[Expr], function: &str, scope: &Scope) -> Result<Edges> {
        let mut gathered = Gathered::default();
        for argument in args {
            gathered.add(&self.value(argument, scope)?.computed(Influence::Aggregation));
        }
        let edges = gathered.finish();
        Ok(if function::is_count(function) { edges.masked() } else { edges })
    }

    pub(super) fn sorting(&mut self, keys: &[SortExpr], kind: Influence, scope: &Scope) -> Result<Edges> {
        self.deciding(keys.iter().map(|key| &key.expr), kind, scope)
    }

    /// A lambda's body may name columns beside its parameters; its parameters' values come from the other arguments.
    fn higher_order_function(&mut self, call: &HigherOrderFunction, scope: &Scope) -> Result<Edges> {
        let mut gathered = Gathered::default();
        for argument in &call.args {
            let argument = if let Expr::Lambda(lambda) = argument { &lambda.body } else { argument };
            gathered.add(&self.value(argument, scope)?.computed(Influence::Transformation));
        }
        Ok(gathered.finish())
    }

    /// `x IN (query)`, `x = ANY (query)`: made from `x` and from the values of all of the query's rows.
    fn set_test(&mut self, expr: &Expr, subquery: &Subquery, scope: &Scope) -> Result<Edges> {
        let left = self.value(expr, scope)?.computed(Influence::Transformation);
        let Flow { columns, rows } = self.subquery(subquery, scope)?;
        let mut gathered = Gathered::default();
        gathered.add(&left);
        columns.iter().for_each(|column| gathered.add(&column.computed(Influence::Aggregation)));
        gathered.add(&rows);
        Ok(gathered.finish())
    }
}
