//! Taking up the rows that the project chooses, whether or not that comes to the same as computing all of them
//! (docs/adr/0010-incremental-by-choice.md). The choice says which rows of the query are new and what they replace; what is
//! left open, what has changed of the inputs says.

mod append;
mod merge;
mod partitions;
mod times;
mod window;

use arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
use headwater_sdk::engine::Refresh;
use headwater_sdk::method::{Incremental, Strategy, TimeColumn, TimeRange};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result};

use self::times::Times;
use super::keys::{TABLE, key_parts};
use super::{Case, Halt, Work, halt, nothing};
use crate::refresh::{KeyTable, Stop, affected, source_of};
use crate::session::{LakeTable, sql_error};
use crate::types::lake_schema;

/// A table with rows, and the choice of those that it takes up.
struct Choice<'a> {
    case: &'a Case<'a>,
    how: &'a Incremental,
    range: Option<TimeRange>,
    /// The model's query, optimised: `now()` is the same wherever it is computed from here.
    plan: LogicalPlan,
}

/// Which values of some columns changes of the inputs concern.
enum Concerned {
    Nothing,
    /// These, and how many they are.
    Keys(KeyTable, u64),
    /// It cannot be told.
    Unknown,
}

impl Case<'_> {
    /// What is to be done by choice.
    pub(in crate::stage) async fn choose(&self, how: &Incremental, range: Option<TimeRange>) -> Result<Work> {
        let plan = self.session.optimize(self.plan)?;
        self.verify_columns(&plan)?;
        if self.previous.rows() == Some(0) && range.is_none() {
            let what = "all rows: the table was empty".to_owned();
            return Ok(Work { plan, deletes: Vec::new(), refresh: chosen(what, &[], 0) });
        }
        let choice = Choice { case: self, how, range, plan };
        let work = match &how.strategy {
            Strategy::Append => choice.append().await,
            Strategy::Merge { key } => choice.merge(key).await,
            Strategy::ReplacePartitions => choice.partitions().await,
            Strategy::Window => choice.window().await,
        };
        work.map_err(|halt| match halt {
            Halt::Error(error) => error,
            Halt::Stop(Stop::Failed(error)) => sql_error(&error),
            Halt::Stop(Stop::Obstacle(why)) => {
                Error::new("HW0622", Blame::Project, format!("it cannot be told which rows are new: {why}"))
                    .help("name the column that tells with `time_column`, or write `materialize: table`")
            }
        })
    }

    /// The table must have the columns of the query: rows that stay are not computed again.
    fn verify_columns(&self, optimized: &LogicalPlan) -> Result<()> {
        let now = lake_schema(optimized.schema().as_arrow())?;
        let then = self.previous.schema();
        if *then == now && self.previous.partition_columns() == self.partition_by {
            return Ok(());
        }
        let mut differences = Vec::new();
        for field in now.fields() {
            match then.field_with_name(field.name()) {
                Err(_) => differences.push(format!("{} is new", field.name())),
                Ok(was) if was.data_type() != field.data_type() => {
                    let (was, is) = (type_name(was.data_type()), type_name(field.data_type()));
                    differences.push(format!("{} was {was} and is {is}", field.name()));
                }
                Ok(_) => {}
            }
        }
        let gone = then.fields().iter().filter(|field| now.field_with_name(field.name()).is_err());
        differences.extend(gone.map(|field| format!("{} is gone", field.name())));
        if differences.is_empty() {
            differences.push("they come in another order, or partition the table otherwise".to_owned());
        }
        let message = format!("the query has other columns than the table: {}", differences.join(", "));
        Err(Error::new("HW0623", Blame::Project, message)
            .help("cast the columns in the SQL to what they were, or make the table anew with --full-refresh"))
    }
}

