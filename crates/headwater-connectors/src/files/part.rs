//! A file as a part of a load: opened when it is read, on a thread of its own.

use std::io::Read;
use std::sync::Arc;

use encoding_rs::UTF_8;
use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::connector::{ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error};

use super::avro;
use super::brought::Brought;
use super::csv::{self, CsvValues};
use super::decode::{Decoder, Measures};
use super::excel;
use super::fixed::{self, FixedValues};
use super::format::Format;
use super::input::{
    BLOCK, Blocks, Compression, DirectBlocks, Feed, LocalFile, PipedBlocks, RemoteFile, into_error, open_text,
};
use super::json::{DocumentLines, JsonLines, peeked};
use super::listing::{FileEntry, Place};
use super::options::FormatType;
use super::parquet::{self, Footer, Share};
use super::rows::RowReader;
use super::xml::XmlLines;
use crate::codes;
use crate::columns::{Batch, JsonPath, JsonValues, KeyRules, Target};
use crate::threaded::{self, Batches};

/// What the parts of a load share.
#[derive(Debug)]
pub(crate) struct Load {
    /// How the files are written.
    pub(crate) format: Format,
    /// The table's side.
    pub(crate) target: Arc<Target>,
    /// Names of the fields of files without a header.
    pub(crate) declared: Vec<String>,
    /// What happens to keys that no column stands for.
    pub(crate) keys: KeyRules,
}

/// A file, or a part of it, to be read.
#[derive(Debug)]
pub(crate) struct FilePart {
    pub(crate) file: FileEntry,
    /// What of a Parquet file; the others are read whole.
    pub(crate) share: Share,
    /// The footer of a Parquet file, shared by its parts.
    pub(crate) footer: Arc<Footer>,
    pub(crate) load: Arc<Load>,
    /// What the file brings.
    pub(crate) brought: Arc<Brought>,
}

impl ReadPart for FilePart {
    fn name(&self) -> &str {
        &self.file.name
    }

    fn bytes(&self) -> u64 {
        self.share.bytes(self.file.stamp.size)
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch, Error>> {
        let brought = Arc::clone(&self.brought);
        if self.load.format.kind == FormatType::Parquet {
            let target = Arc::clone(&self.load.target);
            return brought.watch(parquet::read(self.file, self.share, self.footer, target, progress).boxed());
        }
        let batches = threaded::batches(Arc::clone(&self.file.name), move || {
            let source = Source::start(&self.file, Some(Arc::clone(&progress)));
            move |batches: &Batches| self.decode(source, &progress, batches)
        });
        brought.watch(batches)
    }
}

/// A file on its way to be opened: a fetch from a store starts on the runtime, a local file is opened by its reader.
pub(crate) enum Source {
    Local { file: FileEntry, progress: Option<Arc<Progress>> },
    Remote(RemoteFile),
}

impl Source {
    /// Starts to fetch a remote file. Must be called on a Tokio runtime.
    pub(crate) fn start(file: &FileEntry, progress: Option<Arc<Progress>>) -> Self {
        match &file.place {
            Place::Local(_) => Self::Local { file: file.clone(), progress },
            Place::Store(store, path) => Self::Remote(RemoteFile::open(
                Arc::clone(store),
                path.clone(),
                &file.name,
                file.stamp.size,
                file.stamp.etag.clone(),
                progress,
            )),
        }
    }

    /// All bytes of a file that is held in memory: those up to `most`, and one more where there are more.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn bytes(self, file: &FileEntry, most: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(file.stamp.size.min(most) as usize);
        let read = self.plain(file)?.take(most.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| into_error(error, &file.name, Compression::None))?;
        Ok(bytes)
    }

    /// The bytes of a file of a format that has no compression around it, as they come.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn plain(self, file: &FileEntry) -> Result<Box<dyn Read + Send>, Error> {
        match file.compression {
            None => self.open(),
            Some(compression) => open_text(self.open()?, &file.name, compression, None),
        }
    }

    fn open(self) -> Result<Box<dyn Read + Send>, Error> {
        Ok(match self {
            Self::Remote(file) => Box::new(file),
            Self::Local { file, progress } => match &file.place {
                Place::Local(path) => {
                    let modified = file.stamp.modified.unwrap_or(0);
                    Box::new(LocalFile::open(path, &file.name, file.stamp.size, modified, progress)?)
                }
                Place::Store(..) => {
                    return Err(Error::new(codes::DEFECT, Blame::Headwater, "a remote file is no local one"));
                }
            },
        })
    }
}

