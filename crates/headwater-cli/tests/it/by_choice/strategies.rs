//! What each strategy makes of inputs that gain, lose and change rows, against a straightforward account of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{events, model};
use crate::program::{json, rows};

/// A row: its key, its day (of May 2024), a value.
type Row = (u64, u64, u64);
/// What a model's query yields, and what its table holds: each row with its key only once in the query.
type Rows = BTreeSet<Row>;

/// How many steps before the newest day are taken up again, where a model says so.
const LOOKBACK: u64 = 2;

/// The models, by name, with their headers.
const MODELS: [(&str, &str); 9] = [
    ("append_by_time", "strategy: append\ntime_column: day"),
    ("append_gained", "strategy: append"),
    ("merge", "strategy: merge\nkey: [id]"),
    ("merge_by_time", "strategy: merge\nkey: [id]\ntime_column: day\nlookback: 2"),
    ("partitions", "strategy: replace_partitions\npartition_by: [day]"),
    ("partitions_by_time", "strategy: replace_partitions\npartition_by: [day]\ntime_column: day\nlookback: 2"),
    ("window", "strategy: window\ntime_column: day\nlookback: 2"),
    ("window_strict", "strategy: window\ntime_column: day\nlookback: 2\nlate: ignore"),
    ("newest_day", "strategy: window\ntime_column: day"),
];

/// What a table holds after a run, from what it held, what its query yielded when it was made and what it yields now.
fn after(name: &str, table: &Rows, then: &Rows, now: &Rows) -> Rows {
    let newest = table.iter().map(|row| row.1).max().unwrap_or(0);
    let gained: Rows = now.difference(then).copied().collect();
    let late: BTreeSet<u64> = gained.iter().map(|row| row.1).collect();
    let since = |lookback: u64, late: &BTreeSet<u64>| {
        let late = late.clone();
        move |row: &Row| row.1 + lookback >= newest || late.contains(&row.1)
    };
    let replace = |old: &dyn Fn(&Row) -> bool, new: &dyn Fn(&Row) -> bool| -> Rows {
        table.iter().filter(|row| !old(row)).chain(now.iter().filter(|row| new(row))).copied().collect()
    };
    let merge = |new: &dyn Fn(&Row) -> bool| {
        let keys: BTreeSet<u64> = now.iter().filter(|row| new(row)).map(|row| row.0).collect();
        replace(&|row| keys.contains(&row.0), new)
    };
    let partitions = |new: &dyn Fn(&Row) -> bool| {
        let days: BTreeSet<u64> = now.iter().filter(|row| new(row)).map(|row| row.1).collect();
        replace(&|row| days.contains(&row.1), &|row| days.contains(&row.1))
    };
    match name {
        "append_by_time" => replace(&|_| false, &|row| row.1 > newest),
        "append_gained" => table.union(&gained).copied().collect(),
        "merge" => merge(&|_| true),
        "merge_by_time" => merge(&since(LOOKBACK, &late)),
        "partitions" => partitions(&|row| late.contains(&row.1)),
        "partitions_by_time" => partitions(&since(LOOKBACK, &late)),
        "window" => replace(&since(LOOKBACK, &late), &since(LOOKBACK, &late)),
        "window_strict" => replace(&since(LOOKBACK, &BTreeSet::new()), &since(LOOKBACK, &BTreeSet::new())),
        "newest_day" => replace(&since(0, &late), &since(0, &late)),
        other => panic!("{other}"),
    }
}

/// Numbers that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What the source has after a step: new days, rows that come late, rows with other values, and days that it drops.
fn step(source: &mut BTreeMap<u64, (u64, u64)>, number: u64, chance: &mut Chance) {
    let newest = source.values().map(|row| row.0).max().unwrap_or(1);
    let first = 100 * number;
    for row in 0..3 + chance.below(4) {
        source.insert(first + row, (newest + chance.below(2), chance.below(50)));
    }
    if chance.below(2) == 0 {
        source.insert(first + 50, (1 + chance.below(newest), chance.below(50)));
    }
    let keys: Vec<u64> = source.keys().copied().collect();
    if chance.below(2) == 0 {
        let key = keys[chance.below(keys.len() as u64) as usize];
        source.get_mut(&key).unwrap().1 += 100;
    }
    if chance.below(3) == 0 {
        let oldest = source.values().map(|row| row.0).min().unwrap();
        source.retain(|_, row| row.0 > oldest || row.0 == newest);
    }
    if chance.below(3) == 0 {
        source.remove(&keys[chance.below(keys.len() as u64) as usize]);
    }
}

fn csv(source: &BTreeMap<u64, (u64, u64)>) -> String {
    let lines = source.iter().map(|(id, (day, v))| format!("{id},2024-05-{day:02},{v}\n"));
    std::iter::once("id,day,v\n".to_owned()).chain(lines).collect()
}

#[test]
fn tables_hold_what_their_strategies_say() {
    for seed in 1..=3 {
        let mut chance = Chance(seed);
        let mut source = BTreeMap::new();
        step(&mut source, 1, &mut chance);
        let project = events(&csv(&source));
        for (name, header) in MODELS {
            project.write(&format!("models/marts/{name}.sql"), model(header));
        }
        let all =
            MODELS.map(|(name, _)| format!("select '{name}' as t, id, day, v from marts.{name}")).join(" union all ");
        let all = format!("select t, id, date_part('day', day) as day, v from ({all}) as a order by t, id, day, v");
        let (mut tables, mut then): (BTreeMap<&str, Rows>, Rows) = (BTreeMap::new(), Rows::new());
        for number in 1..=9 {
            if number > 1 {
                step(&mut source, number, &mut chance);
                project.write("data/events.csv", csv(&source));
            }
            let now: Rows = source.iter().map(|(id, (day, v))| (*id, *day, *v)).collect();
            let report = json(project.path(), &["run"]);
            assert_eq!(report["exit_code"], 0, "seed {seed}, step {number}: {report}");
            for (name, _) in MODELS {
                let expected = match tables.get(name) {
                    Some(table) => after(name, table, &then, &now),
                    None => now.clone(),
                };
                tables.insert(name, expected);
            }
            let text = |row: &Value| {
                let name = row["t"].as_str().unwrap_or_default();
                format!("{name},{},{},{}", row["id"], row["day"], row["v"])
            };
            let found: Vec<String> = rows(project.path(), &all).iter().map(text).collect();
            let expected: BTreeSet<String> = tables
                .iter()
                .flat_map(|(name, rows)| rows.iter().map(move |(id, day, v)| format!("{name},{id},{day},{v}")))
                .collect();
            let found_set: BTreeSet<String> = found.iter().cloned().collect();
            assert_eq!(found.len(), found_set.len(), "seed {seed}, step {number}: rows are there twice");
            let missing: Vec<_> = expected.difference(&found_set).collect();
            let surplus: Vec<_> = found_set.difference(&expected).collect();
            assert!(
                missing.is_empty() && surplus.is_empty(),
                "seed {seed}, step {number}: missing {missing:?}, surplus {surplus:?}\n{report:#}"
            );
            then = now;
        }
    }
}
