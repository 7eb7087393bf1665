//! What differs between two snapshots, or between `main` and a branch: tables, columns, rows.

mod columns;
mod range;

use headwater_project::Project;
use headwater_sdk::check::{Probe, Severity};
use headwater_sdk::engine::{CompareRequest, Comparison};
use headwater_sdk::store::SnapshotRecord;
use headwater_sdk::{Blame, Error, Relation, Relations, Result, TableName};
use serde::Serialize;

use crate::lake::Lake;
pub use columns::ColumnDiff;
pub use range::{Range, Side};

/// By what rows of a table are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffKey {
    /// The columns of the asset's first `unique` check with severity `error`; whole rows when there is none.
    OfProject,
    /// These columns.
    Columns(Vec<String>),
    /// Whole rows: equal ones count as often as they are there.
    Rows,
}

/// What differs between two sides of a lake.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LakeDiff {
    /// The earlier side.
    pub before: Side,
    /// The later side.
    pub after: Side,
    /// The names that differ, sorted. A view that shows other rows because of its inputs is none of them.
    pub tables: Vec<NameDiff>,
}

/// How a name differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameChange {
    /// Only the later side has it.
    Added,
    /// Only the earlier side has it.
    Removed,
    /// Both have it.
    Changed,
}

/// What differs of a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NameDiff {
    /// The name.
    pub table: TableName,
    /// How it differs.
    pub change: NameChange,
    /// `table` or `view`, on the later side where it has the name.
    pub kind: &'static str,
    /// Rows before; of a view they are not counted.
    pub rows_before: Option<u64>,
    /// Rows after.
    pub rows_after: Option<u64>,
    /// How its columns differ.
    pub columns: ColumnDiff,
}

/// What differs between two sides of one table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableDiff {
    /// The earlier side.
    pub before: Side,
    /// The later side.
    pub after: Side,
    /// The table.
    pub table: TableName,
    /// The columns that rows were told apart by; empty for whole rows.
    pub key: Vec<String>,
    /// How its columns differ.
    pub columns: ColumnDiff,
    /// How its rows do.
    pub rows: Comparison,
}

/// Says which names differ between two sides, with their columns and the number of their rows.
///
/// # Errors
/// When there is no such side, and when a table cannot be read.
pub async fn diff_lake(lake: &Lake, range: &Range) -> Result<LakeDiff> {
    let (first, second) = range.open(lake).await?;
    let (before, after) = (relations(first.as_ref()), relations(second.as_ref()));
    let mut tables = Vec::new();
    for table in crate::publish::changed_names(&before, &after) {
        let change = match (before.contains_key(&table), after.contains_key(&table)) {
            (false, _) => NameChange::Added,
            (_, false) => NameChange::Removed,
            (true, true) => NameChange::Changed,
        };
        let relation = after.get(&table).or_else(|| before.get(&table));
        tables.push(NameDiff {
            change,
            kind: if matches!(relation, Some(Relation::View { .. })) { "view" } else { "table" },
            rows_before: count(lake, &before, &table).await?,
            rows_after: count(lake, &after, &table).await?,
            columns: ColumnDiff::of(lake, &before, &after, &table).await?,
            table,
        });
    }
    let (before, after) = (range.side(0, first.as_ref()), range.side(1, second.as_ref()));
    Ok(LakeDiff { before, after, tables })
}

/// Says what differs between two sides of one table: columns, and rows, with some of these.
///
/// # Errors
/// `HW0934` when a side does not have the table, and as [`headwater_sdk::engine::Engine::compare`].
pub async fn diff_table(
    project: &Project,
    lake: &Lake,
    range: &Range,
    table: &TableName,
    key: &DiffKey,
    sample: usize,
) -> Result<TableDiff> {
    let (first, second) = range.open(lake).await?;
    let (before, after) = (relations(first.as_ref()), relations(second.as_ref()));
    for (place, relations) in [&before, &after].into_iter().enumerate() {
        if !relations.contains_key(table) {
            let message = format!("{} has no table {table}", range.name(place));
            return Err(Error::new("HW0934", Blame::Project, message)
                .help("`headwater diff` without a table lists those that only one side has"));
        }
    }
    let columns = ColumnDiff::of(lake, &before, &after, table).await?;
    let key = match key {
        DiffKey::Rows => Vec::new(),
        DiffKey::Columns(columns) => columns.clone(),
        DiffKey::OfProject => key_of(project, table).into_iter().filter(|key| columns.leaves(key)).flatten().collect(),
    };
    let request = CompareRequest { table: table.clone(), before, after, key: key.clone(), sample };
    let rows = lake.engine.compare(&request).await?;
    let (before, after) = (range.side(0, first.as_ref()), range.side(1, second.as_ref()));
    Ok(TableDiff { before, after, table: table.clone(), key, columns, rows })
}

fn relations(snapshot: Option<&SnapshotRecord>) -> Relations {
    snapshot.map(|snapshot| snapshot.relations.clone()).unwrap_or_default()
}

/// The key that a project gives a table.
fn key_of(project: &Project, table: &TableName) -> Option<Vec<String>> {
    let checks = &project.asset(table)?.checks;
    checks.iter().find_map(|spec| match &spec.check.probe {
        Probe::Unique { columns } if spec.check.severity == Severity::Error && spec.check.filter.is_none() => {
            Some(columns.clone())
        }
        _ => None,
    })
}

/// The number of a table's rows; `None` for a view, whose rows would have to be computed, and for what is not there.
async fn count(lake: &Lake, relations: &Relations, table: &TableName) -> Result<Option<u64>> {
    if relations.get(table).and_then(Relation::version).is_none() {
        return Ok(None);
    }
    lake.engine.count_rows(relations, table).await.map(Some)
}
