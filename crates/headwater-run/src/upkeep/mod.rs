//! What is done to a lake beside running its project: going back to a snapshot, writing tables again into better files, and
//! removing what nobody needs.

mod compact;
mod maintain;
mod record;
mod rollback;
mod vacuum;

pub use compact::TableUpkeep;
pub(crate) use compact::lies_otherwise;
pub use maintain::{MaintainOptions, MaintainSummary, Task, layouts, maintain};
pub use rollback::{RollbackOptions, RollbackSummary, rollback};
