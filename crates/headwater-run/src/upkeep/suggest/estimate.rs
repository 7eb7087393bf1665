//! How many rows queries read of a table, from the way in which its rows lie. Pure arithmetic; see ADR 0012.
//!
//! A query reads whole pages: of the rows of a sorted file those that its range holds, and on average one page more for the
//! two that it cuts.

use std::collections::BTreeMap;

use headwater_sdk::engine::{ClusterOrder, Clustering};

/// Rows of a page, the least that is skipped. Files are written in pages of this many rows, unless values are large.
pub(super) const PAGE_ROWS: f64 = 20_000.0;
/// A list of more values than this skips nothing (a limit of the query engine).
pub(super) const MOST_VALUES: f64 = 20.0;
/// The pages along a curve are not square: this is how much wider they are (measured for two and three columns).
const CURVE_WIDTH: f64 = 1.6;

/// A table's contents.
#[derive(Debug, Clone)]
pub(super) struct Contents {
    /// Its rows.
    pub(super) rows: f64,
    /// Rows of a page.
    pub(super) page: f64,
    /// The columns that queries restrict.
    pub(super) columns: BTreeMap<String, Spread>,
}

/// The values of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    /// How many there are, at least one.
    pub(super) distinct: f64,
    /// The share of the rows that are not null.
    pub(super) filled: f64,
}

/// What queries ask for of a column, on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ask {
    /// So many values.
    Values(f64),
    /// This share of the rows that have a value.
    Range(f64),
    /// It is not known how much: nothing is counted on.
    Unknown,
}

/// Queries that restrict the same columns in the same way.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// What they ask for, by column.
    pub(super) asks: BTreeMap<String, Ask>,
    /// How many they were.
    pub(super) scans: u64,
    /// The share of the table's rows that they have read.
    pub(super) read: f64,
}

/// How the rows of a table lie.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Arrangement {
    /// The columns that partition it.
    pub(super) partition_by: Vec<String>,
    /// By what rows lie together within each partition.
    pub(super) clustering: Clustering,
}

/// What is left of something that is cut by the values of a column.
struct Cut {
    /// Parts that are looked into.
    parts: f64,
    /// The share of the rows that they hold.
    share: f64,
}

impl Arrangement {
    /// The rows that a query reads.
    pub(super) fn rows_read(&self, pattern: &Pattern, table: &Contents) -> f64 {
        let (mut parts, mut left, mut share) = (1.0, 1.0, 1.0);
        for column in &self.partition_by {
            let Some(spread) = table.columns.get(column) else { continue };
            parts *= spread.distinct;
            let cut = table.cut(pattern, column).unwrap_or(Cut { parts: spread.distinct, share: 1.0 });
            left *= cut.parts;
            share *= cut.share;
        }
        let rows = table.rows * share;
        // Rows of a partition, and those that are read of it.
        let of_each = table.rows / parts.min(table.rows).max(1.0);
        let read = match self.clustering.order {
            ClusterOrder::Sort => sorted(of_each, &self.clustering.columns, pattern, table),
            ClusterOrder::ZOrder => along_curve(of_each, &self.clustering.columns, pattern, table),
        };
        (read * left).min(rows)
    }
}

impl Contents {
    fn page_of(&self, rows: f64) -> f64 {
        self.page.min(rows)
    }

    /// What a query leaves of parts that hold one value each; `None` where it leaves all.
    fn cut(&self, pattern: &Pattern, column: &str) -> Option<Cut> {
        let spread = self.columns.get(column)?;
        match pattern.asks.get(column)? {
            Ask::Values(values) if *values <= MOST_VALUES => {
                let parts = values.min(spread.distinct);
                Some(Cut { parts, share: parts / spread.distinct * spread.filled })
            }
            Ask::Range(share) => {
                let parts = (share * spread.distinct).max(1.0).min(spread.distinct);
                Some(Cut { parts, share: parts / spread.distinct * spread.filled })
            }
            Ask::Values(_) | Ask::Unknown => None,
        }
    }
}

/// Of `rows` rows that are sorted by `columns`.
fn sorted(rows: f64, columns: &[String], pattern: &Pattern, table: &Contents) -> f64 {
    let Some((first, others)) = columns.split_first() else { return rows };
    let Some(spread) = table.columns.get(first) else { return rows };
    let page = table.page_of(rows);
    let by_range = match pattern.asks.get(first) {
        Some(Ask::Range(share)) => share * spread.filled * rows + page,
        _ => rows,
    };
    // Each value is a stretch of rows that are sorted by the other columns. The pages at its ends hold rows of the stretches
    // beside it, too: of the other columns they may hold anything.
    let stretch = rows * spread.filled / spread.distinct;
    let within = sorted(stretch, others, pattern, table);
    let looked_into = match table.cut(pattern, first) {
        Some(cut) => cut.parts * (within + page).min(stretch + page),
        None => spread.distinct * (within + page).min(stretch) + rows * (1.0 - spread.filled),
    };
    looked_into.min(by_range).min(rows)
}

/// Of `rows` rows that lie along a curve through `columns`.
fn along_curve(rows: f64, columns: &[String], pattern: &Pattern, table: &Contents) -> f64 {
    let ranges = (rows / table.page_of(rows)).powf(1.0 / columns.len().max(1) as f64);
    let mut share = 1.0;
    for column in columns {
        let Some(spread) = table.columns.get(column) else { continue };
        // By how much more than one value the pages are wide.
        let width = (CURVE_WIDTH / ranges - 1.0 / spread.distinct).max(0.0);
        let asked = match (pattern.asks.get(column), table.cut(pattern, column)) {
            // A page may hold several of the values.
            (Some(Ask::Values(values)), Some(_)) => {
                spread.filled * (1.0 - (1.0 - 1.0 / spread.distinct - width).max(0.0).powf(*values))
            }
            (_, Some(cut)) => cut.share + width,
            (_, None) => 1.0,
        };
        share *= asked.min(1.0);
    }
    (share * rows).max(table.page_of(rows)).min(rows)
}
