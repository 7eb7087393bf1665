//! The main job: real files become published, checked, explained tables.

mod decimals;
mod failing;
mod figures;
mod flights;
mod history;
mod lineage;
mod maintenance;
mod new_month;
mod other_readers;
mod query;
mod records;
mod reference;
pub(crate) mod s3;
mod summary;
mod tables;
