//! Snapshots: one in each period, the newest of it; old ones are kept no longer.

use std::collections::BTreeMap;

use headwater_sdk::check::{Probe, Severity};
use headwater_sdk::engine::Refresh;
use headwater_sdk::method::{Method, Period, Snapshots};

use super::model::Row;
use super::world::{WHOLE, World};
use crate::fixture::check;

const HOUR: i64 = 3_600_000_000;
/// 2026-03-31T12:00:00Z.
const NOON: i64 = 20_543 * 24 * HOUR + 12 * HOUR;

fn states(names: &[i64]) -> BTreeMap<i64, Row> {
    (0..).zip(names).map(|(key, name)| (key, Row { name: *name, note: 1, updated: 1 })).collect()
}

fn method(every: Period, keep: Option<u32>, at: i64) -> Method {
    Method::Snapshots { snapshots: Snapshots { every, keep, column: every.column().to_owned() }, at }
}

/// Runs at a time on some states; what was done, and the snapshots that there are then.
async fn run(world: &mut World, names: &[i64], (every, keep): (Period, Option<u32>), at: i64) -> (Refresh, String) {
    world.write(&states(names)).await;
    let checks = vec![check("row", Severity::Warn, Probe::Row { fails_when: "name = 3".to_owned() })];
    let staged = world.run("s.all", WHOLE, method(every, keep, at), true, checks).await.unwrap();
    let column = every.column();
    let failing = world.lake.rows("select count(*) from s.all where name = 3").await;
    assert_eq!(failing, format!("| {} |", staged.checks[0].failing));
    let sql = format!("select {column}, count(*), sum(name) from s.all group by {column} order by {column}");
    (staged.refresh.unwrap(), world.lake.rows(&sql).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_has_the_snapshot_of_its_last_run() {
    let mut world = World::new();
    let days = (Period::Day, None);
    let first = "| 2026-03-31 | 2 | 3 |";
    let begun = run(&mut world, &[1, 2], days, NOON).await;
    assert_eq!(begun, (Refresh::Snapshot { replaced: 0, expired: 0 }, first.to_owned()));
    let again = run(&mut world, &[1, 2, 3], days, NOON + 11 * HOUR).await;
    assert_eq!(again, (Refresh::Snapshot { replaced: 2, expired: 0 }, "| 2026-03-31 | 3 | 6 |".to_owned()));
    let next = run(&mut world, &[1], days, NOON + 12 * HOUR).await;
    let both = "| 2026-03-31 | 3 | 6 |\n| 2026-04-01 | 1 | 1 |";
    assert_eq!(next, (Refresh::Snapshot { replaced: 0, expired: 0 }, both.to_owned()));
    // A day without rows has none; what the day had is gone with them.
    let empty = run(&mut world, &[], days, NOON + 13 * HOUR).await;
    assert_eq!(empty, (Refresh::Snapshot { replaced: 1, expired: 0 }, "| 2026-03-31 | 3 | 6 |".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_snapshots_are_kept_no_longer() {
    let mut world = World::new();
    for (place, names) in (0..).zip([&[1][..], &[2], &[3, 3], &[4]]) {
        let (refresh, _) = run(&mut world, names, (Period::Hour, Some(2)), NOON + place * HOUR).await;
        let expired = if place < 2 { 0 } else { 1 };
        assert_eq!(refresh, Refresh::Snapshot { replaced: 0, expired }, "{place}");
    }
    let (refresh, left) = run(&mut world, &[9], (Period::Hour, Some(2)), NOON + 3 * HOUR + 1).await;
    assert_eq!(refresh, Refresh::Snapshot { replaced: 1, expired: 0 });
    assert_eq!(left, "| 2026-03-31T14:00:00Z | 2 | 6 |\n| 2026-03-31T15:00:00Z | 1 | 9 |");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_gone_is_refused_and_nothing_is_lost() {
    let mut world = World::new();
    run(&mut world, &[1, 2], (Period::Day, None), NOON).await;
    for (sql, words) in [
        ("select key, part, name, updated from raw.states", "have the column 'note', which its query lacks"),
        (
            "select key, part, name, cast(note as varchar) as note, updated from raw.states",
            "'note' of the snapshots in s.all is bigint, and not string",
        ),
    ] {
        let run = world.run("s.all", sql, method(Period::Day, None, NOON + 24 * HOUR), true, vec![]).await;
        let error = run.unwrap_err();
        assert!(error.starts_with("HW0632") && error.contains(words), "{error}");
    }
    let more = "select *, 7 as more from (select key, part, name, note, updated from raw.states) as s";
    let added = world.run("s.all", more, method(Period::Day, None, NOON + 24 * HOUR), true, vec![]).await.unwrap();
    assert_eq!(added.refresh, Some(Refresh::Snapshot { replaced: 0, expired: 0 }));
    let rows = world.lake.rows("select snapshot_date, count(*), count(more) from s.all group by 1 order by 1").await;
    assert_eq!(rows, "| 2026-03-31 | 2 | 0 |\n| 2026-04-01 | 2 | 2 |");
}
