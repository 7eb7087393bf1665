//! Unique keys, proven while their rows are written.
//!
//! Equal keys have equal hashes. When no 64-bit hash comes twice, no key does, and nothing has to be read again. When one
//! does (by chance among n rows with a probability of about n² / 2⁶⁵), or when there is no memory for the hashes, the
//! second look decides.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::DataType;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use headwater_sdk::Result;

use crate::session::sql_error;

/// Hashes are sorted in this many parts, by their first bits: each fits into a processor's cache.
const PARTS: usize = 1 << PART_BITS;
const PART_BITS: u32 = 12;
/// Room for hashes grows at least by this many.
const SMALLEST_GROWTH: usize = 64 * 1024;

/// Whether equal values of a type have equal hashes. Those of floating-point numbers may not (0.0 and -0.0).
pub(super) fn can_be_hashed(data_type: &DataType) -> bool {
    !data_type.is_floating() && !data_type.is_nested()
}

/// The hashes of the keys that one check has seen.
#[derive(Debug)]
pub(crate) struct KeyHashes {
    /// One list for each lane.
    lanes: Vec<Vec<u64>>,
    memory: MemoryReservation,
    /// False when there was no memory for all of them.
    complete: bool,
}

impl KeyHashes {
    pub(super) fn new(pool: &Arc<dyn MemoryPool>) -> Self {
        let memory = MemoryConsumer::new("unique keys").register(pool);
        Self { lanes: vec![Vec::new()], memory, complete: true }
    }

    /// Adds the keys of a batch: of its chosen rows, those without a null in the key.
    pub(super) fn add(&mut self, batch: &RecordBatch, columns: &[usize], chosen: Option<&BooleanBuffer>) -> Result<()> {
        if !self.complete || batch.num_rows() == 0 {
            return Ok(());
        }
        let keys: Vec<&ArrayRef> = columns.iter().map(|column| batch.column(*column)).collect();
        let mut hashes = vec![0; batch.num_rows()];
        create_hashes(keys.iter().copied(), &QualityRandomState::with_seed(0), &mut hashes)
            .map_err(|e| sql_error(&e))?;
        let present = keys.iter().fold(None, |all, key| NullBuffer::union(all.as_ref(), key.logical_nulls().as_ref()));
        let wanted = match (present.as_ref().map(NullBuffer::inner), chosen) {
            (Some(present), Some(chosen)) => Some(present & chosen),
            (Some(present), None) => Some(present.clone()),
            (None, chosen) => chosen.cloned(),
        };
        if !self.make_room(hashes.len()) {
            return Ok(());
        }
        let Some(lane) = self.lanes.last_mut() else { return Ok(()) };
        match wanted {
            None => lane.extend_from_slice(&hashes),
            Some(wanted) => lane.extend(wanted.set_indices().map(|row| hashes[row])),
        }
        Ok(())
    }

    /// Makes room for more hashes in the last lane, or gives up.
    fn make_room(&mut self, more: usize) -> bool {
        let Some(lane) = self.lanes.last_mut() else { return false };
        if lane.capacity() - lane.len() < more {
            let growth = more.max(lane.capacity()).max(SMALLEST_GROWTH);
            if self.memory.try_grow(growth * size_of::<u64>()).is_err() {
                self.give_up();
                return false;
            }
            lane.reserve_exact(lane.capacity() - lane.len() + growth);
        }
        true
    }

    fn give_up(&mut self) {
        self.complete = false;
        self.lanes = Vec::new();
        self.memory.free();
    }

    /// Adds what another lane has seen.
    pub(super) fn merge(&mut self, other: Self) {
        if !self.complete || !other.complete {
            return self.give_up();
        }
        self.lanes.extend(other.lanes);
        // What the other one holds is now held here.
        let held = other.memory.size();
        drop(other.memory);
        if self.memory.try_grow(held).is_err() {
            self.give_up();
        }
    }

