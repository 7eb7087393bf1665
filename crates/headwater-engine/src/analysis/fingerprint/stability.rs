//! What comes out the same whenever it is computed on the same rows.
//!
//! Rows have no order, and lanes work in parallel: what depends on the order in which rows come is not stable. That is a
//! choice that SQL leaves open (which of equal rows a LIMIT keeps, which comes first in a window), and the last bits of a
//! sum of floating-point numbers.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::{Expr, Volatility, WindowFrame, WindowFrameBound, WindowFrameUnits};

use crate::analysis::volatile::called_function;

/// Whether a call gives the same value for the same arguments, in this run and the next.
pub(super) fn is_immutable(call: &Expr) -> bool {
    called_function(call).is_some_and(|(_, volatility)| volatility == Volatility::Immutable)
}

/// Whether an aggregate does not depend on the order of rows. `value` is the type of its value.
pub(super) fn aggregate(call: &AggregateFunction, value: &DataType) -> bool {
    ignores_order(call.func.name(), value)
}

/// Whether a window function does not depend on the order of rows that its ORDER BY leaves open.
pub(super) fn window(call: &WindowFunction, value: &DataType) -> bool {
    match call.fun.name() {
        // Rows with equal keys have the same.
        "rank" | "dense_rank" | "percent_rank" | "cume_dist" => true,
        name => ignores_order(name, value) && ends_between_keys(&call.params.window_frame),
    }
}

fn ignores_order(function: &str, value: &DataType) -> bool {
    match function {
        "count" | "min" | "max" | "bool_and" | "bool_or" | "bit_and" | "bit_or" | "bit_xor" | "grouping" => true,
        "sum" | "avg" => {
            matches!(value, DataType::Int64 | DataType::UInt64 | DataType::Decimal128(..) | DataType::Decimal256(..))
        }
        _ => false,
    }
}

/// Whether a frame never parts rows with equal keys.
fn ends_between_keys(frame: &WindowFrame) -> bool {
    let unbounded = |bound: &WindowFrameBound| match bound {
        WindowFrameBound::Preceding(limit) | WindowFrameBound::Following(limit) => limit.is_null(),
        WindowFrameBound::CurrentRow => false,
    };
    frame.units != WindowFrameUnits::Rows || (unbounded(&frame.start_bound) && unbounded(&frame.end_bound))
}
