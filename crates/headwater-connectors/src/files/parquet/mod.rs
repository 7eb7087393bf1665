//! Parquet files, row group by row group through the asynchronous reader.

mod cast;
mod read;
mod store;

pub(crate) use read::{inspect, read};
