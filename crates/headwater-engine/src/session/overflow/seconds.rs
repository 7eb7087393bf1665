//! Seconds that are made timestamps: those that do not fit are an error, where the query engine would take the last moment that it has.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// The function whose argument is looked at.
pub(super) const TO_TIMESTAMP: &str = "to_timestamp";
/// The name of what looks at it.
pub(super) const CHECKED_SECONDS: &str = "checked_seconds";
/// Seconds since 1970 that nanoseconds of 64 bits hold: to 2262-04-11.
const MOST: f64 = 9_223_372_036.0;

/// Its argument, unless it is too great.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Seconds {
    signature: Signature,
}

impl Default for Seconds {
    fn default() -> Self {
        Self { signature: Signature::exact(vec![DataType::Float64], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Seconds {
    fn name(&self) -> &str {
        CHECKED_SECONDS
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [seconds] = datafusion::common::utils::take_function_args(self.name(), args.args)?;
        let looked_at = match &seconds {
            ColumnarValue::Array(array) => array.clone(),
            ColumnarValue::Scalar(scalar) => scalar.to_array()?,
        };
        let values = looked_at.as_primitive::<Float64Type>();
        if let Some(value) = values.iter().flatten().find(|value| value.abs() > MOST) {
            return Err(DataFusionError::Execution(format!(
                "Overflow: to_timestamp of {value} seconds is past 2262-04-11 (to_timestamp_seconds takes whole seconds, to any year)"
            )));
        }
        Ok(seconds)
    }
}
