//! What checks have seen, counted.

use serde_json::Value;

use super::keys::KeyHashes;

/// The failing rows that are kept of each check, for the report.
pub(crate) const SAMPLE_ROWS: usize = 5;

/// What one check has seen so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Rows looked at.
    pub(crate) checked: u64,
    /// Rows that failed.
    pub(crate) failing: u64,
    /// Some of them.
    pub(crate) sample: Vec<Value>,
    /// The newest value of a freshness check's column, in microseconds since 1970-01-01T00:00:00Z.
    pub(crate) newest: Option<i64>,
    /// The hashes of a unique check's keys.
    pub(in crate::stage) keys: Option<KeyHashes>,
    /// Whether a unique check is known to hold without a second look.
    pub(crate) proven: bool,
}

impl Tally {
    fn merge(&mut self, other: Self) {
        self.checked += other.checked;
        self.failing += other.failing;
        self.newest = self.newest.max(other.newest);
        let room = SAMPLE_ROWS.saturating_sub(self.sample.len());
        self.sample.extend(other.sample.into_iter().take(room));
        match (&mut self.keys, other.keys) {
            (Some(keys), Some(others)) => keys.merge(others),
            (None, Some(keys)) => self.keys = Some(keys),
            (_, None) => {}
        }
    }
}

/// Tallies to start with, one for each check.
pub(crate) fn tallies(count: usize) -> Vec<Tally> {
    (0..count).map(|_| Tally::default()).collect()
}

/// Proves what can be proven of the unique checks, when all rows have been seen.
pub(crate) async fn prove(tallies: &mut [Tally]) {
    for tally in tallies {
        if let Some(keys) = tally.keys.take() {
            tally.proven = tokio::task::spawn_blocking(move || keys.prove()).await.unwrap_or(false);
        }
    }
}

/// Adds what one lane has seen to the total.
pub(crate) fn merge(total: &mut [Tally], lane: Vec<Tally>) {
    for (total, lane) in total.iter_mut().zip(lane) {
        total.merge(lane);
    }
}
