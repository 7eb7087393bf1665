//! Statements over the temporary table, with the rows set aside that the database refuses.

use headwater_sdk::{Blame, Error, Result};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::TableOutlet;
use super::stage::{PLACE, STAGE, Stage};
use crate::codes;

/// Rows that the database refuses, by their places.
pub(super) struct Faults {
    /// The rows, each with the reason.
    pub(super) rows: Vec<(i64, String)>,
    /// How many more were refused before they came to the database.
    before: u64,
    most: u64,
}

impl Faults {
    /// None yet; `most` are let pass.
    pub(super) fn new(most: u64) -> Self {
        Self { rows: Vec::new(), before: 0, most }
    }

    /// How many.
    pub(super) fn count(&self) -> u64 {
        self.before + self.rows.len() as u64
    }

    /// Takes up what was refused on the way into the temporary table.
    ///
    /// # Errors
    /// When that is too much.
    pub(super) fn refused(&mut self, stage: &Stage) -> Result<()> {
        self.before = stage.refusals;
        self.judge(stage.refused.first().map_or("", |(_, reason)| reason))
    }

    fn add(&mut self, place: i64, reason: String) -> Result<()> {
        self.rows.push((place, reason));
        self.judge(&self.rows[self.rows.len() - 1].1.clone())
    }

    fn judge(&self, reason: &str) -> Result<()> {
        if self.count() <= self.most {
            return Ok(());
        }
        let message = format!("more than {} rows are refused, the last one because: {reason}", self.most);
        Err(Error::new(codes::UNDELIVERED, Blame::Data, message)
            .help("correct the rows, or what the destination takes; or let more pass with `most_undelivered`"))
    }
}

/// Runs statements over all rows of the temporary table, and over less and less of them where rows are refused, until those are alone.
/// Rows that were refused are tried once more when the others are done, for as long as that helps: they may have waited for others.
/// Returns how many rows the statements have written.
///
/// # Errors
/// When the database fails, or too many rows are refused.
pub(super) async fn apply(
    outlet: &TableOutlet,
    client: &Client,
    statements: &[String],
    stage: &Stage,
    faults: &mut Faults,
) -> Result<u64> {
    // Rows of earlier deliveries have places before 0.
    let first = client.query_one(&format!("select coalesce(min({PLACE}), 0) from {STAGE}"), &[]).await;
    let first: i64 = first.map_err(|error| outlet.error(&error))?.get(0);
    let known = faults.rows.len();
    let mut written = 0;
    let mut left = vec![(first, stage.rows.max(1) - 1)];
    let mut is_indexed = false;
    while let Some((from, to)) = left.pop() {
        match attempt(outlet, client, statements, from, to).await? {
            Ok(rows) => written += rows,
            Err(reason) if from == to => faults.add(from, reason)?,
            Err(_) => {
                if !is_indexed {
                    let index = format!("create index if not exists headwater_stage_place on {STAGE} ({PLACE})");
                    client.batch_execute(&index).await.map_err(|error| outlet.error(&error))?;
                    is_indexed = true;
                }
                let middle = from + (to - from) / 2;
                left.push((middle + 1, to));
                left.push((from, middle));
            }
        }
    }
    loop {
        let waiting = faults.rows.split_off(known);
        let before = waiting.len();
        for (place, _) in waiting {
            match attempt(outlet, client, statements, place, place).await? {
                Ok(rows) => written += rows,
                Err(reason) => faults.rows.push((place, reason)),
            }
        }
        if faults.rows.len() - known == before || faults.rows.len() == known {
            return Ok(written);
        }
    }
}

/// Runs statements over the rows of some places: all of them or, with the reason, none.
async fn attempt(
    outlet: &TableOutlet,
    client: &Client,
    statements: &[String],
    from: i64,
    to: i64,
) -> Result<Result<u64, String>> {
    let failed = |error: tokio_postgres::Error| outlet.error(&error);
    client.batch_execute("savepoint headwater_rows").await.map_err(failed)?;
    let mut written = 0;
    for statement in statements {
        let places: [&(dyn ToSql + Sync); 2] = [&from, &to];
        match client.execute(statement.as_str(), &places).await {
            Ok(rows) => written += rows,
            Err(error) => match fault(&error) {
                Some(reason) => {
                    client.batch_execute("rollback to savepoint headwater_rows").await.map_err(failed)?;
                    return Ok(Err(reason));
                }
                None => return Err(outlet.error(&error)),
            },
        }
    }
    client.batch_execute("release savepoint headwater_rows").await.map_err(failed)?;
    Ok(Ok(written))
}

/// What the database says of a row, where it is the row that it refuses: data exceptions, broken constraints, checks of views, and what
/// triggers raise (PostgreSQL, "Error Codes", classes 22, 23, 44 and P0).
fn fault(error: &tokio_postgres::Error) -> Option<String> {
    let told = error.as_db_error()?;
    let class = told.code().code().get(..2)?;
    ["22", "23", "44", "P0"].contains(&class).then(|| match told.detail() {
        Some(detail) => format!("{} ({detail})", told.message()),
        None => told.message().to_owned(),
    })
}
