//! `date_dimension(first, last [, month])`: a table with a row for every day.
//!
//! Its rows are told by its arguments alone, which are constants: it has no lineage and never changes.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{MemTable, Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Result, ScalarValue, plan_datafusion_err, plan_err};
use datafusion::logical_expr::{Expr, TableScan, TableType};
use datafusion::physical_plan::ExecutionPlan;
use jiff::civil::Date;

use super::date_columns;

/// What it is called in SQL.
pub(super) const NAME: &str = "date_dimension";
/// The most days that it has: more than five centuries.
const MOST_DAYS: i32 = 200_000;
const EXAMPLE: &str = "Write date_dimension(date '2020-01-01', date '2030-12-31'), for example";

/// The function.
#[derive(Debug)]
pub(super) struct DateDimensionFunction;

impl TableFunctionImpl for DateDimensionFunction {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let (first, last, fiscal_start) = match args.exprs() {
            [first, last] => (first, last, 1),
            [first, last, month] => (first, last, month_of(month)?),
            _ => {
                return plan_err!(
                    "'{NAME}' takes its first and its last day, and the month that fiscal years begin with. {EXAMPLE}"
                );
            }
        };
        let (first, last) = (day_of(first)?, day_of(last)?);
        let days = date_columns::since_epoch(last) - date_columns::since_epoch(first) + 1;
        if days < 1 {
            return plan_err!(
                "'{NAME}' takes a last day that is not before the first, not {first} and {last}. Put the earlier day first"
            );
        }
        if days > MOST_DAYS {
            return plan_err!("'{NAME}' takes at most {MOST_DAYS} days, not {days}. Begin later, or end earlier");
        }
        Ok(Arc::new(DateDimension { first, last, fiscal_start, schema: date_columns::schema() }))
    }
}

fn day_of(argument: &Expr) -> Result<Date> {
    let day = match argument {
        Expr::Literal(ScalarValue::Date32(Some(days)), _) => {
            jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(*days)).ok()
        }
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => text.parse().ok(),
        _ => None,
    };
    day.filter(|day| day.year() > 0)
        .ok_or_else(|| plan_datafusion_err!("'{NAME}' takes two constant dates after the year 0. {EXAMPLE}"))
}

fn month_of(argument: &Expr) -> Result<i8> {
    let month = match argument {
        Expr::Literal(ScalarValue::Int64(Some(month)), _) => i8::try_from(*month).ok(),
        _ => None,
    };
    month.filter(|month| (1..=12).contains(month)).ok_or_else(|| {
        plan_datafusion_err!(
            "'{NAME}' takes a number from 1 to 12 for the month that fiscal years begin with. Leave it out for January"
        )
    })
}

/// The days from the first to the last.
#[derive(Debug)]
pub(crate) struct DateDimension {
    first: Date,
    last: Date,
    fiscal_start: i8,
    schema: SchemaRef,
}

impl DateDimension {
    /// The date dimension that a scan reads, if it reads one: what tells its rows, and its columns.
    pub(crate) fn told_by(scan: &TableScan) -> Option<(i32, i32, i8)> {
        let provider = datafusion::datasource::source_as_provider(&scan.source).ok()?;
        let table = provider.downcast_ref::<Self>()?;
        Some((date_columns::since_epoch(table.first), date_columns::since_epoch(table.last), table.fiscal_start))
    }

    fn days(&self) -> Vec<Date> {
        self.first.series(jiff::Span::new().days(1)).take_while(|day| *day <= self.last).collect()
    }
}

#[async_trait]
impl TableProvider for DateDimension {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = date_columns::rows(&self.days(), self.fiscal_start)?;
        MemTable::try_new(self.schema(), vec![vec![rows]])?.scan(state, projection, filters, limit).await
    }
}
