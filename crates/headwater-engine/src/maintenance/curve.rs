//! The order of rows along a Z-order curve through several columns: rows whose values are near each other in all of the columns
//! come near each other, so that each file holds a narrow range of every one of them.
//!
//! Values count by their rank among those that there are, told from a sample, and not by their size: columns of any types and
//! spreads then weigh the same. The number of a row interleaves the bits of its ranks, the highest first (Morton, 1966).

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use headwater_sdk::Result;

use crate::session::arrow_error;

/// Values of a column that are looked at to tell ranks.
const SAMPLE: u64 = 64 * 1024;
/// The bits of a row's number.
const BITS: u32 = 64;
/// The most bits of a rank: 1,024 ranges of each column.
const MOST_RANK_BITS: u32 = 10;

/// A curve through the values of some columns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Curve {
    signature: Signature,
    /// While the values are looked at, those of each column, of which every `step`th counts; then the least value of each range
    /// but the first. Both as sortable bytes.
    columns: Vec<Vec<Box<[u8]>>>,
    step: u64,
    seen: u64,
}

impl Curve {
    /// A curve through `columns` columns of `rows` rows, which it has yet to see.
    pub(super) fn through(columns: usize, rows: Option<u64>) -> Self {
        Self {
            signature: Signature::any(columns, Volatility::Immutable),
            columns: vec![Vec::new(); columns],
            step: (rows.unwrap_or(0) / SAMPLE).max(1),
            seen: 0,
        }
    }

    /// Looks at values of the columns.
    pub(super) fn see(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |column| column.len() as u64);
        let first = self.seen.next_multiple_of(self.step) - self.seen;
        for (column, known) in values.iter().zip(&mut self.columns) {
            let sortable = sortable(column).map_err(arrow_error)?;
            let chosen = (first..rows).step_by(usize::try_from(self.step).unwrap_or(usize::MAX));
            known.extend(chosen.map(|row| Box::from(sortable.row(row as usize).as_ref())));
        }
        self.seen += rows;
        Ok(())
    }

    /// The curve, once all values are seen.
    pub(super) fn end(mut self) -> Self {
        let ranges = 1_usize << self.rank_bits();
        for values in &mut self.columns {
            values.sort_unstable();
            let place = |range: usize| values.get(range * values.len() / ranges).cloned();
            let mut least: Vec<Box<[u8]>> = (1..ranges).filter_map(place).collect();
            least.dedup();
            *values = least;
        }
        self
    }

    /// The number of a row, from its values.
    pub(super) fn key(self, columns: Vec<Expr>) -> Expr {
        ScalarUDF::from(self).call(columns)
    }

    fn rank_bits(&self) -> u32 {
        let columns = u32::try_from(self.columns.len()).unwrap_or(BITS).max(1);
        (BITS / columns).clamp(1, MOST_RANK_BITS)
    }

    /// The rank of a value: that of its range, spread over all of the bits, whatever the number of ranges.
    fn rank(&self, column: usize, value: &[u8]) -> u64 {
        let least = &self.columns[column];
        let range = least.partition_point(|least| least.as_ref() <= value) as u64;
        (range << self.rank_bits()) / (least.len() as u64 + 1)
    }

    fn number(&self, ranks: &[u64]) -> u64 {
        let mut number = 0;
        for bit in (0..self.rank_bits()).rev() {
            for rank in ranks.iter().take(BITS as usize) {
                number = (number << 1) | ((rank >> bit) & 1);
            }
        }
        number
    }
}

/// Values as bytes that sort as the values do, nulls last.
fn sortable(column: &ArrayRef) -> Result<Rows, arrow::error::ArrowError> {
    let options = arrow::compute::SortOptions { descending: false, nulls_first: false };
    let converter = RowConverter::new(vec![SortField::new_with_options(column.data_type().clone(), options)])?;
    converter.convert_columns(std::slice::from_ref(column))
}

impl ScalarUDFImpl for Curve {
    fn name(&self) -> &str {
        "__headwater_curve"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let columns = columns.iter().map(sortable).collect::<Result<Vec<Rows>, _>>()?;
        let mut ranks = vec![0; columns.len()];
        let numbers = (0..args.number_rows).map(|row| {
            for (place, column) in columns.iter().enumerate() {
                ranks[place] = self.rank(place, column.row(row).as_ref());
            }
            self.number(&ranks)
        });
        Ok(ColumnarValue::Array(Arc::new(UInt64Array::from_iter_values(numbers))))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringArray};

    use super::*;

    /// Numbers from 0 to 63 and texts that say the same of others: every pair once.
    fn pairs() -> Vec<ArrayRef> {
        let numbers: Int64Array = (0..4096).map(|row| Some((row % 64) * 1_000_000)).collect();
        let texts: StringArray = (0..4096).map(|row| Some(format!("{:02}", row / 64))).collect();
        vec![Arc::new(numbers), Arc::new(texts)]
    }

    #[test]
    fn a_quarter_of_the_numbers_is_a_quarter_of_the_plane() {
        let columns = pairs();
        let mut curve = Curve::through(2, Some(4096));
        curve.see(&columns).unwrap();
        let curve = curve.end();
        let sortable: Vec<Rows> = columns.iter().map(|column| sortable(column).unwrap()).collect();
        let rank = |row: usize| [0, 1].map(|column| curve.rank(column, sortable[column].row(row).as_ref()));
        let mut rows: Vec<usize> = (0..4096).collect();
        rows.sort_by_key(|row| curve.number(&rank(*row)));
        for (quarter, rows) in rows.chunks(1024).enumerate() {
            let spread = |value: fn(&usize) -> usize| {
                let values = || rows.iter().map(value);
                (values().min().unwrap(), values().max().unwrap())
            };
            let (numbers, texts) = (spread(|row| row % 64), spread(|row| row / 64));
            assert_eq!((numbers.1 - numbers.0, texts.1 - texts.0), (31, 31), "quarter {quarter}");
        }
    }

    #[test]
    fn few_values_weigh_as_much_as_many() {
        let flags: ArrayRef = Arc::new((0..1000).map(|row| Some(row % 2)).collect::<Int64Array>());
        let many: ArrayRef = Arc::new((0..1000).map(Some).collect::<Int64Array>());
        let mut curve = Curve::through(2, Some(1000));
        curve.see(&[flags.clone(), many]).unwrap();
        let curve = curve.end();
        let flags = sortable(&flags).unwrap();
        let ranks = [0, 1].map(|row| curve.rank(0, flags.row(row).as_ref()));
        assert!(ranks[0] < 1 << 9 && ranks[1] >= 1 << 9, "{ranks:?}");
    }
}
