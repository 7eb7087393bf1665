//! The time that is taken up: a range that was asked for, or from some steps before the newest row on, with the older steps
//! that changes of the inputs concern.

use arrow::datatypes::IntervalMonthDayNano;
use datafusion::common::ScalarValue;
use datafusion::functions::datetime::expr_fn::date_trunc;
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast, ident, lit};
use headwater_sdk::method::{Grain, Late, TimeColumn, TimeRange};

use super::{Choice, Concerned, Halt, Stop, halt, plural, table_column};

/// More stretches of time than this are taken as one.
const MOST_STRETCHES: usize = 100;

/// Some time.
pub(super) struct Times {
    /// In words: `since 2013-03-01 and 2 older days`.
    pub(super) what: String,
    /// From here on all time.
    since: Option<ScalarValue>,
    /// Starts, and ends which are not in them.
    stretches: Vec<(ScalarValue, ScalarValue)>,
}

impl Times {
    /// Whether a column's value is in it.
    pub(super) fn hold(&self, column: &Expr) -> Expr {
        let since = self.since.iter().map(|start| column.clone().gt_eq(lit(start.clone())));
        let stretches = self.stretches.iter();
        let within =
            stretches.map(|(from, to)| column.clone().gt_eq(lit(from.clone())).and(column.clone().lt(lit(to.clone()))));
        since.chain(within).reduce(Expr::or).unwrap_or_else(|| lit(false))
    }
}

impl Choice<'_> {
    /// The time to take up.
    pub(super) async fn times(&self, time: &TimeColumn) -> Result<Times, Halt> {
        if let Some(TimeRange { from, to }) = self.range {
            let data_type = self.type_of(&time.column)?;
            let bound = |micros: i64| ScalarValue::TimestampMicrosecond(Some(micros), None).cast_to(&data_type);
            let stretch = (bound(from).map_err(Stop::from)?, bound(to).map_err(Stop::from)?);
            let what = format!("from {} to {}", shown(&stretch.0), shown(&stretch.1));
            return Ok(Times { what, since: None, stretches: vec![stretch] });
        }
        let start = self.start(time).await?;
        let late = self.late(time, &start).await?;
        let mut what = format!("since {}", shown(&start));
        if late.is_empty() {
            return Ok(Times { what, since: Some(start), stretches: late });
        }
        let (count, grain) = (late.len() as u64, time.grain.as_str());
        let steps = plural(count, &format!("older {grain}"));
        if self.how.late == Late::Ignore {
            what.push_str(&format!(", changes of {steps} left out"));
            return Ok(Times { what, since: Some(start), stretches: Vec::new() });
        }
        what.push_str(&format!(" and {steps}"));
        let stretches = joined(late);
        Ok(match stretches.first() {
            Some((earliest, _)) if stretches.len() > MOST_STRETCHES => {
                Times { what, since: Some(earliest.clone()), stretches: Vec::new() }
            }
            _ => Times { what, since: Some(start), stretches },
        })
    }

    /// The newest time in the table.
    pub(super) async fn newest(&self, column: &str) -> Result<ScalarValue, Halt> {
        let newest = self.table().await?.aggregate(Vec::<Expr>::new(), [max(table_column(column))]);
        self.one_value(newest, column).await
    }

    /// Where the newest steps start: at that of the newest row, or some before.
    async fn start(&self, time: &TimeColumn) -> Result<ScalarValue, Halt> {
        let newest = self.table().await?.aggregate(Vec::<Expr>::new(), [max(table_column(&time.column)).alias(NEWEST)]);
        let start = date_trunc(lit(time.grain.as_str()), ident(NEWEST)) - lit(steps(time.grain, time.lookback));
        let data_type = self.type_of(&time.column)?;
        self.one_value(newest.and_then(|newest| newest.project([cast(start, data_type)])), &time.column).await
    }

    async fn one_value(
        &self,
        plan: datafusion::common::Result<LogicalPlanBuilder>,
        column: &str,
    ) -> Result<ScalarValue, Halt> {
        let plan = plan.and_then(LogicalPlanBuilder::build).map_err(Stop::from)?;
        let value = self.values(&plan).await?.pop().and_then(|mut row| row.pop());
        match value.filter(|value| !value.is_null()) {
            Some(value) => Ok(value),
            None => halt(format!("no row of the table has a {column}")),
        }
    }

    /// The steps before `start` that changes of the inputs concern, in their order; none where it cannot be told.
    async fn late(&self, time: &TimeColumn, start: &ScalarValue) -> Result<Vec<(ScalarValue, ScalarValue)>, Halt> {
        let Concerned::Keys(keys, _) = self.concerned(std::slice::from_ref(&time.column), true).await? else {
            return Ok(Vec::new());
        };
        let data_type = self.type_of(&time.column)?;
        let key = cast(keys.column(0), data_type.clone());
        let from = date_trunc(lit(time.grain.as_str()), key.clone());
        let to = from.clone() + lit(steps(time.grain, 1));
        let bounds = [cast(from, data_type.clone()).alias("from"), cast(to, data_type).alias("to")];
        let stretches = keys
            .scan()
            .and_then(|keys| keys.filter(key.lt(lit(start.clone()))))
            .and_then(|keys| keys.project(bounds))
            .and_then(LogicalPlanBuilder::distinct)
            .and_then(LogicalPlanBuilder::build)
            .map_err(Stop::from)?;
        let rows = self.values(&stretches).await?.into_iter();
        let pairs = rows.filter_map(|row| <[ScalarValue; 2]>::try_from(row).ok());
        let mut found: Vec<_> = pairs.map(|[from, to]| (from, to)).collect();
        found.sort_by(|one, other| one.0.partial_cmp(&other.0).unwrap_or(std::cmp::Ordering::Equal));
        Ok(found)
    }
}

/// What the newest time is called in a plan.
const NEWEST: &str = "newest";

/// Stretches in their order, those that meet as one.
fn joined(stretches: Vec<(ScalarValue, ScalarValue)>) -> Vec<(ScalarValue, ScalarValue)> {
    let mut all: Vec<(ScalarValue, ScalarValue)> = Vec::new();
    for (from, to) in stretches {
        match all.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => all.push((from, to)),
        }
    }
    all
}

/// A number of steps of time.
fn steps(grain: Grain, count: u32) -> ScalarValue {
    const HOUR: i64 = 3_600_000_000_000;
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let (months, days, nanoseconds) = match grain {
        Grain::Hour => (0, 0, HOUR.saturating_mul(count.into())),
        Grain::Day => (0, count, 0),
        Grain::Week => (0, count.saturating_mul(7), 0),
        Grain::Month => (count, 0, 0),
        Grain::Year => (count.saturating_mul(12), 0, 0),
    };
    ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano { months, days, nanoseconds }))
}

/// A value as people write it.
pub(super) fn shown(value: &ScalarValue) -> String {
    let text = value.to_string();
    text.strip_suffix("T00:00:00").map_or_else(|| text.clone(), str::to_owned)
}
