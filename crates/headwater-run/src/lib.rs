//! The main flow: resolve, plan, run tasks in graph order, gate, publish, record. Read [`run`] first.
//!
//! Invariant: this crate reaches storage, compute and the catalogue only through the traits of `headwater-sdk`. It
//! knows neither DataFusion nor Delta nor SQLite.

mod as_of;
mod backfill;
mod begin;
mod branching;
mod clock;
pub mod codes;
mod deliver;
mod differences;
mod error;
mod execute;
mod failpoints;
mod keeping;
mod lake;
mod lease;
mod observer;
mod plan;
mod publish;
mod record;
mod recover;
mod resolve;
mod run;
mod scope;
mod summary;
mod unit_tests;
mod upkeep;
mod verify;

#[cfg(test)]
mod tests;

pub use as_of::{Answered, query, snapshot_as_of};
pub use backfill::{BackfillOptions, BackfillSummary, PartSummary, backfill, day_words};
pub use branching::{
    BranchChange, BranchOptions, BranchSummary, PlannedPublish, PublishedAsset, Verb, branches, create_branch,
    delete_branch, plan_publish, publish_branch,
};
pub use deliver::{
    DeliverOptions, DeliveryState, DeliveryStatus, DeliverySummary, Standing, deliver, delivery_status, undelivered,
};
pub use differences::{
    ColumnDiff, DiffKey, LakeDiff, NameChange, NameDiff, Range, Side, TableDiff, diff_lake, diff_table,
};
pub use error::RunError;
pub use failpoints::failpoint_names;
pub use lake::{Base, Lake};
pub use lease::LeaseOptions;
pub use observer::{Observer, Quiet};
pub use plan::{Expected, Plan, PlanOptions, plan};
pub use resolve::{Resolved, ResolvedAsset, open_stream, open_system, resolve};
pub use run::{RunOptions, run};
pub use summary::{AssetSummary, CheckCounts, CheckProblem, RunProblem, RunSummary};
pub use unit_tests::{
    DiffColumn, Different, RowDiff, TestFailure, TestOptions, TestOutcome, TestSummary, TextRow, check_tests, test,
};
pub use upkeep::{
    Advice, MaintainOptions, MaintainSummary, RollbackOptions, RollbackSummary, SeenColumn, Suggestion, TableUpkeep,
    Task as MaintainTask, layouts, maintain, record_scans, rollback, suggest,
};
pub use verify::{Place, RowDifference, VerifyOptions, VerifyState, VerifySummary, verify};
