//! The second look: checks that one pass over the new rows cannot tell.
//!
//! Each becomes a query on the staged version that reads only the columns it needs.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use headwater_sdk::check::{CompiledCheck, Probe};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Result, TableName};

use super::quarantine::NEW_ROWS;
use super::rows::{SAMPLE_ROWS, Tally, in_check};
use super::sample;
use crate::session::{Session, Thrift, sql_error};

/// What the second look found for one check.
pub(super) struct Found {
    pub(super) tally: Tally,
    /// Bytes of data files read.
    pub(super) bytes: u64,
}

/// Which rows can fail a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All.
    All,
    /// Those of the attempt ([`NEW_ROWS`]).
    NewRows,
}

/// Evaluates a check that is not one-pass on `table`, whose number of rows is `rows`.
pub(super) async fn audit(
    session: &Session,
    check: &CompiledCheck,
    table: &TableName,
    rows: Option<u64>,
    scope: Scope,
) -> Result<Found> {
    let found = match &check.probe {
        Probe::Query { sql } => failing_rows(session, sql).await,
        Probe::RowCount { .. } => match &check.filter {
            Some(filter) => count(session, &count_where(table, filter))
                .await
                .map(|(checked, bytes)| Found { tally: Tally { checked, ..Tally::default() }, bytes }),
            None => Ok(Found { tally: Tally::default(), bytes: 0 }),
        },
        probe => match failing_keys(probe, check.filter.as_deref(), table, scope) {
            Some(queries) => count_failing(session, &queries, rows.filter(|_| check.filter.is_none())).await,
            None => Ok(Found { tally: Tally::default(), bytes: 0 }),
        },
    };
    found.map_err(|e| in_check(check, e))
}

/// Queries about the keys of failing rows.
struct KeyQueries {
    /// One row: how many rows fail (null for none).
    count: String,
    /// One row: how many rows are checked.
    checked: String,
    /// Some failing keys, the most frequent first.
    sample: String,
}

fn quoted_list(names: &[String]) -> String {
    names.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", ")
}

// The names of tables in these queries are none that a column has: within a subquery a column goes before a table of the same name around it,
// and `t.id` would be the field of a column `t`.

/// The predicate under which a row of the table, named `__row`, fails a unique or references check.
pub(crate) fn fails_when(probe: &Probe, filter: Option<&str>, table: &TableName) -> Option<String> {
    let chosen = filter.map_or(String::new(), |filter| format!(" AND ({filter})"));
    match probe {
        Probe::Unique { columns } => {
            let keys = quoted_list(columns);
            let same: Vec<String> =
                columns.iter().map(|c| format!("__twice.{0} = __row.{0}", quote_identifier(c))).collect();
            Some(format!(
                "EXISTS (SELECT 1 FROM (SELECT {keys} FROM {table} WHERE {not_null}{chosen} GROUP BY {keys} HAVING count(*) > 1) __twice WHERE {same}){chosen}",
                not_null = all_present(columns),
                same = same.join(" AND "),
            ))
        }
        Probe::References { columns, to, to_columns } => {
            let same: Vec<String> = columns
                .iter()
                .zip(to_columns)
                .map(|(c, r)| format!("__referred.{} = __row.{}", quote_identifier(r), quote_identifier(c)))
                .collect();
            let present: Vec<String> =
                columns.iter().map(|c| format!("__row.{} IS NOT NULL", quote_identifier(c))).collect();
            Some(format!(
                "{} AND NOT EXISTS (SELECT 1 FROM {to} __referred WHERE {}){chosen}",
                present.join(" AND "),
                same.join(" AND "),
            ))
        }
        _ => None,
    }
}

fn all_present(columns: &[String]) -> String {
    columns.iter().map(|c| format!("{} IS NOT NULL", quote_identifier(c))).collect::<Vec<_>>().join(" AND ")
}

fn count_where(table: &TableName, filter: &str) -> String {
    format!("SELECT count(*) FROM {table} WHERE ({filter})")
}

