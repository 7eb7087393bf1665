//! One file per command: its arguments, what it calls, what it shows.

pub(crate) mod branch;
pub(crate) mod check;
pub(crate) mod deliver;
pub(crate) mod diff;
pub(crate) mod drawing;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod lineage;
pub(crate) mod list;
pub(crate) mod maintain;
pub(crate) mod plan;
pub(crate) mod query;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod source;
pub(crate) mod star;
pub(crate) mod test;
