//! A file that is written to a store as its rows come.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_json::LineDelimitedWriter;
use arrow_schema::SchemaRef;
use flate2::write::GzEncoder;
use headwater_sdk::Result;
use object_store::path::Path;
use object_store::{ObjectStoreExt, WriteMultipart};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as ParquetCompression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::csv::CsvWriter;
use super::folder::Folder;
use super::options::{Compression, FileFormat};

/// Pieces that are on their way to a store at once.
const PIECES: usize = 4;
/// Bytes of rows that a group of a Parquet file may have in memory before it is written.
const GROUP_BYTES: usize = 32 << 20;

/// What was written and is not sent yet.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<Vec<u8>>>);

impl Waiting {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Waiting {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Text on its way.
enum Text {
    Plain(Waiting),
    Gzip(GzEncoder<Waiting>),
    Zstd(zstd::Encoder<'static, Waiting>),
}

impl Text {
    fn new(compression: Compression, waiting: Waiting) -> std::io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => Self::Gzip(GzEncoder::new(waiting, flate2::Compression::default())),
            Compression::Zstd => Self::Zstd(zstd::Encoder::new(waiting, 0)?),
            Compression::None | Compression::Snappy => Self::Plain(waiting),
        })
    }

    fn finish(self) -> std::io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(encoder) => encoder.finish().map(|_| ()),
            Self::Zstd(encoder) => encoder.finish().map(|_| ()),
        }
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(text) => text.write(bytes),
            Self::Gzip(text) => text.write(bytes),
            Self::Zstd(text) => text.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(text) => text.flush(),
            Self::Gzip(text) => text.flush(),
            Self::Zstd(text) => text.flush(),
        }
    }
}

enum Rows {
    Parquet(Box<ArrowWriter<Waiting>>),
    Csv(Box<CsvWriter<Text>>),
    Jsonl(Box<LineDelimitedWriter<Text>>),
}

/// A file that is being written. It is there when it is finished.
pub(super) struct FileWriter {
    folder: Arc<Folder>,
    /// Where, in its store.
    pub(super) path: Path,
    /// Rows so far.
    pub(super) rows: u64,
    bytes: u64,
    waiting: Waiting,
    writer: Rows,
    upload: WriteMultipart,
}

impl FileWriter {
    /// Begins a file of rows with these columns.
    ///
    /// # Errors
    /// When the store cannot be written to.
    pub(super) async fn begin(
        folder: &Arc<Folder>,
        path: Path,
        schema: &SchemaRef,
        (format, compression): (FileFormat, Compression),
    ) -> Result<Self> {
        let waiting = Waiting::default();
        let text = || Text::new(compression, waiting.clone()).map_err(|e| folder.failed(&path, e));
        let writer = match format {
            FileFormat::Parquet => {
                let compression = match compression {
                    Compression::Snappy => ParquetCompression::SNAPPY,
                    Compression::None => ParquetCompression::UNCOMPRESSED,
                    Compression::Zstd | Compression::Gzip => ParquetCompression::ZSTD(ZstdLevel::default()),
                };
                let properties = WriterProperties::builder().set_compression(compression).build();
                let writer = ArrowWriter::try_new(waiting.clone(), Arc::clone(schema), Some(properties));
                Rows::Parquet(Box::new(writer.map_err(|e| folder.failed(&path, e))?))
            }
            FileFormat::Csv => Rows::Csv(Box::new(CsvWriter::new(text()?))),
            FileFormat::Jsonl => {
                let builder = arrow_json::WriterBuilder::new().with_explicit_nulls(true);
                Rows::Jsonl(Box::new(builder.build(text()?)))
            }
        };
        let upload = folder.store.put_multipart(&path).await.map_err(|e| folder.failed(&path, e))?;
        Ok(Self {
            folder: Arc::clone(folder),
            path,
            rows: 0,
            bytes: 0,
            waiting,
            writer,
            upload: WriteMultipart::new(upload),
        })
    }

    /// Adds rows. Memory does not grow with their number.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) async fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let written = match &mut self.writer {
            Rows::Parquet(writer) => writer
                .write(rows)
                .and_then(|()| if writer.in_progress_size() > GROUP_BYTES { writer.flush() } else { Ok(()) })
                .map_err(|e| self.folder.failed(&self.path, e)),
            Rows::Csv(writer) => writer.write(rows).map_err(|e| self.folder.failed(&self.path, e)),
            Rows::Jsonl(writer) => writer.write(rows).map_err(|e| self.folder.failed(&self.path, e)),
        };
        written?;
        self.rows += rows.num_rows() as u64;
        self.send().await
    }

    async fn send(&mut self) -> Result<()> {
        let bytes = self.waiting.take();
        if !bytes.is_empty() {
            self.upload.wait_for_capacity(PIECES).await.map_err(|e| self.folder.failed(&self.path, e))?;
            self.bytes += bytes.len() as u64;
            self.upload.write(&bytes);
        }
        Ok(())
    }

    /// Ends the file. Returns how many bytes it has.
    ///
    /// # Errors
    /// When it cannot be written; it is not there then.
    pub(super) async fn finish(mut self, schema: &SchemaRef) -> Result<u64> {
        let (folder, path) = (Arc::clone(&self.folder), self.path.clone());
        if self.rows == 0 {
            // The header is written with the first rows.
            self.write(&RecordBatch::new_empty(Arc::clone(schema))).await?;
        }
        match self.writer {
            Rows::Parquet(writer) => writer.close().map(|_| ()).map_err(|e| folder.failed(&path, e))?,
            Rows::Csv(writer) => writer.into_inner().finish().map_err(|e| folder.failed(&path, e))?,
            Rows::Jsonl(mut writer) => {
                writer.finish().map_err(|e| folder.failed(&path, e))?;
                writer.into_inner().finish().map_err(|e| folder.failed(&path, e))?;
            }
        }
        let rest = self.waiting.take();
        let bytes = self.bytes + rest.len() as u64;
        self.upload.write(&rest);
        self.upload.finish().await.map_err(|e| folder.failed(&path, e))?;
        Ok(bytes)
    }
}
