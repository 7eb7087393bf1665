//! Publishing: an intent, the staged commits, the flip of `main` or of a branch. Each step may be repeated after a crash.

mod acknowledge;
mod gate;
mod snapshot;

use headwater_sdk::engine::PublishOutcome;
use headwater_sdk::store::Intent;
use headwater_sdk::{Blame, Error, Result, TableName};

use crate::execute::{Context, Outcomes};
use crate::failpoints::{AFTER_FLIP, AFTER_INTENT, BEFORE_FLIP, BEFORE_INTENT, failpoint};
use crate::lake::Lake;
use crate::lease::Held;

pub(crate) use acknowledge::acknowledge;
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
    /// It cannot be done, and nothing was published: somebody else has written to tables, or removed staged commits.
    Refused(Error),
}

/// Publishes everything that was audited and may be seen, at once.
///
/// # Errors
/// When the storage or the catalogue fails. If that happens after the intent was recorded, the next run finishes it.
pub(crate) async fn publish(context: &Context, outcomes: &mut Outcomes, held: &Held) -> Result<Published> {
    let retained = gate::close(&context.project, &context.base, outcomes);
    if let Some(refusal) = context.adoption.as_ref().and_then(|adoption| adoption.refusal(outcomes)) {
        context.put_tasks(outcomes.values().filter(|o| o.holds_back()).map(|o| &o.record)).await?;
        return Ok(Published::Refused(refusal));
    }
    match snapshot::compose(context, outcomes, &retained) {
        None => Ok(Published::Nothing),
        Some(intent) => {
            // A successor that finishes the intent goes by what is recorded.
            context.put_tasks(outcomes.values().filter(|o| o.holds_back()).map(|o| &o.record)).await?;
            put(&context.lake, &intent, held).await
        }
    }
}

/// Carries out an intent.
///
/// # Errors
/// As [`publish`].
pub(crate) async fn put(lake: &Lake, intent: &Intent, held: &Held) -> Result<Published> {
    failpoint(BEFORE_INTENT);
    lake.store.put_intent(intent, held.lease()).await?;
    failpoint(AFTER_INTENT);
    finish(lake, intent, held).await
}

/// Finishes a recorded intent, from wherever it stands.
///
/// A process may stall anywhere here, lose the lease, and wake when its successor has published on top of what it was
/// about to put. Putting a commit that the successor has put does no harm then, but taking one back would: that is only
/// done when the lease is still held after the obstacle was seen, for then no successor can have put the obstacle there.
///
/// # Errors
/// As [`publish`]; `HW0702` when the lease has been taken over.
pub(crate) async fn finish(lake: &Lake, intent: &Intent, held: &Held) -> Result<Published> {
    if !intent.tables.is_empty() {
        held.verify().await?;
        let onto = intent.onto.as_deref();
        let refusal = match lake.engine.publish(&intent.run, &intent.branch, onto, &intent.tables).await? {
            PublishOutcome::Done => None,
            PublishOutcome::Stale { tables } => Some(stale_error(&tables)),
            PublishOutcome::Lost { tables } => Some(lost_error(&tables)),
        };
        if let Some(error) = refusal {
            held.verify().await?;
            lake.engine.unpublish(&intent.run, &intent.branch, onto, &intent.tables).await?;
            lake.store.clear_intent(&intent.run, held.lease()).await?;
            return Ok(Published::Refused(error));
        }
    }
    failpoint(BEFORE_FLIP);
    lake.store.publish(intent, held.lease()).await?;
    failpoint(AFTER_FLIP);
    Ok(Published::Snapshot { id: intent.snapshot.id, removed: intent.removed.clone() })
}

/// Tells that somebody else has written to tables of the lake.
fn stale_error(tables: &[TableName]) -> Error {
    let message =
        format!("another program has written to {} while this run worked: nothing was published", listed(tables));
    Error::new("HW0915", Blame::Data, message)
        .help("run again: it rebuilds on top of what is there now; let only headwater write to its tables")
}

/// Tells that staged commits were removed.
fn lost_error(tables: &[TableName]) -> Error {
    let message = format!("what was staged of {} is gone: nothing was published", listed(tables));
    Error::new("HW0920", Blame::Environment, message)
        .help("something removed files from the lake's _headwater folder; run again to build the tables anew")
}

fn listed(tables: &[TableName]) -> String {
    tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
