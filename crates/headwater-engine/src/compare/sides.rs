//! The two sides of a comparison as tables of one session.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::{MemTable, ViewTable};
use headwater_sdk::engine::CompareRequest;
use headwater_sdk::{Blame, Error, Relation, Relations, Result, TableName};

use super::sql::{AFTER, BEFORE, Value};
use crate::Lake;
use crate::lake::changes;
use crate::session::{LakeTable, Session, Thrift, sql_error};

/// The rows of both sides.
type Pair = (Arc<dyn TableProvider>, Arc<dyn TableProvider>);

pub(super) struct Sides {
    /// A session that has both; `None` when nothing can differ.
    pub(super) session: Option<Session>,
    /// Rows in all, before and after.
    pub(super) rows: (u64, u64),
    pub(super) before_columns: Vec<String>,
    pub(super) after_columns: Vec<String>,
    /// The columns that both have with the same type, in the order of the later side.
    pub(super) common: Vec<String>,
    /// The columns that both have with types whose values can be compared, in the order of the later side.
    pub(super) comparable: Vec<Value>,
}

impl Sides {
    pub(super) async fn open(lake: &Arc<Lake>, request: &CompareRequest) -> Result<Self> {
        let CompareRequest { table, before, after, .. } = request;
        let (first, second) = (whole(lake, before, table).await?, whole(lake, after, table).await?);
        let rows = (count(lake, before, table).await?, count(lake, after, table).await?);
        let (old, new) = (first.schema(), second.schema());
        let names = |schema: &SchemaRef| schema.fields().iter().map(|field| field.name().clone()).collect();
        let is_common = |name: &String| match (old.field_with_name(name), new.field_with_name(name)) {
            (Ok(old), Ok(new)) => old.data_type() == new.data_type(),
            _ => false,
        };
        let after_columns: Vec<String> = names(&new);
        let common = after_columns.iter().filter(|name| is_common(name)).cloned().collect();
        let comparable = new.fields().iter().filter_map(|field| {
            let then = old.field_with_name(field.name()).ok()?.data_type();
            let as_text = as_text(then, field.data_type())?;
            Some(Value { name: field.name().clone(), as_text })
        });
        let comparable = comparable.collect();
        let session = Self::session(lake, request, (first, second)).await?;
        Ok(Self { session, rows, before_columns: names(&old), after_columns, common, comparable })
    }

    /// A session with the rows of both sides that may differ, given all of them; `None` when none does.
    pub(super) async fn session(lake: &Arc<Lake>, request: &CompareRequest, whole: Pair) -> Result<Option<Session>> {
        let (before, after) = match shared_log(lake, request).await? {
            Shared::Whole => whole,
            Shared::Nothing => return Ok(None),
            Shared::Slices(old_rows, new_rows) => (old_rows, new_rows),
        };
        let tables = [(named(BEFORE)?, before), (named(AFTER)?, after)];
        Ok(Some(Session::on_tables(lake.runtime(), tables.into())))
    }
}

/// Whether values of two types are compared as texts; `None` when they cannot be compared.
fn as_text(then: &DataType, now: &DataType) -> Option<bool> {
    match (then == now || (then.is_numeric() && now.is_numeric()), then.is_nested() || now.is_nested()) {
        (true, _) => Some(false),
        (false, false) => Some(true),
        (false, true) => None,
    }
}

pub(super) fn named(name: &str) -> Result<TableName> {
    name.parse().map_err(|e: headwater_sdk::name::NameError| Error::new("HW0564", Blame::Headwater, e.to_string()))
}

/// All rows of a name.
pub(super) async fn whole(lake: &Lake, relations: &Relations, table: &TableName) -> Result<Arc<dyn TableProvider>> {
    let plan = lake.session(relations).plan(&format!("SELECT * FROM {table}")).await?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// The number of rows of a name.
pub(crate) async fn count(lake: &Lake, relations: &Relations, table: &TableName) -> Result<u64> {
    let session = lake.session(relations);
    let plan = session.plan(&format!("SELECT count(*) FROM {table}")).await?;
    let physical = session.physical(&plan, Thrift::Spilling).await?;
    let batches = datafusion::physical_plan::collect(physical, session.state().task_ctx()).await;
    Ok(batches.map_err(|e| sql_error(&e))?.first().map_or(0, |batch| super::integer(batch, 0)))
}

/// What has to be compared of two versions.
enum Shared {
    /// Everything.
    Whole,
    /// Nothing: all rows are the same.
    Nothing,
    /// These rows, for all others are the same.
    Slices(Arc<dyn TableProvider>, Arc<dyn TableProvider>),
}

/// Rows of files that both versions have need no comparison, when one is a later version of the other's log.
async fn shared_log(lake: &Arc<Lake>, request: &CompareRequest) -> Result<Shared> {
    let of = |relations: &Relations| relations.get(&request.table).filter(|r| r.version().is_some()).cloned();
    let (Some(before), Some(after)) = (of(&request.before), of(&request.after)) else { return Ok(Shared::Whole) };
    if before == after {
        return Ok(Shared::Nothing);
    }
    let backwards = match (is_earlier(&before, &after), is_earlier(&after, &before)) {
        (true, _) => false,
        (_, true) => true,
        (false, false) => return Ok(Shared::Whole),
    };
    let (first, second) = if backwards { (&after, &before) } else { (&before, &after) };
    let (old, new) = (lake.open(&request.table, first).await?, lake.open(&request.table, second).await?);
    if old.is_foreign() || new.is_foreign() {
        return Ok(Shared::Whole);
    }
    let Ok(changes) = changes::between(lake.location(), old.version(), new.version()).await? else {
        return Ok(Shared::Whole);
    };
    if changes.appeared.is_empty() && changes.vanished.is_empty() {
        return Ok(Shared::Nothing);
    }
    let rows = |slices: &[_]| -> Result<Arc<dyn TableProvider>> {
        if slices.is_empty() {
            let none = MemTable::try_new(TableProvider::schema(new.as_ref()), vec![vec![]]);
            return Ok(Arc::new(none.map_err(|e| sql_error(&e))?));
        }
        Ok(Arc::new(LakeTable::slices(slices, lake.store_url())?))
    };
    let (gained, lost) = (rows(&changes.appeared)?, rows(&changes.vanished)?);
    Ok(if backwards { Shared::Slices(gained, lost) } else { Shared::Slices(lost, gained) })
}

/// Whether one relation is an earlier version, or the same, of the log that the other shows.
fn is_earlier(one: &Relation, other: &Relation) -> bool {
    match (one, other) {
        (Relation::Table { version }, Relation::Table { version: newest }) => version <= newest,
        (Relation::Table { version }, Relation::Staged { base, below: None, .. }) => Some(*version) <= *base,
        (
            Relation::Staged { branch, base, version, below: None },
            Relation::Staged { branch: same, base: same_base, version: newest, below: None },
        ) => branch == same && base == same_base && version <= newest,
        _ => false,
    }
}
