//! `sum` of integers, exact: what does not fit 64 bits in the end is an error, whatever the sums on the way were. And of decimals: one of more
//! than 38 digits is an error, where the query engine would go on with what is left of its bits.

use std::sync::Arc;

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

/// Sums of decimals of no more digits fit 38 in any case: there are not so many rows.
const NARROW: u8 = 28;

/// The function. Of other types than 64-bit integers and wide decimals it is the query engine's own.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ExactSum {
    inner: Sum,
}

/// What is summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Bigint,
    /// Decimals of this scale.
    Decimal(i8),
}

impl Kind {
    /// Of sums that are ours: each value counts.
    fn of(is_distinct: bool, summed: &DataType, sum: &DataType) -> Option<Self> {
        match (summed, sum) {
            _ if is_distinct => None,
            (_, DataType::Int64) => Some(Self::Bigint),
            (DataType::Decimal128(digits, _), DataType::Decimal128(_, scale)) if *digits > NARROW => {
                Some(Self::Decimal(*scale))
            }
            _ => None,
        }
    }

    fn of_args(args: &AccumulatorArgs<'_>) -> Option<Self> {
        Self::of(args.is_distinct, args.expr_fields.first()?.data_type(), args.return_field.data_type())
    }

    /// The scale of sums on their way.
    fn scale(self) -> i8 {
        match self {
            Self::Bigint => 0,
            Self::Decimal(scale) => scale,
        }
    }

    /// The sum as it is told.
    fn scalar(self, sum: Option<i128>) -> Result<ScalarValue> {
        let sum = sum.map(|sum| self.checked(sum)).transpose()?;
        Ok(match self {
            Self::Bigint => ScalarValue::Int64(sum.map(narrow).transpose()?),
            Self::Decimal(scale) => ScalarValue::Decimal128(sum, DIGITS, scale),
        })
    }

    fn array(self, sums: impl Iterator<Item = Option<i128>>) -> Result<ArrayRef> {
        match self {
            Self::Bigint => {
                let sums = sums.map(|sum| sum.map(narrow).transpose());
                Ok(Arc::new(sums.collect::<Result<Int64Array>>()?))
            }
            Self::Decimal(scale) => {
                let sums = sums.map(|sum| sum.map(|sum| self.checked(sum)).transpose());
                let sums = sums.collect::<Result<Decimal128Array>>()?;
                Ok(Arc::new(sums.with_precision_and_scale(DIGITS, scale)?))
            }
        }
    }

    fn checked(self, sum: i128) -> Result<i128> {
        match self {
            Self::Decimal(_) if sum.unsigned_abs() >= 10_u128.pow(DIGITS.into()) => Err(too_wide()),
            _ => Ok(sum),
        }
    }

    /// The values of a column.
    fn values(self, values: &ArrayRef) -> Box<dyn Iterator<Item = Option<i128>> + '_> {
        match self {
            Self::Bigint => Box::new(values.as_primitive::<Int64Type>().iter().map(|value| value.map(i128::from))),
            Self::Decimal(_) => Box::new(values.as_primitive::<Decimal128Type>().iter()),
        }
    }
}

fn plus(sum: i128, value: i128) -> Result<i128> {
    sum.checked_add(value).ok_or_else(too_wide)
}

