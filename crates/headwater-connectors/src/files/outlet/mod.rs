//! Deliveries to files: Parquet, CSV or JSON lines, in a folder of this machine, in an object store or on an SFTP server.
//!
//! ```yaml
//! connector: files
//! location: s3://partners/acme
//! deliveries:
//!   - { table: marts.daily_sales, to: sales, mode: replace, format: csv, compression: gzip }
//!   - { table: marts.events, to: events, mode: append, partition_by: day }
//! ```
//!
//! What it promises:
//!
//! - **The folder says what counts.** `_headwater.json` in it lists the files, with their rows, and the snapshot of the lake that they are
//!   of. It is written last, at once: who reads by it sees all of a delivery or nothing. A delivery that dies has not happened.
//! - **Who reads all files of the folder** sees for a moment, with `mode: replace`, those of before and of now together; then what
//!   does not count is removed. With `mode: append` files are only added.
//! - **A file is there when it is whole.**
//! - **Memory does not grow with the rows**; of each file that is open (at most 64 with `partition_by`) a piece is held.
//!
//! `replace` writes all rows when one of them has changed; `append` the rows that the table has gained,
//! with the columns that it has by then: files of before lack those that came later. Texts have times in RFC 3339 and
//! binary values in hexadecimal digits; CSV has no nested values; nothing stands
//! for null in it, and `""` for the empty text (also for null where there is no other column, as a line would be empty otherwise). The folder is the delivery's own: files in it whose names begin with
//! `part-` are removed when they do not count.

mod csv;
mod folder;
mod manifest;
mod options;
mod partitions;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, SourceStream};
use headwater_sdk::destination::{
    Delivered, DeliveryMode, DeliverySettings, Destination, HeldRows, Load, Mark, Outgoing, Outlet,
};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};
use object_store::ObjectStoreExt;
use object_store::path::Path;

pub use options::{Compression, DeliveryOptions, DestinationOptions, FileFormat};

use super::location::Location;
use super::options::{FormatOptions, OneOrMany, StreamOptions};
use super::sftp::is_unfinished;
use super::stream::FileStream;
use crate::codes;
use crate::delivered::{delivered_meanwhile, options_error, read_back};
use folder::Folder;
use manifest::{File, Manifest};
use partitions::Partitions;
use writer::FileWriter;

/// What the names of data files begin with.
const PART: &str = "part-";
/// Files that are open at once.
const MOST_OPEN: usize = 64;

/// The destination. See the module's text.
#[derive(Debug)]
pub struct FilesDestination {
    location: Location,
}

impl Destination for FilesDestination {
    const NAME: &'static str = "files";
    const MODES: &'static [DeliveryMode] = &[DeliveryMode::Append, DeliveryMode::Replace];
    type Options = DestinationOptions;
    type DeliveryOptions = DeliveryOptions;

    fn destination(options: DestinationOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        match Location::resolve(&options.as_source(), context)? {
            Location::Web(_) => Err(OptionsError {
                key: Some("location"),
                message: "files cannot be put to a web server".to_owned(),
                help: Some("use a folder, s3://bucket/prefix or sftp://user@host/path".to_owned()),
            }),
            location => Ok(Self { location }),
        }
    }

    fn outlet(&self, options: DeliveryOptions, settings: DeliverySettings) -> Result<Arc<dyn Outlet>, OptionsError> {
        let wrong = |key, message: String| OptionsError { key: Some(key), message, help: None };
        let to = Path::parse(&options.to).ok().filter(|to| !to.as_ref().is_empty() && !options.to.starts_with('/'));
        let to = to.ok_or_else(|| wrong("to", format!("'{}' is no folder below the location", options.to)))?;
        let is_parquet = options.format == FileFormat::Parquet;
        let compression = match options.compression {
            None if is_parquet => Compression::Zstd,
            None => Compression::None,
            Some(Compression::Gzip) if is_parquet => {
                return Err(wrong("compression", "Parquet is compressed by zstd or snappy, or not at all".to_owned()));
            }
            Some(Compression::Snappy) if !is_parquet => {
                return Err(wrong("compression", "texts are compressed by gzip or zstd, or not at all".to_owned()));
            }
            Some(compression) => compression,
        };
        Ok(Arc::new(FolderOutlet { location: self.location.clone(), to, compression, options, settings }))
    }
}

