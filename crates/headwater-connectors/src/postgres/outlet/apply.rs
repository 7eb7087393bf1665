//! Statements over the temporary table, with the rows set aside that the database refuses.

use async_trait::async_trait;
use headwater_sdk::Result;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::TableOutlet;
use super::stage::PLACE;
use crate::database::{self, Faults, STAGE, Stage, Statements};

/// Runs statements over all rows of the temporary table that the database takes. Returns how many rows they have written.
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
    let first = client.query_one(&format!("select coalesce(min({PLACE}), 0) from {STAGE}"), &[]).await;
    let first: i64 = first.map_err(|error| outlet.error(&error))?.get(0);
    database::apply(&mut OverStage { outlet, client, statements }, stage.places(first), faults).await
}

struct OverStage<'a> {
    outlet: &'a TableOutlet,
    client: &'a Client,
    statements: &'a [String],
}

#[async_trait]
impl Statements for OverStage<'_> {
    async fn run(&mut self, from: i64, to: i64) -> Result<Result<u64, String>> {
        attempt(self.outlet, self.client, self.statements, from, to).await
    }

    async fn narrow(&mut self) -> Result<()> {
        let index = format!("create index if not exists headwater_stage_place on {STAGE} ({PLACE})");
        self.client.batch_execute(&index).await.map_err(|error| self.outlet.error(&error))
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
