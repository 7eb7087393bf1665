//! A server's files as those of an object store.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::{Blame, Error};
use object_store::path::Path;
use object_store::{
    Attributes as Told, CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::failure::wrapped;
use super::read::Reading;
use super::server::{Server, meta, tag};
use super::wire::{Attributes, Kind};
use super::write::{Upload, put};
use crate::codes;

/// Files that are removed together.
const TOGETHER: usize = 8;

/// The store. Its paths are those of the server, from its root or from the user's home folder on.
#[derive(Debug, Clone)]
pub(crate) struct SftpStore {
    pub(super) server: Arc<Server>,
}

impl fmt::Display for SftpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.server, f)
    }
}

fn unsupported<T>(operation: &str) -> Result<T> {
    let (operation, implementer) = (operation.to_owned(), "SftpStore".to_owned());
    Err(object_store::Error::NotImplemented { operation, implementer })
}

/// The bytes that are meant.
fn range_of(range: Option<GetRange>, size: u64) -> Range<u64> {
    let Range { start, end } = match range {
        None => 0..size,
        Some(GetRange::Bounded(range)) => range,
        Some(GetRange::Offset(start)) => start..size,
        Some(GetRange::Suffix(count)) => size.saturating_sub(count)..size,
    };
    let end = end.min(size);
    start.min(end)..end
}

impl SftpStore {
    /// What is in a folder: files, and folders.
    async fn folder(&self, folder: &Path) -> Result<(Vec<ObjectMeta>, Vec<Path>)> {
        let entries = self.server.entries(&self.server.path(folder)).await;
        let entries = entries.map_err(|failure| self.server.told(failure, folder))?;
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for (name, attributes) in entries {
            let path = self.entry(folder, &name)?;
            let known = self.server.known(&self.server.path(&path), attributes).await;
            match known.map_err(|failure| self.server.told(failure, &path))? {
                Some((Kind::File, attributes)) => files.push(meta(path, &attributes)),
                Some((Kind::Folder, _)) => folders.push(path),
                _ => {}
            }
        }
        Ok((files, folders))
    }

    fn entry(&self, folder: &Path, name: &[u8]) -> Result<Path> {
        let path = std::str::from_utf8(name).ok().and_then(|name| {
            let path = if folder.as_ref().is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            // One that holds a `/` would be somewhere else.
            Path::parse(path).ok().filter(|_| !name.contains('/'))
        });
        path.ok_or_else(|| {
            let (name, folder) = (String::from_utf8_lossy(name), self.server.shown(folder));
            let message = format!(
                "the name of a file in {folder} is not to be used: {name:?} is no UTF-8, or has a control character"
            );
            let help = "rename the file, or move it out of the source's folder";
            wrapped(Error::new(codes::UNREADABLE, Blame::Environment, message).help(help))
        })
    }

    /// All files below a folder. A folder that links lead to twice is gone through once.
    async fn below(&self, folder: Path) -> Result<Vec<ObjectMeta>> {
        let (mut files, mut left, mut seen) = (Vec::new(), vec![folder], BTreeSet::new());
        while let Some(folder) = left.pop() {
            let real = match self.server.real_path(&self.server.path(&folder)).await {
                Ok(real) => real,
                Err(failure) if failure.is_missing() => continue,
                Err(failure) => return Err(self.server.told(failure, &folder)),
            };
            if seen.insert(real) {
                let (found, folders) = self.folder(&folder).await?;
                files.extend(found);
                left.extend(folders);
            }
        }
        Ok(files)
    }

    async fn look_at(&self, path: &Path) -> Result<Attributes> {
        let attributes = self.server.attributes(&self.server.path(path)).await;
        let attributes = attributes.map_err(|failure| self.server.told(failure, path))?;
        self.refuse_folder(path, attributes)
    }

    fn refuse_folder(&self, path: &Path, attributes: Attributes) -> Result<Attributes> {
        if attributes.kind() == Kind::Folder {
            let source = "it is a folder".into();
            return Err(object_store::Error::NotFound { path: self.server.shown(path), source });
        }
        Ok(attributes)
    }
}

#[async_trait]
impl ObjectStore for SftpStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            let meta = meta(location.clone(), &self.look_at(location).await?);
            options.check_preconditions(&meta)?;
            let payload = GetResultPayload::Stream(futures::stream::empty().boxed());
            return Ok(GetResult { payload, range: 0..meta.size, meta, attributes: Told::default() });
        }
        let opened = self.server.open(&self.server.path(location)).await;
        let (open, attributes) = opened.map_err(|failure| self.server.told(failure, location))?;
        let attributes = self.refuse_folder(location, attributes)?;
        let meta = meta(location.clone(), &attributes);
        options.check_preconditions(&meta)?;
        let range = range_of(options.range, meta.size);
        let (server, path) = (Arc::clone(&self.server), location.clone());
        let reading = Reading::new(server, path, open, tag(&attributes), range.clone(), meta.size);
        let chunks = futures::stream::try_unfold(reading, |mut reading| async move {
            Ok(reading.next().await?.map(|bytes: Bytes| (bytes, reading)))
        });
        Ok(GetResult { payload: GetResultPayload::Stream(chunks.boxed()), meta, range, attributes: Told::default() })
    }

    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if options.mode != PutMode::Overwrite {
            return unsupported("put what is not there yet");
        }
        put(Arc::clone(&self.server), location.clone(), payload).await
    }

    async fn put_multipart_opts(&self, location: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Upload::begin(Arc::clone(&self.server), location.clone()).await?))
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let server = Arc::clone(&self.server);
        let remove = move |location: Result<Path>| {
            let server = Arc::clone(&server);
            async move {
                let location = location?;
                let removed = server.remove(&server.path(&location)).await;
                removed.map_err(|failure| server.told(failure, &location))?;
                Ok(location)
            }
        };
        locations.map(remove).buffered(TOGETHER).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, folder) = (self.clone(), prefix.cloned().unwrap_or_default());
        let files = async move { Ok::<_, object_store::Error>(store.below(folder).await?.into_iter().map(Ok)) };
        futures::stream::once(files).map_ok(futures::stream::iter).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let (objects, common_prefixes) = self.folder(&prefix.cloned().unwrap_or_default()).await?;
        Ok(ListResult { common_prefixes, objects })
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        unsupported("copy")
    }
}
