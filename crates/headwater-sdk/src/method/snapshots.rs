//! Snapshots: all rows of a query as they were at several times.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use serde::{Deserialize, Serialize};

use super::Misfit;
use crate::types::timestamp_utc;

/// At which times a query's rows are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshots {
    /// The rows of the last run of each period are kept.
    pub every: Period,
    /// How many snapshots are kept, the newest; `None` for all.
    pub keep: Option<u32>,
    /// What the added column is called. It stands behind those of the query.
    pub column: String,
}

/// A length of time on the calendar of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Every run for itself.
    Run,
    /// An hour.
    Hour,
    /// A day.
    #[default]
    Day,
    /// A week, from Monday on.
    Week,
    /// A month.
    Month,
}

impl Period {
    /// Its name: `day`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// What the added column is called unless a project says otherwise: `snapshot_date`, of hours and runs `snapshot_at`.
    pub fn column(self) -> &'static str {
        if self.has_dates() { "snapshot_date" } else { "snapshot_at" }
    }

    /// Whether it begins with a day.
    fn has_dates(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }

    /// When the period with a moment in it begins. Both are microseconds since 1970-01-01T00:00:00Z.
    pub fn start(self, at: i64) -> i64 {
        let day = at.div_euclid(DAY);
        match self {
            Self::Run => at,
            Self::Hour => at - at.rem_euclid(HOUR),
            Self::Day => day * DAY,
            // 1970-01-01 was a Thursday.
            Self::Week => ((day + 3).div_euclid(7) * 7 - 3) * DAY,
            Self::Month => first_of_month(day) * DAY,
        }
    }
}

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// The first day of the month with a day in it; both are counted from 1970-01-01.
fn first_of_month(day: i64) -> i64 {
    // Days since 0000-03-01, in rounds of 400 years: a leap day is then the last of its year.
    let in_round = (day + 719_468).rem_euclid(146_097);
    let year = (in_round - in_round / 1_460 + in_round / 36_524 - in_round / 146_096) / 365;
    let in_year = in_round - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    day - (in_year - (153 * month + 2) / 5)
}

impl Snapshots {
    /// The columns of the table, from those of its query.
    pub fn schema(&self, query: &Schema) -> Schema {
        let data_type = if self.every.has_dates() { DataType::Date32 } else { timestamp_utc() };
        let added = Arc::new(Field::new(&self.column, data_type, true));
        Schema::new(query.fields().iter().cloned().chain([added]).collect::<Vec<_>>())
    }

    /// Whether the query's columns go with it.
    ///
    /// # Errors
    /// [`Misfit`] when one of them is called like the added one.
    pub fn verify(&self, query: &Schema) -> Result<(), Misfit> {
        match query.index_of(&self.column) {
            Err(_) => Ok(()),
            Ok(_) => Err(Misfit {
                option: "snapshot_column",
                column: self.column.clone(),
                message: format!("the query has a column '{}', and so have its snapshots", self.column),
                help: "give it another name in the query, or the added one with `snapshot_column`".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_where_the_calendar_has_them_begin() {
        let day = |days: i64| days * DAY;
        // 2024-02-29T13:14:15Z is day 19,782, a Thursday.
        let at = day(19_782) + 13 * HOUR + 14 * 60_000_000 + 15_000_000;
        assert_eq!(Period::Run.start(at), at);
        assert_eq!(Period::Hour.start(at), day(19_782) + 13 * HOUR);
        assert_eq!(Period::Day.start(at), day(19_782));
        assert_eq!(Period::Week.start(at), day(19_779));
        assert_eq!(Period::Month.start(at), day(19_754));
        assert_eq!(Period::Day.start(-1), -DAY);
        assert_eq!(Period::Month.start(-1), -31 * DAY);
    }

    #[test]
    fn months_are_as_long_as_they_are() {
        let mut first = 0;
        for year in 1970..2401 {
            let leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for length in [31, if leaps { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
                assert!((first..first + length).all(|day| first_of_month(day) == first), "{year}");
                first += length;
            }
        }
    }
}
