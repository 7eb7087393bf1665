//! Unsigned numbers in a database that has signed ones only.

use headwater_sdk::{Blame, Error};

use crate::codes;

/// The number as SQLite keeps it.
pub(super) fn to_sql(number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(|e| {
        Error::new(codes::DEFECT, Blame::Headwater, format!("{number} is too large for the catalogue")).caused_by(e)
    })
}

/// The number as a bound in a condition: beyond SQLite's range, the end of that range means the same.
pub(super) fn to_bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number written by [`to_sql`].
pub(super) fn from_sql(number: i64) -> u64 {
    number.unsigned_abs()
}