    /// Whether no key comes twice. False also when that cannot be told. Takes a while; must not run among tasks that are
    /// waited for.
    pub(super) fn prove(mut self) -> bool {
        let count: usize = self.lanes.iter().map(Vec::len).sum();
        if !self.complete || self.memory.try_grow(count * size_of::<u64>()).is_err() {
            return false;
        }
        let mut parts = partition(std::mem::take(&mut self.lanes), count);
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let share = parts.bounds.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let mut rest = parts.hashes.as_mut_slice();
            let mut began = 0;
            let workers: Vec<_> = parts
                .bounds
                .chunks(share)
                .map(|ends| {
                    let end = ends.last().copied().unwrap_or(began);
                    let (mine, others) = std::mem::take(&mut rest).split_at_mut(end - began);
                    rest = others;
                    let first = std::mem::replace(&mut began, end);
                    scope.spawn(move || all_differ(mine, ends, first))
                })
                .collect();
            workers.into_iter().all(|worker| worker.join().unwrap_or(false))
        })
    }
}

/// Hashes grouped by their first bits.
struct Parts {
    hashes: Vec<u64>,
    /// Where each part ends.
    bounds: Vec<usize>,
}

fn part_of(hash: u64) -> usize {
    (hash >> (u64::BITS - PART_BITS)) as usize
}

fn partition(lanes: Vec<Vec<u64>>, count: usize) -> Parts {
    let mut next = vec![0; PARTS];
    for hash in lanes.iter().flatten() {
        next[part_of(*hash)] += 1;
    }
    let mut begin = 0;
    for slot in &mut next {
        let length = std::mem::replace(slot, begin);
        begin += length;
    }
    let mut hashes = vec![0; count];
    for lane in lanes {
        for hash in lane {
            let slot = &mut next[part_of(hash)];
            hashes[*slot] = hash;
            *slot += 1;
        }
    }
    // Each part has been filled up to where the next one begins.
    Parts { hashes, bounds: next }
}

/// Sorts each part of `hashes`, which begins at `first`, and looks for neighbours that are the same.
fn all_differ(mut hashes: &mut [u64], ends: &[usize], first: usize) -> bool {
    let mut began = first;
    for end in ends {
        let (part, rest) = hashes.split_at_mut(end - began);
        part.sort_unstable();
        if part.windows(2).any(|two| two[0] == two[1]) {
            return false;
        }
        (hashes, began) = (rest, *end);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringViewArray};
    use arrow::record_batch::RecordBatch;
    use datafusion::execution::memory_pool::{GreedyMemoryPool, UnboundedMemoryPool};

    fn batch(numbers: Vec<Option<i64>>, text: &str) -> RecordBatch {
        let texts = StringViewArray::from(vec![text; numbers.len()]);
        let numbers: ArrayRef = Arc::new(Int64Array::from(numbers));
        RecordBatch::try_from_iter([("n", numbers), ("t", Arc::new(texts) as ArrayRef)]).unwrap()
    }

    fn unbounded() -> Arc<dyn MemoryPool> {
        Arc::new(UnboundedMemoryPool::default())
    }

    fn lane(numbers: impl Iterator<Item = i64>, text: &str) -> KeyHashes {
        let mut keys = KeyHashes::new(&unbounded());
        keys.add(&batch(numbers.map(Some).collect(), text), &[0, 1], None).unwrap();
        keys
    }

    #[test]
    fn keys_that_differ_are_proven_across_lanes() {
        let mut keys = lane(0..50_000, "a");
        keys.merge(lane(50_000..100_000, "a"));
        keys.merge(lane(0..50_000, "b"));
        assert!(keys.prove());
    }

    #[test]
    fn one_key_that_comes_twice_is_found_wherever_it_is() {
        for twice in [0, 1, 777, 49_999] {
            let mut keys = lane(0..50_000, "a");
            keys.merge(lane(std::iter::once(twice), "a"));
            assert!(!keys.prove(), "{twice}");
        }
    }

    #[test]
    fn rows_without_a_key_and_rows_that_are_not_chosen_do_not_count() {
        let mut keys = KeyHashes::new(&unbounded());
        keys.add(&batch(vec![None, None, Some(1)], "a"), &[0, 1], None).unwrap();
        let chosen = BooleanBuffer::from(vec![false, true]);
        keys.add(&batch(vec![Some(1), Some(2)], "a"), &[0, 1], Some(&chosen)).unwrap();
        assert!(keys.prove());
    }

    #[test]
    fn without_memory_nothing_is_proven() {
        let small: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(1024));
        let mut keys = KeyHashes::new(&small);
        keys.add(&batch(vec![Some(1)], "a"), &[0], None).unwrap();
        assert!(!keys.prove());
        assert_eq!(small.reserved(), 0);
    }
}
