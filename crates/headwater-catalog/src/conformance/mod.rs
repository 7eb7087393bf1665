//! What every [`Store`] must do, as cases that run on any of them.
//!
//! A store's test hands [`run`] a function that makes an empty catalogue and connects to it twice. A new case is a
//! function in one of the files here and a line in `CASES`.

mod branches;
mod deliveries;
mod leases;
mod publishing;
mod reading;
mod runs;
pub mod samples;
mod usage;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::future::BoxFuture;
use headwater_sdk::Result;
use headwater_sdk::store::Store;

use crate::clock::Clock;

/// A clock that stands still until it is moved.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl Default for ManualClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(samples::START_MS)))
    }
}

impl ManualClock {
    /// The clock for a store.
    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Clock::from_fn(move || now.load(Ordering::SeqCst))
    }

    /// Moves the clock on.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// An empty catalogue, connected to twice: what one connection has done, the other sees.
#[derive(Clone)]
pub struct Subject {
    /// One connection.
    pub store: Arc<dyn Store>,
    /// Another one, as a second process would have it.
    pub other: Arc<dyn Store>,
    /// What both take the time from.
    pub clock: ManualClock,
}

type Case = fn(Subject) -> BoxFuture<'static, Result<()>>;

macro_rules! cases {
    ($($file:ident :: $case:ident),* $(,)?) => {
        &[$((concat!(stringify!($file), "::", stringify!($case)), |subject| Box::pin($file::$case(subject)))),*]
    };
}

/// Every case by its name.
const CASES: &[(&str, Case)] = cases![
    leases::one_holder_at_a_time,
    leases::expired_lease_is_taken_over,
    leases::tokens_never_go_down,
    leases::late_holder_goes_on_until_taken_over,
    leases::foreign_release_does_nothing,
    leases::leases_are_independent,
    leases::concurrent_acquisition_has_one_winner,
    runs::runs_come_newest_first,
    runs::run_record_is_replaced,
    runs::tasks_come_in_order,
    runs::task_record_is_replaced,
    runs::lost_lease_refuses_records,
    publishing::new_catalogue_is_empty,
    publishing::snapshot_comes_back_as_it_was_put,
    publishing::lost_lease_refuses_intent,
    publishing::lost_lease_refuses_publish,
    publishing::stale_parent_refuses_publish,
    publishing::number_must_grow,
    publishing::refused_publish_changes_nothing,
    publishing::intents_are_kept_until_cleared,
    publishing::publish_clears_its_own_intent_only,
    publishing::concurrent_publish_has_one_winner,
    reading::snapshot_at_finds_the_newest_before,
    reading::snapshots_come_newest_first,
    reading::vacuumed_snapshots_are_marked,
    reading::old_snapshots_keep_their_states,
    reading::removed_assets_vanish_from_the_new_snapshot_only,
    reading::removed_asset_may_come_back,
    reading::rollback_carries_old_states,
    reading::relations_follow_the_map_not_the_list,
    reading::readers_see_whole_snapshots,
    branches::branches_are_listed_and_deleted,
    branches::a_branch_moves_and_main_does_not,
    branches::numbers_of_a_deleted_branch_are_not_given_again,
    branches::publishing_a_branch_lets_it_begin_anew,
    deliveries::records_come_back_in_order,
    deliveries::rows_are_acknowledged_until_a_load_is_over,
    deliveries::refused_rows_are_kept_since_they_were_refused_first,
    deliveries::lost_lease_refuses_deliveries,
    usage::scans_of_a_day_are_summed_up,
    usage::usage_goes_with_time,
    usage::usage_does_not_grow_without_end,
];

/// Runs every case on a catalogue of its own. `make` connects twice to an empty catalogue that takes the time from the
/// clock; it is called once per case, and what it returns is dropped at the case's end. Needs a tokio runtime, best
/// one of several threads.
///
/// # Panics
/// When a case fails: after all have run, with the names and messages of those that failed.
pub async fn run<Make, Made>(make: Make)
where
    Make: Fn(ManualClock) -> Made,
    Made: Future<Output = Result<(Arc<dyn Store>, Arc<dyn Store>)>>,
{
    let mut failures = Vec::new();
    for (name, case) in CASES {
        let clock = ManualClock::default();
        let outcome = match make(clock.clone()).await {
            Ok((store, other)) => tokio::spawn(case(Subject { store, other, clock })).await,
            Err(error) => Ok(Err(error)),
        };
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => failures.push(format!("{name}: {} {}", error.code, error.full_message())),
            Err(panic) => failures.push(format!("{name}: {panic}")),
        }
    }
    assert!(failures.is_empty(), "{} of {} cases failed:\n{}", failures.len(), CASES.len(), failures.join("\n"));
}

/// The code of the error that tells of a lost lease.
pub(crate) const LEASE_LOST: &str = "HW0702";

/// Asserts that a call was refused with a code.
pub(crate) fn assert_refused<T: std::fmt::Debug>(outcome: &Result<T>, code: &str) {
    assert_eq!(outcome.as_ref().err().map(|error| error.code), Some(code), "{outcome:?}");
}
