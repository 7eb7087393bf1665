//! Numbers beside decimals: `price = 16.74` compares decimals, as it does in other databases.
//!
//! The query engine reads a number with a fraction as a double, and makes a decimal of it where the other side is one, digit by digit of what a
//! double holds: 16.74 becomes 16.739999999999998, and equals no price. Here such a number is the decimal that was written, wherever it stands
//! beside a decimal: in comparisons, lists, ranges, sums, differences, products, branches, and casts to decimals. A decimal that is compared with
//! the double of a column becomes a double, as PostgreSQL has it: no double has a decimal's digits.

mod literal;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Between, InList, InSubquery, ScalarFunction};
use datafusion::logical_expr::{
    BinaryExpr, Case, Cast, Expr, ExprSchemable, Join, LogicalPlan, Operator, Projection, Subquery, TryCast, Union,
};
use datafusion::optimizer::AnalyzerRule;

use super::expressions::rewrite_expressions;
use literal::decimal;

/// Functions that give one of their arguments, or compare them.
const ALIKE: [&str; 6] = ["coalesce", "nvl", "ifnull", "nullif", "greatest", "least"];

/// Makes numbers beside decimals decimals. It goes before the types of a plan are brought together.
#[derive(Debug)]
pub(crate) struct ExactDecimals;

impl AnalyzerRule for ExactDecimals {
    fn name(&self) -> &'static str {
        "exact_decimals"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(exact_node)?.data)
    }
}

fn exact_node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    rewrite_expressions(plan, exact_decimals)?
        .transform_data(|plan| match plan {
            LogicalPlan::Join(join) => exact_join(join),
            LogicalPlan::Union(union) => exact_union(union),
            plan => Ok(Transformed::no(plan)),
        })?
        // What is below may have other types now.
        .map_data(LogicalPlan::recompute_schema)
}

/// Makes numbers beside decimals decimals, in an expression over a schema.
///
/// # Errors
/// When the expression makes no sense there.
pub(crate) fn exact_decimals(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    expr.transform_up(|expr| exact(expr, schema))
}

fn exact(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    Ok(match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_compared(op) || is_computed(op) => {
            let mut both = [*left, *right];
            let brought = if is_compared(op) { Brought::Compared } else { Brought::Computed };
            let changed = alike(both.each_mut(), brought, schema);
            let [left, right] = both.map(Box::new);
            told(Expr::BinaryExpr(BinaryExpr { left, op, right }), changed)
        }
        Expr::Between(Between { mut expr, negated, mut low, mut high }) => {
            let changed = alike([expr.as_mut(), low.as_mut(), high.as_mut()], Brought::Compared, schema);
            told(Expr::Between(Between { expr, negated, low, high }), changed)
        }
        Expr::InList(InList { mut expr, mut list, negated }) => {
            let changed = alike(std::iter::once(expr.as_mut()).chain(&mut list), Brought::Compared, schema);
            told(Expr::InList(InList { expr, list, negated }), changed)
        }
        Expr::Case(Case { mut expr, mut when_then_expr, mut else_expr }) => {
            let mut changed = false;
            if let Some(expr) = &mut expr {
                let whens = when_then_expr.iter_mut().map(|(when, _)| when.as_mut());
                changed |= alike(std::iter::once(expr.as_mut()).chain(whens), Brought::Compared, schema);
            }
            let thens = when_then_expr.iter_mut().map(|(_, then)| then.as_mut());
            changed |= alike(thens.chain(else_expr.iter_mut().map(AsMut::as_mut)), Brought::Unified, schema);
            told(Expr::Case(Case { expr, when_then_expr, else_expr }), changed)
        }
        Expr::ScalarFunction(ScalarFunction { func, mut args }) if ALIKE.contains(&func.name()) => {
            let changed = alike(&mut args, Brought::Unified, schema);
            told(Expr::ScalarFunction(ScalarFunction { func, args }), changed)
        }
        Expr::InSubquery(InSubquery { mut expr, mut subquery, negated }) => {
            let changed = alike_subquery(&mut expr, &mut subquery, schema)?;
            told(Expr::InSubquery(InSubquery { expr, subquery, negated }), changed)
        }
        Expr::SetComparison(mut comparison) => {
            let changed = alike_subquery(&mut comparison.expr, &mut comparison.subquery, schema)?;
            told(Expr::SetComparison(comparison), changed)
        }
        Expr::Cast(cast) if is_decimal(cast.field.data_type()) => match decimal(&cast.expr) {
            Some(number) => Transformed::yes(Expr::Cast(Cast { expr: Box::new(number), ..cast })),
            None => Transformed::no(Expr::Cast(cast)),
        },
        Expr::TryCast(cast) if is_decimal(cast.field.data_type()) => match decimal(&cast.expr) {
            Some(number) => Transformed::yes(Expr::TryCast(TryCast { expr: Box::new(number), ..cast })),
            None => Transformed::no(Expr::TryCast(cast)),
        },
        other => Transformed::no(other),
    })
}

