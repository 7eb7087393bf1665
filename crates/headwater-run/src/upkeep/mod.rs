//! What is done to a lake beside running its project: going back to a snapshot, writing tables again into better files, removing
//! what nobody needs, and thinking about how tables should lie.

mod compact;
mod maintain;
mod record;
mod rollback;
mod suggest;
mod vacuum;

pub use compact::TableUpkeep;
pub(crate) use compact::lies_otherwise;
pub use maintain::{MaintainOptions, MaintainSummary, Task, layouts, maintain};
pub use rollback::{RollbackOptions, RollbackSummary, rollback};
pub use suggest::{Advice, SeenColumn, Suggestion, record_scans, suggest};