fn too_wide() -> DataFusionError {
    DataFusionError::Execution(
        "Overflow: a sum does not fit a decimal of 38 digits (sum decimals of fewer digits)".to_owned(),
    )
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
        match Kind::of_args(&args) {
            Some(kind) => Ok(Box::new(Running { kind, ..Running::default() })),
            None => self.inner.accumulator(args),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let summed = args.input_fields.first().map(|field| field.data_type());
        let Some(kind) = summed.and_then(|summed| Kind::of(args.is_distinct, summed, args.return_type())) else {
            return self.inner.state_fields(args);
        };
        let data_type = DataType::Decimal128(DIGITS, kind.scale());
        Ok(vec![Field::new(format_state_name(args.name, "sum"), data_type, true).into()])
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        match Kind::of_args(&args) {
            Some(kind) => Ok(Box::new(Groups { kind, ..Groups::default() })),
            None => self.inner.create_groups_accumulator(args),
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match Kind::of_args(&args) {
            Some(kind) => Ok(Box::new(Running { kind, ..Running::default() })),
            None => self.inner.create_sliding_accumulator(args),
        }
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
    kind: Kind,
    sum: i128,
    rows: u64,
}

impl Running {
    fn sum_of(&self, values: &ArrayRef) -> Result<i128> {
        if self.kind == Kind::Bigint
            && let Ok(sum) = arrow::compute::sum_checked(values.as_primitive::<Int64Type>())
        {
            return Ok(sum.map_or(0, i128::from));
        }
        self.kind.values(values).flatten().try_fold(0, plus)
    }
}

impl Accumulator for Running {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values, ..] = values else { return Ok(()) };
        self.sum = plus(self.sum, self.sum_of(values)?)?;
        self.rows += (values.len() - values.null_count()) as u64;
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values, ..] = values else { return Ok(()) };
        self.sum = plus(self.sum, -self.sum_of(values)?)?;
        self.rows -= (values.len() - values.null_count()) as u64;
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Decimal128((self.rows > 0).then_some(self.sum), DIGITS, self.kind.scale())])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for sum in states.iter().flat_map(|sums| sums.as_primitive::<Decimal128Type>().iter()).flatten() {
            self.sum = plus(self.sum, sum)?;
            self.rows += 1;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.kind.scalar((self.rows > 0).then_some(self.sum))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sums of groups; `None` of a group without values.
#[derive(Debug, Default)]
struct Groups {
    kind: Kind,
    sums: Vec<Option<i128>>,
}

impl Groups {
    fn add(&mut self, group: usize, value: i128) -> Result<()> {
        if let Some(sum) = self.sums.get_mut(group) {
            *sum = Some(plus(sum.unwrap_or(0), value)?);
        }
        Ok(())
    }

    /// Values of which none is null, and all count.
    fn add_each(&mut self, values: impl Iterator<Item = i128>, groups: &[usize], count: usize) -> Result<()> {
        self.sums.resize(count, None);
        for (value, group) in values.zip(groups) {
            self.add(*group, value)?;
        }
        Ok(())
    }

    fn add_all(
        &mut self,
        values: impl Iterator<Item = Option<i128>>,
        groups: &[usize],
        chosen: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        self.sums.resize(count, None);
        for (row, (value, group)) in values.zip(groups).enumerate() {
            if let Some(value) = value
                && chosen.is_none_or(|chosen| chosen.is_valid(row) && chosen.value(row))
            {
                self.add(*group, value)?;
            }
        }
        Ok(())
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
        let all = values.null_count() == 0 && chosen.is_none();
        match self.kind {
            Kind::Bigint => {
                let values = values.as_primitive::<Int64Type>();
                match all {
                    true => self.add_each(values.values().iter().map(|value| i128::from(*value)), groups, count),
                    false => self.add_all(values.iter().map(|value| value.map(i128::from)), groups, chosen, count),
                }
            }
            Kind::Decimal(_) => {
                let values = values.as_primitive::<Decimal128Type>();
                match all {
                    true => self.add_each(values.values().iter().copied(), groups, count),
                    false => self.add_all(values.iter(), groups, chosen, count),
                }
            }
        }
    }

    fn merge_batch(&mut self, sums: &[ArrayRef], groups: &[usize], count: usize) -> Result<()> {
        let [sums] = sums else { return Ok(()) };
        self.add_all(sums.as_primitive::<Decimal128Type>().iter(), groups, None, count)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.kind.array(emit_to.take_needed(&mut self.sums).into_iter())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        sums(self.kind, emit_to.take_needed(&mut self.sums).into_iter())
    }

    fn convert_to_state(&self, values: &[ArrayRef], chosen: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let [values] = values else { return Ok(Vec::new()) };
        let values = self.kind.values(values).enumerate();
        sums(
            self.kind,
            values.map(|(row, value)| {
                value.filter(|_| chosen.is_none_or(|chosen| chosen.is_valid(row) && chosen.value(row)))
            }),
        )
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<Option<i128>>()
    }
}

/// Sums on their way.
fn sums(kind: Kind, sums: impl Iterator<Item = Option<i128>>) -> Result<Vec<ArrayRef>> {
    let sums: Decimal128Array = sums.collect();
    Ok(vec![Arc::new(sums.with_precision_and_scale(DIGITS, kind.scale())?)])
}