/// The text of a file, that of XML and of documents of JSON as lines of JSON. Decompression, transcoding and XML, which take as long as reading values does, get a thread.
///
/// # Errors
/// When the file cannot be opened.
pub(crate) fn feed(source: Source, file: &FileEntry, format: &Format) -> Result<Feed, Error> {
    let name = Arc::clone(&file.name);
    let compression = format.compression_of(file);
    let encoding = format.encoding;
    let records = (format.kind == FormatType::Xml).then(|| (Arc::clone(&format.xml), format.max_line));
    let is_xml = records.is_some();
    let (is_json, path, max_line) = (format.kind == FormatType::Json, format.records.clone(), format.max_line);
    let is_document = path.is_some();
    let open = move || {
        let mut text = open_text(source.open()?, &name, compression, encoding)?;
        if let Some((options, max_line)) = records {
            text = Box::new(XmlLines::new(text, options, Arc::clone(&name), max_line));
        }
        if is_json {
            let (is_array, whole) = peeked(text).map_err(|error| into_error(error, &name, compression))?;
            let path = path.or_else(|| is_array.then(|| Arc::new(JsonPath { steps: Vec::new() })));
            text = match path {
                Some(path) => Box::new(DocumentLines::new(whole, path, Arc::clone(&name), max_line)),
                None => Box::new(whole),
            };
        }
        Ok(DirectBlocks::new(text, name, compression, BLOCK))
    };
    let plain = !is_xml
        && !is_document
        && compression == Compression::None
        && encoding.is_none_or(|encoding| encoding == UTF_8);
    let blocks: Box<dyn Blocks> = if plain { Box::new(open()?) } else { Box::new(PipedBlocks::start(open)?) };
    Ok(Feed::new(blocks))
}

impl FilePart {
    fn decode(&self, source: Source, progress: &Arc<Progress>, batches: &Batches) -> Result<(), Error> {
        let Load { format, target, declared, keys } = &*self.load;
        if format.kind == FormatType::Avro {
            let (target, progress) = (Arc::clone(target), Arc::clone(progress));
            let take = &mut |batch| batches.blocking_send(Ok(batch)).is_ok();
            return avro::read(source.plain(&self.file)?, &self.file.name, target, progress, take);
        }
        let batch = Batch::new(Arc::clone(target), Arc::clone(&self.file.name), &format.reading)?;
        let encoding = format.encoding.filter(|e| *e != UTF_8).map(encoding_rs::Encoding::name);
        let mut measures = Measures { fields: 0, max_line: format.max_line, encoding };
        let name = &*self.file.name;
        // When the load was given up, nobody wants the rest.
        let mut take = |batch: SourceBatch, rows: u64| {
            progress.add_rows_in(rows);
            batches.blocking_send(Ok(batch)).is_ok()
        };
        match format.kind {
            FormatType::Csv => {
                let feed = feed(source, &self.file, format)?;
                let Some(opened) = csv::open(feed, &format.csv, format.max_line, declared, name)? else {
                    return Ok(());
                };
                measures.fields = opened.rows.fields;
                let values = CsvValues::new(&opened, &format.csv, target);
                let rows = RowReader::new(opened.feed, opened.rows, opened.lines);
                Decoder::new(rows, values, batch, measures, name).hand_on(&mut take)?;
            }
            FormatType::Json | FormatType::Xml => {
                let values = JsonValues::new(target, keys.clone());
                let feed = feed(source, &self.file, format)?;
                let rows = RowReader::new(feed, JsonLines { max_line: format.max_line }, 0);
                Decoder::new(rows, values, batch, measures, name).hand_on(&mut take)?;
            }
            FormatType::FixedWidth => {
                let feed = feed(source, &self.file, format)?;
                let (rows, names) = fixed::open(feed, &format.fixed, format.max_line, declared, name)?;
                let Some(names) = names else { return Ok(()) };
                let values = FixedValues::new(&format.fixed, &names, target);
                Decoder::new(rows, values, batch, measures, name).hand_on(&mut take)?;
            }
            FormatType::Excel => {
                let bytes = source.bytes(&self.file, format.excel.max_workbook)?;
                excel::read(bytes, &self.file.name, &format.excel, declared, batch, &mut take)?;
            }
            FormatType::Parquet | FormatType::Avro => {
                return Err(Error::new(codes::DEFECT, Blame::Headwater, "a file with types is no text"));
            }
        }
        Ok(())
    }
}
