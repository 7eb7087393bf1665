//! SQL functions for star schemas, which every session has: `surrogate_key(…)`, `unknown_key()`, `not_applicable_key()` and
//! the table function `date_dimension(…)` (docs/adr/0008-star-schemas.md).

mod date_columns;
mod date_dimension;
mod encoding;
mod special_keys;
mod surrogate_key;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::ScalarUDF;
use datafusion::logical_expr::registry::FunctionRegistry;

pub(crate) use date_dimension::DateDimension;

use date_dimension::DateDimensionFunction;
use special_keys::SpecialKey;
use surrogate_key::SurrogateKey;

/// Gives a session the functions.
///
/// # Errors
/// When the session takes no functions.
pub(super) fn register(state: &mut SessionState) -> Result<()> {
    for function in [
        ScalarUDF::new_from_impl(SurrogateKey::default()),
        ScalarUDF::new_from_impl(SpecialKey::unknown()),
        ScalarUDF::new_from_impl(SpecialKey::not_applicable()),
    ] {
        state.register_udf(Arc::new(function))?;
    }
    state.register_udtf(date_dimension::NAME, Arc::new(DateDimensionFunction));
    Ok(())
}
