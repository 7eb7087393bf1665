//! Rows that a database refuses when they are delivered to it: found by halving, and counted.

use arrow_array::RecordBatch;
use async_trait::async_trait;
use headwater_sdk::Result;

use crate::delivered::{as_json, too_many};

/// The table of the marks of deliveries, beside the tables that are delivered to.
pub(crate) const MARKS: &str = "headwater_deliveries";
/// The table of rows that were refused.
pub(crate) const REFUSED: &str = "headwater_undelivered";
/// Where these are, in words.
pub(crate) const KEPT: &str = "there in headwater_undelivered";
/// The operation of a row in it that is not tried again: the database has no such value, so that not even the row can be kept as it was.
pub(crate) const HOPELESS: i8 = -1;
/// Rows that are shown.
pub(crate) const SAMPLES: usize = 5;
/// Rows that are remembered of those that a database has no values for.
const MOST_REMEMBERED: usize = 10_000;

/// Rows that a database has no values for, so that they cannot even be sent.
#[derive(Debug, Default)]
pub(crate) struct Unsendable {
    /// Some of them, as JSON, and why.
    pub(crate) rows: Vec<(String, String)>,
    /// How many there are.
    pub(crate) count: u64,
}

impl Unsendable {
    /// Adds the row of a batch.
    pub(crate) fn add(&mut self, rows: &RecordBatch, row: usize, reason: String) {
        self.count += 1;
        if self.rows.len() < MOST_REMEMBERED {
            self.rows.push((as_json(&rows.slice(row, 1)), reason));
        }
    }
}

/// Rows that a database refuses, by their places.
pub(crate) struct Faults {
    /// The rows, each with the reason.
    pub(crate) rows: Vec<(i64, String)>,
    /// How many more were refused before they came to the database.
    before: u64,
    most: u64,
}

impl Faults {
    /// None yet; `most` are let pass.
    pub(crate) fn new(most: u64) -> Self {
        Self { rows: Vec::new(), before: 0, most }
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.before + self.rows.len() as u64
    }

    /// Takes up what was refused before it came to the database.
    ///
    /// # Errors
    /// When that is too much.
    pub(crate) fn refused(&mut self, unsendable: &Unsendable) -> Result<()> {
        self.before = unsendable.count;
        self.judge(unsendable.rows.first().map_or("", |(_, reason)| reason))
    }

    /// How many more are let pass.
    pub(crate) fn room(&self) -> u64 {
        self.most.saturating_sub(self.count())
    }

    /// Takes up a row.
    ///
    /// # Errors
    /// When these are too many.
    pub(crate) fn add(&mut self, place: i64, reason: String) -> Result<()> {
        self.rows.push((place, reason));
        self.judge(&self.rows[self.rows.len() - 1].1)
    }

    fn judge(&self, reason: &str) -> Result<()> {
        too_many(self.count(), self.most, reason)
    }
}

/// Statements over the rows of a temporary table, which are numbered by their places.
#[async_trait]
pub(crate) trait Statements: Send {
    /// Runs them over the rows of some places: over all of these or, with the reason, none. How many rows were written.
    async fn run(&mut self, from: i64, to: i64) -> Result<std::result::Result<u64, String>>;

    /// Few rows will be looked for by their places from now on.
    async fn narrow(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Runs statements over all rows, and over less and less of them where rows are refused, until those are alone.
/// Rows that were refused are tried once more when the others are done, for as long as that helps: they may have waited for others.
/// Returns how many rows the statements have written.
///
/// # Errors
/// When the database fails, or too many rows are refused.
pub(crate) async fn apply(
    statements: &mut dyn Statements,
    (first, last): (i64, i64),
    faults: &mut Faults,
) -> Result<u64> {
    let known = faults.rows.len();
    let mut written = 0;
    let mut left = vec![(first, last)];
    let mut is_narrow = false;
    while let Some((from, to)) = left.pop() {
        match statements.run(from, to).await? {
            Ok(rows) => written += rows,
            Err(reason) if from == to => faults.add(from, reason)?,
            Err(_) => {
                if !std::mem::replace(&mut is_narrow, true) {
                    statements.narrow().await?;
                }
                let middle = from + (to - from) / 2;
                left.push((middle + 1, to));
                left.push((from, middle));
            }
        }
    }
    loop {
        let waiting = faults.rows.split_off(known);
        let before = waiting.len();
        for (place, _) in waiting {
            match statements.run(place, place).await? {
                Ok(rows) => written += rows,
                Err(reason) => faults.rows.push((place, reason)),
            }
        }
        if faults.rows.len() - known == before || faults.rows.len() == known {
            return Ok(written);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A table that refuses some places, and some until another one is there.
    struct Table {
        refuses: BTreeSet<i64>,
        waits: Vec<(i64, i64)>,
        there: BTreeSet<i64>,
    }

    #[async_trait]
    impl Statements for Table {
        async fn run(&mut self, from: i64, to: i64) -> Result<std::result::Result<u64, String>> {
            if let Some(bad) = self.refuses.range(from..=to).next() {
                return Ok(Err(format!("place {bad}")));
            }
            if let Some((one, _)) =
                self.waits.iter().find(|(one, other)| (from..=to).contains(one) && !self.there.contains(other))
            {
                return Ok(Err(format!("place {one} waits")));
            }
            assert!((from..=to).all(|place| self.there.insert(place)), "a row is written twice");
            Ok(Ok((to - from + 1) as u64))
        }
    }

    #[tokio::test]
    async fn rows_that_are_refused_are_alone_in_the_end() {
        let refuses: BTreeSet<i64> = [-3, 0, 1, 500, 999].into();
        let mut table =
            Table { refuses: refuses.clone(), waits: vec![(10, 11), (11, 900), (700, 500)], there: BTreeSet::new() };
        // Rows that wait count as well, until they are tried once more.
        let mut faults = Faults::new(8);
        let written = apply(&mut table, (-5, 999), &mut faults).await.unwrap();
        let mut refused: Vec<i64> = faults.rows.iter().map(|(place, _)| *place).collect();
        refused.sort_unstable();
        assert_eq!(refused, [-3, 0, 1, 500, 700, 999]);
        assert_eq!((written, table.there.len()), (1005 - 6, 1005 - 6));
        let mut table = Table { refuses, waits: Vec::new(), there: BTreeSet::new() };
        let error = apply(&mut table, (-5, 999), &mut Faults::new(4)).await.unwrap_err();
        assert!(error.message.contains("more than 4 rows are refused"), "{}", error.message);
    }
}
