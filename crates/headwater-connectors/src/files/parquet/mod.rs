//! Parquet files, row group by row group through the asynchronous reader.

mod cast;
mod read;
mod share;
mod store;
mod typed;

pub(crate) use cast::cast;
pub(crate) use read::{Footer, inspect, read};
pub(crate) use share::Share;
pub(crate) use store::{StoreReader, unwrap};
pub(crate) use typed::TypedRows;
