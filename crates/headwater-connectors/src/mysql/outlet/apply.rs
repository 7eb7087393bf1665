//! Statements over the temporary table.

use async_trait::async_trait;
use headwater_sdk::Result;

use super::stage::PLACE;
use super::table::TargetTable;
use super::work::Work;
use crate::database::{self, Faults, STAGE, Stage, Statements};

/// What is done with the rows.
#[derive(Clone, Copy)]
pub(super) enum Action<'a> {
    Delete,
    Upsert,
    /// Added to the table of this name in SQL.
    Insert(&'a str),
}

/// Does it with all rows of the temporary table that the database takes. Returns how many rows were written, or deleted.
///
/// # Errors
/// When the database fails, or too many rows are refused.
pub(super) async fn apply(
    work: &mut Work<'_>,
    table: &TargetTable,
    action: Action<'_>,
    stage: &Stage,
    faults: &mut Faults,
) -> Result<u64> {
    let sql = format!("select coalesce(min({PLACE}), 0) from {}", work.outlet.target.beside(STAGE));
    let first = work.one(&sql).await?.and_then(|first| first.parse().ok()).unwrap_or(0);
    database::apply(&mut OverStage { work, table, action }, stage.places(first), faults).await
}

struct OverStage<'a, 'b> {
    work: &'a mut Work<'b>,
    table: &'a TargetTable,
    action: Action<'a>,
}

#[async_trait]
impl Statements for OverStage<'_, '_> {
    async fn run(&mut self, from: i64, to: i64) -> Result<Result<u64, String>> {
        let (work, table) = (&mut *self.work, self.table);
        let statements = match self.action {
            Action::Delete => vec![table.delete(from, to)],
            Action::Insert(into) => vec![table.insert(into, from, to)],
            Action::Upsert => table.upsert(from, to),
        };
        work.run("savepoint headwater_rows").await?;
        let mut written = 0;
        for statement in &statements {
            match work.attempt(statement).await? {
                Ok(rows) => written += rows,
                Err(reason) => {
                    work.run("rollback to savepoint headwater_rows").await?;
                    return Ok(Err(reason));
                }
            }
        }
        work.run("release savepoint headwater_rows").await?;
        if matches!(self.action, Action::Upsert) {
            // Of rows that were there, the server counts those that are others now.
            written = work.one(&table.count(from, to)).await?.and_then(|count| count.parse().ok()).unwrap_or(written);
        }
        Ok(Ok(written))
    }
}