fn told(expr: Expr, changed: bool) -> Transformed<Expr> {
    if changed { Transformed::yes(expr) } else { Transformed::no(expr) }
}

/// Why expressions are brought together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brought {
    /// Texts that are numbers are decimals, too.
    Compared,
    Computed,
    Unified,
}

/// Makes decimals of the numbers among expressions, where one of them is a decimal. Where another one is a double all the same, doubles of the
/// decimals, unless they are computed with: of these the query engine makes doubles itself. Says whether anything has changed.
fn alike<'a>(exprs: impl IntoIterator<Item = &'a mut Expr>, brought: Brought, schema: &DFSchema) -> bool {
    let mut exprs: Vec<(&mut Expr, Option<DataType>)> = exprs
        .into_iter()
        .map(|expr| {
            let data_type = expr.get_type(schema).ok();
            (expr, data_type)
        })
        .collect();
    let has = |exprs: &[(&mut Expr, Option<DataType>)], is: fn(&DataType) -> bool| {
        exprs.iter().any(|(_, data_type)| data_type.as_ref().is_some_and(is))
    };
    if !has(&exprs, is_decimal) {
        return false;
    }
    let mut changed = false;
    for (expr, data_type) in &mut exprs {
        let text = if brought == Brought::Compared { literal::decimal_of_text(expr) } else { None };
        if let Some(number) = text.or_else(|| decimal(expr)) {
            *data_type = number.get_type(schema).ok();
            **expr = number;
            changed = true;
        }
    }
    if brought != Brought::Computed && has(&exprs, DataType::is_floating) {
        for (expr, _) in exprs.iter_mut().filter(|(_, data_type)| data_type.as_ref().is_some_and(is_decimal)) {
            **expr = as_double(std::mem::take(*expr));
            changed = true;
        }
    }
    changed
}

fn as_double(expr: Expr) -> Expr {
    Expr::Cast(Cast::new(Box::new(expr), DataType::Float64))
}

fn is_decimal(data_type: &DataType) -> bool {
    data_type.is_decimal()
}

fn is_compared(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}

/// A quotient has more digits than a decimal: it stays what it is.
fn is_computed(op: Operator) -> bool {
    matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Modulo)
}

/// What rows are joined by is compared, too.
fn exact_join(mut join: Join) -> Result<Transformed<LogicalPlan>> {
    let mut schema = join.left.schema().as_ref().clone();
    schema.merge(join.right.schema());
    let mut changed = false;
    for (left, right) in &mut join.on {
        changed |= alike([left, right], Brought::Compared, &schema);
    }
    let plan = LogicalPlan::Join(join);
    Ok(if changed { Transformed::yes(plan) } else { Transformed::no(plan) })
}

