//! A stretch of time is computed again and replaces what the table has of it.

use super::{Choice, Halt, Work, chosen, halt, table_column};

impl Choice<'_> {
    pub(super) async fn window(&self) -> Result<Work, Halt> {
        let Some(time) = &self.how.time else { return halt("its window has no time_column") };
        let times = self.times(time).await?;
        let old = times.hold(&table_column(&time.column));
        let rows = self.case.rows_where(|table| table.filter(old)).await?;
        let (deletes, deleted) = self.case.take_out(&rows).await?;
        let refresh = chosen(format!("window {}", times.what), std::slice::from_ref(&time.column), deleted);
        Ok(Work { plan: self.new_rows(time, &times)?, deletes, refresh })
    }
}
