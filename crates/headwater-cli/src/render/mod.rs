//! How things look: tables, numbers, problems, progress, lineage. Nothing here reads or decides.

pub(crate) mod backfill;
pub(crate) mod comparisons;
pub(crate) mod deliveries;
pub(crate) mod lineage;
pub(crate) mod maintenance;
pub(crate) mod plan;
pub(crate) mod problem;
pub(crate) mod progress;
pub(crate) mod rows;
pub(crate) mod star;
pub(crate) mod style;
pub(crate) mod suggestions;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod unit_tests;
pub(crate) mod units;
