//! Streams of Arrow record batches.

use std::pin::Pin;

use arrow_array::RecordBatch;
use futures::Stream;

use crate::error::Result;

/// Record batches that all have one schema, in order, each ready to be taken once.
///
/// Dropping the stream stops the work behind it.
pub type BatchStream = Pin<Box<dyn Stream<Item = Result<RecordBatch>> + Send>>;
