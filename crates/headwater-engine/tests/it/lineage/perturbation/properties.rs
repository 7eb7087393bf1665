//! What must hold for every query, and how often it could have failed.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use headwater_engine::analysis::analyze;
use headwater_sdk::engine::Analysis;
use headwater_sdk::lineage::{Edge, Influence};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};
use tokio::runtime::Runtime;

use super::data::{Change, Data, Place, Rows, places, schema_of};
use super::query::{Generator, Query};
use super::tape::{Bytes, Tape};
use crate::lineage::tables::SESSION;

/// How many generated queries each property is tried with, unless `LINEAGE_CASES` says otherwise.
const CASES: u64 = 600;
/// Where the generated queries begin, unless `LINEAGE_SEED` says otherwise: the same ones every time.
const SEED: u64 = 1;
/// Results with more rows are left out: they say no more and take long.
const MOST_ROWS: usize = 3_000;

/// How often something was tried.
#[derive(Debug, Default)]
struct Counts {
    queries: usize,
    /// Queries that were planned, and that the engine could not run.
    not_run: usize,
    /// Queries that planning refused, and that the engine could not run.
    refused: usize,
    checks: usize,
    /// Of direct edges: how many there were, and how many showed in the values.
    edges: usize,
    shown: usize,
}

fn is_from(edge: &Edge, place: Place) -> bool {
    edge.from.table.table() == place.table && edge.from.column == place.column
}

fn decides_rows(analysis: &Analysis, place: Place) -> bool {
    analysis.lineage.dataset.iter().any(|edge| is_from(edge, place))
}

fn reaches(analysis: &Analysis, column: usize, place: Place) -> bool {
    analysis.lineage.columns[column].edges.iter().any(|edge| is_from(edge, place))
}

fn is_read(sql: &str, place: Place) -> bool {
    sql.contains(&format!("p.{}", place.table))
}

fn tapes() -> impl Strategy<Value = (Bytes, Bytes)> {
    (vec(any::<u8>(), 0..160).prop_map(Bytes), vec(any::<u8>(), 0..120).prop_map(Bytes))
}

