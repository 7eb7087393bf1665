//! Keys that come after the sample.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::Schema;

use super::drift::Seen;
use super::sample::Sample;
use super::values::Reading;

/// More of them are data and no columns, as where objects are keyed by names: their rows are set aside.
const MOST: usize = 500;

/// What the rows of a load have that no row of the sample had: columns of a load that is planned once more. One for all loads of a stream.
#[derive(Debug)]
pub(crate) struct LateKeys(Mutex<Found>);

#[derive(Debug)]
struct Found {
    sample: Sample,
    /// Where the first one is.
    place: Arc<str>,
    /// Whether something was found that the newest plan does not have.
    is_news: bool,
}

impl Found {
    fn are_columns(&self) -> bool {
        self.sample.len() <= MOST
    }
}

impl LateKeys {
    /// None yet.
    pub(crate) fn new(reading: &Reading) -> Self {
        Self(Mutex::new(Found { sample: Sample::new(reading), place: Arc::from(""), is_news: false }))
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a value whose key is no column of `table`, or in which an object has a key that is none of its fields, of a row of `file`.
    pub(crate) fn see(&self, key: &str, token: &[u8], table: &Schema, file: &Arc<str>) {
        let mut found = self.found();
        if !found.are_columns() {
            return;
        }
        if found.sample.len() == 0 {
            found.place = Arc::clone(file);
        }
        let column = found.sample.column(key, Some(table));
        found.sample.see_token(column, token);
        found.is_news = true;
    }

    /// Whether there is something that the plan before did not have, and that one made now has.
    pub(crate) fn has_news(&self) -> bool {
        let found = self.found();
        found.is_news && found.are_columns()
    }

    /// What was found, for a new plan.
    pub(crate) fn take_up(&self) -> Option<Seen> {
        let mut found = self.found();
        found.is_news = false;
        let any = found.sample.len() > 0 && found.are_columns();
        any.then(|| Seen { file: Arc::clone(&found.place), columns: Some(found.sample.evidence(true)), sparse: true })
    }
}
