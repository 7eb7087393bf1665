//! Ranges of a file, local or in an object store.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, OBJECT_STORE_COALESCE_DEFAULT, ObjectStore, coalesce_ranges};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::codes;
use crate::files::input::{LocalFile, changed, store_error, unreadable};
use crate::files::listing::{FileEntry, Place, Stamp};

/// Bytes fetched with the footer's length, in the hope that the footer is among them.
const FOOTER: usize = 64 << 10;

/// A Parquet file's bytes.
#[derive(Debug, Clone)]
pub(crate) struct StoreReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    name: Arc<str>,
    size: u64,
    etag: Option<String>,
    /// When it was changed last, in microseconds since 1970; not known beside an entity tag.
    modified: Option<i64>,
    progress: Option<Arc<Progress>>,
}

impl StoreReader {
    /// Makes a reader of a file, which must still be as it was listed.
    pub(crate) fn new(file: &FileEntry, progress: Option<Arc<Progress>>) -> Result<Self, Error> {
        if !file.sized {
            let message = format!("the server does not tell the size of {}", file.name);
            return Err(Error::new(codes::UNREACHABLE, Blame::Environment, message)
                .help("Parquet files are read from their end: fetch the file into the project, or put it into an object store"));
        }
        let (store, path): (Arc<dyn ObjectStore>, Path) = match &file.place {
            Place::Store(store, path) => (Arc::clone(store), path.clone()),
            Place::Local(path) => {
                // Opened once by its listed size and time, to see that it has not changed.
                LocalFile::open(path, &file.name, file.stamp.size, file.stamp.modified.unwrap_or(0), None)?;
                let path = path.canonicalize().map_err(|error| unreadable(error, &file.name))?;
                let path = Path::from_absolute_path(path).map_err(|error| store_error(error.into(), &file.name))?;
                (Arc::new(LocalFileSystem::new()), path)
            }
        };
        let (name, etag) = (Arc::clone(&file.name), file.stamp.etag.clone());
        let Stamp { size, modified, .. } = file.stamp;
        Ok(Self { store, path, name, size, etag, modified, progress })
    }

    async fn fetch(self, range: Range<u64>) -> Result<Bytes, Error> {
        let range = Some(GetRange::Bounded(range));
        let options = GetOptions { if_match: self.etag.clone(), range, ..GetOptions::default() };
        let fail = |error| store_error(error, &self.name);
        let result = self.store.get_opts(&self.path, options).await.map_err(fail)?;
        // Some stores tell milliseconds in lists and seconds here.
        let seconds = result.meta.last_modified.timestamp();
        let same_time = self.modified.is_none_or(|modified| modified.div_euclid(1_000_000) == seconds);
        if result.meta.size != self.size || !same_time {
            return Err(changed(&self.name));
        }
        let bytes = result.bytes().await.map_err(fail)?;
        if let Some(progress) = &self.progress {
            progress.add_bytes_in(bytes.len() as u64);
        }
        Ok(bytes)
    }
}

/// An error of the file, wrapped so that [`unwrap`] finds it again.
fn wrap(error: Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// An error of the reader, in our terms.
pub(crate) fn unwrap(error: ParquetError, name: &str) -> Error {
    let error: Box<dyn std::error::Error + Send + Sync> = match error {
        ParquetError::External(inner) => match inner.downcast::<Error>() {
            Ok(ours) => return *ours,
            Err(inner) => inner,
        },
        other => Box::new(other),
    };
    Error::new(codes::CORRUPT, Blame::Data, format!("the Parquet file {name} cannot be read"))
        .help("check that it is a whole Parquet file, compressed with snappy, gzip, zstd or lz4, and write it again")
        .caused_by(error)
}

impl AsyncFileReader for StoreReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        self.clone().fetch(range).map(|result| result.map_err(wrap)).boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        let reader = self.clone();
        async move {
            let fetch = |range| reader.clone().fetch(range);
            coalesce_ranges(&ranges, fetch, OBJECT_STORE_COALESCE_DEFAULT).await.map_err(wrap)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let size = self.size;
        async move {
            let reader = ParquetMetaDataReader::new().with_prefetch_hint(Some(FOOTER));
            reader.load_and_finish(self, size).await.map(Arc::new)
        }
        .boxed()
    }
}
