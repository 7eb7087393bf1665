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
use datafusion::logical_expr::expr::{Between, InList, ScalarFunction};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Case, Cast, Expr, ExprSchemable, Join, LogicalPlan, Operator, Projection, TryCast, Union,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::utils::NamePreserver;

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
    let mut schema = merge_schema(&plan.inputs());
    if let LogicalPlan::TableScan(scan) = &plan {
        schema.merge(&scan.projected_schema);
    }
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expr| {
        let name = names.save(&expr);
        Ok(exact_decimals(expr, &schema)?.update_data(|expr| name.restore(expr)))
    })?
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
            let changed = alike(both.each_mut(), is_compared(op), schema);
            let [left, right] = both.map(Box::new);
            told(Expr::BinaryExpr(BinaryExpr { left, op, right }), changed)
        }
        Expr::Between(Between { mut expr, negated, mut low, mut high }) => {
            let changed = alike([expr.as_mut(), low.as_mut(), high.as_mut()], true, schema);
            told(Expr::Between(Between { expr, negated, low, high }), changed)
        }
        Expr::InList(InList { mut expr, mut list, negated }) => {
            let changed = alike(std::iter::once(expr.as_mut()).chain(&mut list), true, schema);
            told(Expr::InList(InList { expr, list, negated }), changed)
        }
        Expr::Case(Case { mut expr, mut when_then_expr, mut else_expr }) => {
            let mut changed = false;
            if let Some(expr) = &mut expr {
                let whens = when_then_expr.iter_mut().map(|(when, _)| when.as_mut());
                changed |= alike(std::iter::once(expr.as_mut()).chain(whens), true, schema);
            }
            let thens = when_then_expr.iter_mut().map(|(_, then)| then.as_mut());
            changed |= alike(thens.chain(else_expr.iter_mut().map(AsMut::as_mut)), false, schema);
            told(Expr::Case(Case { expr, when_then_expr, else_expr }), changed)
        }
        Expr::ScalarFunction(ScalarFunction { func, mut args }) if ALIKE.contains(&func.name()) => {
            let changed = alike(&mut args, false, schema);
            told(Expr::ScalarFunction(ScalarFunction { func, args }), changed)
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

/// Makes decimals of the numbers among expressions that are brought to one type, where one of them is a decimal. Where another one is a double
/// all the same, and they are compared, doubles of the decimals. Says whether anything has changed.
fn alike<'a>(exprs: impl IntoIterator<Item = &'a mut Expr>, compared: bool, schema: &DFSchema) -> bool {
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
    if !has(&exprs, is_decimal) || !has(&exprs, DataType::is_floating) {
        return false;
    }
    let mut changed = false;
    for (expr, data_type) in &mut exprs {
        if let Some(number) = decimal(expr) {
            *data_type = number.get_type(schema).ok();
            **expr = number;
            changed = true;
        }
    }
    if compared && has(&exprs, DataType::is_floating) {
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
        changed |= alike([left, right], true, &schema);
    }
    let plan = LogicalPlan::Join(join);
    Ok(if changed { Transformed::yes(plan) } else { Transformed::no(plan) })
}

/// The rows of several queries, one below the other: a number in one of them is a decimal where the others have decimals, and decimals are doubles
/// where another has doubles.
fn exact_union(mut union: Union) -> Result<Transformed<LogicalPlan>> {
    let mut changed = false;
    for column in 0..union.schema.fields().len() {
        let types = |union: &Union, is: fn(&DataType) -> bool| {
            let has = |input: &Arc<LogicalPlan>| input.schema().fields().get(column).is_some_and(|f| is(f.data_type()));
            union.inputs.iter().any(has)
        };
        if !types(&union, is_decimal) || !types(&union, DataType::is_floating) {
            continue;
        }
        changed = true;
        for input in &mut union.inputs {
            if let LogicalPlan::Projection(projection) = input.as_ref()
                && let Some(number) = projection.expr.get(column).and_then(decimal)
            {
                let name = projection.schema.field(column).name().clone();
                let mut exprs = projection.expr.clone();
                exprs[column] = number.alias_if_changed(name)?;
                *input = Arc::new(LogicalPlan::Projection(Projection::try_new(exprs, Arc::clone(&projection.input))?));
            }
        }
        if !types(&union, DataType::is_floating) {
            continue;
        }
        for input in &mut union.inputs {
            let fields = input.schema().fields();
            if !fields.get(column).is_some_and(|field| is_decimal(field.data_type())) {
                continue;
            }
            let exprs = input.schema().columns().into_iter().enumerate().map(|(at, found)| match at == column {
                true => as_double(Expr::Column(found.clone())).alias(found.name),
                false => Expr::Column(found),
            });
            let exprs = exprs.collect();
            *input = Arc::new(LogicalPlan::Projection(Projection::try_new(exprs, Arc::clone(input))?));
        }
    }
    let plan = LogicalPlan::Union(union);
    Ok(if changed { Transformed::yes(plan) } else { Transformed::no(plan) })
}
