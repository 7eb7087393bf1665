//! What fingerprints promise, tried on generated queries and edits.

use std::cell::RefCell;

use headwater_engine::analysis::analyze;
use headwater_sdk::engine::Analysis;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::edit::edited;
use super::kept;
use crate::generated::query::Generator;
use crate::generated::setting;
use crate::generated::tape::{Bytes, Tape};
use crate::lineage::perturbation::data::{Data, Rows, schema_of};
use crate::lineage::perturbation::properties::{MOST_ROWS, run};
use crate::lineage::tables::SESSION;

/// How many pairs of queries are tried, unless `LINEAGE_CASES` says otherwise.
const CASES: u64 = 1_500;
const SEED: u64 = 1;

/// How often something was tried.
#[derive(Debug, Default)]
struct Counts {
    pairs: usize,
    /// Pairs whose rows are proven to be the same.
    same_rows: usize,
    /// Of those, pairs of which some columns are proven to be the same and others not.
    parted: usize,
    /// Columns that were compared.
    columns: usize,
    /// Of columns that were not proven to be the same: how many there were, and how many were.
    doubted: usize,
    needlessly: usize,
}

type Tapes = (Bytes, Bytes, Bytes);

fn tapes() -> impl Strategy<Value = Tapes> {
    let tape = |length: usize| vec(any::<u8>(), 0..length).prop_map(Bytes);
    (tape(120), tape(120), tape(8))
}

/// The columns of a result, in this order.
fn chosen(rows: &Rows, places: &[usize]) -> Rows {
    let mut rows: Vec<Vec<String>> =
        rows.0.iter().map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect();
    rows.sort();
    Rows(rows)
}

/// A query and what is left of it after an edit: an edit of its text, or of the choices that it was generated from, or
/// another expression around its columns.
fn pair(query_tape: &Bytes, edit_tape: &Bytes) -> (String, String) {
    let generate = |tape: &Bytes| Generator::new(&mut Tape::new(tape)).query(3);
    let mut edits = Tape::new(edit_tape);
    let query = generate(query_tape);
    match edits.pick(4) {
        0 | 1 => {
            let new = edited(&query.sql, &mut edits);
            (query.sql, new)
        }
        2 => {
            let mut other = query_tape.clone();
            let place = edits.pick(other.0.len());
            if let Some(byte) = other.0.get_mut(place) {
                *byte = byte.wrapping_add(1 + edits.pick(7) as u8);
            }
            (query.sql, generate(&other).sql)
        }
        _ => {
            let first = edits.pick(query.width);
            let swapped: Vec<String> = (0..query.width)
                .rev()
                .map(|n| if n == first { format!("q.c{n} + 1 as x") } else { format!("q.c{n}") })
                .collect();
            let new = format!("with q as ({}) select {} from q", query.sql, swapped.join(", "));
            (query.sql, new)
        }
    }
}

/// Which columns of the new query are columns of the old one, as pairs of places; `None` when the rows may be others.
type Kept = fn(&Analysis, &Analysis) -> Option<Vec<(usize, usize)>>;

/// Tries generated pairs; with `reorder`, single queries on the same rows in two orders.
fn try_all(kept: Kept, reorder: bool) -> Result<Counts, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let counts = RefCell::new(Counts::default());
    let seed = setting("LINEAGE_SEED", SEED);
    let config = Config {
        cases: setting("LINEAGE_CASES", CASES) as u32,
        max_shrink_iters: 2_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&tapes(), |(query_tape, data_tape, edit_tape)| {
        let (old_sql, edited_sql) = pair(&query_tape, &edit_tape);
        let data = Data::generate(&mut Tape::new(&data_tape));
        let (new_sql, new_data) =
            if reorder { (old_sql.clone(), data.reordered()) } else { (edited_sql, data.clone()) };
        let plan = |sql: &str| analyze(&SESSION, sql, &schema_of);
        let (Ok(old), Ok(new)) = (plan(&old_sql), plan(&new_sql)) else { return Ok(()) };
        let counts = &mut *counts.borrow_mut();
        counts.pairs += 1;
        let Some(kept) = kept(&old, &new) else { return Ok(()) };
        let (Some(before), Some(after)) = (run(&runtime, &data, &old_sql), run(&runtime, &new_data, &new_sql)) else {
            return Ok(());
        };
        if before.0.len().max(after.0.len()) > MOST_ROWS {
            return Ok(());
        }
        let (of_old, of_new): (Vec<usize>, Vec<usize>) = kept.iter().copied().unzip();
        let report = || format!("{old_sql}\n{new_sql}\n{kept:?}\n{data:?}\nbefore {before:?}\nafter {after:?}");
        prop_assert_eq!(chosen(&before, &of_old), chosen(&after, &of_new), "{}", report());
        counts.same_rows += 1;
        counts.columns += kept.len();
        counts.parted += usize::from(!kept.is_empty() && kept.len() < new.lineage.columns.len());
        for place in (0..new.lineage.columns.len()).filter(|place| !of_new.contains(place)) {
            counts.doubted += 1;
            let same = place < old.lineage.columns.len() && chosen(&before, &[place]) == chosen(&after, &[place]);
            counts.needlessly += usize::from(same);
        }
        Ok(())
    });
    result.map(|()| counts.into_inner()).map_err(|error| format!("LINEAGE_SEED={seed}: {error}"))
}

#[test]
fn columns_with_equal_fingerprints_have_equal_values() {
    let counts = try_all(kept, false).unwrap_or_else(|error| panic!("{error}"));
    println!("{counts:?}");
    assert!(counts.same_rows * 4 >= counts.pairs, "too few pairs have the same rows: {counts:?}");
    assert!(counts.parted >= 60, "too few edits of single columns: {counts:?}");
}

#[test]
fn what_is_stable_does_not_depend_on_the_order_of_rows() {
    let counts = try_all(kept, true).unwrap_or_else(|error| panic!("{error}"));
    println!("{counts:?}");
    assert!(counts.same_rows * 2 >= counts.pairs, "too few queries have stable rows: {counts:?}");
    assert!(counts.doubted >= 50, "too few columns are not stable: {counts:?}");
}

/// The proof is worth something: did fingerprints leave the rows or the columns out, it would fail.
#[test]
fn neither_rows_nor_columns_could_be_left_out() {
    let without_rows = |old: &Analysis, new: &Analysis| {
        let (mut old, mut new) = (old.clone(), new.clone());
        (old.fingerprints.rows.hash, new.fingerprints.rows.hash) = (String::new(), String::new());
        (old.fingerprints.rows.stable, new.fingerprints.rows.stable) = (true, true);
        kept(&old, &new)
    };
    assert!(try_all(without_rows, false).is_err(), "nothing shows that the rows count");
    let by_place = |old: &Analysis, new: &Analysis| {
        let width = old.lineage.columns.len().min(new.lineage.columns.len());
        kept(old, new).map(|_| (0..width).map(|place| (place, place)).collect())
    };
    assert!(try_all(by_place, false).is_err(), "nothing shows that the columns count");
}
