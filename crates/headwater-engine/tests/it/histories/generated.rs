//! Generated states of an input × runs: deletes, keys that are there again, rows that are updated in the past and in the
//! future, and runs on nothing new. A history that looks at all keys, and one that looks at those that the changes concern,
//! both have the versions of the model.
//!
//! A failure shows the seed of the world; `HISTORY_SEED` and `HISTORY_WORLDS=1` repeat it.

use std::collections::BTreeMap;

use headwater_sdk::check::{CheckResult, Probe, Severity};
use headwater_sdk::engine::{Refresh, Staged};
use headwater_sdk::method::Method;

use super::model::{Model, Row, Told};
use super::world::{LATEST, WHOLE, World, history, looked_at};
use crate::fixture::check;
use crate::generated::tape::{Bytes, Tape};
use crate::generated::{random, setting};

/// How many worlds are tried, unless `HISTORY_WORLDS` says otherwise. Each has four histories and `ROUNDS` runs of each.
const WORLDS: u64 = 12;
const ROUNDS: usize = 9;
/// Keys that there may be.
const KEYS: usize = 8;
/// Moments from one run to the next.
const PAUSE: usize = 10;

#[test]
fn a_history_has_the_versions_of_a_plain_model_of_time() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let first = setting("HISTORY_SEED", 1);
    let mut happened: BTreeMap<&'static str, u64> = BTreeMap::new();
    for seed in first..first + setting("HISTORY_WORLDS", WORLDS) {
        runtime.block_on(try_world(seed, &mut happened)).unwrap_or_else(|error| panic!("HISTORY_SEED={seed}: {error}"));
    }
    println!("{happened:?}");
    if std::env::var("HISTORY_WORLDS").is_err() {
        for (what, least) in [
            ("runs", 500),
            ("restricted", 100),
            ("nothing", 150),
            ("opened", 150),
            ("changed", 40),
            ("deleted", 6),
            ("corrected", 6),
            ("overwritten", 12),
        ] {
            assert!(happened.get(what).copied().unwrap_or(0) >= least, "{what}: {happened:?}");
        }
    }
}

/// Changes of some rows.
fn change(tape: &mut Tape<'_>, states: &mut BTreeMap<i64, Row>, at: usize) -> Vec<(i64, Option<Row>)> {
    let mut changed = Vec::new();
    // One round in five brings nothing.
    let count = [0, 1, 1, 2, 4][tape.pick(5)];
    for _ in 0..count {
        let key = tape.pick(KEYS) as i64;
        let updated = match tape.pick(6) {
            // In the past, right now, or in the future.
            0 | 1 => tape.pick(at),
            2 => at + tape.pick(2 * PAUSE),
            _ => at - tape.pick(PAUSE.min(at)),
        };
        let (name, note) = (tape.pick(4) as i64, tape.pick(3) as i64);
        let row = match (tape.pick(5), states.get(&key)) {
            (0, Some(_)) => None,
            // Only touched, or changed without being said to be.
            (1, Some(before)) => Some(Row { updated, ..*before }),
            (2, Some(before)) => Some(Row { name, ..*before }),
            _ => Some(Row { name, note, updated }),
        };
        match row {
            Some(row) => states.insert(key, row),
            None => states.remove(&key),
        };
        changed.push((key, row));
    }
    changed
}

fn count(happened: &mut BTreeMap<&'static str, u64>, staged: &Staged) {
    *happened.entry("runs").or_default() += 1;
    *happened.entry("restricted").or_default() += u64::from(looked_at(staged).is_some());
    match &staged.refresh {
        Some(Refresh::History { opened, changed, deleted, corrected, overwritten, .. }) => {
            for (what, number) in [
                ("opened", opened),
                ("changed", changed),
                ("deleted", deleted),
                ("corrected", corrected),
                ("overwritten", overwritten),
            ] {
                *happened.entry(what).or_default() += number;
            }
        }
        Some(Refresh::Nothing) => *happened.entry("nothing").or_default() += 1,
        other => panic!("{other:?}"),
    }
}

