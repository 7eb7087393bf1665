//! The connectors as the rest of Headwater uses them.
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends there, and `json!` values are passed as they are made"
)]

#[cfg(test)]
mod compressed;
#[cfg(test)]
mod csv_files;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod encoded;
#[cfg(test)]
mod json_files;
#[cfg(test)]
mod new_files;
#[cfg(test)]
mod parquet_files;
#[cfg(test)]
mod places;
#[cfg(test)]
mod project;
