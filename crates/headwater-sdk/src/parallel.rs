//! Pure computation on many items at once, on threads of its own.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The results of `work` on all items, in their order. This thread works, too; the others have `stack` bytes each.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], stack: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take_turns = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match items.get(index) {
                Some(item) => done.push((index, work(item))),
                None => return done,
            }
        }
    };
    let mut results = std::thread::scope(|scope| {
        let spawn = |_| std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, take_turns);
        // What cannot be started is done by those that were, this thread among them.
        let helpers: Vec<_> = (1..threads).filter_map(|index| spawn(index).ok()).collect();
        let mut results = take_turns();
        for helper in helpers {
            results.extend(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(
            in_parallel(&items, 1 << 20, |item| item * 2),
            items.iter().map(|item| item * 2).collect::<Vec<_>>()
        );
        assert_eq!(in_parallel(&[] as &[usize], 1 << 20, |item| *item), [] as [usize; 0]);
    }
}
