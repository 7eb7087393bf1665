//! Deciding how a model's table is brought up to date: not at all, by rows that are added, by the rows of some keys, or
//! whole. The proofs are in [`crate::refresh`]; here they meet the tables.

mod by_choice;
mod changes;
mod foresight;
mod keys;

pub(crate) use foresight::foresee;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::logical_expr::{EmptyRelation, LogicalPlan, LogicalPlanBuilder};
use deltalake_core::kernel::Action;
use futures::StreamExt;
use headwater_sdk::check::{CompiledCheck, Probe, Severity};
use headwater_sdk::engine::{Refresh, Since};
use headwater_sdk::{Error, Relations, Result, TableName};

use super::lanes;
use crate::Lake;
use crate::analysis::volatile_functions;
use crate::lake::table::TableVersion;
use crate::refresh::{Sign, Stop, derivative};
use crate::session::{Session, Thrift, sql_error};
use crate::types::lake_schema;

pub(super) use keys::{collect_keys, key_parts, keys_of_table};

/// What is to be written, instead of all rows.
pub(super) struct Work {
    /// The rows to add.
    pub(super) plan: LogicalPlan,
    /// The actions that take rows out.
    pub(super) deletes: Vec<Action>,
    pub(super) refresh: Refresh,
}

/// A model's table as it is published, and what stands around it.
pub(super) struct Case<'a> {
    pub(super) lake: &'a Lake,
    pub(super) session: &'a Session,
    /// The model's query, planned and not optimised.
    pub(super) plan: &'a LogicalPlan,
    pub(super) sql: &'a str,
    pub(super) since: &'a Since,
    pub(super) relations: &'a Relations,
    pub(super) previous: &'a TableVersion,
    pub(super) partition_by: &'a [String],
    pub(super) checks: &'a [CompiledCheck],
}

impl Case<'_> {
    /// What is to be done; the inner error is the reason why all rows have to be computed.
    pub(super) async fn decide(&self) -> Result<Result<Work, String>> {
        settle(self.work().await)
    }

    async fn work(&self) -> Result<Work, Halt> {
        let plan = self.session.optimize(self.plan)?;
        self.verify_table(&plan)?;
        let changed = self.changed(&plan).await?;
        if changed.0.is_empty() {
            return Ok(Work { plan: nothing(&plan), deletes: Vec::new(), refresh: Refresh::Nothing });
        }
        if changed.0.values().all(|change| change.vanished.is_none()) {
            match derivative(&plan, &changed, Sign::Appeared) {
                Ok(rows) => {
                    let plan = if rows.is_empty() { nothing(&plan) } else { united(rows)? };
                    return Ok(Work { plan, deletes: Vec::new(), refresh: Refresh::Append });
                }
                Err(Stop::Obstacle(_)) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        self.by_keys(&plan, &changed).await
    }

    /// The tables that checks look rows up in and that may have lost some since.
    pub(super) async fn lossy_references(&self) -> Result<BTreeSet<TableName>> {
        let mut lossy = BTreeSet::new();
        for check in self.checks {
            if let Probe::References { to, .. } = &check.probe
                && self.may_have_lost_rows(to).await?
            {
                lossy.insert(to.clone());
            }
        }
        Ok(lossy)
    }

    /// What can be told without looking at the inputs.
    fn verify_table(&self, optimized: &LogicalPlan) -> Result<(), Halt> {
        let schema = lake_schema(optimized.schema().as_arrow()).map_err(Error::from)?;
        if self.previous.snapshot.version() != self.since.version {
            return halt("another program has written to the table");
        }
        if *self.previous.schema() != schema || self.previous.partition_columns() != self.partition_by {
            return halt("its columns are others now");
        }
        let volatile = volatile_functions(self.plan).map_err(Stop::from)?;
        if let Some(name) = volatile.first() {
            return halt(format!("it uses {name}()"));
        }
        let late = |check: &&CompiledCheck| check.severity == Severity::Quarantine && !check.is_one_pass();
        match self.checks.iter().find(late) {
            Some(check) => halt(format!("its check {} sets rows aside by looking at all of them", check.name)),
            None => Ok(()),
        }
    }

    /// The rows of a plan, held in memory: no more than `most`, for the reason that `past` has otherwise.
    async fn collect(
        &self,
        plan: &LogicalPlan,
        most: usize,
        past: &str,
    ) -> Result<(SchemaRef, Vec<RecordBatch>), Halt> {
        collect(self.session, plan, most, past).await
    }
}

/// See [`Case::collect`].
async fn collect(
    session: &Session,
    plan: &LogicalPlan,
    most: usize,
    past: &str,
) -> Result<(SchemaRef, Vec<RecordBatch>), Halt> {
    let physical = session.physical(plan, Thrift::Fast).await?;
    let (mut batches, mut rows) = (Vec::new(), 0);
    let lanes = lanes::of_plan(&physical, &session.state().task_ctx())?;
    let mut lanes = futures::stream::select_all(lanes);
    while let Some(batch) = lanes.next().await {
        let batch = batch?.rows;
        rows += batch.num_rows();
        if rows > most {
            return halt(past);
        }
        batches.push(batch);
    }
    Ok((physical.schema(), batches))
}

/// Something that was found, or the reason why it is not looked for: the inner error.
pub(super) fn settle<T>(found: Result<T, Halt>) -> Result<Result<T, String>> {
    match found {
        Ok(found) => Ok(Ok(found)),
        Err(Halt::Stop(Stop::Obstacle(why))) => Ok(Err(why)),
        // What the keys do not leave memory for, all rows may.
        Err(Halt::Error(error)) if error.code == "HW0551" => {
            Ok(Err("finding what is concerned takes too much memory".to_owned()))
        }
        Err(Halt::Stop(Stop::Failed(error))) => Err(sql_error(&error)),
        Err(Halt::Error(error)) => Err(error),
    }
}

/// Why there is no work.
pub(super) enum Halt {
    Stop(Stop),
    Error(Error),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

pub(super) fn halt<T>(why: impl Into<String>) -> Result<T, Halt> {
    Err(Halt::Stop(Stop::Obstacle(why.into())))
}

/// The rows of all plans.
fn united(plans: Vec<LogicalPlan>) -> Result<LogicalPlan, Halt> {
    let mut plans = plans.into_iter();
    let Some(first) = plans.next() else { return halt("nothing that it reads has changed") };
    let mut all = LogicalPlanBuilder::from(first);
    for plan in plans {
        all = all.union(plan).map_err(Stop::from)?;
    }
    Ok(all.build().map_err(Stop::from)?)
}

/// A plan with the columns of another and no rows.
pub(super) fn nothing(plan: &LogicalPlan) -> LogicalPlan {
    let schema = Arc::clone(plan.schema());
    LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema })
}
