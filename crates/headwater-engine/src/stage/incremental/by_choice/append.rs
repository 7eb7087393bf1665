//! Rows that are new are added, and nothing else happens to the table.

use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use headwater_sdk::method::TimeColumn;
use headwater_sdk::{Blame, Error};

use super::times::shown;
use super::{Choice, Halt, Stop, Work, chosen};
use crate::refresh::{Sign, derivative};
use crate::stage::incremental::united;

impl Choice<'_> {
    /// The rows after the newest one, or those made of rows that the inputs have gained.
    pub(super) async fn append(&self) -> Result<Work, Halt> {
        if self.range.is_some() {
            return Err(Error::new(
                "HW0625",
                Blame::Project,
                "a table that only appends cannot take up a range of time",
            )
            .help("its rows of that time would be there twice; use the strategy window or merge")
            .into());
        }
        match &self.how.time {
            Some(time) => self.after_newest(time).await,
            None => {
                let Some(plan) = self.gained().await? else { return Ok(self.nothing()) };
                let refresh = chosen("append what its inputs gained".to_owned(), &[], 0);
                Ok(Work { plan, deletes: Vec::new(), refresh })
            }
        }
    }

    async fn after_newest(&self, time: &TimeColumn) -> Result<Work, Halt> {
        let newest = self.newest(&time.column).await?;
        let column = self.column(&time.column)?;
        let mut what = format!("append after {}", shown(&newest));
        let left_out = self.late_rows(column.clone().lt_eq(lit(newest.clone()))).await?;
        if left_out > 0 {
            let rows = if left_out == 1 { "row" } else { "rows" };
            what.push_str(&format!(", {left_out} {rows} of before left out"));
        }
        let is_new = column.clone().gt(lit(newest)).or(column.is_null());
        Ok(Work { plan: self.filtered(is_new)?, deletes: Vec::new(), refresh: chosen(what, &[], 0) })
    }

    /// How many of the rows that the query has gained come too late; 0 where it cannot be told.
    async fn late_rows(&self, too_late: Expr) -> Result<i64, Halt> {
        let gained = match self.gained().await {
            Ok(Some(plan)) => plan,
            Ok(None) | Err(Halt::Stop(Stop::Obstacle(_))) => return Ok(0),
            Err(halt) => return Err(halt),
        };
        // The columns of the query's plan, by the same names.
        let late = LogicalPlanBuilder::from(gained)
            .filter(too_late)
            .and_then(|late| late.aggregate(Vec::<Expr>::new(), [count(lit(1))]))
            .and_then(LogicalPlanBuilder::build)
            .map_err(Stop::from)?;
        let value = self.values(&late).await?.pop().and_then(|mut row| row.pop());
        Ok(match value {
            Some(datafusion::common::ScalarValue::Int64(Some(count))) => count,
            _ => 0,
        })
    }

    /// Rows made of those that the inputs have gained; rows that these have lost do not matter.
    async fn gained(&self) -> Result<Option<LogicalPlan>, Halt> {
        let changed = self.case.changed(&self.plan).await?.gained();
        let rows = derivative(&self.plan, &changed, Sign::Appeared)?;
        if rows.is_empty() { Ok(None) } else { united(rows).map(Some) }
    }
}
