//! Generated queries × generated changes: a refreshed table equals one that is computed whole.
//!
//! A failure shows the seed of the world, the query and what differs; `REFRESH_SEED` and `REFRESH_WORLDS=1` repeat it.

use std::collections::BTreeMap;
use std::thread;

use headwater_sdk::check::{CompiledCheck, Probe, Severity};
use headwater_sdk::engine::{ClusterOrder, Refresh};
use proptest::test_runner::TestRng;

use super::events::{Event, latest, log};
use super::world::World;
use crate::fixture::check;
use crate::generated::query::{Generator, Query};
use crate::generated::tape::{Bytes, Tape};
use crate::generated::{random, setting};

/// How many worlds are tried, unless `REFRESH_WORLDS` says otherwise. Each has `QUERIES` queries and `ROUNDS` changes.
const WORLDS: u64 = 28;
const QUERIES: usize = 20;
const ROUNDS: usize = 4;
/// Rows that each table begins with.
const ROWS: i64 = 40;
/// Results with more rows are left out: they say no more and take long.
const MOST_ROWS: usize = 3_000;

#[test]
fn a_refreshed_table_equals_one_that_is_computed_whole() {
    let first = setting("REFRESH_SEED", 1);
    let seeds = first..first + setting("REFRESH_WORLDS", WORLDS);
    let mut how: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut whys: BTreeMap<String, usize> = BTreeMap::new();
    // It is the longest of all tests: a thread for every other world.
    let tried = thread::scope(|scope| {
        let threads = [0, 1].map(|of| seeds.clone().filter(move |seed| seed % 2 == of));
        let threads = threads.map(|seeds| scope.spawn(move || seeds.map(try_world_of).collect::<Vec<_>>()));
        threads.map(|thread| thread.join().unwrap())
    });
    for refresh in tried.into_iter().flatten().flatten() {
        let kind = match &refresh {
            Refresh::Full { because } => {
                *whys.entry(because.clone().unwrap_or_default()).or_default() += 1;
                "full"
            }
            Refresh::Append => "append",
            Refresh::Keys { .. } => "keys",
            Refresh::Nothing => "nothing",
            // Of other kinds of models.
            Refresh::History { .. } | Refresh::Snapshot { .. } | Refresh::Chosen { .. } | Refresh::Changes { .. } => {
                "another"
            }
        };
        *how.entry(kind).or_default() += 1;
    }
    println!("{how:?}");
    for (why, count) in &whys {
        println!("{count} × {why}");
    }
    if std::env::var("REFRESH_WORLDS").is_err() {
        let count = |kind: &str| how.get(kind).copied().unwrap_or(0);
        assert!(how.values().sum::<usize>() >= 2_000, "{how:?}");
        assert!(count("append") >= 200 && count("keys") >= 200 && count("nothing") >= 100, "{how:?}");
    }
}

fn try_world_of(seed: u64) -> Vec<Refresh> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(try_world(seed)).unwrap_or_else(|error| panic!("REFRESH_SEED={seed}: {error}"))
}

/// Checks of every kind on a query's columns; the more columns there are, the more rows pass.
fn checks(query: &Query) -> Vec<CompiledCheck> {
    let columns: Vec<String> = (0..query.width).map(|column| format!("c{column}")).collect();
    let first = vec![columns[0].clone()];
    let (to, to_columns) = ("p.u".parse().unwrap(), vec!["id".to_owned()]);
    vec![
        check("not_null", Severity::Warn, Probe::NotNull { columns: columns.clone() }),
        check("row", Severity::Warn, Probe::Row { fails_when: "c0 > 90".to_owned() }),
        check("unique", Severity::Warn, Probe::Unique { columns }),
        check("references", Severity::Warn, Probe::References { columns: first, to, to_columns }),
        check("count", Severity::Warn, Probe::RowCount { min: Some(3), max: None }),
    ]
}

/// Queries, as many as can be run on a world's tables.
async fn queries(world: &World, rng: &mut TestRng) -> Vec<Query> {
    let mut found = Vec::new();
    for _ in 0..QUERIES * 2 {
        let tape = Bytes::random(rng, 160);
        let mut tape = Tape::new(&tape);
        let depth = tape.of(&[1, 1, 2, 2, 3]);
        let query = Generator::new(&mut tape).query(depth);
        if let Some(rows) = world.rows_of(&query.sql).await
            && rows.len() <= MOST_ROWS
        {
            found.push(query);
        }
        if found.len() == QUERIES {
            break;
        }
    }
    found
}

