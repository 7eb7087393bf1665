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
use crate::generated::query::{Generator, Query};
use crate::generated::setting;
use crate::generated::tape::{Bytes, Tape};
use crate::lineage::tables::SESSION;

/// How many generated queries each property is tried with, unless `LINEAGE_CASES` says otherwise.
const CASES: u64 = 600;
/// Where the generated queries begin, unless `LINEAGE_SEED` says otherwise: the same ones every time.
const SEED: u64 = 1;
/// Results with more rows are left out: they say no more and take long.
pub(in crate::lineage) const MOST_ROWS: usize = 3_000;

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

fn tapes() -> impl Strategy<Value = (Bytes, Bytes)> {
    (vec(any::<u8>(), 0..160).prop_map(Bytes), vec(any::<u8>(), 0..120).prop_map(Bytes))
}

/// A query, its lineage, the tables, and what it yields on them.
struct Case<'a> {
    runtime: &'a Runtime,
    query: Query,
    /// Of how many tables the first columns are the keys.
    keys: usize,
    analysis: Analysis,
    data: Data,
    before: Rows,
}

type Generate = fn(&mut Generator<'_, '_>) -> (Query, usize);
type Property = fn(&Case<'_>, &mut Counts) -> TestCaseResult;

/// Tries a property on generated queries and data, with the edges that planning gives but those of one kind. Returns how
/// often it was tried, or the case that refutes it.
fn try_without(kind: Option<Influence>, generate: Generate, property: Property) -> Result<Counts, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let counts = RefCell::new(Counts::default());
    let seed = setting("LINEAGE_SEED", SEED);
    let config = Config {
        cases: setting("LINEAGE_CASES", CASES) as u32,
        max_shrink_iters: if kind.is_some() { 0 } else { 4_000 },
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&tapes(), |(query_tape, data_tape)| {
        let (query, keys) = generate(&mut Generator::new(&mut Tape::new(&query_tape)));
        let data = Data::generate(&mut Tape::new(&data_tape));
        let counts = &mut *counts.borrow_mut();
        counts.queries += 1;
        let (mut analysis, before) = match (analyze(&SESSION, &query.sql, &schema_of), run(&runtime, &data, &query.sql))
        {
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
        if before.0.len() > MOST_ROWS {
            return Ok(());
        }
        let lineage = &mut analysis.lineage;
        for edges in lineage.columns.iter_mut().map(|column| &mut column.edges).chain([&mut lineage.dataset]) {
            edges.retain(|edge| Some(edge.influence) != kind);
        }
        property(&Case { runtime: &runtime, query, keys, analysis, data, before }, counts)
    });
    result.map(|()| counts.into_inner()).map_err(|error| format!("LINEAGE_SEED={seed}: {error}"))
}

fn prove(generate: Generate, property: Property) -> Counts {
    let counts = try_without(None, generate, property).unwrap_or_else(|error| panic!("{error}"));
    println!("{counts:?}");
    assert!(counts.not_run * 50 <= counts.queries, "too many queries were planned and could not be run: {counts:?}");
    assert!(counts.refused * 4 <= counts.queries, "too many queries were refused: {counts:?}");
    counts
}

/// A query's rows; `None` when the engine fails. It fails, or even panics, at some subqueries that it has planned: such
/// queries are left out, and there must not be many of them.
pub(in crate::lineage) fn run(runtime: &Runtime, data: &Data, sql: &str) -> Option<Rows> {
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

impl Case<'_> {
    /// The places that the query reads.
    fn places(&self) -> impl Iterator<Item = Place> {
        places().filter(|place| self.query.sql.contains(&format!("p.{}", place.table)))
    }

    /// What the query yields after a change; `None` if the change changes nothing.
    fn after(&self, place: Place, change: Change) -> Option<Rows> {
        run(self.runtime, &self.data.changed(place, change)?, &self.query.sql)
    }

    fn decides_rows(&self, place: Place) -> bool {
        self.analysis.lineage.dataset.iter().any(|edge| is_from(edge, place))
    }

    fn edges(&self, column: usize, place: Place) -> impl Iterator<Item = &Edge> {
        self.analysis.lineage.columns[column].edges.iter().filter(move |edge| is_from(edge, place))
    }

    fn reaches(&self, column: usize, place: Place) -> bool {
        self.edges(column, place).next().is_some()
    }

    fn differs(&self, after: &Rows, column: usize) -> bool {
        self.before.only(|c| c == column) != after.only(|c| c == column)
    }

    fn report(&self, place: Place, change: Change, after: &Rows) -> String {
        let Place { table, column } = place;
        let sql = &self.query.sql;
        let lineage = crate::lineage::notation::write(sql, &Ok(self.analysis.clone())).join("\n  ");
        let (data, before) = (&self.data, &self.before);
        format!(
            "{change:?} of {table}.{column}\n  {sql}\n  {lineage}\n  {data:?}\n  before {before:?}\n  after {after:?}"
        )
    }
}

fn is_from(edge: &Edge, place: Place) -> bool {
    edge.from.table.table() == place.table && edge.from.column == place.column
}

/// Promises 1 and 2: what a column has no edge into does not change with it; not even the number of rows.
fn columns_change_with_edges_only(case: &Case<'_>, counts: &mut Counts) -> TestCaseResult {
    for place in case.places() {
        let rows_may_change = case.decides_rows(place);
        let direct = |column: &usize| case.edges(*column, place).any(|edge| edge.influence.is_direct());
        let claims: Vec<usize> = (0..case.query.width).filter(direct).collect();
        if rows_may_change && claims.is_empty() {
            continue;
        }
        for change in [Change::Shift, Change::Mix] {
            let Some(after) = case.after(place, change) else { continue };
            if change == Change::Shift && !case.before.0.is_empty() {
                counts.edges += claims.len();
                counts.shown += claims.iter().filter(|column| case.differs(&after, **column)).count();
            }
            if !rows_may_change {
                counts.checks += 1;
                let untouched = |column: usize| !case.reaches(column, place);
                let same = case.before.only(untouched) == after.only(untouched);
                prop_assert!(same, "{}", case.report(place, change, &after));
            }
        }
    }
    Ok(())
}

/// Promise 3: a row that stays changes only in the columns that there is an edge into.
fn rows_change_with_edges_only(case: &Case<'_>, counts: &mut Counts) -> TestCaseResult {
    for place in case.places().filter(|place| place.column != "id") {
        for change in [Change::Shift, Change::Mix] {
            let Some(after) = case.after(place, change) else { continue };
            let kept: Vec<usize> =
                (0..case.query.width).filter(|c| *c < case.keys || !case.reaches(*c, place)).collect();
            for row in &case.before.0 {
                let same = match after.0.iter().find(|other| other[..case.keys] == row[..case.keys]) {
                    Some(other) => kept.iter().all(|column| row[*column] == other[*column]),
                    None => case.decides_rows(place),
                };
                counts.checks += 1;
                prop_assert!(same, "{}", case.report(place, change, &after));
            }
        }
    }
    Ok(())
}

/// Promise 4: an IDENTITY edge of a query in which nothing decides shows in the values.
fn identities_show(case: &Case<'_>, counts: &mut Counts) -> TestCaseResult {
    let columns = &case.analysis.lineage.columns;
    let indirect = columns.iter().flat_map(|column| &column.edges).any(|edge| !edge.influence.is_direct());
    prop_assert!(!indirect && case.analysis.lineage.dataset.is_empty(), "something decides in {}", case.query.sql);
    for place in case.places() {
        let Some(after) = case.after(place, Change::Shift) else { continue };
        for index in 0..columns.len() {
            if case.edges(index, place).any(|edge| edge.influence == Influence::Identity) {
                counts.checks += 1;
                let report = || case.report(place, Change::Shift, &after);
                prop_assert!(case.differs(&after, index), "c{index}: {}", report());
            }
        }
    }
    Ok(())
}

const ANY: Generate = |generator| (generator.query(3), 0);
const KEYED: Generate = |generator| generator.keyed_query();
const PLAIN: Generate = |generator| (generator.plain_query(3), 0);

#[test]
fn columns_change_only_with_what_they_have_edges_from() {
    let counts = prove(ANY, columns_change_with_edges_only);
    assert!(counts.checks > 1_000, "too few columns without a part in the rows: {counts:?}");
    // Most claims show at once. Those that do not: a branch that no row takes, a maximum of another row, a value that a
    // filter removes, a row that a limit cuts off, a hash of which one character is read.
    let percent = counts.shown * 100 / counts.edges;
    println!("{percent} % of {} DIRECT edges showed in the values", counts.edges);
    assert!(percent >= 60, "claims are too wide: {counts:?}");
}

#[test]
fn rows_that_stay_change_only_where_there_is_an_edge() {
    let counts = prove(KEYED, rows_change_with_edges_only);
    assert!(counts.checks > 5_000, "too few rows stayed: {counts:?}");
}

#[test]
fn identities_show_in_the_values() {
    let counts = prove(PLAIN, identities_show);
    assert!(counts.checks > 1_000, "too few identities: {counts:?}");
}

/// The proofs are worth something: were any one kind of edge not there, they would fail.
#[test]
fn no_kind_of_edge_could_be_left_out() {
    for kind in [
        Influence::Identity,
        Influence::Transformation,
        Influence::Aggregation,
        Influence::Join,
        Influence::GroupBy,
        Influence::Filter,
        Influence::Sort,
        Influence::Window,
        Influence::Conditional,
    ] {
        let refuted = try_without(Some(kind), ANY, columns_change_with_edges_only);
        assert!(refuted.is_err(), "nothing shows that {kind:?} edges are missing: {refuted:?}");
    }
}
