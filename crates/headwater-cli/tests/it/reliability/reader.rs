//! A reader that looks at a lake over and over while something happens to it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::lakes::{Lake, View, count_rows};

/// Ends the looking, also when the work panics.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What may be seen: everything as it was, or everything as it is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) old: &'a View,
    pub(super) new: &'a View,
}

impl Sight<'_> {
    /// Looks once, through Headwater and without it. True when it is the new state that was seen.
    #[track_caller]
    pub(super) fn look(&self, lake: &Lake) -> bool {
        self.look_directly(&lake.lake());
        let seen = lake.contents();
        if seen == self.new.contents {
            return true;
        }
        let differences = || [self.old, self.new].map(|view| view.differences(seen.as_ref())).join("\n");
        assert!(seen == self.old.contents, "a reader saw neither the old state nor the new one:\n{}", differences());
        false
    }

    /// Whoever reads one table without Headwater sees it as it was or as it is to be.
    #[track_caller]
    fn look_directly(&self, lake: &Path) {
        for (seen, (old, new)) in count_rows(lake).iter().zip(self.old.rows.iter().zip(self.new.rows)) {
            assert!(seen == old || *seen == new, "a table has {seen:?} rows, neither {old:?} nor {new:?}");
        }
    }

    /// Looks again and again while `work` goes on. Once the new state was seen, the old one may not come back. Returns
    /// what the work did, and whether the new state was seen.
    pub(super) fn look_during<T>(&self, lake: &Lake, work: impl FnOnce() -> T) -> (T, bool) {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut flipped = false;
                while !over.load(Ordering::SeqCst) {
                    let new = self.look(lake);
                    assert!(new || !flipped, "the old state came back");
                    flipped = new;
                }
                flipped
            });
            let done = {
                let _end = End(&over);
                work()
            };
            let flipped = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (done, flipped)
        })
    }
}