/// A folder that is delivered to.
struct FolderOutlet {
    location: Location,
    to: Path,
    compression: Compression,
    options: DeliveryOptions,
    settings: DeliverySettings,
}

#[async_trait]
impl Outlet for FolderOutlet {
    async fn mark(&self) -> Result<Option<Mark>> {
        if !self.location.is_there() {
            return Ok(None);
        }
        Ok(self.manifest(&*self.open()?).await?.map(|manifest| manifest.mark))
    }

    async fn deliver(&self, load: Load, progress: Arc<Progress>) -> Result<Delivered> {
        let folder = self.open()?;
        let before = self.manifest(&folder).await?;
        if before.as_ref().map(|manifest| &manifest.mark) != load.since.as_ref() {
            return Err(delivered_meanwhile(&folder.shown));
        }
        let written = self.write(&folder, load.rows, &load.schema, &load.mark, &progress).await?;
        let (rows, bytes) = (written.iter().map(|file| file.rows).sum(), written.iter().map(|file| file.bytes).sum());
        let kept = match self.settings.mode {
            // What was delivered for the first time, or anew, is all there is.
            DeliveryMode::Append if load.since.is_some() => before.map(|manifest| manifest.files).unwrap_or_default(),
            _ => Vec::new(),
        };
        let files = kept.into_iter().chain(written).collect();
        let manifest = Manifest { delivery: self.settings.name.clone(), mark: load.mark, files };
        failpoint("before_delivery_commit");
        manifest.write(&folder).await?;
        let notes = self.clean(&folder, &manifest).await.err().map(|error| {
            format!(
                "files in {} that do not count any more could not be removed: {}",
                folder.shown,
                error.full_message()
            )
        });
        Ok(Delivered { written: rows, bytes, notes: notes.into_iter().collect(), ..Delivered::default() })
    }

    async fn held(&self, schema: &SchemaRef) -> Result<Option<HeldRows>> {
        // Texts have binary values in digits, and values by which rows are put into folders are not in files.
        let is_binary = |field: &arrow_schema::FieldRef| matches!(field.data_type(), arrow_schema::DataType::Binary);
        let is_text = self.options.format != FileFormat::Parquet;
        if !self.options.partition_by.is_empty() || is_text && schema.fields().iter().any(is_binary) {
            return Ok(None);
        }
        let manifest = self.manifest(&*self.open()?).await?;
        let files = manifest.map(|manifest| manifest.files).unwrap_or_default();
        if files.is_empty() {
            return Ok(Some(HeldRows { schema: Arc::clone(schema), parts: Vec::new() }));
        }
        let paths = files.iter().map(|file| format!("{}/{}", self.to, file.path)).collect();
        let options = StreamOptions { path: OneOrMany::Many(paths), format: FormatOptions::default() };
        let stream = FileStream::new(self.location.clone(), &options, read_back(schema)?).map_err(options_error)?;
        Ok(Some(stream.plan(Some(Arc::clone(schema)), None).await?.into()))
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<()> {
        // Nothing is made where it is only looked.
        if self.location.is_there() {
            self.manifest(&*self.open()?).await?;
        }
        Partitions::new(&self.options.partition_by, schema).map(|_| ())
    }
}

impl FolderOutlet {
    fn open(&self) -> Result<Arc<Folder>> {
        Ok(Arc::new(Folder::open(&self.location, &self.to)?))
    }

    /// What the folder holds.
    async fn manifest(&self, folder: &Folder) -> Result<Option<Manifest>> {
        let manifest = Manifest::read(folder).await?;
        match manifest {
            Some(other) if other.delivery != self.settings.name => {
                let message = format!("{} is the folder of another delivery, {}", folder.shown, other.delivery);
                Err(Error::new(codes::NO_TARGET, Blame::Project, message)
                    .help("give each delivery a folder of its own with `to`"))
            }
            manifest => Ok(manifest),
        }
    }

