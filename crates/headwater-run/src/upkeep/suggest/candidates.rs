//! Arrangements that a table's rows could be in, and the best of them.

use headwater_sdk::engine::{ClusterOrder, Clustering};

use super::estimate::{Arrangement, Contents, Pattern};

/// Columns that are tried out: those that the most rows were read for.
const MOST_COLUMNS: usize = 6;
/// Each column more, and a curve, has to save this share of what is read without.
const PRICE_OF_A_COLUMN: f64 = 0.1;

/// All arrangements that come into question: `clusterable` columns in orders and along curves, within the partitions that
/// there are or those of one of `partitionable`.
pub(super) fn candidates(now: &Arrangement, clusterable: &[String], partitionable: &[String]) -> Vec<Arrangement> {
    let partitions: Vec<Vec<String>> = std::iter::once(now.partition_by.clone())
        .chain(partitionable.iter().map(|column| vec![column.clone()]))
        .collect();
    let columns = &clusterable[..clusterable.len().min(MOST_COLUMNS)];
    let mut clusterings = vec![now.clustering.clone()];
    let mut add = |columns: &[&String], order| {
        let columns = columns.iter().map(|column| (*column).clone()).collect();
        clusterings.push(Clustering { columns, order });
    };
    for (place, one) in columns.iter().enumerate() {
        add(&[one], ClusterOrder::Sort);
        for other in columns.iter().filter(|other| *other != one) {
            add(&[one, other], ClusterOrder::Sort);
        }
        for (next, two) in columns.iter().enumerate().skip(place + 1) {
            add(&[one, two], ClusterOrder::ZOrder);
            for three in columns.iter().skip(next + 1) {
                add(&[one, two, three], ClusterOrder::ZOrder);
            }
        }
    }
    let mut all = Vec::new();
    for partition_by in &partitions {
        let apart = |clustering: &&Clustering| clustering.columns.iter().all(|column| !partition_by.contains(column));
        let within = clusterings.iter().filter(apart).cloned().chain([Clustering::default()]);
        all.extend(within.map(|clustering| Arrangement { partition_by: partition_by.clone(), clustering }));
    }
    all
}

/// The arrangement under which the queries read the least; the simpler one where that hardly differs.
pub(super) fn best(candidates: Vec<Arrangement>, patterns: &[Pattern], table: &Contents) -> Option<(Arrangement, f64)> {
    let read = |arrangement: Arrangement| {
        let rows = total(&arrangement, patterns, table);
        let parts = arrangement.partition_by.len() + arrangement.clustering.columns.len();
        let curve = usize::from(arrangement.clustering.order == ClusterOrder::ZOrder);
        let price = 1.0 + PRICE_OF_A_COLUMN * (parts + curve) as f64;
        (rows * price, rows, arrangement)
    };
    let all = candidates.into_iter().map(read);
    all.min_by(|one, two| one.0.total_cmp(&two.0)).map(|(_, rows, arrangement)| (arrangement, rows))
}

/// The rows that all queries read together.
pub(super) fn total(arrangement: &Arrangement, patterns: &[Pattern], table: &Contents) -> f64 {
    patterns.iter().map(|pattern| arrangement.rows_read(pattern, table) * pattern.scans as f64).sum()
}

/// The rows that all queries read together as it is: what they did read, or what the arrangement that the project asks for
/// will let them read.
pub(super) fn total_now(now: &Arrangement, patterns: &[Pattern], table: &Contents) -> f64 {
    let each = |pattern: &Pattern| (pattern.read * table.rows).min(now.rows_read(pattern, table));
    patterns.iter().map(|pattern| each(pattern) * pattern.scans as f64).sum()
}