async fn try_world(seed: u64) -> Result<Vec<Refresh>, String> {
    let mut rng = random(seed, 7);
    let mut world = World::new();
    let mut seq = 0;
    let mut ids = [ROWS, ROWS];
    // Either table may have rows that only come, or rows that also change and go.
    let tape = Bytes::random(&mut rng, 8);
    let mut tape = Tape::new(&tape);
    let made: Vec<String> = (0..2).map(|table| if tape.chance(50) { log(table) } else { latest(table) }).collect();
    for table in 0..2 {
        let tape = Bytes::random(&mut rng, 400);
        let mut tape = Tape::new(&tape);
        let events: Vec<Event> = (1..=ROWS).map(|id| next(&mut tape, &mut seq, id)).collect();
        world.load(table, &events).await;
        world.refresh(["p.t", "p.u"][table], &made[table], vec![]).await?;
    }
    let queries = queries(&world, &mut rng).await;
    // Comparing what checks find takes as long as the rest: some models have them.
    let checks = |index: usize, query: &Query| if index.is_multiple_of(4) { checks(query) } else { Vec::new() };
    for (index, query) in queries.iter().enumerate() {
        let built = world.refresh(&model(index, query), &query.sql, checks(index, query)).await;
        built.map_err(|e| format!("{e}\n{}", query.sql))?;
    }
    let mut tried = Vec::new();
    for _ in 0..ROUNDS {
        let tape = Bytes::random(&mut rng, 120);
        let mut tape = Tape::new(&tape);
        // Of three rounds one changes both tables, and one in eight none.
        let which = tape.pick(8);
        for table in (0..2).filter(|table| [table + 1, table + 1, table + 1, 3, 3, 0, 1, 2][which] & (table + 1) != 0) {
            let events = change(&mut tape, &mut seq, &mut ids[table]);
            world.load(table, &events).await;
        }
        // What is compacted between a change and a refresh holds old rows and new ones in the same files.
        compact_some(&mut world, &mut tape, &["raw.t", "raw.u"]).await?;
        for table in 0..2 {
            let model = ["p.t", "p.u"][table];
            let staged = world.refresh(model, &made[table], vec![]).await?;
            world.verify(model, &made[table], staged.refresh.as_ref()).await?;
        }
        compact_some(&mut world, &mut tape, &["p.t", "p.u"]).await?;
        for table in 0..2 {
            world.verify(["p.t", "p.u"][table], &made[table], None).await?;
        }
        for (index, query) in queries.iter().enumerate() {
            let model = model(index, query);
            let checks = checks(index, query);
            let staged = world.refresh(&model, &query.sql, checks).await.map_err(|e| format!("{e}\n{}", query.sql))?;
            world.verify(&model, &query.sql, staged.refresh.as_ref()).await?;
            if !staged.checks.is_empty() {
                world.verify_checks(&model, &query.sql, &staged).await?;
            }
            tried.extend(staged.refresh);
            if tape.chance(15) && compact_some(&mut world, &mut tape, &[&model]).await? {
                world.verify(&model, &query.sql, None).await?;
            }
        }
    }
    Ok(tried)
}

/// Writes some tables again, in one order or another; whether any was.
async fn compact_some(world: &mut World, tape: &mut Tape<'_>, tables: &[&str]) -> Result<bool, String> {
    let mut any = false;
    for table in tables.iter().filter(|_| tape.chance(40)).collect::<Vec<_>>() {
        let columns: &[&str] = match (table.starts_with("m."), tape.pick(3)) {
            (true, _) | (_, 0) => &[],
            (false, 1) => &["a"],
            (false, _) => &["a", "id"],
        };
        let order = if columns.len() > 1 && tape.chance(50) { ClusterOrder::ZOrder } else { ClusterOrder::Sort };
        any |= world.compact(table, columns, order).await?;
    }
    Ok(any)
}

/// The table of a query. Those called parts are partitioned; that needs a column beside the one they are partitioned by.
fn model(index: usize, query: &Query) -> String {
    if index % 4 == 1 && query.width > 1 { format!("m.parts{index}") } else { format!("m.q{index}") }
}

fn next(tape: &mut Tape<'_>, seq: &mut i64, id: i64) -> Event {
    *seq += 1;
    Event::generate(tape, *seq, id)
}

/// Some rows come, change or go.
fn change(tape: &mut Tape<'_>, seq: &mut i64, ids: &mut i64) -> Vec<Event> {
    let count = 1 + tape.pick(3);
    (0..count)
        .map(|_| match tape.pick(3) {
            0 => {
                *ids += 1;
                next(tape, seq, *ids)
            }
            1 => {
                let id = 1 + tape.pick(*ids as usize) as i64;
                next(tape, seq, id)
            }
            _ => {
                let id = 1 + tape.pick(*ids as usize) as i64;
                next(tape, seq, id).gone()
            }
        })
        .collect()
}
