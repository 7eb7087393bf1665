//! Estimates against counts over rows that are laid out and cut into pages.

use std::collections::BTreeMap;

use headwater_sdk::engine::{ClusterOrder, Clustering};

use super::candidates::{best, candidates, total, total_now};
use super::estimate::{Arrangement, Ask, Contents, Pattern, Spread};

/// Rows of a page here.
const PAGE: usize = 500;
const ROWS: usize = 60_000;
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Numbers that look like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        // Knuth, The Art of Computer Programming, 3.3.4: a linear congruential generator; its upper bits are used.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Rows with values of three columns, each below its own limit, laid out in some way.
struct Table {
    limits: [u64; 3],
    rows: Vec<[u64; 3]>,
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn arranged(partition_by: &[&str], cluster_by: &[&str], order: ClusterOrder) -> Arrangement {
    Arrangement { partition_by: columns(partition_by), clustering: Clustering { columns: columns(cluster_by), order } }
}

fn place(name: &str) -> usize {
    NAMES.iter().position(|known| *known == name).unwrap()
}

impl Table {
    fn new(limits: [u64; 3]) -> Self {
        let mut chance = Chance(7);
        Self { limits, rows: (0..ROWS).map(|_| limits.map(|limit| chance.below(limit))).collect() }
    }

    fn contents(&self) -> Contents {
        let spread = |limit: u64| Spread { distinct: limit as f64, filled: 1.0 };
        let columns = NAMES.iter().zip(self.limits).map(|(name, limit)| ((*name).to_owned(), spread(limit)));
        Contents { rows: ROWS as f64, page: PAGE as f64, columns: columns.collect() }
    }

    /// The bits of a row's values, scaled to ten bits each, one of each in turn.
    fn on_curve(&self, row: [u64; 3], columns: &[usize]) -> u64 {
        let scaled = |column: usize| row[column] * 1024 / self.limits[column];
        (0..10)
            .rev()
            .flat_map(|bit| columns.iter().map(move |column| (scaled(*column) >> bit) & 1))
            .fold(0, |n, bit| n << 1 | bit)
    }

    /// Pages of rows as they lie.
    fn pages(&self, arrangement: &Arrangement) -> Vec<Vec<[u64; 3]>> {
        let partition: Vec<usize> = arrangement.partition_by.iter().map(|name| place(name)).collect();
        let cluster: Vec<usize> = arrangement.clustering.columns.iter().map(|name| place(name)).collect();
        let mut parts: BTreeMap<Vec<u64>, Vec<[u64; 3]>> = BTreeMap::new();
        for row in &self.rows {
            parts.entry(partition.iter().map(|column| row[*column]).collect()).or_default().push(*row);
        }
        let mut pages = Vec::new();
        for mut rows in parts.into_values() {
            match arrangement.clustering.order {
                ClusterOrder::Sort => rows.sort_by_key(|row| cluster.iter().map(|c| row[*c]).collect::<Vec<_>>()),
                ClusterOrder::ZOrder => rows.sort_by_key(|row| self.on_curve(*row, &cluster)),
            }
            pages.extend(rows.chunks(PAGE).map(<[_]>::to_vec));
        }
        pages
    }

