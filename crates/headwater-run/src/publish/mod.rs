//! Publishing: an intent, the staged commits, the flip of `main`. Each step may be repeated after a crash.

mod gate;
mod snapshot;

use headwater_sdk::engine::PublishOutcome;
use headwater_sdk::store::{Intent, Lease};
use headwater_sdk::{Blame, Error, Result, TableName};

use crate::execute::{Context, Outcomes};
use crate::failpoints::{AFTER_FLIP, AFTER_INTENT, BEFORE_FLIP, BEFORE_INTENT, failpoint};
use crate::lake::Lake;

pub(crate) use snapshot::changed_names;

/// How publishing ended.
pub(crate) enum Published {
    /// There was nothing to publish.
    Nothing,
    /// `main` is at this snapshot now.
    Snapshot {
        id: u64,
        /// Assets that the project no longer has and that are gone from `main`.
        removed: Vec<TableName>,
    },
    /// Somebody else has written to these tables; nothing was published.
    Stale(Vec<TableName>),
}

/// Publishes everything that was audited and may be seen, at once.
///
/// # Errors
/// When the storage or the catalogue fails. If that happens after the intent was recorded, the next run finishes it.
pub(crate) async fn publish(context: &Context, outcomes: &mut Outcomes, lease: &Lease) -> Result<Published> {
    gate::close(&context.project, &context.base, outcomes);
    match snapshot::compose(context, outcomes) {
        None => Ok(Published::Nothing),
        Some(intent) => put(&context.lake, &intent, lease).await,
    }
}

/// Carries out an intent.
///
/// # Errors
/// As [`publish`].
pub(crate) async fn put(lake: &Lake, intent: &Intent, lease: &Lease) -> Result<Published> {
    failpoint(BEFORE_INTENT);
    lake.store.put_intent(intent, lease).await?;
    failpoint(AFTER_INTENT);
    finish(lake, intent, lease).await
}

/// Finishes a recorded intent, from wherever it stands.
///
/// # Errors
/// As [`publish`].
pub(crate) async fn finish(lake: &Lake, intent: &Intent, lease: &Lease) -> Result<Published> {
    if !intent.tables.is_empty()
        && let PublishOutcome::Stale { tables } = lake.engine.publish(&intent.branch, &intent.tables).await?
    {
        lake.store.clear_intent(&intent.run).await?;
        return Ok(Published::Stale(tables));
    }
    failpoint(BEFORE_FLIP);
    lake.store.publish(intent, lease).await?;
    failpoint(AFTER_FLIP);
    Ok(Published::Snapshot { id: intent.snapshot.id, removed: intent.removed.clone() })
}

/// Tells that somebody else has written to tables of the lake.
pub(crate) fn stale_error(tables: &[TableName]) -> Error {
    let names: Vec<String> = tables.iter().map(ToString::to_string).collect();
    let message =
        format!("another program has written to {} while this run worked: nothing was published", names.join(", "));
    Error::new("HW0915", Blame::Data, message)
        .help("run again: it rebuilds on top of what is there now; let only headwater write to its tables")
}
