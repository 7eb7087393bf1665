//! Staging one table on a branch: its rows are read or computed, shown to the checks, written, committed on the branch,
//! and looked at again where one pass was not enough.
//!
//! [`decided`] is what is to be written, [`incremental`] decides which rows have to be computed, [`history`] keeps the versions that rows have had, [`keyed`] takes up rows of sources that replace others, [`lanes`] is where rows come from, [`order`] the order in which they are written, [`sink`] where they go, [`rows`] the checks on the way, [`audit`] the second look,
//! [`verdict`] the judgement, [`side`] what becomes of rows that are set aside, [`stay`] what is known of rows that stay.

mod audit;
mod decided;
mod history;
mod incremental;
mod keyed;
mod known;
pub(crate) mod lanes;
mod order;
mod positions;
mod quarantine;
mod retype;
mod rows;
mod sample;
mod side;
mod sink;
mod stay;
mod task;
mod verdict;
mod view;

pub(crate) use incremental::foresee;
pub(crate) use rows::RowChecks;
pub(crate) use sample::row as sample_row;
pub(crate) use sink::{FileWriter, Sink, WRITE_BATCH_ROWS, Written};
pub(crate) use task::{now_micros, stage};
pub(crate) use view::{audit_query, audit_view};
