//! How many rows a scan is expected to yield, from what the log knows.

use datafusion::logical_expr::Expr;
use headwater_sdk::engine::{Asked, Restriction};

use super::LakeTable;
use super::restrictions::{is_restriction, is_stepped, number, restrictions};
use crate::session::join_order::{UNKNOWN, kept_by};

/// How many different values a column is taken to have of which the log knows none: texts that are asked for one by one are
/// names of kinds more often than keys.
const KINDS: f64 = 20.0;

impl LakeTable {
    /// The rows that are expected to pass all filters; `None` where the log does not know how many there are.
    pub(in crate::session) fn expected_rows(&self, filters: &[Expr]) -> Option<f64> {
        let rows = self.rows()?;
        let known = restrictions(filters, |column| self.bounds(column));
        let known = known.iter().map(|restriction| self.kept(restriction, rows)).product::<f64>();
        let others = filters.iter().filter(|filter| !is_restriction(filter)).map(kept_by).product::<f64>();
        Some(rows * known * others)
    }

    /// The rows of the table, and how many values lie between the least and the greatest one of a column, where that is known.
    pub(in crate::session) fn extent(&self, column: &str) -> Option<(f64, Option<f64>)> {
        Some((self.rows()?, self.range(column)))
    }

    fn rows(&self) -> Option<f64> {
        if self.foreign.is_some() {
            return None;
        }
        self.statistics.num_rows.get_value().map(|rows| *rows as f64)
    }

    fn range(&self, column: &str) -> Option<f64> {
        let index = self.schema.table_schema().index_of(column).ok()?;
        let known = self.statistics.column_statistics.get(index)?;
        let (least, most) = (known.min_value.get_value()?, known.max_value.get_value()?);
        // Between two fractions lie as many values as one likes.
        if !is_stepped(least) {
            return None;
        }
        Some(number(most)? - number(least)? + 1.0)
    }

    fn kept(&self, restriction: &Restriction, rows: f64) -> f64 {
        match restriction.asked {
            Asked::Values(values) => {
                let distinct = self.range(&restriction.column).unwrap_or(KINDS).min(rows).max(1.0);
                (values as f64 / distinct).min(1.0)
            }
            Asked::Range { share } => share.unwrap_or(UNKNOWN),
        }
    }
}
