//! Where a source's files are.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, StoreService};
use object_store::ObjectStore;
use object_store::path::Path as StorePath;

use super::bucket;
use super::options::SourceOptions;
use super::sftp;
use super::web::Site;
use headwater_sdk::connector::local::{self, Place};

/// A place with files in it.
#[derive(Clone)]
pub(crate) enum Location {
    /// A folder of this machine.
    Local {
        /// The folder.
        root: PathBuf,
        /// The project's folder, which the files may not leave; `None` when they may.
        within: Option<PathBuf>,
        /// What comes before a file's path in messages: empty, or ending in `/`.
        shown: String,
    },
    /// A prefix in an object store.
    Store {
        /// The store.
        store: Arc<dyn ObjectStore>,
        /// The prefix; the root for none.
        prefix: StorePath,
        /// What comes before a file's path in messages, ending in `/`.
        shown: String,
        /// Whether each folder is listed by a request of its own, so that only those are that may have something in them.
        by_folder: bool,
    },
    /// A place of a web server.
    Web(Site),
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

fn wrong(message: impl Into<String>, help: impl Into<String>) -> OptionsError {
    OptionsError { key: Some("location"), message: message.into(), help: Some(help.into()) }
}

impl Location {
    /// The location that a source's options name. Nothing is reached for yet.
    ///
    /// # Errors
    /// [`OptionsError`] when there can be no such place, or it is outside the project.
    pub(crate) fn resolve(source: &SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let scheme = source.location.split_once("://");
        if !source.headers.is_empty() && !matches!(scheme, Some(("http" | "https", _))) {
            let message = "`headers` has no meaning but for https:// and http://".to_owned();
            return Err(OptionsError { key: Some("headers"), message, help: Some("remove `headers`".into()) });
        }
        if source.sftp.is_some() && !matches!(scheme, Some(("sftp", _))) {
            let message = "`sftp` has no meaning but for sftp://user@host/path".to_owned();
            return Err(OptionsError { key: Some("sftp"), message, help: Some("remove `sftp`".into()) });
        }
        match scheme {
            Some(("sftp", _)) if source.storage.is_empty() => {
                let options = source.sftp.clone().unwrap_or_default();
                let (store, prefix, shown) = sftp::store(&source.location, &options, &context.project_dir)?;
                Ok(Self::Store { store: Arc::new(store), prefix, shown, by_folder: true })
            }
            Some(("sftp", _)) => {
                let message = "`storage` has no meaning for files of an SFTP server".to_owned();
                let help = "remove `storage`; how to log in is said in `sftp`";
                Err(OptionsError { key: Some("storage"), message, help: Some(help.into()) })
            }
            Some(("http" | "https", _)) if source.storage.is_empty() => {
                Ok(Self::Web(Site::new(&source.location, &source.headers)?))
            }
            Some(("http" | "https", _)) => {
                let message = "`storage` has no meaning for files of a web server".to_owned();
                let help = "remove `storage`; what requests need beside the address is said in `headers`";
                Err(OptionsError { key: Some("storage"), message, help: Some(help.into()) })
            }
            Some(("file", path)) if path.starts_with('/') => Self::folder(path, source, context),
            Some((scheme, _)) => match StoreService::of_scheme(scheme) {
                Some(service) => Self::bucket(service, source, context),
                None => Err(wrong(
                    format!("'{}' has the scheme '{scheme}', which is not known", source.location),
                    "use a folder, https://host/path, sftp://user@host/path, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix; \
                     most object stores speak S3 (set `storage: { endpoint: … }`)",
                )),
            },
            None => Self::folder(&source.location, source, context),
        }
    }

    /// The root of a store that the caller has made.
    pub(crate) fn on_store(store: Arc<dyn ObjectStore>, name: &str) -> Self {
        let shown = format!("{}/", name.trim_end_matches('/'));
        Self::Store { store, prefix: StorePath::default(), shown, by_folder: false }
    }

    fn folder(path: &str, source: &SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        if !source.storage.is_empty() {
            let help = "remove `storage`, or name a bucket in `location`";
            let message = "`storage` has no meaning for local files".to_owned();
            return Err(OptionsError { key: Some("storage"), message, help: Some(help.into()) });
        }
        let Some(Place { path: root, within, shown }) = local::place(path, source.allow_outside, &context.project_dir)
        else {
            return Err(wrong(
                format!("'{path}' is outside the project's folder"),
                "move the files into the project, or say `allow_outside: true` beside `location`",
            ));
        };
        let shown = match shown.trim_end_matches('/') {
            "" if shown.is_empty() => String::new(),
            shown => format!("{shown}/"),
        };
        Ok(Self::Local { root, within, shown })
    }

    fn bucket(service: StoreService, source: &SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let written = format!("write {}", bucket::written(service));
        let url = url::Url::parse(&source.location)
            .map_err(|e| wrong(format!("'{}' is not a URL: {e}", source.location), &*written))?;
        let Some(bucket) = url.host_str().filter(|bucket| !bucket.is_empty()) else {
            return Err(wrong(format!("'{}' names no bucket", source.location), written));
        };
        let prefix = StorePath::from_url_path(url.path())
            .map_err(|e| wrong(format!("'{}' has no usable prefix: {e}", source.location), written))?;
        let store = bucket::store(service, source, context)?;
        // What stands before an `@` is the container of an account of Azure.
        let container = if url.username().is_empty() { String::new() } else { format!("{}@", url.username()) };
        let slash = if prefix.as_ref().is_empty() { "" } else { "/" };
        let shown = format!("{}://{container}{bucket}/{prefix}{slash}", url.scheme());
        Ok(Self::Store { store, prefix, shown, by_folder: false })
    }

    /// Whether a folder of this machine is there; of other places it is not known.
    pub(crate) fn is_there(&self) -> bool {
        !matches!(self, Self::Local { root, .. } if !root.exists())
    }

    /// What comes before a file's path in messages.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Local { shown, .. } | Self::Store { shown, .. } => shown,
            Self::Web(site) => site.shown(),
        }
    }
}