fn failing_keys(probe: &Probe, filter: Option<&str>, table: &TableName, scope: Scope) -> Option<KeyQueries> {
    let chosen = filter.map_or(String::new(), |filter| format!(" AND ({filter})"));
    let rows = match probe {
        Probe::Unique { columns } | Probe::References { columns, .. } if columns.iter().any(|c| c == "rows") => "rows_",
        _ => "rows",
    };
    let (keys, groups) = match probe {
        Probe::Unique { columns } => {
            let keys = quoted_list(columns);
            let same: Vec<String> =
                columns.iter().map(|c| format!("__new.{0} = __row.{0}", quote_identifier(c))).collect();
            let among = match scope {
                Scope::All => String::new(),
                Scope::NewRows => format!(" AND EXISTS (SELECT 1 FROM {NEW_ROWS} __new WHERE {})", same.join(" AND ")),
            };
            let groups = format!(
                "SELECT {keys}, count(*) AS {rows} FROM {table} __row WHERE {}{chosen}{among} GROUP BY {keys} HAVING count(*) > 1",
                all_present(columns)
            );
            (keys, groups)
        }
        Probe::References { columns, to, to_columns } => {
            let keys = quoted_list(columns);
            let same: Vec<String> = columns
                .iter()
                .zip(to_columns)
                .map(|(c, r)| format!("__referred.{} = __key.{}", quote_identifier(r), quote_identifier(c)))
                .collect();
            let whose = match scope {
                Scope::All => table.to_string(),
                Scope::NewRows => NEW_ROWS.to_owned(),
            };
            // Grouping first makes the join as small as the number of distinct keys.
            let groups = format!(
                "SELECT {keys}, {rows} FROM (SELECT {keys}, count(*) AS {rows} FROM {whose} WHERE {}{chosen} GROUP BY {keys}) __key \
                 WHERE NOT EXISTS (SELECT 1 FROM {to} __referred WHERE {})",
                all_present(columns),
                same.join(" AND "),
            );
            (keys, groups)
        }
        _ => return None,
    };
    Some(KeyQueries {
        count: format!("SELECT CAST(sum({rows}) AS BIGINT) FROM ({groups}) g"),
        checked: count_where(table, filter.unwrap_or("true")),
        sample: format!("SELECT * FROM ({groups}) g ORDER BY {rows} DESC, {keys} LIMIT {SAMPLE_ROWS}"),
    })
}

/// `checked` is the number of rows checked, where it is known.
async fn count_failing(session: &Session, queries: &KeyQueries, checked: Option<u64>) -> Result<Found> {
    let (failing, mut bytes) = count(session, &queries.count).await?;
    let checked = match checked {
        Some(checked) => checked,
        None => {
            let (checked, more) = count(session, &queries.checked).await?;
            bytes += more;
            checked
        }
    };
    let mut tally = Tally { failing, checked, ..Tally::default() };
    if failing > 0 {
        let (batches, more) = collect(session, &queries.sample).await?;
        bytes += more;
        tally.sample = batches.iter().flat_map(|b| (0..b.num_rows()).map(|row| sample::row(b, row))).collect();
    }
    Ok(Found { tally, bytes })
}

/// The number that a query yields (null counts as 0), and the bytes read for it.
async fn count(session: &Session, sql: &str) -> Result<(u64, u64)> {
    let (batches, bytes) = collect(session, sql).await?;
    let number = batches.iter().filter(|b| b.num_rows() > 0).find_map(|b| {
        let column = b.column(0).as_primitive_opt::<Int64Type>()?;
        (!column.is_null(0)).then(|| column.value(0))
    });
    Ok((u64::try_from(number.unwrap_or(0)).unwrap_or(0), bytes))
}

/// Counts the rows of a query and keeps the first ones.
async fn failing_rows(session: &Session, sql: &str) -> Result<Found> {
    let plan = session.plan(sql).await?;
    let (physical, mut stream) = execute(session, &plan, Thrift::Spilling).await?;
    let mut tally = Tally::default();
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|e| sql_error(&e))?;
        let room = SAMPLE_ROWS.saturating_sub(tally.sample.len());
        tally.sample.extend((0..batch.num_rows().min(room)).map(|row| sample::row(&batch, row)));
        tally.failing += batch.num_rows() as u64;
    }
    tally.checked = tally.failing;
    Ok(Found { tally, bytes: bytes_scanned(&physical) })
}

/// Runs a query whose result is small; also tells the bytes of data files that it read.
async fn collect(session: &Session, sql: &str) -> Result<(Vec<RecordBatch>, u64)> {
    let plan = session.plan(sql).await?;
    let mut thrift = Thrift::Fast;
    loop {
        match try_collect(session, &plan, thrift).await {
            Err(e) => thrift = thrift.next_after(&e).ok_or(e)?,
            result => return result,
        }
    }
}

async fn try_collect(session: &Session, plan: &LogicalPlan, thrift: Thrift) -> Result<(Vec<RecordBatch>, u64)> {
    let (physical, mut stream) = execute(session, plan, thrift).await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch.map_err(|e| sql_error(&e))?);
    }
    Ok((batches, bytes_scanned(&physical)))
}

async fn execute(
    session: &Session,
    plan: &LogicalPlan,
    thrift: Thrift,
) -> Result<(Arc<dyn ExecutionPlan>, datafusion::execution::SendableRecordBatchStream)> {
    let physical = session.physical(plan, thrift).await?;
    let stream = execute_stream(physical.clone(), session.context(thrift)).map_err(|e| sql_error(&e))?;
    Ok((physical, stream))
}

/// Bytes that the scans below a plan have read from data files.
pub(super) fn bytes_scanned(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let own = plan.metrics().and_then(|metrics| metrics.sum_by_name("bytes_scanned"));
    let below: u64 = plan.children().into_iter().map(bytes_scanned).sum();
    own.map_or(0, |value| value.as_usize() as u64) + below
}
