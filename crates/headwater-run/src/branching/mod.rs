//! Branches that people make: lines of snapshots beside `main`, to work on and to publish.
//!
//! A run on a branch is a run like any other, whose base is the branch's newest snapshot and which moves the branch instead
//! of `main`. What is here makes, lists and deletes branches, and publishes them.

mod adopt;
mod lines;
mod publish;

pub(crate) use adopt::Adoption;
pub use lines::{BranchChange, BranchOptions, BranchSummary, branches, create_branch, delete_branch};
pub use publish::{PlannedPublish, PublishedAsset, Verb, plan_publish, publish_branch};
