//! Setting aside rows that only a second look finds: duplicates, and references to what is not there.
//!
//! The rows that this attempt has written are read once more and written again without the failing ones. Rows that the
//! table had before are never set aside: they were published by an earlier run.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::SchemaRef;
use deltalake_core::kernel::Add;
use futures::StreamExt;
use headwater_sdk::check::{CompiledCheck, Severity};
use headwater_sdk::engine::{Layout, Staged};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result, TableName};
use roaring::RoaringTreemap;

use super::audit::{self, Scope};
use super::order;
use super::rows::{RowChecks, SetAside, Tally, reason};
use super::sink::{FileWriter, Sink, Written};
use super::task::{Attempt, Outcome, files_of, query_lanes};
use crate::lake::table::TableVersion;
use crate::session::{LakeTable, Session, arrow_error};
use crate::types::cast_batch;

/// The name under which the rows of this attempt alone can be read.
pub(super) const NEW_ROWS: &str = "_attempt.new_rows";

/// Evaluates the quarantining checks that are not one-pass. Returns the files to commit instead of the staged ones, when
/// rows were set aside.
pub(super) async fn second_look(
    attempt: &Attempt<'_>,
    outcome: &Outcome,
    version: &TableVersion,
    tallies: &mut [Tally],
    staged: &mut Staged,
) -> Result<Option<Vec<Add>>> {
    let late = |index: usize, check: &CompiledCheck| {
        check.severity == Severity::Quarantine && !check.is_one_pass() && !tallies[index].proven
    };
    let checks: Vec<(usize, &CompiledCheck)> =
        attempt.checks.iter().enumerate().filter(|(index, check)| late(*index, check)).collect();
    if checks.is_empty() {
        return Ok(None);
    }
    let session = session(attempt, outcome, version)?;
    let mut failing = Vec::new();
    for (index, check) in checks {
        let found = audit::audit(&session, check, attempt.table, version.rows(), Scope::All).await?;
        staged.bytes_audited += found.bytes;
        if found.tally.failing > 0 {
            failing.push((index, check));
        }
        tallies[index] = found.tally;
    }
    if failing.is_empty() {
        return Ok(None);
    }
    let columns: Vec<String> =
        outcome.schema.fields().iter().map(|field| format!("__row.{}", quote_identifier(field.name()))).collect();
    let select = format!("SELECT {} FROM {NEW_ROWS} __row WHERE", columns.join(", "));
    let mut passed = String::from("true");
    for (index, check) in failing {
        let Some(fails) = audit::fails_when(&check.probe, check.filter.as_deref(), attempt.table) else { continue };
        // A row that fails several checks is set aside once, by the first.
        let count = set_aside(&session, &format!("{select} {passed} AND ({fails})"), check, outcome).await?;
        tallies[index].failing = count;
        staged.quarantined += count;
        passed = format!("{passed} AND NOT coalesce({fails}, false)");
    }
    let (judging, places) = judging_checks(attempt.checks);
    let target = Target { checks: &judging, ..Target::of(attempt, outcome) };
    let written = rewrite(attempt, &target, &session, &format!("{select} {passed}")).await?;
    // What the others have counted on the way in were rows that are gone now.
    for (place, tally) in places.into_iter().zip(written.tallies) {
        tallies[place] = tally;
    }
    for (check, tally) in attempt.checks.iter().zip(tallies).filter(|(_, tally)| tally.proven) {
        // What holds for all rows holds for those that stay.
        tally.checked = if check.filter.is_none() { written.rows_out } else { tally.checked };
    }
    Ok(Some(written.adds))
}

/// The one-pass checks that set nothing aside, and their places among all checks.
pub(super) fn judging_checks(checks: &[CompiledCheck]) -> (Vec<CompiledCheck>, Vec<usize>) {
    let judging = |check: &CompiledCheck| check.severity != Severity::Quarantine && check.is_one_pass();
    let found = checks.iter().enumerate().filter(|(_, check)| judging(check));
    found.map(|(place, check)| (check.clone(), place)).unzip()
}

/// A session in which the staged table, and this attempt's rows of it alone, can be read.
pub(super) fn session(attempt: &Attempt<'_>, outcome: &Outcome, version: &TableVersion) -> Result<Session> {
    let mut before = attempt.previous.as_ref().map(|previous| files_of(&previous.table)).unwrap_or_default();
    before.extend(outcome.carried_over.iter().flatten().map(|file| file.path.clone()));
    // A file that was just written has no deleted rows.
    let new = files_of(version).into_iter().filter(|file| !before.contains(file));
    let new = new.map(|file| (file, RoaringTreemap::new())).collect();
    let table = LakeTable::slices(&[(version.clone(), new)], attempt.branch.lake.store_url())?;
    let name = NEW_ROWS.parse::<TableName>().map_err(|e| Error::new("HW0564", Blame::Headwater, e.to_string()))?;
    Ok(attempt.branch.lake.session_with(&attempt.relations_with(version), name, Arc::new(table)))
}

async fn set_aside(session: &Session, sql: &str, check: &CompiledCheck, outcome: &Outcome) -> Result<u64> {
    let Some(side) = &outcome.quarantine else { return Ok(0) };
    let mut side = side.lock().await;
    let mut count = 0;
    for mut lane in query_lanes(session, sql, &[]).await? {
        while let Some(batch) = lane.next().await {
            let rows = cast_batch(&batch?.rows, &outcome.write_schema).map_err(arrow_error)?;
            let same = |text: &str| StringArray::from_iter_values(std::iter::repeat_n(text, rows.num_rows()));
            count += rows.num_rows() as u64;
            let (checks, reasons) = (same(&check.name), same(&reason(check)));
            side.add_quarantined(&SetAside { rows, checks, reasons }).await?;
        }
    }
    Ok(count)
}

/// Where rows are written again.
pub(super) struct Target<'a> {
    pub(super) table: &'a TableName,
    /// The columns as the files hold them.
    pub(super) schema: &'a SchemaRef,
    pub(super) partition_by: &'a [String],
    pub(super) layout: &'a Layout,
    /// The one-pass checks that look on; none of them sets rows aside.
    pub(super) checks: &'a [CompiledCheck],
}

impl<'a> Target<'a> {
    /// The attempt's table, with nobody looking on.
    pub(super) fn of(attempt: &Attempt<'a>, outcome: &'a Outcome) -> Self {
        let (table, partition_by) = (attempt.table, attempt.partition_by);
        Self { table, schema: &outcome.write_schema, partition_by, layout: attempt.layout, checks: &[] }
    }
}

/// Writes the rows of a query as new files of a table.
pub(super) async fn rewrite(
    attempt: &Attempt<'_>,
    target: &Target<'_>,
    session: &Session,
    sql: &str,
) -> Result<Written> {
    let sorted_by = order::columns(target.layout, target.partition_by);
    let sink = Arc::new(Sink {
        schema: target.schema.clone(),
        files: FileWriter::new(
            attempt.branch.location(),
            target.table,
            target.schema,
            target.partition_by,
            target.layout,
        ),
        order: sorted_by.clone(),
        checks: RowChecks::compile(target.checks, target.schema, session.state(), &|_| false)?,
        quarantine: None,
        rejected: None,
        progress: Arc::new(Progress::default()),
    });
    sink.write(query_lanes(session, sql, &sorted_by).await?).await
}
