//! Joins that can be done in any order: their inputs, and the conditions between them.

use std::sync::Arc;

use datafusion::common::{Column, DFSchema, JoinType, NullEquality, Result};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Expr, ExprSchemable, Join, JoinConstraint, LogicalPlan, Projection};

use super::search::{Set, Tree, meets};

/// The inputs that a set can hold.
const MOST_INPUTS: usize = 30;

/// Inner joins on top of each other, taken apart.
pub(super) struct Region {
    pub(super) leaves: Vec<LogicalPlan>,
    /// Columns that are equal in all rows: at most one of each input, of one type.
    pub(super) classes: Vec<Vec<Member>>,
    /// Other equalities.
    pub(super) equalities: Vec<Equality>,
    /// All other conditions, with the inputs that they are about.
    filters: Vec<(Expr, Set)>,
    /// The order in which the joins are.
    pub(super) tree: Tree,
}

/// A column of an input.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) leaf: usize,
    pub(super) column: Column,
}

/// Two expressions that are equal, with the inputs that each is about.
pub(super) struct Equality {
    pub(super) one: (Expr, Set),
    pub(super) two: (Expr, Set),
}

impl Region {
    /// The joins at the top of a plan; `None` where there are fewer than two, or where they cannot be reordered.
    pub(super) fn of(plan: &LogicalPlan) -> Result<Option<Self>> {
        if inner(plan).is_none() {
            return Ok(None);
        }
        let mut region =
            Self { leaves: vec![], classes: vec![], equalities: vec![], filters: vec![], tree: Tree::Leaf(0) };
        let (mut pairs, mut filters) = (Vec::new(), Vec::new());
        region.tree = region.take_apart(plan, &mut pairs, &mut filters);
        if region.leaves.len() < 3 || region.leaves.len() > MOST_INPUTS {
            return Ok(None);
        }
        // What is random must not be asked more or less often.
        if pairs.iter().flat_map(|(one, two)| [one, two]).chain(&filters).any(Expr::is_volatile) {
            return Ok(None);
        }
        for filter in filters {
            let Some(about) = region.about(&filter) else { return Ok(None) };
            region.filters.push((filter, about));
        }
        for (one, two) in pairs {
            let (Some(of_one), Some(of_two)) = (region.about(&one), region.about(&two)) else { return Ok(None) };
            if !region.unite(&one, &two)? {
                region.equalities.push(Equality { one: (one, of_one), two: (two, of_two) });
            }
        }
        Ok(Some(region))
    }

    fn take_apart(&mut self, plan: &LogicalPlan, pairs: &mut Vec<(Expr, Expr)>, filters: &mut Vec<Expr>) -> Tree {
        match plan {
            LogicalPlan::Join(join) if inner(plan).is_some() => {
                let left = self.take_apart(&join.left, pairs, filters);
                let right = self.take_apart(&join.right, pairs, filters);
                pairs.extend(join.on.iter().cloned());
                filters.extend(join.filter.iter().flat_map(|filter| split_conjunction(filter)).cloned());
                Tree::Join(Box::new(left), Box::new(right))
            }
            LogicalPlan::Projection(projection) if inner_below(plan) => {
                self.take_apart(&projection.input, pairs, filters)
            }
            LogicalPlan::Filter(filter) if inner_below(plan) => {
                filters.extend(split_conjunction(&filter.predicate).into_iter().cloned());
                self.take_apart(&filter.input, pairs, filters)
            }
            _ => {
                self.leaves.push(plan.clone());
                Tree::Leaf(self.leaves.len() - 1)
            }
        }
    }

    /// The inputs that an expression is about; `None` where one of its columns is of none.
    fn about(&self, expr: &Expr) -> Option<Set> {
        expr.column_refs().into_iter().try_fold(0, |set, column| Some(set | 1 << self.leaf_of(column)?))
    }

    fn leaf_of(&self, column: &Column) -> Option<usize> {
        self.leaves.iter().position(|leaf| leaf.schema().has_column(column))
    }

