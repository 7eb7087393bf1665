//! Keys that come after the sample.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::Schema;

use super::drift::Seen;
use super::sample::Sample;
use super::values::Reading;

/// More of them are data and no columns, as where objects are keyed by names: their rows are set aside.
const MOST: usize = 500;

/// What the rows of a load have that no row of the sample had: columns of a load that is planned once more. One for all loads of a stream.
#[derive(Debug)]
pub(crate) struct LateKeys {
    found: Mutex<Found>,
    /// Whether something was found that the newest plan does not have.
    is_news: AtomicBool,
}

#[derive(Debug)]
struct Found {
    sample: Sample,
    /// Where the first one is.
    place: Arc<str>,
}

impl LateKeys {
    /// None yet.
    pub(crate) fn new(reading: &Reading) -> Self {
        let found = Found { sample: Sample::new(reading), place: Arc::from("") };
        Self { found: Mutex::new(found), is_news: AtomicBool::new(false) }
    }

    /// Takes a value whose key is no column of `table`, or in which an object has a key that is none of its fields, of a row of `file`.
    pub(crate) fn see(&self, key: &str, token: &[u8], table: &Schema, file: &Arc<str>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.sample.len() == 0 {
            found.place = Arc::clone(file);
        }
        if found.sample.len() > MOST {
            return;
        }
        let column = found.sample.column(key, Some(table));
        found.sample.see_token(column, token);
        self.is_news.store(true, Ordering::Relaxed);
    }

    /// Whether there is something that the plan before did not have, and that one made now has.
    pub(crate) fn has_news(&self) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.sample.len() <= MOST && self.is_news.load(Ordering::Relaxed)
    }

    /// What was found, for a new plan.
    pub(crate) fn take_up(&self) -> Option<Seen> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_news.store(false, Ordering::Relaxed);
        let columns = Some(found.sample.evidence(true)).filter(|_| (1..=MOST).contains(&found.sample.len()));
        columns.map(|columns| Seen { file: Arc::clone(&found.place), columns: Some(columns), sparse: true })
    }
}
