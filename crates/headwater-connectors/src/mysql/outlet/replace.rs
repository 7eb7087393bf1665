//! Replacing all rows of a table at once.
//!
//! Statements of definition end transactions, so that rows and mark cannot change together. A new table is filled, and in the
//! same transaction the mark that it would stand for is kept as one that waits. Then the tables are renamed, in one statement.
//! Whether that has happened is told by the new table's name: when it is gone, the mark that waits is the one that stands.

use headwater_sdk::Result;
use headwater_sdk::destination::Mark;
use headwater_sdk::failpoint::failpoint;

use super::super::quote;
use super::state::{self, Found};
use super::table::TargetTable;
use super::work::Work;

/// The ends of the names of the table that is filled, and of the one that was replaced.
const NEW: &str = "new";
const OLD: &str = "old";

/// A new table that takes the place of the one that is delivered to.
pub(super) struct Replacement {
    /// Its name in SQL.
    pub(super) sql: String,
    /// The name that the other one gets.
    old: String,
}

impl Replacement {
    /// Makes one; `None` where the table is held on to, so that its rows have to be replaced in place.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn begin(work: &mut Work<'_>, table: &TargetTable) -> Result<Option<Self>> {
        if is_held(work).await? {
            return Ok(None);
        }
        let target = &work.outlet.target;
        let (sql, old) = (target.beside(&target.companion(NEW)), target.beside(&target.companion(OLD)));
        work.run(format!("drop table if exists {sql}, {old}")).await?;
        work.run(format!("create table {sql} like {}", table.sql)).await?;
        Ok(Some(Self { sql, old }))
    }

    /// Puts it, filled and with the mark waiting, in the place of the other one, and sets the mark.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn end(self, work: &mut Work<'_>, table: &TargetTable, mark: &Mark) -> Result<()> {
        let Self { sql, old } = self;
        failpoint("before_delivery_swap");
        work.run(format!("rename table {0} to {old}, {sql} to {0}", table.sql)).await?;
        failpoint("after_delivery_swap");
        state::set(work, Some(mark)).await?;
        work.run(format!("drop table if exists {old}")).await?;
        Ok(())
    }
}

/// Takes all rows out of a table that no other one can take the place of; how many there were.
///
/// # Errors
/// When the database fails.
pub(super) async fn clear(work: &mut Work<'_>, table: &TargetTable, notes: &mut Vec<String>) -> Result<u64> {
    notes.push(format!(
        "{} has triggers or foreign keys, which would not go with a new table: its rows were replaced in place",
        table.sql
    ));
    work.run(format!("delete from {}", table.sql)).await
}

/// The mark that stands.
pub(super) async fn standing(work: &mut Work<'_>) -> Result<Option<Mark>> {
    let Found { mark, pending } = state::find(work).await?;
    let new = work.outlet.target.companion(NEW);
    let mark = match pending {
        Some(pending) if !work.is_there(&new).await? => Some(pending),
        _ => mark,
    };
    while_there(work, mark).await
}

/// A mark, unless somebody has dropped the table: then nothing of it is there any more.
async fn while_there(work: &mut Work<'_>, mark: Option<Mark>) -> Result<Option<Mark>> {
    let table = work.outlet.target.table.clone();
    Ok(if mark.is_some() && work.is_there(&table).await? { mark } else { None })
}

/// Ends a replacement that died, so that no mark waits; the mark that stands.
pub(super) async fn settle(work: &mut Work<'_>) -> Result<Option<Mark>> {
    let outlet = work.outlet;
    let Found { mark, pending } = state::find(work).await?;
    let Some(pending) = pending else { return while_there(work, mark).await };
    let (new, old) = (outlet.target.companion(NEW), outlet.target.companion(OLD));
    let has_swapped = !work.is_there(&new).await?;
    // A server that dies between the two names, and does not undo the first.
    if !has_swapped && !work.is_there(&outlet.target.table).await? && work.is_there(&old).await? {
        work.run(format!("rename table {} to {}", outlet.target.beside(&old), outlet.target.sql())).await?;
    }
    let mark = if has_swapped { Some(pending) } else { mark };
    state::set(work, mark.as_ref()).await?;
    let (new, old) = (outlet.target.beside(&new), outlet.target.beside(&old));
    work.run(format!("drop table if exists {new}, {old}")).await?;
    while_there(work, mark).await
}

/// Whether something holds on to the table that would not go over to another one of its name. (Views and grants do: they go by names.)
async fn is_held(work: &mut Work<'_>) -> Result<bool> {
    let (database, table) = (quote::text(&work.outlet.target.database), quote::text(&work.outlet.target.table));
    let sql = format!(
        "select (select count(*) from information_schema.triggers where event_object_schema = {database} and event_object_table = {table}) \
         + (select count(*) from information_schema.key_column_usage where referenced_table_name is not null \
         and ((table_schema = {database} and table_name = {table}) or (referenced_table_schema = {database} and referenced_table_name = {table})))"
    );
    Ok(work.one(&sql).await?.as_deref() != Some("0"))
}