    /// Notes that two columns are equal. False where they are no columns of two inputs, of one type, or where a column of
    /// the same input is known to be equal already: that one has to be compared as it is written.
    fn unite(&mut self, one: &Expr, two: &Expr) -> Result<bool> {
        let (Expr::Column(one), Expr::Column(two)) = (one, two) else { return Ok(false) };
        let (Some(of_one), Some(of_two)) = (self.leaf_of(one), self.leaf_of(two)) else { return Ok(false) };
        let data_type =
            |leaf: usize, column: &Column| Expr::Column(column.clone()).get_type(self.leaves[leaf].schema().as_ref());
        if of_one == of_two || data_type(of_one, one)? != data_type(of_two, two)? {
            return Ok(false);
        }
        let members = [Member { leaf: of_one, column: one.clone() }, Member { leaf: of_two, column: two.clone() }];
        let (with, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.classes)
            .into_iter()
            .partition(|class| members.iter().any(|member| class.contains(member)));
        let mut united: Vec<Member> = Vec::new();
        for member in with.iter().flatten().chain(&members) {
            if !united.contains(member) {
                united.push(member.clone());
            }
        }
        let leaves = united.iter().fold(0, |set: Set, member| set | 1 << member.leaf);
        let is_one_of_each = leaves.count_ones() as usize == united.len();
        self.classes = others;
        if is_one_of_each {
            self.classes.push(united);
        } else {
            self.classes.extend(with);
        }
        Ok(is_one_of_each)
    }

    /// The joins in another order, with the columns in the order of `schema`.
    pub(super) fn rebuilt(&self, tree: &Tree, schema: &DFSchema) -> Result<LogicalPlan> {
        let (plan, _) = self.build(tree)?;
        let columns = schema.iter().map(|(qualifier, field)| Expr::Column(Column::from((qualifier, field))));
        Ok(LogicalPlan::Projection(Projection::try_new(columns.collect(), Arc::new(plan))?))
    }

    fn build(&self, tree: &Tree) -> Result<(LogicalPlan, Set)> {
        let ((left, of_left), (right, of_right)) = match tree {
            Tree::Leaf(index) => return Ok((self.leaves[*index].clone(), 1 << index)),
            Tree::Join(left, right) => (self.build(left)?, self.build(right)?),
        };
        let mut on: Vec<(Expr, Expr)> = Vec::new();
        for class in &self.classes {
            let within = |set: Set| class.iter().find(|member| set & (1 << member.leaf) != 0);
            // On either side those of the class are equal already.
            if let (Some(one), Some(two)) = (within(of_left), within(of_right)) {
                on.push((Expr::Column(one.column.clone()), Expr::Column(two.column.clone())));
            }
        }
        let mut filters: Vec<Expr> = Vec::new();
        // A condition belongs to the first join that has all of its columns.
        for equality in self.equalities.iter().filter(|equality| meets(equality.about(), of_left, of_right)) {
            let Equality { one: (one, of_one), two: (two, of_two) } = equality;
            let is_in = |about: Set, side: Set| about != 0 && about & !side == 0;
            if is_in(*of_one, of_left) && is_in(*of_two, of_right) {
                on.push((one.clone(), two.clone()));
            } else if is_in(*of_two, of_left) && is_in(*of_one, of_right) {
                on.push((two.clone(), one.clone()));
            } else {
                filters.push(one.clone().eq(two.clone()));
            }
        }
        filters.extend(self.filters_between(of_left, of_right).cloned());
        let join = Join::try_new(
            Arc::new(left),
            Arc::new(right),
            on,
            conjunction(filters),
            JoinType::Inner,
            JoinConstraint::On,
            NullEquality::NullEqualsNothing,
            false,
        )?;
        Ok((LogicalPlan::Join(join), of_left | of_right))
    }

    /// Whether every condition is placed by some join: those about a single input, or none, are not.
    pub(super) fn is_placed(&self) -> bool {
        let equalities = self.equalities.iter().map(Equality::about);
        self.filters.iter().map(|(_, about)| *about).chain(equalities).all(|about| about.count_ones() > 1)
    }

    /// The conditions, but for equalities, that a join of two sets applies.
    pub(super) fn filters_between(&self, one: Set, two: Set) -> impl Iterator<Item = &Expr> {
        self.filters.iter().filter(move |(_, about)| meets(*about, one, two)).map(|(filter, _)| filter)
    }
}

impl Equality {
    /// The inputs of both.
    pub(super) fn about(&self) -> Set {
        self.one.1 | self.two.1
    }
}

/// An inner join that drops null keys.
fn inner(plan: &LogicalPlan) -> Option<&Join> {
    match plan {
        LogicalPlan::Join(join)
            if join.join_type == JoinType::Inner && join.null_equality == NullEquality::NullEqualsNothing =>
        {
            Some(join)
        }
        _ => None,
    }
}

/// Whether a plan is inner joins below conditions and choices of columns.
fn inner_below(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(Projection { expr, input, .. }) => {
            expr.iter().all(|expr| matches!(expr, Expr::Column(_))) && inner_below(input)
        }
        LogicalPlan::Filter(filter) => inner_below(&filter.input),
        _ => inner(plan).is_some(),
    }
}