async fn try_world(seed: u64, happened: &mut BTreeMap<&'static str, u64>) -> Result<(), String> {
    let mut rng = random(seed, 9);
    let (dated, closes) = (!seed.is_multiple_of(3), seed % 4 != 3);
    let mut world = World::new();
    let mut model = Model::new(dated, closes);
    let (mut states, mut seq) = (BTreeMap::new(), 0);
    let checks = || {
        vec![
            check("unique", Severity::Warn, Probe::Unique { columns: vec!["name".to_owned()] }),
            check("row", Severity::Warn, Probe::Row { fails_when: "name = 3".to_owned() }),
            check("null", Severity::Warn, Probe::NotNull { columns: vec!["name".to_owned()] }),
            check("count", Severity::Warn, Probe::RowCount { min: Some(4), max: None }),
        ]
    };
    for round in 1..=ROUNDS {
        let bytes = Bytes::random(&mut rng, 80);
        let mut tape = Tape::new(&bytes);
        let at = round * PAUSE;
        let mut changed = change(&mut tape, &mut states, at);
        if round == 1 {
            // Without a row there is no table.
            let row = Row { name: 1, note: 1, updated: 1 };
            states.insert(0, row);
            changed.push((0, Some(row)));
        }
        let events: Vec<_> = changed
            .iter()
            .map(|(key, row)| {
                seq += 1;
                (seq, *key, *row)
            })
            .collect();
        if !events.is_empty() {
            world.add(&events).await;
            world.write(&states).await;
        }
        model.run(&states, at);
        let wanted = model.told();
        for (table, sql, restricted) in
            [("h.all", LATEST, false), ("h.some", LATEST, true), ("h.parts", LATEST, true), ("h.whole", WHOLE, true)]
        {
            let method = Method::History { history: history(dated, closes), at: at as i64 };
            let staged = world.run(table, sql, method, restricted, checks()).await?;
            count(happened, &staged);
            let told = world.told(table).await;
            if told != wanted {
                let only = |these: &[Told], those: &[Told]| {
                    these.iter().filter(|version| !those.contains(version)).copied().collect::<Vec<_>>()
                };
                return Err(format!(
                    "{table} at {at}, after {changed:?}\nlacks {:?}\nhas   {:?}\n{:?}",
                    only(&wanted, &told),
                    only(&told, &wanted),
                    staged.refresh
                ));
            }
            verify_checks(&world, table, &staged).await?;
        }
        // Once more, on nothing new.
        let method = Method::History { history: history(dated, closes), at: at as i64 + 5 };
        let staged = world.run("h.all", LATEST, method, false, checks()).await?;
        if staged.refresh != Some(Refresh::Nothing) || !staged.tables.is_empty() {
            return Err(format!("at {at}, once more: {:?}", staged.refresh));
        }
        count(happened, &staged);
    }
    Ok(())
}

/// Fails unless the checks have found what they find in the whole table.
async fn verify_checks(world: &World, table: &str, staged: &Staged) -> Result<(), String> {
    let plain = |sql: &str| {
        let sql = sql.to_owned();
        async move { world.lake.rows(&sql).await }
    };
    let all = plain(&format!("select count(*) from {table}")).await;
    for (name, condition) in [
        ("unique", "name in (select name from TABLE group by name having count(*) > 1)"),
        ("row", "name = 3"),
        ("null", "name is null"),
    ] {
        let condition = condition.replace("TABLE", table);
        let failing = plain(&format!("select count(*) from {table} where {condition}")).await;
        let found: &CheckResult = staged.checks.iter().find(|result| result.check.name == name).unwrap();
        if failing != format!("| {} |", found.failing) || (name != "unique" && all != format!("| {} |", found.checked))
        {
            return Err(format!(
                "{table}: {name} found {} of {}, and not {failing} of {all} ({:?})",
                found.failing, found.checked, staged.refresh
            ));
        }
    }
    Ok(())
}
