//! A stream of files: its schema, and what there is to read.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use headwater_sdk::Result;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Delivery, Drift, ReadMode, ReadPart, ReadPlan, SourceStream, StreamSettings};

use super::brought::{Brought, Ending};
use super::format::Format;
use super::inspect::inspect;
use super::listing::{FileEntry, Wanted};
use super::location::Location;
use super::options::{FormatType, StreamOptions};
use super::parquet::Share;
use super::part::{FilePart, Load};
use super::position::{Outstanding, Position, fingerprint};
use crate::columns::{KeyRules, LateKeys, Resolved, Target, UnknownKeys, resolve};
use crate::lake_types::lake_schema;

/// A stream of files.
#[derive(Debug)]
pub(crate) struct FileStream {
    location: Location,
    wanted: Wanted,
    format: Arc<Format>,
    settings: StreamSettings,
    /// Names of the fields of files without a header.
    declared: Arc<Vec<String>>,
    /// What loads have come upon that their samples did not have.
    late: Arc<LateKeys>,
}

impl FileStream {
    /// Checks a stream's options.
    ///
    /// # Errors
    /// [`OptionsError`] when they make no sense.
    pub(crate) fn new(
        location: Location,
        options: &StreamOptions,
        settings: StreamSettings,
    ) -> Result<Self, OptionsError> {
        let wanted = Wanted::new(&options.path, &location)?;
        let first = options.path.as_slice().first().map(String::as_str).unwrap_or_default();
        let path = match location {
            Location::Web(_) => first.split('?').next().unwrap_or_default(),
            _ => first,
        };
        let mut format = Format::resolve(path, &options.format)?;
        format.reading.ignore_unknown_keys = settings.drift == Drift::Ignore;
        let headless = match format.kind {
            FormatType::Csv | FormatType::Excel => !format.csv.header,
            FormatType::FixedWidth => !format.fixed.header,
            FormatType::Json | FormatType::Xml | FormatType::Parquet | FormatType::Avro => false,
        };
        let names = settings.columns.iter().map(|column| column.name.clone());
        let declared = Arc::new(if headless { names.collect() } else { Vec::new() });
        let late = Arc::new(LateKeys::new(&format.reading));
        Ok(Self { location, wanted, format: Arc::new(format), settings, declared, late })
    }

    /// The columns of files, judged against the table's.
    async fn resolve(&self, files: &[FileEntry], table: Option<&Arc<Schema>>) -> Result<Resolved> {
        let format = self.format_for(table);
        let mut seen = inspect(files, &format, &self.declared, table).await?;
        seen.extend(self.late.take_up());
        resolve(&self.settings, table.map(|table| &**table), &seen)
    }

    /// How the files are written, as far as it depends on the columns that their rows have.
    fn format_for(&self, columns: Option<&Arc<Schema>>) -> Arc<Format> {
        match columns {
            Some(columns) if self.format.kind == FormatType::Xml => {
                let xml = Arc::new(self.format.xml.with_columns(columns.fields()));
                Arc::new(Format { xml, ..(*self.format).clone() })
            }
            _ => Arc::clone(&self.format),
        }
    }

    fn load(&self, resolved: Resolved, has_table: bool) -> Result<(Arc<Load>, Vec<String>)> {
        let Resolved { schema, inferred, notes } = resolved;
        let format = self.format_for(Some(&schema));
        let key = Target::places_of(&self.settings.key, &schema);
        let target = Target { schema, inferred, on_bad_row: self.settings.on_bad_row, unit: "line", key };
        if !matches!(self.format.kind, FormatType::Parquet | FormatType::Avro) {
            // A type that cannot be read is found before anything is.
            target.columns(&self.format.reading)?;
        }
        let unknown = UnknownKeys::of(self.settings.drift, has_table);
        let keys = KeyRules { late: Some(Arc::clone(&self.late)), ..unknown.into() };
        let load =
            Load { format: (*format).clone(), target: Arc::new(target), declared: (*self.declared).clone(), keys };
        Ok((Arc::new(load), notes))
    }
}

