//! The partitions that new rows belong to are computed again, whole.

use datafusion::logical_expr::Expr;

use super::{Choice, Concerned, Halt, Stop, Work, chosen, halt, plural};
use crate::refresh::{KeyTable, Reach, as_keys};

impl Choice<'_> {
    pub(super) async fn partitions(&self) -> Result<Work, Halt> {
        let columns = self.case.partition_by.to_vec();
        if columns.is_empty() {
            return halt("it has no partitions");
        }
        let values = columns.iter().map(|column| self.column(column)).collect::<Result<Vec<_>, Halt>>()?;
        let Some((keys, count, when)) = self.new_partitions(&columns, &values).await? else {
            return Ok(self.nothing());
        };
        let what = format!("{}{when}", plural(count, "partition"));
        let plan = keys.computed(&self.plan, values, &mut Reach::default())?;
        let (deletes, deleted) = self.case.take_out(&self.case.rows_of(&keys, &columns).await?).await?;
        Ok(Work { plan, deletes, refresh: chosen(what, &columns, deleted) })
    }

    /// The partitions of rows in the time to take up, or those that changes concern; of all rows where neither is known.
    async fn new_partitions(
        &self,
        columns: &[String],
        values: &[Expr],
    ) -> Result<Option<(KeyTable, u64, String)>, Halt> {
        let (rows, when) = match &self.how.time {
            Some(time) => {
                let times = self.times(time).await?;
                (self.new_rows(time, &times)?, format!(" {}", times.what))
            }
            None => match self.concerned(columns, true).await? {
                Concerned::Nothing => return Ok(None),
                Concerned::Keys(keys, count) => return Ok(Some((keys, count, String::new()))),
                Concerned::Unknown => (self.plan.clone(), String::new()),
            },
        };
        let rows = as_keys(rows, values).map_err(Stop::from)?;
        let (keys, count) = self.case.keys(vec![rows]).await?;
        Ok((count > 0).then_some((keys, count, when)))
    }
}
