//! The connectors as the rest of Headwater uses them.

#![cfg(test)]
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends there, and `json!` values are passed as they are made"
)]

mod avro;
mod compressed;
mod csv_files;
mod drift;
mod encoded;
mod excel;
mod fixed_width;
mod json_files;
mod new_files;
mod parquet_files;
mod places;
mod project;
mod python;
mod web;
