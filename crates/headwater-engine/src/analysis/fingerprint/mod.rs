//! What each output column of a query, and its set of rows, is made from: hashes of the plan before optimisation.
//!
//! # What they promise
//!
//! Two queries over the same tables whose rows have equal, *stable* prints yield the same rows one by one: there is a pairing
//! of their rows in which any two columns with equal, stable prints have equal values, whatever the columns are called and
//! wherever they stand. So an edit that leaves a column's print as it is leaves the column's values as they are, together with
//! those of all other such columns.
//!
//! A print is *not stable* when computing the same query again may give something else: volatile functions, what depends on
//! an order that the query leaves open, sums of floating-point numbers (see `stability`).
//!
//! # How
//!
//! A *row print* stands for a set of rows, a *column print* for a function of such a row. A table's are its name and its
//! columns' names and types. Projections and windows keep the rows and compute columns; filters, joins, groups, DISTINCT,
//! unions and unnesting make other rows, told by what decides about them. Wherever rows end and values go on (an aggregate,
//! a subquery in an expression) the row print goes into the value. Names of CTEs, aliases and columns go into nothing, which
//! is why queries can be rearranged.
//!
//! What the walk does not know makes all prints unstable: then every build counts as a change.
//!
//! `tests/it/lineage/edits` holds it against generated queries and edits of them.

mod expression;
mod plan;
mod print;
mod stability;

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;
use headwater_sdk::lineage::{Fingerprint, Fingerprints};

use super::walk::{Flow, Place, Walker};
use print::{Mix, Print};

/// The state of a walk.
#[derive(Debug)]
struct Walk {
    place: Place<Print>,
    /// How many recursive queries are around the current plan.
    recursions: usize,
}

impl Walker for Walk {
    type Known = Print;

    fn place(&mut self) -> &mut Place<Print> {
        &mut self.place
    }

    fn flow(&mut self, plan: &LogicalPlan) -> Result<Flow<Print>> {
        self.flow_of(plan)
    }
}

/// The prints of a plan that was made against [`super::context::ModelContext`], before any rewriting.
pub(super) fn fingerprints(plan: &LogicalPlan) -> Fingerprints {
    let mut walk = Walk { place: Place::new(), recursions: 0 };
    match walk.flow_of(plan) {
        Ok(flow) => Fingerprints { columns: flow.columns.iter().map(public).collect(), rows: public(&flow.rows) },
        Err(_) => {
            let text = plan.display_indent_schema().to_string();
            let print = |index| public(&Mix::new("unknown").with((&text, index)).finish().unstable());
            let width = plan.schema().fields().len();
            Fingerprints { columns: (1..=width).map(print).collect(), rows: print(0) }
        }
    }
}

/// Expressions are told apart by what DataFusion has them as, and computed as this version does: prints of other versions
/// are other prints.
fn public(print: &Print) -> Fingerprint {
    let versions = (env!("CARGO_PKG_VERSION"), datafusion::DATAFUSION_VERSION);
    let print = Mix::new("print").with(versions).print(*print).finish();
    Fingerprint { hash: print.text(), stable: print.is_stable() }
}
