//! The cheapest order of some joins, on numbers alone.

use std::collections::HashMap;

/// Inputs of joins as bits.
pub(super) type Set = u32;

/// Whether something about some inputs comes together where two sets of inputs do: it is within both, and in neither alone.
pub(super) fn meets(about: Set, one: Set, two: Set) -> bool {
    about & !(one | two) == 0 && about & !one != 0 && about & !two != 0
}

/// Up to so many inputs all orders are compared; past that the pair with the cheapest join is joined first, again and again.
const COMPARED: usize = 10;

/// What holding a row in a join's hash table costs, where passing one on costs 1.
const HELD: f64 = 2.0;

/// An order of joins.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    /// An input.
    Leaf(usize),
    /// A join; its first side is expected to be the shorter one.
    Join(Box<Tree>, Box<Tree>),
}

/// An order with what is expected of it.
#[derive(Debug, Clone)]
pub(super) struct Ordered {
    pub(super) tree: Tree,
    pub(super) set: Set,
    /// The rows that come out.
    pub(super) rows: f64,
    pub(super) cost: f64,
}

impl Ordered {
    /// One input.
    pub(super) fn leaf(index: usize, rows: f64) -> Self {
        Self { tree: Tree::Leaf(index), set: 1 << index, rows, cost: 0.0 }
    }

    /// Two orders joined, with `rows` coming out.
    pub(super) fn join(one: &Self, two: &Self, rows: f64) -> Self {
        let (short, long) = if two.rows < one.rows { (two, one) } else { (one, two) };
        Self {
            tree: Tree::Join(Box::new(short.tree.clone()), Box::new(long.tree.clone())),
            set: one.set | two.set,
            rows,
            cost: one.cost + two.cost + cost(one, two, rows),
        }
    }
}

/// What a join costs by itself: each row that comes out costs something, and each that is held while joining.
fn cost(one: &Ordered, two: &Ordered, rows: f64) -> f64 {
    HELD * one.rows.min(two.rows) + rows
}

/// The cheapest order of `leaves`. `joined` tells how many rows come out of a join, and `None` where nothing links the sides;
/// there is no order where some inputs cannot be reached so.
pub(super) fn cheapest(leaves: &[f64], joined: impl Fn(&Ordered, &Ordered) -> Option<f64>) -> Option<Ordered> {
    let leaves: Vec<Ordered> = leaves.iter().enumerate().map(|(index, rows)| Ordered::leaf(index, *rows)).collect();
    if leaves.len() <= COMPARED { of_all(&leaves, joined) } else { greedy(leaves, joined) }
}

/// Every set of inputs from the cheapest way to split it in two.
fn of_all(leaves: &[Ordered], joined: impl Fn(&Ordered, &Ordered) -> Option<f64>) -> Option<Ordered> {
    let all: Set = (1 << leaves.len()) - 1;
    let mut best: HashMap<Set, Ordered> = leaves.iter().map(|leaf| (leaf.set, leaf.clone())).collect();
    for set in 1..=all {
        if set.count_ones() < 2 {
            continue;
        }
        let first = 1 << set.trailing_zeros();
        let mut found: Option<(f64, &Ordered, &Ordered, f64)> = None;
        let mut part = (set - 1) & set;
        while part != 0 {
            // Each split once: with the first input on this side.
            if part & first != 0
                && let (Some(one), Some(two)) = (best.get(&part), best.get(&(set & !part)))
                && let Some(rows) = joined(one, two)
            {
                let whole = one.cost + two.cost + cost(one, two, rows);
                if found.is_none_or(|(least, ..)| whole < least) {
                    found = Some((whole, one, two, rows));
                }
            }
            part = (part - 1) & set;
        }
        let found = found.map(|(_, one, two, rows)| Ordered::join(one, two, rows));
        best.extend(found.map(|found| (set, found)));
    }
    best.remove(&all)
}

fn greedy(mut open: Vec<Ordered>, joined: impl Fn(&Ordered, &Ordered) -> Option<f64>) -> Option<Ordered> {
    while open.len() > 1 {
        let mut found: Option<(f64, usize, usize, f64)> = None;
        for two in 1..open.len() {
            for one in 0..two {
                let Some(rows) = joined(&open[one], &open[two]) else { continue };
                let added = cost(&open[one], &open[two], rows);
                if found.is_none_or(|(least, ..)| added < least) {
                    found = Some((added, one, two, rows));
                }
            }
        }
        let (_, one, two, rows) = found?;
        let ordered = Ordered::join(&open[one], &open[two], rows);
        open.swap_remove(two);
        open[one] = ordered;
    }
    open.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain: each input is linked to the next, which has the keys.
    fn chain(rows: &[f64]) -> impl Fn(&Ordered, &Ordered) -> Option<f64> {
        let keys: Vec<f64> = rows.to_vec();
        move |one, two| {
            let linked = |a: Set, b: Set| (0..keys.len() - 1).find(|i| a & (1 << i) != 0 && b & (1 << (i + 1)) != 0);
            let link = linked(one.set, two.set).or_else(|| linked(two.set, one.set))?;
            Some(one.rows * two.rows / keys[link + 1].max(1.0))
        }
    }

    fn text(tree: &Tree) -> String {
        match tree {
            Tree::Leaf(index) => index.to_string(),
            Tree::Join(one, two) => format!("({} {})", text(one), text(two)),
        }
    }

    #[test]
    fn what_leaves_few_rows_comes_first() {
        // A million rows to a thousand to a hundred, of which one is left.
        let linked = chain(&[1e6, 1e3, 1e2]);
        let found = cheapest(&[1e6, 1e3, 1.0], linked).unwrap();
        assert_eq!(text(&found.tree), "((2 1) 0)");
        assert_eq!(found.rows, 1e4);
    }

    #[test]
    fn many_inputs_are_ordered_step_by_step() {
        let keys: Vec<f64> = (0..14).map(|i| 1e6 / f64::from(1 << i)).collect();
        let found = cheapest(&keys, chain(&keys)).unwrap();
        assert_eq!(found.set, (1 << 14) - 1);
        let worst = keys.iter().enumerate().map(|(i, rows)| Ordered::leaf(i, *rows));
        let linked = chain(&keys);
        let in_turn = worst.reduce(|one, two| Ordered::join(&one, &two, linked(&one, &two).unwrap())).unwrap();
        assert!(found.cost < in_turn.cost, "{} against {}", found.cost, in_turn.cost);
    }

    #[test]
    fn what_nothing_links_has_no_order() {
        assert!(cheapest(&[1.0, 2.0, 3.0], |one, two| (one.set | two.set == 0b11).then_some(1.0)).is_none());
        assert!(cheapest(&[1.0; 12], |_, _| None).is_none());
    }
}
