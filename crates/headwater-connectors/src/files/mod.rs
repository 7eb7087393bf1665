//! The `files` connector: CSV, JSON lines and Parquet files, local or in an object store.
//!
//! ```yaml
//! connector: files
//! location: data                  # a folder of the project, an absolute path, or s3://bucket/prefix
//! streams:
//!   - table: raw.flights
//!     path: flights/*.csv.gz      # a glob under the location; ** crosses folders
//!     mode: new_files             # full: the table is replaced; new_files: each file is loaded once
//!     format: { type: csv, null: [NA] }
//! ```
//!
//! What it promises:
//!
//! - **No row is lost without a word.** A row that cannot be read is set aside with its file, line and reason, or fails
//!   the load, as `on_bad_row` says. A truncated or damaged file fails the load.
//! - **Memory does not grow with files or lines.** A line longer than `max_line` is set aside without being held.
//! - **An inferred type never changes a value**, but for fractions of a second past microseconds. Types come from a
//!   sample (10,000 rows of the first, the middle and the last file); a later value that does not fit makes a bad
//!   row whose reason says so.
//!
//! Null in CSV: an unquoted empty field is null in every column, and so is an unquoted field that equals a token of
//! `null:`. A quoted field is never null in a string column (`""` is the empty string); `""` in a column of another type
//! is null, as it can be nothing else.

mod batch;
mod csv;
mod decode;
mod drift;
mod input;
mod inspect;
mod json;
mod listing;
mod location;
mod options;
mod parquet;
mod part;
mod piped;
mod position;
mod rows;
mod sample;
mod stream;
mod values;

use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, OpenContext, ReadMode, SourceStream, StreamSettings};
use object_store::ObjectStore;

pub use input::Compression;
pub use options::{FormatOptions, FormatType, OneOrMany, Scalar, SourceOptions, StreamOptions};
pub(crate) use parquet::cast;
pub(crate) use piped::{PipedText, Stopped, decode};
pub(crate) use values::{lake_type, reads_as, shown};

/// The connector. See the module's text.
pub struct Files {
    location: location::Location,
}

impl Connector for Files {
    const NAME: &'static str = "files";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::NewFiles];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        Ok(Self { location: location::Location::resolve(&options, context)? })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(stream::FileStream::new(self.location.clone(), &options, settings)?))
    }
}

/// Makes a stream over an object store that the caller has made, for stores that no URL names. `location` is what the
/// store is called in messages.
///
/// # Errors
/// [`OptionsError`] when the options make no sense.
pub fn open_on_store(
    store: Arc<dyn ObjectStore>,
    location: &str,
    stream: &StreamOptions,
    settings: StreamSettings,
) -> Result<Arc<dyn SourceStream>, OptionsError> {
    let location = location::Location::on_store(store, location);
    Ok(Arc::new(stream::FileStream::new(location, stream, settings)?))
}