/// Runs a property on generated queries and data, and returns how often it was tried.
fn prove(
    generate: impl Fn(&mut Generator<'_, '_>) -> Query,
    property: impl Fn(&Runtime, &Query, &Analysis, &Data, &Rows, &mut Counts) -> TestCaseResult,
) -> Counts {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let counts = RefCell::new(Counts::default());
    let seed = setting("LINEAGE_SEED", SEED);
    let config = Config {
        cases: setting("LINEAGE_CASES", CASES) as u32,
        max_shrink_iters: 4_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let result = runner.run(&tapes(), |(query_tape, data_tape)| {
        let query = generate(&mut Generator::new(&mut Tape::new(&query_tape)));
        let data = Data::generate(&mut Tape::new(&data_tape));
        let counts = &mut *counts.borrow_mut();
        counts.queries += 1;
        let (analysis, rows) = match (analyze(&SESSION, &query.sql, &schema_of), run(&runtime, &data, &query.sql)) {
            (Ok(analysis), Some(rows)) => (analysis, rows),
            (Err(error), Some(_)) => {
                return Err(TestCaseError::fail(format!("refused with {error:?}, but run: {}", query.sql)));
            }
            (Err(_), None) => {
                counts.refused += 1;
                return Ok(());
            }
            (Ok(_), None) => {
                counts.not_run += 1;
                println!("planned, but not run: {}", query.sql);
                return Ok(());
            }
        };
        if rows.0.len() > MOST_ROWS {
            return Ok(());
        }
        property(&runtime, &query, &analysis, &data, &rows, counts)
    });
    if let Err(error) = result {
        panic!("LINEAGE_SEED={seed}: {error}");
    }
    let counts = counts.into_inner();
    println!("{counts:?}");
    assert!(counts.not_run * 50 <= counts.queries, "too many queries were planned and could not be run: {counts:?}");
    assert!(counts.refused * 4 <= counts.queries, "too many queries were refused: {counts:?}");
    counts
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// A query's rows; `None` when the engine fails. It fails, or even panics, at some subqueries that it has planned: such
/// queries are left out, and there must not be many of them.
fn run(runtime: &Runtime, data: &Data, sql: &str) -> Option<Rows> {
    let run = AssertUnwindSafe(|| runtime.block_on(data.run(sql)));
    match catch_unwind(run) {
        Ok(Ok(rows)) => Some(rows),
        Ok(Err(error)) => {
            println!("{}", error.lines().next().unwrap_or_default());
            None
        }
        Err(_) => None,
    }
}

fn report(query: &Query, analysis: &Analysis, data: &Data, place: Place, change: Change, rows: [&Rows; 2]) -> String {
    let lineage = crate::lineage::notation::write(&query.sql, &Ok(analysis.clone())).join("\n  ");
    format!(
        "{} of {}.{} changed\n  {}\n  {lineage}\n  data {data:?}\n  before {:?}\n  after  {:?}",
        format!("{change:?}"),
        place.table,
        place.column,
        query.sql,
        rows[0],
        rows[1]
    )
}

/// Promises 1 and 2: what a column has no edge into does not change with it; not even the number of rows.
#[test]
fn columns_change_only_what_they_have_edges_into() {
    let counts = prove(
        |generator| generator.query(3),
        |runtime, query, analysis, data, before, counts| {
            for place in places().filter(|place| is_read(&query.sql, *place)) {
                let rows_may_change = decides_rows(analysis, place);
                for change in [Change::Shift, Change::Mix] {
                    let Some(changed) = data.changed(place, change) else { continue };
                    let direct = |column: usize| {
                        let edges = &analysis.lineage.columns[column].edges;
                        edges.iter().any(|edge| is_from(edge, place) && edge.influence.is_direct())
                    };
                    let claims = (0..query.width).filter(|column| direct(*column)).count();
                    if rows_may_change && claims == 0 {
                        continue;
                    }
                    let Some(after) = run(runtime, &changed, &query.sql) else { continue };
                    if change == Change::Shift && !before.0.is_empty() {
                        counts.edges += claims;
                        let differs = |column: &usize| before.only(|c| c == *column) != after.only(|c| c == *column);
                        counts.shown += (0..query.width).filter(|column| direct(*column)).filter(differs).count();
                    }
                    if !rows_may_change {
                        let untouched = |column: usize| !reaches(analysis, column, place);
                        counts.checks += 1;
                        prop_assert!(
                            before.only(untouched) == after.only(untouched),
                            "{}",
                            report(query, analysis, data, place, change, [before, &after])
                        );
                    }
                }
            }
            Ok(())
        },
    );
    assert!(counts.checks > 1_000, "too few columns without a part in the rows: {counts:?}");
    // Most claims show at once. Those that do not: a branch that no row takes, a maximum of another row, a value that a
    // filter removes, a row that a limit cuts off, a hash of which one character is read.
    let percent = counts.shown * 100 / counts.edges;
    println!("{percent} % of {} DIRECT edges showed in the values", counts.edges);
    assert!(percent >= 60, "claims are too wide: {counts:?}");
}

/// Promise 3: a row that stays changes only in the columns that there is an edge into.
#[test]
fn rows_that_stay_change_only_where_there_is_an_edge() {
    let keys = RefCell::new(0);
    let counts = prove(
        |generator| {
            let (query, count) = generator.keyed_query();
            keys.replace(count);
            query
        },
        |runtime, query, analysis, data, before, counts| {
            let keys = *keys.borrow();
            for place in places().filter(|place| place.column != "id" && is_read(&query.sql, *place)) {
                for change in [Change::Shift, Change::Mix] {
                    let Some(changed) = data.changed(place, change) else { continue };
                    let Some(after) = run(runtime, &changed, &query.sql) else { continue };
                    let kept = |column: usize| column < keys || !reaches(analysis, column, place);
                    let mut same = true;
                    for row in &before.0 {
                        if let Some(other) = after.0.iter().find(|other| other[..keys] == row[..keys]) {
                            counts.checks += 1;
                            same &= (0..query.width).filter(|c| kept(*c)).all(|column| row[column] == other[column]);
                        } else {
                            same &= decides_rows(analysis, place);
                        }
                    }
                    prop_assert!(same, "{}", report(query, analysis, data, place, change, [before, &after]));
                }
            }
            Ok(())
        },
    );
    assert!(counts.checks > 5_000, "too few rows stayed: {counts:?}");
}

/// Promise 4: an IDENTITY edge of a query in which nothing decides shows in the values.
#[test]
fn identities_show_in_the_values() {
    let counts = prove(
        |generator| generator.plain_query(3),
        |runtime, query, analysis, data, before, counts| {
            let columns = &analysis.lineage.columns;
            let indirect = columns.iter().flat_map(|column| &column.edges).any(|edge| !edge.influence.is_direct());
            prop_assert!(!indirect && analysis.lineage.dataset.is_empty(), "something decides in {}", query.sql);
            for place in places().filter(|place| is_read(&query.sql, *place)) {
                let Some(changed) = data.changed(place, Change::Shift) else { continue };
                let Some(after) = run(runtime, &changed, &query.sql) else { continue };
                for (index, column) in columns.iter().enumerate() {
                    let mut edges = column.edges.iter().filter(|edge| is_from(edge, place));
                    if edges.any(|edge| edge.influence == Influence::Identity) {
                        counts.checks += 1;
                        let differs = before.only(|c| c == index) != after.only(|c| c == index);
                        prop_assert!(
                            differs,
                            "c{index}: {}",
                            report(query, analysis, data, place, Change::Shift, [before, &after])
                        );
                    }
                }
            }
            Ok(())
        },
    );
    assert!(counts.checks > 1_000, "too few identities: {counts:?}");
}
