//! Joins in the order that is expected to be the cheapest.
//!
//! The query engine joins tables in the order of FROM and only chooses which side of each join it holds. Here the inner joins of a
//! plan are taken apart, and put together so that what leaves few rows comes first; that is told from the sizes of tables, the
//! least and greatest values of their columns, and the filters on them. A plan stays as it is where sizes are not known, or
//! where another order is not expected to be clearly better.
//!
//! The expected rows of a join follow P. G. Selinger et al., "Access path selection in a relational database management system"
//! (1979): the product of both sides, divided by the number of distinct keys. A Delta log does not know that number; here
//! a column whose range of values is at least as wide as its table is long counts as a key.

mod groups;
mod region;
mod search;
mod sizes;

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::{Optimizer, OptimizerConfig, OptimizerRule};

use region::Region;
use search::{Ordered, Tree, meets};

use super::semi_joins::PushDownSemiJoins;
use sizes::{Values, rows, values};

pub(super) use sizes::{UNKNOWN, kept_by};

/// Another order is taken when it is expected to cost at most this share of what the one at hand costs.
const WORTH_IT: f64 = 0.8;

/// An optimised plan with its joins in a better order where there is one.
pub(super) fn ordered(plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<LogicalPlan> {
    let ordered = groups::restrict(plan)?.transform_data(order)?;
    if !ordered.transformed {
        return Ok(ordered.data);
    }
    // Other rules would put the joins into an order of their own (`EliminateCrossJoin`).
    let rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> =
        vec![Arc::new(PushDownSemiJoins), Arc::new(OptimizeProjections::new())];
    Optimizer::with_rules(rules).optimize(ordered.data, config, |_, _| {})
}

fn order(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    plan.transform_down(|node| {
        let Some(mut region) = Region::of(&node)? else { return Ok(Transformed::no(node)) };
        let Some(tree) = better(&region) else { return Ok(Transformed::no(node)) };
        for leaf in &mut region.leaves {
            *leaf = order(leaf.clone())?.data;
        }
        Ok(Transformed::new(region.rebuilt(&tree, node.schema())?, true, TreeNodeRecursion::Jump))
    })
}

/// A better order of the joins of a region than the one that they have.
fn better(region: &Region) -> Option<Tree> {
    if !region.is_placed() {
        return None;
    }
    let expected = Expected::of(region)?;
    let joined = |one: &Ordered, two: &Ordered| expected.rows(one, two);
    let best = search::cheapest(&expected.leaves, joined)?;
    let now = expected.now(&region.tree)?;
    (best.cost < WORTH_IT * now.cost).then_some(best.tree)
}

/// What is expected of the joins of a region.
struct Expected<'a> {
    region: &'a Region,
    leaves: Vec<f64>,
    /// For each class of equal columns, what is known of each member.
    classes: Vec<Vec<(usize, Values)>>,
    /// For each other equality, how many different values are expected.
    equalities: Vec<f64>,
}

impl<'a> Expected<'a> {
    /// `None` where the size of an input is not known.
    fn of(region: &'a Region) -> Option<Self> {
        let leaves: Vec<f64> = region.leaves.iter().map(rows).collect::<Option<_>>()?;
        let member = |member: &region::Member| {
            let known = values(&region.leaves[member.leaf], &member.column);
            (member.leaf, known.unwrap_or_else(|| Values::keys(leaves[member.leaf])))
        };
        let classes = region.classes.iter().map(|class| class.iter().map(member).collect()).collect();
        // Of computed keys nothing is known: each is taken for one of its own, on the shorter side.
        let least = |about: u32| {
            let rows = leaves.iter().enumerate().filter(|(leaf, _)| about & (1 << leaf) != 0).map(|(_, rows)| *rows);
            rows.fold(f64::INFINITY, f64::min)
        };
        let equalities =
            region.equalities.iter().map(|equality| least(equality.one.1).min(least(equality.two.1))).collect();
        Some(Self { region, leaves, classes, equalities })
    }

    /// The rows of a join of two parts; `None` where nothing links them.
    fn rows(&self, one: &Ordered, two: &Ordered) -> Option<f64> {
        // The keys that each two inputs have in common, and the rows of the shorter one.
        let mut keys: HashMap<(usize, usize), (f64, f64)> = HashMap::new();
        let mut is_linked = false;
        for class in &self.classes {
            let within = |set: u32| class.iter().filter(move |(leaf, _)| set & (1 << leaf) != 0);
            let pairs = within(one.set).flat_map(|a| within(two.set).map(move |b| (a, b)));
            let distinct =
                pairs.map(|((a, of_a), (b, of_b))| ((*a, *b), of_a.keys_with(of_b), of_a.rows.min(of_b.rows)));
            if let Some((pair, distinct, shorter)) = distinct.reduce(|x, y| if y.1 > x.1 { y } else { x }) {
                keys.entry(pair).or_insert((1.0, shorter)).0 *= distinct.max(1.0);
                is_linked = true;
            }
        }
        // Keys of several columns are at most as many as there are rows that have them.
        let mut keys: f64 = keys.values().map(|(keys, shorter)| keys.min(shorter.max(1.0))).product();
        for (equality, distinct) in self.region.equalities.iter().zip(&self.equalities) {
            if meets(equality.about(), one.set, two.set) {
                keys *= distinct.max(1.0);
                is_linked = true;
            }
        }
        let filters = self.region.filters_between(one.set, two.set).count();
        let kept = UNKNOWN.powi(i32::try_from(filters).unwrap_or(i32::MAX));
        is_linked.then(|| (one.rows * two.rows / keys * kept).max(1.0))
    }

    /// What the order at hand is expected to cost; a product of unlinked sides counts as such.
    fn now(&self, tree: &Tree) -> Option<Ordered> {
        Some(match tree {
            Tree::Leaf(index) => Ordered::leaf(*index, *self.leaves.get(*index)?),
            Tree::Join(one, two) => {
                let (one, two) = (self.now(one)?, self.now(two)?);
                let rows = self.rows(&one, &two).unwrap_or(one.rows * two.rows);
                Ordered::join(&one, &two, rows)
            }
        })
    }
}
