//! The tables that are joined.

use std::sync::Arc;

use arrow::array::Int64Array;
use headwater_sdk::engine::WriteMode;

use super::model::{COLUMNS, Rows};
use crate::fixture::{Fixture, batch};

/// The tables' rows.
pub(super) const SIZES: [usize; 6] = [120, 60, 40, 24, 12, 5];
/// The values of each table's columns `a` and `b`.
const RANGES: [(i64, i64); 6] = [(60, 12), (40, 12), (24, 5), (12, 5), (12, 3), (5, 2)];

/// A lake with the tables, `raw.t0` and on, and their rows.
pub(super) async fn lake() -> (Fixture, Vec<Rows>) {
    let mut lake = Fixture::new();
    let mut tables: Vec<Rows> = Vec::new();
    for (index, (size, (a, b))) in SIZES.into_iter().zip(RANGES).enumerate() {
        // Every fifth value of `a` and every seventh of `b` is null.
        let value = |row: usize, range: i64, step: i64, nulls: usize| {
            (row % nulls != nulls - 1).then_some((row as i64 * step + index as i64) % range)
        };
        let rows: Rows = (0..size).map(|row| [Some(row as i64), value(row, a, 7, 5), value(row, b, 5, 7)]).collect();
        let column = |place: usize| Arc::new(Int64Array::from_iter(rows.iter().map(|row| row[place]))) as _;
        let columns = COLUMNS.iter().enumerate().map(|(place, name)| (*name, column(place)));
        lake.load(&format!("raw.t{index}"), batch(columns.collect()), WriteMode::Replace, vec![]).await;
        tables.push(rows);
    }
    (lake, tables)
}
