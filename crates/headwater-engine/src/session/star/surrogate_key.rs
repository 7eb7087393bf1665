//! `surrogate_key(a, b, …)`: a key of a member, made from the values that the source tells members apart by.
//!
//! The key is a `bigint` from 0 to 2⁶³ − 1: the first 8 bytes of the BLAKE3 hash of the values' encoding (`encoding`), read as
//! a little-endian number, without its highest bit. It is the same on every machine and in every version. Negative numbers
//! are left for the special members. Where all arguments are null there is no key: null.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::encoding::{Encoder, is_encodable};

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SurrogateKey {
    signature: Signature,
}

impl Default for SurrogateKey {
    fn default() -> Self {
        Self { signature: Signature::variadic_any(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for SurrogateKey {
    fn name(&self) -> &str {
        "surrogate_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        if arguments.is_empty() {
            return plan_err!("'surrogate_key' takes the columns that tell members apart. Name at least one");
        }
        if let Some(other) = arguments.iter().find(|argument| !is_encodable(argument)) {
            return plan_err!(
                "'surrogate_key' takes numbers, texts, bytes, truth values, dates and timestamps, not {other}. Cast it to one of these"
            );
        }
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let keys = keys(&columns)?;
        Ok(if is_constant {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&keys, 0)?)
        } else {
            ColumnarValue::Array(keys)
        })
    }
}

/// The keys of rows.
pub(super) fn keys(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let rows = columns.first().map_or(0, |column| column.len());
    let encoders = columns.iter().map(Encoder::new).collect::<Result<Vec<_>, _>>()?;
    let mut row_bytes = Vec::new();
    let key = |row: usize| {
        row_bytes.clear();
        let mut any = false;
        for encoder in &encoders {
            any |= encoder.write(row, &mut row_bytes);
        }
        any.then(|| key_of(&row_bytes))
    };
    Ok(Arc::new((0..rows).map(key).collect::<Int64Array>()))
}

fn key_of(bytes: &[u8]) -> i64 {
    let hash = blake3::hash(bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    (u64::from_le_bytes(first) & (u64::MAX >> 1)) as i64
}