    /// Writes rows into new files.
    async fn write(
        &self,
        folder: &Arc<Folder>,
        mut rows: futures::stream::BoxStream<'static, Result<Outgoing>>,
        schema: &SchemaRef,
        mark: &Mark,
        progress: &Progress,
    ) -> Result<Vec<File>> {
        let partitions = Partitions::new(&self.options.partition_by, schema)?;
        self.refuse_nested(&partitions.schema)?;
        let how = (self.options.format, self.compression);
        // Names that no file has had, whatever became of earlier deliveries.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let name = |number: usize| format!("{PART}{}-{now:x}-{number}.{}", mark.snapshot, self.extension());
        let mut open: BTreeMap<String, FileWriter> = BTreeMap::new();
        let (mut files, mut begun) = (Vec::new(), 0);
        while let Some(next) = rows.next().await {
            let batch = next?.rows;
            progress.add_rows_in(batch.num_rows() as u64);
            for (parts, rows) in partitions.split(&batch)? {
                if !open.contains_key(&parts) {
                    if open.len() == MOST_OPEN
                        && let Some((_, largest)) = largest(&mut open)
                    {
                        files.push(finish(largest, folder, &partitions.schema).await?);
                    }
                    let path = folder.file(&parts, &name(begun))?;
                    begun += 1;
                    let file = FileWriter::begin(folder, path, &partitions.schema, how).await?;
                    open.insert(parts.clone(), file);
                }
                if let Some(file) = open.get_mut(&parts) {
                    file.write(&rows).await?;
                }
            }
        }
        if begun == 0 && self.settings.mode == DeliveryMode::Replace && self.options.partition_by.is_empty() {
            let path = folder.file("", &name(begun))?;
            open.insert(String::new(), FileWriter::begin(folder, path, &partitions.schema, how).await?);
        }
        for file in open.into_values() {
            files.push(finish(file, folder, &partitions.schema).await?);
        }
        Ok(files)
    }

    fn refuse_nested(&self, schema: &SchemaRef) -> Result<()> {
        let nested = schema.fields().iter().find(|field| field.data_type().is_nested());
        match nested {
            Some(field) if self.options.format == FileFormat::Csv => {
                let message = format!("column '{}' has nested values, which CSV has no way to write", field.name());
                Err(Error::new(codes::NO_TARGET, Blame::Project, message)
                    .help("write `format: jsonl` or `format: parquet`, or leave the column out with `exclude`"))
            }
            _ => Ok(()),
        }
    }

    fn extension(&self) -> String {
        let format = match self.options.format {
            FileFormat::Parquet => return "parquet".to_owned(),
            FileFormat::Csv => "csv",
            FileFormat::Jsonl => "jsonl",
        };
        match self.compression {
            Compression::Gzip => format!("{format}.gz"),
            Compression::Zstd => format!("{format}.zst"),
            Compression::None | Compression::Snappy => format.to_owned(),
        }
    }

    /// Removes data files that do not count: those of before, and of deliveries that died.
    async fn clean(&self, folder: &Folder, manifest: &Manifest) -> Result<()> {
        let counts: std::collections::BTreeSet<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
        let found: Vec<_> =
            folder.store.list(Some(&folder.path)).try_collect().await.map_err(|e| folder.failed(&folder.path, e))?;
        for file in found {
            let is_ours = file.location.filename().is_some_and(|name| {
                name.starts_with(PART) || is_unfinished(name, PART) || is_unfinished(name, manifest::NAME)
            });
            if is_ours && !counts.contains(folder.below(&file.location).as_str()) {
                folder.store.delete(&file.location).await.map_err(|e| folder.failed(&file.location, e))?;
            }
        }
        Ok(())
    }
}

/// The open file with the most rows, which is not open any more.
fn largest(open: &mut BTreeMap<String, FileWriter>) -> Option<(String, FileWriter)> {
    let largest = open.iter().max_by_key(|(_, file)| file.rows).map(|(parts, _)| parts.clone())?;
    open.remove_entry(&largest)
}

async fn finish(file: FileWriter, folder: &Folder, schema: &SchemaRef) -> Result<File> {
    let (path, rows) = (folder.below(&file.path), file.rows);
    Ok(File { path, rows, bytes: file.finish(schema).await? })
}
