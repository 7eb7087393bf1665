//! Where a source's files are.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path as StorePath;

use super::options::SourceOptions;
use super::web::Site;
use crate::local::{self, Place};

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
        match scheme {
            Some(("http" | "https", _)) if source.storage.is_empty() => {
                Ok(Self::Web(Site::new(&source.location, &source.headers)?))
            }
            Some(("http" | "https", _)) => {
                let message = "`storage` has no meaning for files of a web server".to_owned();
                let help = "remove `storage`; what requests need beside the address is said in `headers`";
                Err(OptionsError { key: Some("storage"), message, help: Some(help.into()) })
            }
            Some(("s3" | "s3a", _)) => Self::bucket(source, context),
            Some(("file", path)) if path.starts_with('/') => Self::folder(path, source, context),
            Some((scheme, _)) => Err(wrong(
                format!("'{}' has the scheme '{scheme}', which is not known", source.location),
                "use a folder, https://host/path or s3://bucket/prefix; most object stores speak S3 (set `storage: { endpoint: … }`)",
            )),
            None => Self::folder(&source.location, source, context),
        }
    }

    /// The root of a store that the caller has made.
    pub(crate) fn on_store(store: Arc<dyn ObjectStore>, name: &str) -> Self {
        Self::Store { store, prefix: StorePath::default(), shown: format!("{}/", name.trim_end_matches('/')) }
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

    fn bucket(source: &SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let url = url::Url::parse(&source.location)
            .map_err(|e| wrong(format!("'{}' is not a URL: {e}", source.location), "write s3://bucket/prefix"))?;
        let Some(bucket) = url.host_str().filter(|bucket| !bucket.is_empty()) else {
            return Err(wrong(format!("'{}' names no bucket", source.location), "write s3://bucket/prefix"));
        };
        let prefix = StorePath::from_url_path(url.path()).map_err(|e| {
            wrong(format!("'{}' has no usable prefix: {e}", source.location), "write s3://bucket/prefix")
        })?;
        // Credentials and the region come from the environment; what the project says goes before it.
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        let own = source.storage.iter().map(|(key, value)| (key, value.text()));
        let shared = context.storage_options.iter().map(|(key, value)| (key, value.clone()));
        for (key, value) in shared.chain(own) {
            let known: AmazonS3ConfigKey = key.to_ascii_lowercase().parse().map_err(|_| OptionsError {
                key: Some("storage"),
                message: format!("there is no option '{key}' for an S3 store"),
                help: Some(
                    "use e.g. region, endpoint, allow_http, virtual_hosted_style_request, skip_signature".into(),
                ),
            })?;
            builder = builder.with_config(known, value);
        }
        let store = builder.build().map_err(|e| OptionsError {
            key: Some("storage"),
            message: format!("the store of '{}' cannot be set up: {e}", source.location),
            help: Some("check the options under `storage` and the AWS_ variables in the environment".into()),
        })?;
        let shown =
            if prefix.as_ref().is_empty() { format!("s3://{bucket}/") } else { format!("s3://{bucket}/{prefix}/") };
        Ok(Self::Store { store: Arc::new(store), prefix, shown })
    }

    /// What comes before a file's path in messages.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Local { shown, .. } | Self::Store { shown, .. } => shown,
            Self::Web(site) => site.shown(),
        }
    }
}
