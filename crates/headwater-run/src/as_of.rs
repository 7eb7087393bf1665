//! Reading the lake as it was: which snapshot a moment means, and queries that name moments.

use headwater_sdk::engine::{AsOf, Past, QueryResult};
use headwater_sdk::store::SnapshotRecord;
use headwater_sdk::{Blame, Error, Relations, Result};

use crate::lake::Lake;

/// The snapshot that a moment means: the one of that number, of `main` or of a branch, or what `main` showed then.
///
/// # Errors
/// `HW0804` for a text that is no time, `HW0805` when there is no such snapshot, and when the catalogue cannot be read.
pub async fn snapshot_as_of(lake: &Lake, as_of: &AsOf) -> Result<SnapshotRecord> {
    let found = match as_of {
        AsOf::Snapshot(number) => lake.store.snapshot(*number).await?,
        AsOf::Time(text) => lake.store.snapshot_at(parse_time(text)?).await?,
    };
    found.ok_or_else(|| {
        let message = match as_of {
            AsOf::Snapshot(_) => format!("there is no {as_of}"),
            AsOf::Time(_) => format!("there is no snapshot as of {as_of}"),
        };
        Error::new("HW0805", Blame::Project, message).help("`headwater history` lists the snapshots")
    })
}

/// An answer, and the older snapshots that the query read for it.
pub struct Answered {
    /// The rows.
    pub result: QueryResult,
    /// The snapshots that the query names, each once.
    pub past: Vec<SnapshotRecord>,
}

/// Answers a query whose names are those of `relations`, and of older snapshots where it says so (`FOR VERSION AS OF`).
///
/// # Errors
/// As [`snapshot_as_of`], with the place in the query, and as [`headwater_sdk::engine::Engine::query`].
pub async fn query(lake: &Lake, relations: &Relations, sql: &str) -> Result<Answered> {
    let (mut relations_then, mut past) = (Past::new(), Vec::<SnapshotRecord>::new());
    for moment in lake.engine.moments(sql)? {
        if relations_then.contains_key(&moment.as_of) {
            continue;
        }
        let snapshot =
            snapshot_as_of(lake, &moment.as_of).await.map_err(|error| error.at(Some(moment.span.clone())))?;
        relations_then.insert(moment.as_of, snapshot.relations.clone());
        if past.iter().all(|known| known.id != snapshot.id) {
            past.push(snapshot);
        }
    }
    let result = lake.engine.query(relations, &relations_then, sql).await?;
    Ok(Answered { result, past })
}

/// Milliseconds since 1970-01-01T00:00:00Z of an RFC 3339 time, or of a date or wall-clock time in UTC.
fn parse_time(text: &str) -> Result<i64> {
    let civil = || {
        let date = || Some(text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0));
        let time = text.parse::<jiff::civil::DateTime>().ok().filter(|_| text.len() > 10).or_else(date)?;
        jiff::tz::TimeZone::UTC.to_timestamp(time).ok()
    };
    let time: Option<jiff::Timestamp> = text.parse().ok().or_else(civil);
    time.map(jiff::Timestamp::as_millisecond).ok_or_else(|| {
        Error::new("HW0804", Blame::Project, format!("'{text}' is neither a snapshot's number nor a time"))
            .help("write e.g. 12, 2026-01-31 or 2026-01-31T08:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_instants_or_utc() {
        assert_eq!(parse_time("1970-01-02").unwrap(), 86_400_000);
        assert_eq!(parse_time("1970-01-01T00:00:01").unwrap(), 1_000);
        assert_eq!(parse_time("1970-01-01T01:00:00+01:00").unwrap(), 0);
        assert!(parse_time("yesterday").is_err());
    }
}