    /// The rows of pages that may hold what is asked for, on average over some hundred places of it in the columns.
    fn counted(&self, pages: &[Vec<[u64; 3]>], asks: &[(&str, Ask)]) -> f64 {
        const TIMES: u64 = 300;
        let mut chance = Chance(3);
        let ranges: Vec<[(u64, u64); 3]> = pages
            .iter()
            .map(|page| {
                [0, 1, 2].map(|c| (page.iter().map(|r| r[c]).min().unwrap(), page.iter().map(|r| r[c]).max().unwrap()))
            })
            .collect();
        let mut total = 0;
        for _ in 0..TIMES {
            // The intervals that are asked for of each column.
            let wanted: Vec<(usize, Vec<(u64, u64)>)> = asks
                .iter()
                .map(|(name, ask)| {
                    let limit = self.limits[place(name)];
                    let intervals = match ask {
                        Ask::Values(values) => {
                            (0..*values as u64).map(|_| chance.below(limit)).map(|v| (v, v)).collect()
                        }
                        Ask::Range(share) => {
                            let length = ((limit as f64 * share) as u64).max(1);
                            let low = chance.below(limit - length + 1);
                            vec![(low, low + length - 1)]
                        }
                        Ask::Unknown => vec![(0, limit)],
                    };
                    (place(name), intervals)
                })
                .collect();
            let holds = |range: &[(u64, u64); 3]| {
                wanted.iter().all(|(c, intervals)| {
                    intervals.iter().any(|(low, high)| range[*c].0 <= *high && range[*c].1 >= *low)
                })
            };
            total +=
                pages.iter().zip(&ranges).filter(|(_, range)| holds(range)).map(|(page, _)| page.len()).sum::<usize>();
        }
        total as f64 / TIMES as f64
    }
}

fn pattern(asks: &[(&str, Ask)], scans: u64) -> Pattern {
    let asks = asks.iter().map(|(name, ask)| ((*name).to_owned(), *ask)).collect();
    Pattern { asks, scans, read: 1.0 }
}

/// Everything that is asked of every arrangement.
#[test]
fn estimates_are_near_to_what_is_counted() {
    use ClusterOrder::{Sort, ZOrder};
    let asked: [&[(&str, Ask)]; 9] = [
        &[("a", Ask::Values(1.0))],
        &[("a", Ask::Values(3.0))],
        &[("b", Ask::Values(1.0))],
        &[("b", Ask::Range(0.05))],
        &[("c", Ask::Range(0.2))],
        &[("c", Ask::Unknown)],
        &[("a", Ask::Values(1.0)), ("b", Ask::Range(0.1))],
        &[("b", Ask::Values(1.0)), ("c", Ask::Range(0.1))],
        &[("a", Ask::Range(0.3)), ("b", Ask::Range(0.1)), ("c", Ask::Values(2.0))],
    ];
    let arrangements = [
        arranged(&[], &[], Sort),
        arranged(&[], &["a"], Sort),
        arranged(&[], &["b"], Sort),
        arranged(&[], &["a", "b"], Sort),
        arranged(&[], &["c", "a"], Sort),
        arranged(&[], &["a", "b"], ZOrder),
        arranged(&[], &["b", "c"], ZOrder),
        arranged(&[], &["a", "b", "c"], ZOrder),
        arranged(&["a"], &[], Sort),
        arranged(&["a"], &["b"], Sort),
        arranged(&["a"], &["b", "c"], ZOrder),
    ];
    for limits in [[12, 40_000, 365], [100, 1_000, 50_000]] {
        let table = Table::new(limits);
        let contents = table.contents();
        for arrangement in &arrangements {
            let pages = table.pages(arrangement);
            for asks in &asked {
                let counted = table.counted(&pages, asks);
                let estimated = arrangement.rows_read(&pattern(asks, 1), &contents);
                let near = estimated < counted * 1.6 + PAGE as f64 && counted < estimated * 1.6 + PAGE as f64;
                assert!(near, "{limits:?} {arrangement:?} {asks:?}: {estimated:.0} estimated, {counted:.0} counted");
            }
        }
    }
}

/// What is best for patterns, beginning with an arrangement.
fn best_for(now: &Arrangement, patterns: &[Pattern], partitionable: &[&str]) -> Arrangement {
    let table = Table::new([12, 40_000, 365]).contents();
    let all = candidates(now, &columns(&NAMES), &columns(partitionable));
    best(all, patterns, &table).unwrap().0
}

#[test]
fn the_best_is_as_simple_as_it_can_be() {
    use ClusterOrder::{Sort, ZOrder};
    let plain = Arrangement::default();
    let b = || pattern(&[("b", Ask::Range(0.05))], 10);
    let c = || pattern(&[("c", Ask::Values(1.0))], 10);
    assert_eq!(best_for(&plain, &[b()], &[]), arranged(&[], &["b"], Sort));
    assert_eq!(best_for(&plain, &[b(), c()], &[]), arranged(&[], &["b", "c"], ZOrder), "asked for apart");
    let rare = pattern(&[("c", Ask::Values(1.0))], 1);
    assert_eq!(best_for(&plain, &[pattern(&[("b", Ask::Range(0.05))], 40), rare], &[]), arranged(&[], &["b"], Sort));
    let together = pattern(&[("a", Ask::Values(1.0)), ("b", Ask::Range(0.05))], 10);
    assert_eq!(best_for(&plain, &[together], &[]), arranged(&[], &["a", "b"], Sort), "values first, then the range");
    let a = || pattern(&[("a", Ask::Values(1.0))], 10);
    assert_eq!(best_for(&plain, &[a()], &["a"]), arranged(&["a"], &[], Sort), "a whole partition, and no page more");
    assert_eq!(best_for(&plain, &[a(), b()], &["a"]), arranged(&["a"], &["b"], Sort));
    assert_eq!(best_for(&arranged(&["a"], &[], Sort), &[b()], &[]).partition_by, ["a"], "partitions stay");
}

#[test]
fn what_is_read_now_is_what_was_read_or_less_by_a_layout_to_come() {
    let table = Table::new([12, 40_000, 365]).contents();
    let asked = |read| vec![Pattern { read, ..pattern(&[("b", Ask::Range(0.05))], 10) }];
    let (plain, sorted) = (Arrangement::default(), arranged(&[], &["b"], ClusterOrder::Sort));
    assert_eq!(total_now(&plain, &asked(1.0), &table), 600_000.0);
    assert_eq!(total_now(&plain, &asked(0.5), &table), 300_000.0, "rows happen to lie well");
    let expected = 10.0 * (ROWS as f64 * 0.05 + PAGE as f64);
    assert!((total_now(&sorted, &asked(1.0), &table) - expected).abs() < 1.0);
    // Another order spoils what happens to lie well.
    let other = arranged(&[], &["a"], ClusterOrder::Sort);
    assert_eq!(total(&other, &asked(0.5), &table), 600_000.0);
}
