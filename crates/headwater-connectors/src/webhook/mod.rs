//! Webhooks: rows are delivered to them, and none are read.

pub mod outlet;
