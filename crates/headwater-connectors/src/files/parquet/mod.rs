//! Parquet files, row group by row group through the asynchronous reader.

mod read;
mod share;
mod store;

pub(crate) use read::{Footer, inspect, read};
pub(crate) use share::Share;
pub(crate) use store::{StoreReader, unwrap};
