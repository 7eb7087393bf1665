//! Rows that were set aside before, for loads that read some rows again.

use std::collections::HashMap;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use headwater_sdk::connector::RejectedRow;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Result, TableName};

use crate::session::{Session, answer, arrow_error};

/// Bytes from which on a row's text may have been cut: those of two rows may then be the same, and theirs are not.
const CUT: usize = 4096 - 4;

/// The rows of a `__rejected` table, read when they are first asked for.
pub(crate) struct KnownRows {
    session: Session,
    table: TableName,
    /// How often each is there that no row of the load has been found to be yet.
    counts: Option<HashMap<[u8; 16], u64>>,
}

impl KnownRows {
    /// What `table` has in the session, in which it has to be.
    pub(crate) fn new(session: &Session, table: TableName) -> Self {
        Self { session: session.clone(), table, counts: None }
    }

    /// The rows that are not among them. Where they stand does not tell: a later load finds them elsewhere.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub(crate) async fn without<'a>(&mut self, rows: &'a [RejectedRow]) -> Result<Vec<&'a RejectedRow>> {
        let counts = match &mut self.counts {
            Some(counts) => counts,
            none => none.insert(counts(&self.session, &self.table).await?),
        };
        let is_new = |row: &&RejectedRow| match counts.get_mut(&digest(&row.reason, &row.raw)) {
            Some(count) if *count > 0 && row.raw.len() < CUT => {
                *count -= 1;
                false
            }
            _ => true,
        };
        Ok(rows.iter().filter(is_new).collect())
    }
}

async fn counts(session: &Session, table: &TableName) -> Result<HashMap<[u8; 16], u64>> {
    let columns = ["_reason", "_raw"].map(quote_identifier).join(", ");
    let plan = session.plan(&format!("SELECT {columns} FROM {table}")).await?;
    let mut rows = answer(session.clone(), plan, false).await?.stream;
    let mut counts = HashMap::new();
    while let Some(batch) = rows.try_next().await? {
        let text = |place: usize| cast(batch.column(place), &DataType::Utf8).map_err(arrow_error);
        let (reasons, raws) = (text(0)?, text(1)?);
        for (reason, raw) in reasons.as_string::<i32>().iter().zip(raws.as_string::<i32>()) {
            *counts.entry(digest(reason.unwrap_or_default(), raw.unwrap_or_default())).or_insert(0) += 1;
        }
    }
    Ok(counts)
}

fn digest(reason: &str, raw: &str) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    // The length keeps the two apart.
    hasher.update(&(reason.len() as u64).to_le_bytes()).update(reason.as_bytes()).update(raw.as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}
