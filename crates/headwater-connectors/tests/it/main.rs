//! The connectors as the rest of Headwater uses them.

mod compressed;
mod csv_files;
mod drift;
mod encoded;
mod json_files;
mod new_files;
mod parquet_files;
mod places;
mod project;