impl Choice<'_> {
    /// A column of the query's output in the type that the table has it in, so that it equals what was written of it.
    fn column(&self, name: &str) -> Result<Expr, Halt> {
        let schema = self.case.previous.schema();
        let place = schema.index_of(name).map_err(|_| no_column(name))?;
        let column = self.plan.schema().columns().into_iter().nth(place).ok_or_else(|| no_column(name))?;
        Ok(cast(Expr::Column(column), schema.field(place).data_type().clone()))
    }

    /// The type of a column of the table.
    fn type_of(&self, name: &str) -> Result<DataType, Halt> {
        let schema = self.case.previous.schema();
        Ok(schema.field_with_name(name).map_err(|_| no_column(name))?.data_type().clone())
    }

    /// All rows that the table has, called [`TABLE`].
    async fn table(&self) -> Result<LogicalPlanBuilder, Halt> {
        let Case { lake, previous, .. } = self.case;
        let table = LakeTable::new(lake.location(), (*previous).clone(), lake.store_url()).await?;
        Ok(LogicalPlanBuilder::scan(TABLE, source_of(table), None).map_err(Stop::from)?)
    }

    /// The values of a few rows.
    async fn values(&self, plan: &LogicalPlan) -> Result<Vec<Vec<ScalarValue>>, Halt> {
        let (_, batches) = self.case.collect(plan, MOST_VALUES, "too many values are concerned").await?;
        let mut rows = Vec::new();
        for batch in batches {
            for row in 0..batch.num_rows() {
                let values = batch.columns().iter().map(|column| ScalarValue::try_from_array(column, row));
                rows.push(values.collect::<datafusion::common::Result<_>>().map_err(Stop::from)?);
            }
        }
        Ok(rows)
    }

    /// The values of some columns that what has changed of the inputs concerns, or what these have `gained` alone: a table
    /// that keeps what its inputs lose looks at nothing else.
    async fn concerned(&self, columns: &[String], gained: bool) -> Result<Concerned, Halt> {
        match self.keys_of_changes(columns, gained).await {
            Err(Halt::Stop(Stop::Obstacle(_))) => Ok(Concerned::Unknown),
            found => found,
        }
    }

    async fn keys_of_changes(&self, columns: &[String], gained: bool) -> Result<Concerned, Halt> {
        let (table, plan) = (self.case.previous.schema(), &self.plan);
        let changed = self.case.changed(plan).await?;
        let changed = if gained { changed.gained() } else { changed };
        let places = columns.iter().map(|name| table.index_of(name).map_err(|_| no_column(name)));
        let places = places.collect::<Result<Vec<_>, Error>>()?;
        let parts = key_parts(plan, &table, &|place| places.contains(&place), &changed)?;
        if parts.len() < columns.len() {
            return halt(format!("the query does not compute rows by {} apart", columns.join(", ")));
        }
        // In the order in which they were asked for.
        let expr = |place: &usize| parts.iter().find(|part| part.0 == *place).map(|part| part.1.clone());
        let exprs: Vec<Expr> = places.iter().filter_map(expr).collect();
        let plans = affected(plan, &exprs, &changed)?;
        if plans.is_empty() {
            return Ok(Concerned::Nothing);
        }
        Ok(match self.case.keys(plans).await? {
            (_, 0) => Concerned::Nothing,
            (keys, count) => Concerned::Keys(keys, count),
        })
    }

    fn filtered(&self, predicate: Expr) -> Result<LogicalPlan, Halt> {
        Ok(LogicalPlanBuilder::from(self.plan.clone())
            .filter(predicate)
            .and_then(LogicalPlanBuilder::build)
            .map_err(Stop::from)?)
    }

    /// The rows of the query in some time. Those without a time are among them, so that a check finds them.
    fn new_rows(&self, time: &TimeColumn, times: &Times) -> Result<LogicalPlan, Halt> {
        let column = self.column(&time.column)?;
        self.filtered(times.hold(&column).or(column.is_null()))
    }

    /// Nothing to do.
    fn nothing(&self) -> Work {
        Work { plan: nothing(&self.plan), deletes: Vec::new(), refresh: Refresh::Nothing }
    }
}

/// More values than this are not looked at one by one.
const MOST_VALUES: usize = 100_000;

/// A column of the table in plans.
fn table_column(name: &str) -> Expr {
    Expr::Column(Column::new(Some(TABLE), name))
}

fn chosen(what: String, columns: &[String], deleted: u64) -> Refresh {
    Refresh::Chosen { what, columns: columns.to_vec(), deleted }
}

/// A number of things whose plural ends in s.
fn plural(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

fn no_column(name: &str) -> Error {
    Error::new("HW0623", Blame::Project, format!("the query has no column {name}"))
        .help("select it under that name, or name another column in the header")
}