/// A value that is compared with what a query yields.
fn alike_subquery(expr: &mut Expr, subquery: &mut Subquery, schema: &DFSchema) -> Result<bool> {
    let yields =
        |subquery: &Subquery| subquery.subquery.schema().fields().first().map(|field| field.data_type().clone());
    let (Ok(mut own), Some(mut other)) = (expr.get_type(schema), yields(subquery)) else { return Ok(false) };
    if is_decimal(&own) == is_decimal(&other) {
        return Ok(false);
    }
    let mut changed = false;
    if own.is_floating()
        && let Some(number) = decimal(expr)
    {
        (own, *expr, changed) = (number.get_type(schema)?, number, true);
    }
    if other.is_floating()
        && let Some(plan) = number_as_decimal(&subquery.subquery, 0)?
    {
        subquery.subquery = plan;
        (other, changed) = (yields(subquery).unwrap_or(DataType::Null), true);
    }
    if is_decimal(&own) && other.is_floating() {
        (*expr, changed) = (as_double(std::mem::take(expr)), true);
    } else if own.is_floating() && is_decimal(&other) {
        (subquery.subquery, changed) = (column_as_double(&subquery.subquery, 0)?, true);
    }
    Ok(changed)
}

/// A plan that yields a number which is written in it, as a decimal.
fn number_as_decimal(plan: &Arc<LogicalPlan>, column: usize) -> Result<Option<Arc<LogicalPlan>>> {
    let LogicalPlan::Projection(projection) = plan.as_ref() else { return Ok(None) };
    let Some(number) = projection.expr.get(column).and_then(decimal) else { return Ok(None) };
    let mut exprs = projection.expr.clone();
    exprs[column] = number.alias_if_changed(projection.schema.field(column).name().clone())?;
    let plan = Projection::try_new(exprs, Arc::clone(&projection.input))?;
    Ok(Some(Arc::new(LogicalPlan::Projection(plan))))
}

/// A plan with a column as doubles.
fn column_as_double(plan: &Arc<LogicalPlan>, column: usize) -> Result<Arc<LogicalPlan>> {
    let exprs = plan.schema().columns().into_iter().enumerate().map(|(at, found)| match at == column {
        true => as_double(Expr::Column(found.clone())).alias(found.name),
        false => Expr::Column(found),
    });
    let exprs = exprs.collect();
    Ok(Arc::new(LogicalPlan::Projection(Projection::try_new(exprs, Arc::clone(plan))?)))
}

/// The rows of several queries, one below the other: a number in one of them is a decimal where the others have decimals, and decimals are doubles
/// where another has doubles.
fn exact_union(mut union: Union) -> Result<Transformed<LogicalPlan>> {
    let type_of = |plan: &Arc<LogicalPlan>, column: usize| plan.schema().field(column).data_type().clone();
    let columns = union.schema.fields().len();
    if union.inputs.iter().any(|input| input.schema().fields().len() != columns) {
        // By name.
        return Ok(Transformed::no(LogicalPlan::Union(union)));
    }
    for column in 0..columns {
        let has =
            |union: &Union, is: fn(&DataType) -> bool| union.inputs.iter().any(|input| is(&type_of(input, column)));
        if !has(&union, is_decimal) || !has(&union, DataType::is_floating) {
            continue;
        }
        for input in &mut union.inputs {
            if let Some(plan) = number_as_decimal(input, column)? {
                *input = plan;
            }
        }
        if has(&union, DataType::is_floating) {
            for input in &mut union.inputs {
                if is_decimal(&type_of(input, column)) {
                    *input = column_as_double(input, column)?;
                }
            }
        }
    }
    // What is below may have other types, of which a union takes no notice by itself.
    let is_same = (0..columns).all(|at| type_of(&union.inputs[0], at) == *union.schema.field(at).data_type());
    Ok(match is_same {
        true => Transformed::no(LogicalPlan::Union(union)),
        false => Transformed::yes(LogicalPlan::Union(Union::try_new_with_loose_types(union.inputs)?)),
    })
}
