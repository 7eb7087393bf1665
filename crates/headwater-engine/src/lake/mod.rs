//! The lake: Delta tables, branches over them, and how a branch is published.
//!
//! [`overlay`] is the idea: a branch is a different view of a table's log. [`publish`] moves what was staged there into the
//! published logs, [`changes`] tells two versions apart, [`vacuum`] removes what nothing refers to.

pub(crate) mod bucket;
pub(crate) mod changes;
pub(crate) mod commit;
pub(crate) mod delete;
pub(crate) mod deletion_vector;
pub(crate) mod kept;
pub(crate) mod location;
mod overlay;
pub(crate) mod publish;
pub(crate) mod restore;
pub(crate) mod table;
pub(crate) mod vacuum;
