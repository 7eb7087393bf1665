//! Tables that are followed (`mode: cdc`).

mod altered;
mod changes;
mod external;
mod following;
mod rolled_back;
mod slots;

use super::{Source, server, values};
