//! What the value of an expression is made from.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::expr::{AggregateFunction, Sort as SortExpr, WindowFunction};
use datafusion::logical_expr::{Expr, Subquery};
use datafusion::scalar::ScalarValue;

use super::print::{Mix, Print};
use super::{Walk, stability};
use crate::analysis::walk::{Scope, Walker, untraceable};

impl Walk {
    /// The print of an expression's value for one row of the scope.
    #[recursive::recursive]
    pub(super) fn value(&mut self, expr: &Expr, scope: &Scope<Print>) -> Result<Print> {
        let mix = Mix::new("value").with(std::mem::discriminant(expr));
        Ok(match expr {
            Expr::Column(column) => {
                return scope.find(column).ok_or_else(|| untraceable(&format!("column '{}'", column.flat_name())));
            }
            Expr::Alias(alias) => return self.value(&alias.expr, scope),
            Expr::OuterReferenceColumn(_, column) => {
                let (query, print) = self.outer(column)?;
                mix.with(query).print(print).finish()
            }
            Expr::Literal(value, None) if is_plain(value) => mix.with(value).finish(),
            Expr::BinaryExpr(binary) => {
                let mix = mix.with(binary.op);
                mix.print(self.value(&binary.left, scope)?).print(self.value(&binary.right, scope)?).finish()
            }
            Expr::Like(like) | Expr::SimilarTo(like) => {
                let mix = mix.with((like.negated, like.escape_char, like.case_insensitive));
                mix.print(self.value(&like.expr, scope)?).print(self.value(&like.pattern, scope)?).finish()
            }
            Expr::Not(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::Negative(inner) => mix.print(self.value(inner, scope)?).finish(),
            Expr::Between(between) => {
                let mix = mix.with(between.negated).print(self.value(&between.expr, scope)?);
                mix.print(self.value(&between.low, scope)?).print(self.value(&between.high, scope)?).finish()
            }
            Expr::Case(case) => {
                let parts = case.when_then_expr.iter().flat_map(|(when, then)| [when.as_ref(), then.as_ref()]);
                let mix = mix.prints(self.values(parts, scope)?);
                let mix = mix.prints(self.values(case.expr.as_deref(), scope)?);
                mix.prints(self.values(case.else_expr.as_deref(), scope)?).finish()
            }
            Expr::Cast(cast) => mix.with(cast.field.data_type()).print(self.value(&cast.expr, scope)?).finish(),
            Expr::TryCast(cast) => mix.with(cast.field.data_type()).print(self.value(&cast.expr, scope)?).finish(),
            Expr::InList(list) => {
                let mix = mix.with(list.negated).print(self.value(&list.expr, scope)?);
                mix.prints(self.values(&list.list, scope)?).finish()
            }
            Expr::ScalarFunction(call) => {
                let mix = mix.with(call.name()).prints(self.values(&call.args, scope)?);
                mix.finish().stable_if(stability::is_immutable(expr))
            }
            Expr::ScalarSubquery(subquery) => mix.print(self.query(subquery, scope)?).finish(),
            Expr::Exists(test) => {
                // What the query selects does not matter.
                let rows = self.subquery(&test.subquery, scope)?.rows;
                mix.with(test.negated).print(rows).finish()
            }
            Expr::InSubquery(test) => {
                let mix = mix.with(test.negated).print(self.value(&test.expr, scope)?);
                mix.print(self.query(&test.subquery, scope)?).finish()
            }
            Expr::SetComparison(test) => {
                let mix = mix.with(test.op).with(test.quantifier.to_string()).print(self.value(&test.expr, scope)?);
                mix.print(self.query(&test.subquery, scope)?).finish()
            }
            // Aggregates and windows are told by their plan nodes; lambdas, access to session variables and what
            // DataFusion may bring tomorrow are not known.
            other => return Err(untraceable(&format!("the expression '{other}'"))),
        })
    }

    pub(super) fn values<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        scope: &Scope<Print>,
    ) -> Result<Vec<Print>> {
        exprs.into_iter().map(|expr| self.value(expr, scope)).collect()
    }

    /// Everything that a subquery yields.
    fn query(&mut self, subquery: &Subquery, scope: &Scope<Print>) -> Result<Print> {
        let flow = self.subquery(subquery, scope)?;
        Ok(Mix::new("query").print(flow.rows).prints(flow.columns.iter().copied()).finish())
    }

    /// Keys, with how each sorts.
    pub(super) fn sorting(&mut self, keys: &[SortExpr], scope: &Scope<Print>) -> Result<Print> {
        let mut mix = Mix::new("sort");
        for key in keys {
            mix = mix.print(self.value(&key.expr, scope)?).with((key.asc, key.nulls_first));
        }
        Ok(mix.finish())
    }

    /// The value of an aggregate, or of a window function, over the rows of the scope. `value` is its type.
    pub(super) fn of_many_rows(&mut self, expr: &Expr, value: &DataType, scope: &Scope<Print>) -> Result<Print> {
        match expr {
            Expr::Alias(alias) => self.of_many_rows(&alias.expr, value, scope),
            Expr::AggregateFunction(call) => {
                let stable = stability::is_immutable(expr) && stability::aggregate(call, value);
                Ok(self.aggregate_function(call, scope)?.stable_if(stable))
            }
            Expr::WindowFunction(call) => {
                let stable = stability::is_immutable(expr) && stability::window(call, value);
                Ok(self.window_function(call, scope)?.stable_if(stable))
            }
            other => self.value(other, scope),
        }
    }

    fn aggregate_function(&mut self, call: &AggregateFunction, scope: &Scope<Print>) -> Result<Print> {
        let params = &call.params;
        let mix = Mix::new("aggregate").with(call.func.name()).with(params.distinct).with(params.null_treatment);
        let mix = mix.prints(self.values(&params.args, scope)?).print(self.sorting(&params.order_by, scope)?);
        Ok(mix.prints(self.values(params.filter.as_deref(), scope)?).finish())
    }

    fn window_function(&mut self, call: &WindowFunction, scope: &Scope<Print>) -> Result<Print> {
        let params = &call.params;
        let mix = Mix::new("window").with(call.fun.name()).with(params.distinct).with(params.null_treatment);
        let mix = mix.with(&params.window_frame).prints(self.values(&params.args, scope)?);
        let mix = mix.prints(self.values(&params.partition_by, scope)?).print(self.sorting(&params.order_by, scope)?);
        Ok(mix.prints(self.values(params.filter.as_deref(), scope)?).finish())
    }
}

/// Whether a constant is what its hash says. Nested ones are arrays of their own.
fn is_plain(value: &ScalarValue) -> bool {
    !matches!(
        value,
        ScalarValue::FixedSizeList(_)
            | ScalarValue::List(_)
            | ScalarValue::LargeList(_)
            | ScalarValue::Struct(_)
            | ScalarValue::Map(_)
            | ScalarValue::Union(..)
            | ScalarValue::Dictionary(..)
    )
}
