//! What has come of a comparison, for people and (as JSON) for programs.

use std::time::Duration;

use headwater_sdk::destination::DeliveryMode;
use headwater_sdk::{Error, TableName};
use serde::Serialize;

use super::compare::Compared;
use super::rows::UNREADABLE;

/// The code of what was delivered, and is not there.
pub(super) const GONE: &str = "HW0995";

/// What the lake was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Where the rows come from, as it is now.
    Source,
    /// Where they were delivered to; the lake is taken as it was then.
    Destination,
}

/// How a comparison ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyState {
    /// Both have the same rows.
    Equal,
    /// They have not.
    Differs,
    /// There is nothing to compare yet: nothing was published, or delivered.
    Nothing,
    /// The destination's rows cannot be read back.
    Unreadable,
    /// Nothing is there of what was delivered.
    Gone,
    /// They could not be compared.
    Failed,
}

impl VerifyState {
    /// Whether a person has to do something.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Differs | Self::Gone | Self::Failed)
    }
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RowDifference {
    /// Its key, or without one the whole row: `id = 7`.
    pub row: String,
    /// What is different: `amount: 5 and not 7`, `is not there`.
    pub what: String,
}

/// What has come of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct VerifySummary {
    /// The table of the lake.
    pub table: TableName,
    /// What it was compared with.
    pub place: Place,
    /// Its name: of the delivery, or of what the stream reads.
    pub name: String,
    /// How it ended.
    pub state: VerifyState,
    /// Rows in the lake.
    pub rows: u64,
    /// Rows in the other place, those that cannot be read included.
    pub rows_there: u64,
    /// Ranges of keys whose sums differ, of 4096.
    pub ranges: u64,
    /// Rows that only the lake has.
    pub missing: u64,
    /// Rows that only the other place has.
    pub extra: u64,
    /// Rows of one key that differ.
    pub different: u64,
    /// Columns that were not compared: the other place has them as something that the lake's values cannot be told from.
    pub not_compared: Vec<String>,
    /// Whether more may differ than was counted: too many ranges do.
    pub has_more: bool,
    /// Some of what differs.
    pub samples: Vec<RowDifference>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The code of what went wrong.
    pub code: Option<String>,
    /// What went wrong.
    pub message: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Things worth knowing.
    pub notes: Vec<String>,
}

impl VerifySummary {
    /// Of what came of it; `None` where there was nothing to compare.
    pub(super) fn new(
        table: TableName,
        place: Place,
        name: String,
        outcome: Option<Result<Compared, Error>>,
        took: Duration,
    ) -> Self {
        let (state, compared, error) = match outcome {
            None => (VerifyState::Nothing, Compared::default(), None),
            Some(Ok(compared)) if compared.ranges == 0 && compared.unreadable == 0 => {
                (VerifyState::Equal, compared, None)
            }
            Some(Ok(compared)) => (VerifyState::Differs, compared, None),
            Some(Err(error)) if error.code == GONE => (VerifyState::Gone, Compared::default(), Some(error)),
            Some(Err(error)) if error.code == UNREADABLE => (VerifyState::Unreadable, Compared::default(), Some(error)),
            Some(Err(error)) => (VerifyState::Failed, Compared::default(), Some(error)),
        };
        let mut notes = Vec::new();
        if !compared.left_out.is_empty() {
            notes.push(format!("not compared, because of their types: {}", compared.left_out.join(", ")));
        }
        if !compared.gone.is_empty() {
            notes.push(format!("not compared, because the source has them no more: {}", compared.gone.join(", ")));
        }
        if let Some((then, now)) = compared.behind {
            notes.push(format!(
                "compared with snapshot {then}, as it was delivered; main has another one since ({now}): `headwater deliver` brings it there"
            ));
        }
        if compared.kept > 0 {
            notes.push(format!(
                "rows that the lake has no more, and that are kept there (`on_delete: keep`): {}",
                compared.kept
            ));
        }
        if compared.unreadable > 0 {
            notes.push(format!("{} rows there cannot be read, and were not compared", compared.unreadable));
        }
        Self {
            table,
            place,
            name,
            state,
            rows: compared.ours,
            rows_there: compared.theirs + compared.unreadable,
            ranges: compared.ranges,
            missing: compared.missing,
            extra: compared.extra,
            different: compared.different,
            not_compared: compared.left_out,
            has_more: compared.has_more,
            samples: compared.samples,
            seconds: took.as_secs_f64(),
            code: error.as_ref().map(|error| error.code.to_owned()),
            message: error.as_ref().map(Error::full_message),
            help: error.and_then(|error| error.help),
            notes,
        }
    }

    /// Says what helps where a destination differs to which was delivered in a mode.
    pub(super) fn advise(&mut self, mode: DeliveryMode) {
        if self.state != VerifyState::Differs {
            return;
        }
        let name = &self.name;
        let mut advice = Vec::new();
        if self.missing + self.different > 0 {
            advice.push("rows that the destination has refused are in headwater_undelivered there".to_owned());
        }
        match mode {
            DeliveryMode::Append => advice.push(format!(
                "rows are only added: empty the table there, and `headwater deliver --anew {name}` adds all of them"
            )),
            DeliveryMode::Replace => advice.push(format!("`headwater deliver --anew {name}` replaces all rows")),
            DeliveryMode::Upsert => {
                if self.missing + self.different > 0 {
                    advice.push(format!("`headwater deliver --anew {name}` sends all rows again"));
                }
                if self.extra > 0 {
                    advice.push(format!(
                        "rows that only the destination has are not Headwater's to delete: delete them there; or drop the table there, and \
                         `headwater deliver {name}` makes it anew"
                    ));
                }
            }
        }
        self.help = Some(advice.join("; "));
    }
}
