//! `unknown_key()` and `not_applicable_key()`: the keys of the members that stand for what has no member of its own.

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// A function without arguments whose value is a key that no surrogate key ever is: those are never negative.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SpecialKey {
    name: &'static str,
    key: i64,
    signature: Signature,
}

impl SpecialKey {
    pub(super) fn unknown() -> Self {
        Self::new("unknown_key", -1)
    }

    pub(super) fn not_applicable() -> Self {
        Self::new("not_applicable_key", -2)
    }

    fn new(name: &'static str, key: i64) -> Self {
        Self { name, key, signature: Signature::nullary(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for SpecialKey {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(ScalarValue::Int64(Some(self.key))))
    }
}
