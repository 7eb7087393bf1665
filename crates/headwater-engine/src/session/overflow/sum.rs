//! `sum` of integers, exact: what does not fit 64 bits in the end is an error, whatever the sums on the way were.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::functions_aggregate::sum::Sum;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator, ReversedUDAF, SetMonotonicity, Signature,
    StatisticsArgs,
};

/// Digits of a sum on its way: more than as many 64-bit integers as there can be rows need.
const DIGITS: u8 = 38;

/// The function. Of other types than 64-bit integers it is the query engine's own.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ExactSum {
    inner: Sum,
}

/// Whether it is about 64-bit integers, each of which counts.
fn is_ours(args: &AccumulatorArgs<'_>) -> bool {
    !args.is_distinct && *args.return_field.data_type() == DataType::Int64
}

impl AggregateUDFImpl for ExactSum {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if is_ours(&args) { Ok(Box::new(Running::default())) } else { self.inner.accumulator(args) }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if args.is_distinct || *args.return_type() != DataType::Int64 {
            return self.inner.state_fields(args);
        }
        Ok(vec![Field::new(format_state_name(args.name, "sum"), DataType::Decimal128(DIGITS, 0), true).into()])
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        if is_ours(&args) { Ok(Box::new(Groups::default())) } else { self.inner.create_groups_accumulator(args) }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if is_ours(&args) { Ok(Box::new(Running::default())) } else { self.inner.create_sliding_accumulator(args) }
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.set_monotonicity(data_type)
    }

    fn value_from_stats(&self, statistics: &StatisticsArgs<'_>) -> Option<ScalarValue> {
        self.inner.value_from_stats(statistics)
    }
}

/// The sum as an integer of 64 bits.
fn narrow(sum: i128) -> Result<i64> {
    i64::try_from(sum).map_err(|_| {
        DataFusionError::Execution(format!("Overflow: the sum {sum} does not fit a bigint (sum decimals instead)"))
    })
}

/// A sum of all rows, or of those of a window.
#[derive(Debug, Default)]
struct Running {
    sum: i128,
    rows: u64,
}

impl Running {
    fn sum_of(values: &ArrayRef) -> i128 {
        let values = values.as_primitive::<Int64Type>();
        match arrow::compute::sum_checked(values) {
            Ok(sum) => sum.map_or(0, i128::from),
            Err(_) => values.iter().flatten().map(i128::from).sum(),
        }
    }
}

impl Accumulator for Running {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values, ..] = values else { return Ok(()) };
        self.sum += Self::sum_of(values);
        self.rows += (values.len() - values.null_count()) as u64;
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values, ..] = values else { return Ok(()) };
        self.sum -= Self::sum_of(values);
        self.rows -= (values.len() - values.null_count()) as u64;
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Decimal128((self.rows > 0).then_some(self.sum), DIGITS, 0)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for sum in states.iter().flat_map(|sums| sums.as_primitive::<Decimal128Type>().iter()).flatten() {
            self.sum += sum;
            self.rows += 1;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sum = (self.rows > 0).then(|| narrow(self.sum)).transpose()?;
        Ok(ScalarValue::Int64(sum))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sums of groups; `None` of a group without values.
#[derive(Debug, Default)]
struct Groups {
    sums: Vec<Option<i128>>,
}

impl Groups {
    fn add(&mut self, group: usize, value: i128) {
        if let Some(sum) = self.sums.get_mut(group) {
            *sum = Some(sum.unwrap_or(0) + value);
        }
    }

    fn add_all(
        &mut self,
        values: impl Iterator<Item = Option<i128>>,
        groups: &[usize],
        chosen: Option<&BooleanArray>,
        count: usize,
    ) {
        self.sums.resize(count, None);
        for (row, (value, group)) in values.zip(groups).enumerate() {
            if let Some(value) = value
                && chosen.is_none_or(|chosen| chosen.is_valid(row) && chosen.value(row))
            {
                self.add(*group, value);
            }
        }
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        chosen: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        let [values] = values else { return Ok(()) };
        let values = values.as_primitive::<Int64Type>();
        if values.null_count() == 0 && chosen.is_none() {
            self.sums.resize(count, None);
            for (value, group) in values.values().iter().zip(groups) {
                self.add(*group, i128::from(*value));
            }
        } else {
            self.add_all(values.iter().map(|value| value.map(i128::from)), groups, chosen, count);
        }
        Ok(())
    }

    fn merge_batch(&mut self, sums: &[ArrayRef], groups: &[usize], count: usize) -> Result<()> {
        let [sums] = sums else { return Ok(()) };
        self.add_all(sums.as_primitive::<Decimal128Type>().iter(), groups, None, count);
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sums = emit_to.take_needed(&mut self.sums).into_iter().map(|sum| sum.map(narrow).transpose());
        Ok(std::sync::Arc::new(sums.collect::<Result<Int64Array>>()?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        sums(emit_to.take_needed(&mut self.sums).into_iter())
    }

    fn convert_to_state(&self, values: &[ArrayRef], chosen: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let [values] = values else { return Ok(Vec::new()) };
        let values = values.as_primitive::<Int64Type>().iter().enumerate();
        sums(values.map(|(row, value)| {
            value.map(i128::from).filter(|_| chosen.is_none_or(|chosen| chosen.is_valid(row) && chosen.value(row)))
        }))
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<Option<i128>>()
    }
}

/// Sums on their way.
fn sums(sums: impl Iterator<Item = Option<i128>>) -> Result<Vec<ArrayRef>> {
    let sums: Decimal128Array = sums.collect();
    Ok(vec![std::sync::Arc::new(sums.with_precision_and_scale(DIGITS, 0)?)])
}
