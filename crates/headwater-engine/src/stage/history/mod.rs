//! Histories: a table holds the versions that each row of a query has had (docs/adr/0009-histories.md).
//!
//! The query says what holds now. Its rows and the versions that the table has are brought side by side, key by key, by one
//! sort that spills ([`events`]); [`timeline`] says what becomes of a key's versions, [`walk`] makes rows of it. Versions that
//! end are taken out by deletion vectors and written again with their end, in the commit that adds the new ones.
//!
//! Where the plan tells which keys the changes of the inputs concern, only these are looked at ([`keys`]); otherwise those that
//! differ from their current versions, unless these are most ([`compare`]). It comes to the same, for a key whose row is what
//! it was is left as it is.

mod columns;
mod compare;
mod events;
mod hashes;
mod keys;
mod snapshots;
mod timeline;
mod walk;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use headwater_sdk::check::CompiledCheck;
use headwater_sdk::engine::Refresh;
use headwater_sdk::method::History;
use headwater_sdk::{Blame, Error, Result, TableName};

use self::columns::Layout;
use self::compare::differing;
use self::keys::{Concerned, concerned, versions};
use self::walk::{Ledger, Walk};
use super::incremental::{Case, settle};
use super::lanes::Lane;
use super::lanes::by_key::{by_paths, in_lanes};
use super::stay;
use crate::Lake;
use crate::lake::delete::FileRows;
use crate::lake::table::TableVersion;
use crate::session::{LakeTable, Session, Thrift, sql_error};

pub(super) use hashes::hashes;
pub(super) use snapshots::{Snapshot, snapshot};

/// Microseconds of a day without leap seconds.
const MICROS_OF_DAY: i64 = 86_400_000_000;

/// A history that is brought up to date.
pub(super) struct Amending {
    layout: Arc<Layout>,
    table: TableName,
    at: i64,
    /// What is known of the keys that are looked at.
    events: LogicalPlan,
    /// The paths of the table's files.
    paths: Vec<String>,
    /// Whether the history begins with this run.
    pub(super) begins: bool,
    /// How many keys are looked at, where these are not all.
    keys: Option<u64>,
    /// Why all keys are looked at, where that was looked into.
    because: Option<String>,
}

/// What amending a history has led to.
pub(super) struct Amended {
    /// The rows that are taken out.
    pub(super) removed: FileRows,
    pub(super) refresh: Refresh,
}

/// What a history is made from.
pub(super) struct Parts<'a> {
    pub(super) lake: &'a Lake,
    pub(super) session: &'a Session,
    pub(super) table: &'a TableName,
    pub(super) history: &'a History,
    pub(super) at: i64,
    /// The query.
    pub(super) plan: &'a LogicalPlan,
    /// The table as it is published, unless the history begins anew.
    pub(super) previous: Option<&'a TableVersion>,
    /// Where a refresh from what has changed begins, if it can.
    pub(super) case: Option<&'a Case<'a>>,
}

impl Amending {
    /// How a history is brought up to date; `None` when there is nothing to do.
    pub(super) async fn begin(parts: Parts<'_>) -> Result<Option<Self>> {
        let Parts { lake, session, table, history, at, plan, previous, case } = parts;
        let layout = Layout::new(history, plan.schema().as_arrow())?;
        // A table that was no history is replaced: its rows are those of a query, and computed again.
        let previous = previous.filter(|previous| layout.is_in(previous));
        let (mut some, mut because) = (None::<Concerned>, None);
        if let Some(previous) = previous {
            layout.verify(table, previous)?;
            if let Some(case) = case {
                match settle(concerned(case, &layout).await)? {
                    Ok(None) => return Ok(None),
                    Ok(found) => some = found,
                    Err(why) => because = Some(why),
                }
            }
        }
        let kept = match previous {
            Some(previous) => Some(open(lake, table, previous).await?),
            None => None,
        };
        let keys = some.as_ref().map(|some| some.count);
        if let (None, Some(kept), Some(previous)) = (&some, &kept, previous) {
            // Why all keys are looked at once more is nothing that a person could change.
            match settle(differing(session, &layout, plan, (kept.clone(), previous)).await)? {
                Ok(None) => return Ok(None),
                Ok(found) => some = found,
                Err(_) => {}
            }
        }
        let paths = kept.as_ref().map(|kept| kept.paths().to_vec()).unwrap_or_default();
        let kept = kept.map(|kept| versions(kept, some.as_ref())).transpose().map_err(|e| sql_error(&e))?;
        let input = some.as_ref().map_or_else(|| plan.clone(), |some| some.input.clone());
        let events = events::events(&layout, input, kept).map_err(|e| sql_error(&e))?;
        let begins = previous.is_none();
        Ok(Some(Self { layout: Arc::new(layout), table: table.clone(), at, events, paths, begins, keys, because }))
    }

    /// The table properties that the history is known by.
    pub(super) fn properties(&self) -> Vec<(&'static str, String)> {
        self.layout.properties()
    }

    /// The rows to write, and what else comes of a walk along them.
    pub(super) async fn walk(&self, session: &Session, thrift: Thrift) -> Result<(SchemaRef, Vec<Lane>, Pass)> {
        let (key, then) = (&self.layout.places.key, self.layout.fields.len() + events::FROM);
        let (physical, lanes) = in_lanes(session, &self.events, thrift, key, then).await?;
        let walk = Arc::new(Walk {
            table: self.table.clone(),
            layout: self.layout.clone(),
            at: self.at,
            ledger: Mutex::new(Ledger::default()),
        });
        let lanes = lanes.into_iter().map(|lane| walk.clone().lane(lane)).collect::<Result<Vec<_>>>()?;
        Ok((walk.schema(), lanes, Pass { physical, walk }))
    }

    /// What a pass has led to, when all of its rows are written.
    pub(super) fn end(&self, pass: &Pass) -> Amended {
        let ledger = std::mem::take(&mut *pass.walk.ledger.lock().unwrap_or_else(PoisonError::into_inner));
        let Ledger { removed, opened, changed, deleted, corrected, overwritten } = ledger;
        let removed = by_paths(removed, &self.paths);
        let (keys, because) = (self.keys, self.because.clone());
        let refresh = Refresh::History { opened, changed, deleted, corrected, overwritten, keys, because };
        Amended { removed, refresh }
    }
}

/// One try at the rows of a history.
pub(super) struct Pass {
    pub(super) physical: Arc<dyn ExecutionPlan>,
    walk: Arc<Walk>,
}

/// The tables that checks look rows up in and that may have lost some since the last publication.
pub(super) async fn lossy_references(case: Option<&Case<'_>>, checks: &[CompiledCheck]) -> Result<BTreeSet<TableName>> {
    if let Some(case) = case {
        return case.lossy_references().await;
    }
    Ok(stay::referenced(checks))
}

/// A table with the places of its rows.
pub(super) async fn open(lake: &Lake, name: &TableName, version: &TableVersion) -> Result<LakeTable> {
    let table = LakeTable::new(lake.location(), version.clone(), lake.store_url()).await?;
    if table.is_foreign() {
        let message = format!("{name}: another engine has given the table a form in which its rows cannot be changed");
        return Err(Error::new("HW0613", Blame::Environment, message)
            .help("write its rows with that engine into a table without column mapping, under the same name"));
    }
    LakeTable::with_positions(lake.location(), version, lake.store_url()).await
}
