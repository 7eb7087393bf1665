//! Rows that are most likely meant to be the same, so that a person sees which cells differ.
//!
//! Two rows can be meant to be the same when at least half of their cells are equal, when they share a value that no other
//! row has (a key, most likely), or when each is the only row there is. Of the pairs that there are, those with the rarest
//! values in common go first.

use std::collections::HashMap;

use super::{Cell, Left, Row};

/// Of so many rows on either side pairs are looked for; more than that nobody reads.
const MOST: usize = 500;

/// Pairs of an expected and an actual row, and the rows that are left.
pub(super) struct Pairs {
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) expected: Vec<usize>,
    pub(super) actual: Vec<usize>,
}

/// Pairs up what is left.
pub(super) fn best(expected: &[Row], actual: &[Row], left: Left) -> Pairs {
    let (first, second) =
        (&left.expected[..left.expected.len().min(MOST)], &left.actual[..left.actual.len().min(MOST)]);
    let frequencies = (frequencies(expected, &left.expected), frequencies(actual, &left.actual));
    let only_one = expected.len() == 1 && actual.len() == 1;
    let mut candidates: Vec<(f64, usize, usize)> = Vec::new();
    for e in first {
        for a in second {
            let score = score(&expected[*e], &actual[*a], &frequencies).or(only_one.then_some(0.0));
            candidates.extend(score.map(|score| (score, *e, *a)));
        }
    }
    candidates.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    let mut pairs = Pairs { pairs: Vec::new(), expected: left.expected, actual: left.actual };
    for (_, e, a) in candidates {
        if let (Ok(in_expected), Ok(in_actual)) = (pairs.expected.binary_search(&e), pairs.actual.binary_search(&a)) {
            pairs.expected.remove(in_expected);
            pairs.actual.remove(in_actual);
            pairs.pairs.push((e, a));
        }
    }
    pairs.pairs.sort_unstable();
    pairs
}

/// How often each value stands in each column, among the rows that are left.
type Frequencies<'r> = Vec<HashMap<Option<&'r str>, usize>>;

fn frequencies<'r>(rows: &'r [Row], left: &[usize]) -> Frequencies<'r> {
    let width = rows.first().map_or(0, Vec::len);
    let mut frequencies: Frequencies<'r> = vec![HashMap::new(); width];
    for row in left {
        for (cell, seen) in rows[*row].iter().zip(&mut frequencies) {
            *seen.entry(cell.text()).or_default() += 1;
        }
    }
    frequencies
}

/// How much two rows have in common; `None` when they are not meant to be the same.
fn score(expected: &[Cell], actual: &[Cell], frequencies: &(Frequencies<'_>, Frequencies<'_>)) -> Option<f64> {
    let (mut equal, mut shares_key, mut score) = (0, false, 0.0);
    for (place, (one, other)) in expected.iter().zip(actual).enumerate() {
        if !one.is_equal(other) {
            continue;
        }
        let seen = |frequencies: &Frequencies<'_>, cell: &Cell| {
            frequencies.get(place).and_then(|seen| seen.get(&cell.text()).copied()).unwrap_or(1)
        };
        let most = seen(&frequencies.0, one).max(seen(&frequencies.1, other));
        equal += 1;
        shares_key |= most == 1 && one.text().is_some();
        score += 1.0 / most as f64;
    }
    (equal > 0 && (equal * 2 >= expected.len() || shares_key)).then_some(score)
}
