//! The memory that the operators of all queries of a lake share.

use std::fmt::{self, Display, Formatter};
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};

/// Operators that can spill hold together one part in so many of what the others leave. The rest is for what they need on
/// top: a sort sorts and merges what it holds before it spills it, which takes up to two thirds of it once more.
const PARTS: usize = 2;

/// What hands rows from lanes to lanes is never refused memory. It would write them to files and read these back, and (DataFusion up
/// to 55.2, <https://github.com/apache/datafusion/issues/24883>) wait for ever where two lanes write at one time. It holds a
/// few batches for each lane, unless one lane falls far behind the others.
const NEVER_REFUSED: &str = "RepartitionExec";

/// A memory pool in which operators that can spill leave room to do so.
///
/// The query engine's own pool (`FairSpillPool`) lets them hold everything. Two sorts that fill up at the same time then have
/// nothing left to merge in, and the query fails where it only had to spill earlier.
#[derive(Debug)]
pub(super) struct SpillPool {
    /// Bytes.
    size: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// How many consumers can spill.
    spillers: usize,
    /// Bytes of consumers that can spill.
    spillable: usize,
    /// Bytes of the other consumers.
    fixed: usize,
}

impl Held {
    fn of(&mut self, reservation: &MemoryReservation) -> &mut usize {
        if spills(reservation.consumer()) { &mut self.spillable } else { &mut self.fixed }
    }
}

fn is_never_refused(consumer: &MemoryConsumer) -> bool {
    consumer.name().starts_with(NEVER_REFUSED)
}

/// Whether a consumer gives memory back when it is refused more.
fn spills(consumer: &MemoryConsumer) -> bool {
    consumer.can_spill() && !is_never_refused(consumer)
}

impl SpillPool {
    /// A pool of `size` bytes.
    pub(super) fn new(size: usize) -> Self {
        Self { size, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryPool for SpillPool {
    fn name(&self) -> &'static str {
        "spill"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.held().spillers += usize::from(spills(consumer));
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.held().spillers -= usize::from(spills(consumer));
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        *self.held().of(reservation) += additional;
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        *self.held().of(reservation) -= shrink;
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut held = self.held();
        let left = if is_never_refused(reservation.consumer()) {
            usize::MAX
        } else if spills(reservation.consumer()) {
            // An even share, whatever the others hold of theirs: each can give it back.
            let share = self.size.saturating_sub(held.fixed) / PARTS / held.spillers.max(1);
            share.saturating_sub(reservation.size())
        } else {
            self.size.saturating_sub(held.fixed + held.spillable)
        };
        if additional > left {
            return Err(DataFusionError::ResourcesExhausted(format!(
                "{} holds {} and cannot have {} more: {} of {} are left for it",
                reservation.consumer().name(),
                human_readable_size(reservation.size()),
                human_readable_size(additional),
                human_readable_size(left),
                human_readable_size(self.size),
            )));
        }
        *held.of(reservation) += additional;
        Ok(())
    }

    fn reserved(&self) -> usize {
        let held = self.held();
        held.spillable + held.fixed
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.size)
    }
}

impl Display for SpillPool {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name(), human_readable_size(self.size))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn pool(size: usize) -> Arc<dyn MemoryPool> {
        Arc::new(SpillPool::new(size))
    }

    #[test]
    fn what_can_spill_leaves_as_much_as_it_holds() {
        let pool = pool(1000);
        let sort = MemoryConsumer::new("sort").with_can_spill(true).register(&pool);
        let merge = MemoryConsumer::new("merge").register(&pool);
        sort.try_grow(500).unwrap();
        assert!(sort.try_grow(1).is_err());
        merge.try_grow(500).unwrap();
        assert!(merge.try_grow(1).is_err());
        assert_eq!(pool.reserved(), 1000);
    }

    #[test]
    fn what_can_spill_shares_evenly_in_what_the_others_leave() {
        let pool = pool(1000);
        let join = MemoryConsumer::new("join").register(&pool);
        join.try_grow(600).unwrap();
        let sorts = ["a", "b"].map(|name| MemoryConsumer::new(name).with_can_spill(true).register(&pool));
        for sort in &sorts {
            sort.try_grow(100).unwrap();
            assert!(sort.try_grow(1).is_err());
        }
        let [first, second] = sorts;
        drop(first);
        second.try_grow(100).unwrap();
        assert!(second.try_grow(1).is_err());
        assert_eq!(pool.reserved(), 800);
    }

    #[test]
    fn what_hands_rows_on_is_never_refused_and_counts() {
        let pool = pool(1000);
        let hands_on = MemoryConsumer::new("RepartitionExec[0]").with_can_spill(true).register(&pool);
        let sort = MemoryConsumer::new("sort").with_can_spill(true).register(&pool);
        hands_on.try_grow(600).unwrap();
        sort.try_grow(200).unwrap();
        assert!(sort.try_grow(1).is_err());
        hands_on.try_grow(600).unwrap();
        assert!(MemoryConsumer::new("merge").register(&pool).try_grow(1).is_err());
        assert_eq!(pool.reserved(), 1400);
    }

    #[test]
    fn an_error_says_who_wants_how_much_of_what() {
        let pool = pool(4 << 20);
        let sort = MemoryConsumer::new("sort").with_can_spill(true).register(&pool);
        sort.try_grow(1 << 20).unwrap();
        assert_eq!(
            sort.try_grow(3 << 20).unwrap_err().strip_backtrace(),
            "Resources exhausted: sort holds 1024.0 KB and cannot have 3.0 MB more: 1024.0 KB of 4.0 MB are left for it"
        );
    }
}
