//! Rows replace those with their keys; the others stay.

use datafusion::common::{Column, JoinType, ScalarValue};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Operator, binary_expr, cast, ident, lit};
use headwater_sdk::{Blame, Error};

use super::{Choice, Concerned, Halt, Stop, Work, chosen, plural, table_column};
use crate::analysis::volatile_functions;
use crate::refresh::Reach;

/// What new rows are called in plans.
const ROWS: &str = "__rows";
/// What the number of rows with a key is called.
const COUNT: &str = "__count";
/// Keys that an error shows.
const SAMPLES: usize = 3;

impl Choice<'_> {
    pub(super) async fn merge(&self, key: &[String]) -> Result<Work, Halt> {
        if let Some(name) = volatile_functions(&self.plan).map_err(Stop::from)?.first() {
            let message = format!("it uses {name}(), and a merge computes rows more than once");
            return Err(Error::new("HW0624", Blame::Project, message)
                .help("compute the value in a table of its own, or use the strategy window")
                .into());
        }
        let key_values = key.iter().map(|column| self.column(column)).collect::<Result<Vec<_>, Halt>>()?;
        let (rows, when) = match &self.how.time {
            Some(time) => {
                let times = self.times(time).await?;
                (self.new_rows(time, &times)?, format!("merge {}", times.what))
            }
            None => match self.concerned(key, false).await? {
                Concerned::Nothing => return Ok(self.nothing()),
                Concerned::Keys(keys, count) => {
                    let rows = keys.computed(&self.plan, key_values, &mut Reach::default())?;
                    (rows, format!("merge {}", plural(count, "key")))
                }
                Concerned::Unknown => (self.plan.clone(), "merge all rows".to_owned()),
            },
        };
        self.verify_keys(&rows, key).await?;
        let new = self.typed(&rows)?;
        let same_key = |column: &String| table_column(column).eq(row_column(column));
        let other_values = self.other_values(key)?;
        let differs =
            key.iter().map(same_key).reduce(Expr::and).map(|same| same.and(other_values.clone().is_not_true()));
        let found = new.clone();
        let replaced = self.case.rows_where(|table| table.join_on(found, JoinType::LeftSemi, differs)).await?;
        let (deletes, deleted) = self.case.take_out(&replaced).await?;
        // Rows that are there already, value for value, are not written again.
        let there = key.iter().map(same_key).reduce(Expr::and).map(|same| same.and(other_values));
        let plan = LogicalPlanBuilder::from(new)
            .join_on(self.table().await?.build().map_err(Stop::from)?, JoinType::LeftAnti, there)
            .and_then(LogicalPlanBuilder::build)
            .map_err(Stop::from)?;
        Ok(Work { plan, deletes, refresh: chosen(when, key, deleted) })
    }

    /// Every key has to be there, and once: which of several rows stays would be chance.
    async fn verify_keys(&self, rows: &LogicalPlan, key: &[String]) -> Result<(), Halt> {
        let keys = key.iter().map(|name| Ok(self.column(name)?.alias(name))).collect::<Result<Vec<Expr>, Halt>>()?;
        let is_null = key.iter().map(|name| ident(name).is_null()).reduce(Expr::or).unwrap_or_else(|| lit(false));
        let wrong = LogicalPlanBuilder::from(rows.clone())
            .project(keys)
            .and_then(|keys| keys.aggregate(key.iter().map(ident), [count(lit(1)).alias(COUNT)]))
            .and_then(|keys| keys.filter(ident(COUNT).gt(lit(1)).or(is_null)))
            .and_then(|keys| keys.limit(0, Some(SAMPLES)))
            .and_then(LogicalPlanBuilder::build)
            .map_err(Stop::from)?;
        let wrong = self.values(&wrong).await?;
        if wrong.is_empty() {
            return Ok(());
        }
        let samples: Vec<String> = wrong
            .iter()
            .map(|row| {
                let values: Vec<String> =
                    key.iter().zip(row).map(|(name, value)| format!("{name} = {value}")).collect();
                match row.last() {
                    Some(ScalarValue::Int64(Some(count))) if *count > 1 => {
                        format!("{} ({count} rows)", values.join(", "))
                    }
                    _ => values.join(", "),
                }
            })
            .collect();
        let message =
            format!("new rows cannot be merged: a key is null or comes more than once: {}", samples.join("; "));
        Err(Error::new("HW0626", Blame::Data, message)
            .help("let the query yield one row for each key, e.g. by row_number() = 1, or name more columns in `key`")
            .into())
    }

    /// Rows of the query in the types of the table, called [`ROWS`].
    fn typed(&self, rows: &LogicalPlan) -> Result<LogicalPlan, Halt> {
        let schema = self.case.previous.schema();
        let columns = schema.fields().iter().zip(rows.schema().columns());
        let columns =
            columns.map(|(field, column)| cast(Expr::Column(column), field.data_type().clone()).alias(field.name()));
        let typed = LogicalPlanBuilder::from(rows.clone()).project(columns).and_then(|rows| rows.alias(ROWS));
        Ok(typed.and_then(LogicalPlanBuilder::build).map_err(Stop::from)?)
    }

    /// Whether a row of the table and a new one agree in all columns but the key; never, where values cannot be compared.
    fn other_values(&self, key: &[String]) -> Result<Expr, Halt> {
        let schema = self.case.previous.schema();
        if schema.fields().iter().any(|field| field.data_type().is_nested()) {
            return Ok(lit(false));
        }
        let others = schema.fields().iter().filter(|field| !key.contains(field.name()));
        let same = others.map(|field| {
            let (was, is) = (table_column(field.name()), row_column(field.name()));
            binary_expr(was, Operator::IsNotDistinctFrom, is)
        });
        Ok(same.reduce(Expr::and).unwrap_or_else(|| lit(true)))
    }
}

fn row_column(name: &str) -> Expr {
    Expr::Column(Column::new(Some(ROWS), name))
}
