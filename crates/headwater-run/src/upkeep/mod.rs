//! What is done to a lake beside running its project: going back to a snapshot, and removing what nobody needs.

mod maintain;
mod rollback;

pub use maintain::{MaintainOptions, MaintainSummary, maintain};
pub use rollback::{RollbackOptions, RollbackSummary, rollback};
