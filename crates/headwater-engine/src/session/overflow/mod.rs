//! Sums, differences and products of integers that do not fit their type: an error, where the query engine would go on
//! with what is left of their bits.
//!
//! The operators become functions before anything else is optimised, so that constants are computed by them too.

mod seconds;
mod sum;

use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ExprSchema, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::physical_expr_common::datum::apply;

use super::expressions::rewrite_expressions;
use seconds::{CHECKED_SECONDS, Seconds, TO_TIMESTAMP};
pub(super) use sum::ExactSum;

/// Puts the functions in place of the operators.
#[derive(Debug)]
pub(super) struct RefuseOverflow;

impl OptimizerRule for RefuseOverflow {
    fn name(&self) -> &str {
        "refuse_overflow"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        rewrite_expressions(plan, refuse_overflow)
    }
}

/// Puts the functions in place of the operators of an expression.
pub(crate) fn refuse_overflow(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    expr.transform_up(|expr| match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match checked(&left, op, &right, schema) {
            Some(arithmetic) => {
                let func = ScalarUDF::new_from_impl(arithmetic).into();
                Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args: vec![*left, *right] })))
            }
            None => Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
        },
        Expr::ScalarFunction(ScalarFunction { func, mut args }) if func.name() == TO_TIMESTAMP => {
            let is_checked = |expr: &Expr| matches!(expr.get_type(schema), Ok(DataType::Float64)) && !is_seconds(expr);
            let Some(seconds) = args.first_mut().filter(|expr| is_checked(expr)) else {
                return Ok(Transformed::no(Expr::ScalarFunction(ScalarFunction { func, args })));
            };
            let checked = ScalarUDF::new_from_impl(Seconds::default()).into();
            let inner = std::mem::take(seconds);
            *seconds = Expr::ScalarFunction(ScalarFunction { func: checked, args: vec![inner] });
            Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args })))
        }
        other => Ok(Transformed::no(other)),
    })
}

/// Whether an expression is looked at already: the optimiser comes by more than once.
fn is_seconds(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(function) if function.func.name() == CHECKED_SECONDS)
}

/// The function for an operator on two integers of one type.
fn checked(left: &Expr, op: Operator, right: &Expr, schema: &dyn ExprSchema) -> Option<Arithmetic> {
    if !matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply) {
        return None;
    }
    let data_type = left.get_type(schema).ok().filter(DataType::is_integer)?;
    (right.get_type(schema).ok()? == data_type)
        .then(|| Arithmetic { op, signature: Signature::any(2, Volatility::Immutable) })
}

/// `+`, `-` or `*` of two integers of one type.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Arithmetic {
    op: Operator,
    signature: Signature,
}

impl ScalarUDFImpl for Arithmetic {
    fn name(&self) -> &str {
        match self.op {
            Operator::Plus => "checked_add",
            Operator::Minus => "checked_subtract",
            _ => "checked_multiply",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Null))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        Ok(arrow::datatypes::Field::new(self.name(), self.return_type(&types)?, nullable).into())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = datafusion::common::utils::take_function_args(self.name(), args.args)?;
        match self.op {
            Operator::Plus => apply(&left, &right, numeric::add),
            Operator::Minus => apply(&left, &right, numeric::sub),
            _ => apply(&left, &right, numeric::mul),
        }
    }
}
