//! An object store that shows one table's log as a branch sees it.
//!
//! A Delta table is its `_delta_log`. The overlay answers for that folder with the published commits up to a base
//! version followed by those of staging areas, one on top of the other (a branch's, then those of a run on it), and sends
//! every new commit to the topmost area. Commits published after the base, and hints that may point past it
//! (`_last_checkpoint`), are not there for its reader. Everything else
//! (data files above all) passes through: data files lie where they will live, and are invisible as long as no visible
//! commit names them.
//!
//! Invariant: nothing is ever written to the published log through an overlay.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

/// See the module's documentation.
#[derive(Debug, Clone)]
pub(crate) struct Overlay {
    inner: Arc<dyn ObjectStore>,
    /// The table's `_delta_log` as readers name it.
    log: Path,
    /// The staging folders for it, from the bottom to the top; empty for a reader of published versions only.
    staged: Vec<Layer>,
    /// The newest published version that can be seen; `None` when the table does not exist for this reader.
    base: Option<u64>,
}

/// A staging folder for a table's log.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) folder: Path,
    /// The newest of its versions that can be seen; `None` for all.
    pub(crate) upto: Option<u64>,
}

impl Layer {
    fn shows(&self, version: u64) -> bool {
        self.upto.is_none_or(|upto| version <= upto)
    }
}

/// Where a path of the log really is.
enum Place {
    /// Not in the log: as it is.
    Through,
    /// A published file that this reader may see.
    Published,
    /// In the staging area.
    Staged(Path),
    /// Not there for this reader.
    Hidden,
}

impl Overlay {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, log: Path, staged: Vec<Layer>, base: Option<u64>) -> Self {
        Self { inner, log, staged, base }
    }

    fn name_in_log(&self, path: &Path) -> Option<String> {
        let mut parts = path.prefix_match(&self.log)?;
        let name = parts.next()?.as_ref().to_owned();
        // Deeper files (`_sidecars`, `_commits`) are named by commits that this reader sees or not: they pass through.
        parts.next().is_none().then_some(name)
    }

    fn place(&self, path: &Path) -> Place {
        let Some(name) = self.name_in_log(path) else { return Place::Through };
        let layer = match version_of(&name) {
            Some(version) if self.base.is_some_and(|base| version <= base) => return Place::Published,
            Some(version) => self.staged.iter().find(|layer| layer.shows(version)),
            None => self.staged.last(),
        };
        match layer {
            Some(layer) => Place::Staged(layer.folder.clone().join(name)),
            None => Place::Hidden,
        }
    }

    /// The place to read from, or an error as if the file were not there.
    fn read_path(&self, path: &Path) -> Result<Path> {
        match self.place(path) {
            Place::Through | Place::Published => Ok(path.clone()),
            Place::Staged(staged) => Ok(staged),
            Place::Hidden => Err(object_store::Error::NotFound {
                path: path.to_string(),
                source: "not visible on this branch".into(),
            }),
        }
    }

    /// The place to write to. A log without a staging area cannot be written.
    fn write_path(&self, path: &Path) -> Result<Path> {
        match self.place(path) {
            Place::Through => Ok(path.clone()),
            Place::Staged(staged) => Ok(staged),
            // A commit at or below the base is there already: what a put-if-absent has to answer.
            Place::Published => Err(object_store::Error::AlreadyExists {
                path: path.to_string(),
                source: "published before this branch began".into(),
            }),
            Place::Hidden => {
                Err(object_store::Error::NotSupported { source: "this view of the table is read-only".into() })
            }
        }
    }

    /// Gives a staged file the name that readers of the log know it by.
    fn renamed(&self, mut meta: ObjectMeta) -> ObjectMeta {
        if let Some(name) = meta.location.filename() {
            meta.location = self.log.clone().join(name);
        }
        meta
    }

    fn list_log(&self) -> BoxStream<'static, Result<ObjectMeta>> {
        let published = self.clone();
        let below = self.inner.list(Some(&self.log)).try_filter(move |meta| {
            let visible = match published.place(&meta.location) {
                Place::Published | Place::Through => true,
                Place::Staged(_) | Place::Hidden => false,
            };
            std::future::ready(visible)
        });
        let above = self.staged.iter().map(|layer| {
            let overlay = self.clone();
            let listed = self.inner.list(Some(&layer.folder)).try_filter_map(move |meta| {
                let named = overlay.renamed(meta.clone());
                // A folder may hold versions that belong to the one above it.
                let seen = matches!(overlay.place(&named.location), Place::Staged(place) if place == meta.location);
                std::future::ready(Ok(seen.then_some(named)))
            });
            listed.boxed()
        });
        let above = stream::iter(above.collect::<Vec<_>>()).flatten();
        // Delta readers take listings to be in the order of names.
        let listing = async move {
            let mut all: Vec<ObjectMeta> = below.chain(above).try_collect().await?;
            all.sort_by(|a, b| a.location.cmp(&b.location));
            Ok::<_, object_store::Error>(stream::iter(all.into_iter().map(Ok)))
        };
        stream::once(listing).try_flatten().boxed()
    }
}

/// The version in the name of a commit, a checkpoint, a checksum or a compacted log file.
fn version_of(name: &str) -> Option<u64> {
    let digits = name.get(..20)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

impl fmt::Display for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Overlay({} over {})", self.log, self.inner)
    }
}

#[async_trait]
impl ObjectStore for Overlay {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(&self.write_path(location)?, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(&self.write_path(location)?, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let mut result = self.inner.get_opts(&self.read_path(location)?, options).await?;
        result.meta.location = location.clone();
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(&self.read_path(location)?, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let overlay = self.clone();
        self.inner.delete_stream(locations.map(move |path| overlay.write_path(&path?)).boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if prefix.is_some_and(|prefix| *prefix == self.log) {
            return self.list_log();
        }
        // A listing of the whole table folder: the log as the branch sees it, and everything else.
        let overlay = self.clone();
        let others = self
            .inner
            .list(prefix)
            .try_filter(move |meta| std::future::ready(overlay.name_in_log(&meta.location).is_none()));
        match prefix {
            Some(prefix) if !self.log.prefix_matches(prefix) => others.boxed(),
            _ => self.list_log().chain(others).boxed(),
        }
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let offset = offset.clone();
        self.list(prefix).try_filter(move |meta| std::future::ready(meta.location > offset)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        if prefix.is_some_and(|prefix| *prefix == self.log) {
            return Ok(ListResult { common_prefixes: vec![], objects: self.list_log().try_collect().await? });
        }
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(&self.read_path(from)?, &self.write_path(to)?, options).await
    }
}