/// What is to be read, in words.
fn describe(files: &[FileEntry]) -> String {
    match files.len() {
        0 => "no new files".into(),
        count => size_in_words(count, files.iter().map(|file| file.stamp.size).sum()),
    }
}

/// So many files of so many bytes, in words.
pub(crate) fn size_in_words(files: usize, bytes: u64) -> String {
    let size = match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    };
    match files {
        1 => format!("1 file, {size}"),
        count => format!("{count} files, {size}"),
    }
}

#[async_trait]
impl SourceStream for FileStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let table = table.map(|table| lake_schema(&table)).transpose()?;
        let new_files = self.settings.mode == ReadMode::NewFiles;
        let loaded = match &position {
            Some(position) if new_files => Position::read(position)?,
            _ => Position::default(),
        };
        let files = self.wanted.list(&self.location, &|path| loaded.has(path)).await?;
        if files.is_empty() && (!new_files || position.is_none()) {
            return Err(self.wanted.nothing_found(&self.location));
        }
        if files.is_empty()
            && let Some(error) = self.wanted.folder_gone(&self.location)
        {
            return Err(error);
        }
        let mut fingerprint = fingerprint(&files);
        if files.iter().any(|file| file.stamp.modified.is_none() && file.stamp.etag.is_none()) {
            // Nobody can tell whether such a file is what it was.
            fingerprint = format!("{fingerprint}-{}", jiff::Timestamp::now().as_microsecond());
        }
        let all = files.clone();
        // Rows that come again take the place of those with their keys, where there is one.
        let sized = !matches!(self.location, Location::Web(_));
        let Outstanding { new, changed, position } = loaded.outstanding(files, !self.settings.key.is_empty(), sized);
        let resolved = match (&table, new.is_empty()) {
            // Nothing to read changes nothing.
            (Some(table), true) => {
                let inferred = vec![false; table.fields().len()];
                Resolved { schema: Arc::clone(table), inferred, notes: Vec::new() }
            }
            (None, true) if all.is_empty() => return Err(self.wanted.nothing_found(&self.location)),
            (None, true) => self.resolve(&all, None).await?,
            (table, false) => self.resolve(&new, table.as_ref()).await?,
        };
        let schema = Arc::clone(&resolved.schema);
        let (load, drift) = self.load(resolved, table.is_some())?;
        let description = describe(&new);
        let ending = Arc::new(Ending::new(position)?);
        let split = self.format.kind == FormatType::Parquet;
        let part = |file: FileEntry| -> Vec<Box<dyn ReadPart>> {
            let shares: Vec<Share> = Share::all(if split { file.stamp.size } else { 0 }).collect();
            let footer = Arc::default();
            let brought = Brought::new(file.path.clone(), shares.len(), Arc::clone(&ending));
            let part = |share| {
                let (footer, load, brought) = (Arc::clone(&footer), Arc::clone(&load), Arc::clone(&brought));
                FilePart { file: file.clone(), share, footer, load, brought }
            };
            shares.into_iter().map(|share| Box::new(part(share)) as Box<dyn ReadPart>).collect()
        };
        Ok(ReadPlan {
            schema,
            parts: new.into_iter().flat_map(part).collect(),
            delivery: match self.settings.key.as_slice() {
                [] => Delivery::Rows,
                key => Delivery::Latest { key: key.to_vec() },
            },
            position: ending.told(),
            fingerprint,
            description,
            drift,
            changed,
        })
    }

    fn has_more_columns(&self) -> bool {
        self.late.has_news()
    }

    async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        if self.settings.mode != ReadMode::NewFiles {
            return Ok(Vec::new());
        }
        let files = self.wanted.present(&self.location).await?;
        Ok(Position::read(&position)?.vanished(&files))
    }
}
