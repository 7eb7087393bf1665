//! The rows that a plan yields now and did not before, or the other way round, where the plan is linear in what changed.

use std::sync::Arc;

use datafusion::common::{DFSchema, JoinType, Result};
use datafusion::logical_expr::{Join, LogicalPlan, Projection};

use super::columns::outputs;
use super::inputs::Changed;
use super::{Found, Stop, obstacle};

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Those that there are now and were not before.
    Appeared,
    /// Those that there were before and are not now.
    Vanished,
}

/// The rows of a plan that appeared, or vanished: those of all the plans returned, which have its columns.
///
/// When no table has lost rows, the plan's rows now are those before and those that appeared, exactly. Otherwise what is
/// returned has at least the rows in question, and perhaps others.
///
/// # Errors
/// With the operator that is not linear in what changed.
pub(crate) fn derivative(plan: &LogicalPlan, changed: &Changed, sign: Sign) -> Found<Vec<LogicalPlan>> {
    if !changed.touch(plan)? {
        return Ok(Vec::new());
    }
    if changed.touch_expressions(plan)? {
        return obstacle("a subquery in one of its expressions reads what has changed");
    }
    match plan {
        LogicalPlan::TableScan(scan) if scan.fetch.is_none() => Ok(changed.rows(scan, sign).into_iter().collect()),
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Unnest(_) => row_by_row(plan, changed, sign),
        // Rows of a table have no order.
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => derivative(&sort.input, changed, sign),
        LogicalPlan::Union(union) => {
            let mut rows = Vec::new();
            for input in &union.inputs {
                for plan in derivative(input, changed, sign)? {
                    rows.push(named(plan, &union.schema)?);
                }
            }
            Ok(rows)
        }
        LogicalPlan::Join(join) => of_join(join, changed, sign),
        other => Err(not_linear(other)),
    }
}

/// A plan with its columns named as in a schema.
pub(super) fn named(plan: LogicalPlan, schema: &DFSchema) -> Result<LogicalPlan> {
    let columns = outputs(&plan).into_iter().zip(schema.iter()).map(|(column, (qualifier, field))| match qualifier {
        Some(qualifier) => column.alias_qualified(Some(qualifier.clone()), field.name()),
        None => column.alias(field.name()),
    });
    Projection::try_new(columns.collect(), Arc::new(plan)).map(LogicalPlan::Projection)
}

/// Of an operator that makes rows of each row on its own.
fn row_by_row(plan: &LogicalPlan, changed: &Changed, sign: Sign) -> Found<Vec<LogicalPlan>> {
    let inputs = plan.inputs();
    let [input] = inputs.as_slice() else { return Err(not_linear(plan)) };
    let rows = derivative(input, changed, sign)?.into_iter();
    rows.map(|rows| Ok(plan.with_new_exprs(plan.expressions(), vec![rows])?)).collect()
}

fn of_join(join: &Join, changed: &Changed, sign: Sign) -> Found<Vec<LogicalPlan>> {
    let with = |left: &LogicalPlan, right: &LogicalPlan| {
        let (left, right) = (Arc::new(left.clone()), Arc::new(right.clone()));
        LogicalPlan::Join(Join { left, right, ..join.clone() })
    };
    let (left, right) = (&join.left, &join.right);
    match join.join_type {
        JoinType::Inner => {
            // Rows that appeared: new ones with all there are now, and those that were there with new ones.
            let mut rows = Vec::new();
            let now = at(right, changed, sign)?;
            rows.extend(derivative(left, changed, sign)?.iter().map(|left| with(left, &now)));
            let before = at(left, changed, sign.opposite())?;
            rows.extend(derivative(right, changed, sign)?.iter().map(|right| with(&before, right)));
            Ok(rows)
        }
        JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
            if changed.touch(right)? {
                return obstacle(looked_up_in(join.join_type));
            }
            Ok(derivative(left, changed, sign)?.iter().map(|left| with(left, right)).collect())
        }
        JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
            if changed.touch(left)? {
                return obstacle(looked_up_in(join.join_type));
            }
            Ok(derivative(right, changed, sign)?.iter().map(|right| with(left, right)).collect())
        }
        JoinType::Full => obstacle("it has a full join"),
    }
}

impl Sign {
    fn opposite(self) -> Self {
        match self {
            Self::Appeared => Self::Vanished,
            Self::Vanished => Self::Appeared,
        }
    }
}

/// A plan over its tables as the rows in question meet them: as they are now, or as they were.
fn at(plan: &LogicalPlan, changed: &Changed, sign: Sign) -> Found<LogicalPlan> {
    Ok(match sign {
        Sign::Appeared => plan.clone(),
        Sign::Vanished => changed.at_old(plan)?,
    })
}

fn looked_up_in(join_type: JoinType) -> String {
    let what = match join_type {
        JoinType::LeftSemi | JoinType::RightSemi => "an EXISTS or IN",
        JoinType::LeftAnti | JoinType::RightAnti => "a NOT EXISTS or NOT IN",
        JoinType::LeftMark | JoinType::RightMark => "an EXISTS or IN in an expression",
        _ => "an outer join",
    };
    format!("the side of {what} that rows are looked up in has changed")
}

/// Says what an operator is, for people.
pub(super) fn not_linear(plan: &LogicalPlan) -> Stop {
    let what = match plan {
        LogicalPlan::Limit(_) | LogicalPlan::TableScan(_) => "it has a LIMIT".to_owned(),
        LogicalPlan::Sort(_) => "it has a LIMIT after ORDER BY".to_owned(),
        LogicalPlan::RecursiveQuery(_) => "it is recursive".to_owned(),
        LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) => "it aggregates".to_owned(),
        LogicalPlan::Window(_) => "it has window functions".to_owned(),
        other => format!("it has {}", other.display()),
    };
    Stop::Obstacle(what)
}
