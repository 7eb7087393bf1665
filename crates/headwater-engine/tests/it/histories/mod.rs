//! Histories: the versions that a table keeps are those that a plain model of time has.

mod generated;
mod model;
mod snapshots;
mod world;
