//! The folder of a table, and the files that its log names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use headwater_sdk::{Blame, Error, Result};
use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::codes;
use crate::files::{FileEntry, Location, Place, Stamp, store_error};

/// A table's folder.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    store: Arc<dyn ObjectStore>,
    /// The folder, from the root of the store on.
    path: StorePath,
    /// What the folder is called in messages, without a slash at its end.
    shown: String,
    base: Base,
}

/// What the store's root is to URLs.
#[derive(Debug, Clone)]
enum Base {
    /// This machine. Files may not leave the project's folder, where there is one.
    Local(Option<PathBuf>),
    /// A bucket or container.
    Bucket(String),
}

impl Root {
    /// The folder `path` of a location.
    ///
    /// # Errors
    /// When it is not there, or leads out of the project.
    pub(crate) fn open(location: &Location, path: &str) -> Result<Self> {
        let parts = || path.split('/').filter(|part| !part.is_empty() && *part != ".");
        let relative = parts().collect::<Vec<_>>().join("/");
        match location {
            Location::Local { root, within, shown } => {
                let folder = root.join(&relative);
                let shown = format!("{shown}{relative}").trim_end_matches('/').to_owned();
                let folder = folder.canonicalize().map_err(|error| no_table(&shown).caused_by(error))?;
                let within = match within {
                    None => None,
                    Some(project) => Some(real(project)?),
                };
                inside(&folder, within.as_deref(), &shown)?;
                let path = StorePath::from_absolute_path(&folder).map_err(|error| no_table(&shown).caused_by(error))?;
                Ok(Self { store: Arc::new(LocalFileSystem::new()), path, shown, base: Base::Local(within) })
            }
            Location::Store { store, prefix, shown, .. } => {
                let path = parts().fold(prefix.clone(), StorePath::join);
                let bucket = bucket_of(shown).unwrap_or_default().to_owned();
                let shown = format!("{shown}{relative}").trim_end_matches('/').to_owned();
                Ok(Self { store: Arc::clone(store), path, shown, base: Base::Bucket(bucket) })
            }
            Location::Web(_) => Err(no_table(location.shown())),
        }
    }

    /// What the folder is called in messages.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The store that it is in.
    pub(crate) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The path of a file in the folder, `/` between its parts.
    pub(crate) fn under(&self, relative: &str) -> StorePath {
        relative.split('/').filter(|part| !part.is_empty()).fold(self.path.clone(), |path, part| {
            // Names that are no plain ones are kept as they are: a log says how its files are called.
            match StorePath::parse(part) {
                Ok(part) => StorePath::from_iter(path.parts().chain(part.parts())),
                Err(_) => path.join(part),
            }
        })
    }

    /// What a file in the folder is called in messages.
    pub(crate) fn name_of(&self, relative: &str) -> String {
        format!("{}/{relative}", self.shown)
    }

    /// A small file as a whole; `None` when it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn get(&self, path: &StorePath, name: &str) -> Result<Option<Bytes>> {
        match self.store.get(path).await {
            Ok(result) => result.bytes().await.map(Some).map_err(|error| store_error(error, name)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(store_error(error, name)),
        }
    }

    /// A file of the folder, of so many bytes.
    pub(crate) fn file(&self, relative: &str, size: u64) -> FileEntry {
        self.entry(self.under(relative), self.name_of(relative), size)
    }

    /// A file that a log names, of so many bytes: by a path from the folder on, or as [`Self::file_at`]. The path is without escapes.
    ///
    /// # Errors
    /// As [`Self::file_at`].
    pub(crate) fn file_of(&self, path: &str, size: u64) -> Result<FileEntry> {
        if is_absolute(path) { self.file_at(path, size) } else { Ok(self.file(path, size)) }
    }

    /// A file that a URL (without escapes) or an absolute path names, of so many bytes.
    ///
    /// # Errors
    /// When it is in another store, or outside of the project.
    pub(crate) fn file_at(&self, url: &str, size: u64) -> Result<FileEntry> {
        let elsewhere = |what: &str| {
            let message = format!("the table {} names the file {url}, which is {what}", self.shown);
            Error::new(codes::TABLE_FILE, Blame::Data, message)
        };
        let path = match (&self.base, url.split_once("://")) {
            (Base::Local(within), Some(("file", path))) => {
                local_path(path.trim_start_matches("localhost"), within.as_deref(), url)?
            }
            (Base::Local(within), None) if url.starts_with('/') => local_path(url, within.as_deref(), url)?,
            // Some writers say `file:/path`.
            (Base::Local(within), None) if url.starts_with("file:/") => local_path(&url[5..], within.as_deref(), url)?,
            (Base::Bucket(bucket), Some((_, rest))) if same_bucket(bucket, url) => {
                let key = rest.split_once('/').map_or("", |(_, key)| key);
                StorePath::parse(key).map_err(|error| elsewhere("no path").caused_by(error))?
            }
            _ => {
                return Err(elsewhere("in another store")
                    .help("copy the table with its files into one store, or let its owner write it anew"));
            }
        };
        Ok(self.entry(path, url.to_owned(), size))
    }

    fn entry(&self, path: StorePath, name: String, size: u64) -> FileEntry {
        FileEntry {
            path: path.to_string(),
            name: name.into(),
            // Data files are never written twice: their size is all that the log says.
            stamp: Stamp { size, modified: None, etag: None },
            place: Place::Store(Arc::clone(&self.store), path),
            compression: None,
            sized: true,
        }
    }

    /// The error for a folder that holds no table.
    pub(crate) fn no_table(&self, of: &str) -> Error {
        let message = format!("there is no {of} table in {}", self.shown);
        Error::new(codes::TABLE_NOT_FOUND, Blame::Project, message)
            .help("correct `location` or `path`: the path is the folder of one table, relative to the location")
    }
}

/// Whether a log names a file by itself, and not from the folder on.
pub(crate) fn is_absolute(path: &str) -> bool {
    path.contains("://") || path.starts_with('/') || path.starts_with("file:/")
}

/// A path of this machine, which has to be in the project where it may not leave it.
fn local_path(path: &str, within: Option<&Path>, shown: &str) -> Result<StorePath> {
    let absolute = Path::new(path);
    // What is not there is told when it is read.
    let real = absolute.canonicalize().unwrap_or_else(|_| absolute.to_owned());
    inside(&real, within, shown)?;
    StorePath::from_absolute_path(&real).map_err(|error| {
        Error::new(codes::TABLE_FILE, Blame::Data, format!("'{shown}' is no path of this machine")).caused_by(error)
    })
}

fn real(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| no_table(&path.display().to_string()).caused_by(error))
}

fn inside(path: &Path, within: Option<&Path>, shown: &str) -> Result<()> {
    match within {
        Some(project) if !path.starts_with(project) => {
            let message = format!("{shown} leads to {}, outside the project's folder", path.display());
            Err(Error::new(codes::OUTSIDE, Blame::Project, message)
                .help("copy the table into the project, or say `allow_outside: true` in the source"))
        }
        _ => Ok(()),
    }
}

fn no_table(shown: &str) -> Error {
    Error::new(codes::TABLE_NOT_FOUND, Blame::Project, format!("there is no folder {shown}"))
        .help("correct `location` or `path`: the path is the folder of one table, relative to the location")
}

/// `scheme://bucket` of a URL.
fn bucket_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    Some(&url[..scheme.len() + 3 + host.len()])
}

/// Whether a URL is in a bucket. Several schemes name one store; the account of Azure may be named beside the container, or not at all.
fn same_bucket(bucket: &str, url: &str) -> bool {
    let known = |url: &'_ str| -> Option<(&'static str, String, Option<String>)> {
        let (scheme, rest) = url.split_once("://")?;
        let host = rest.split('/').next()?;
        Some(match scheme {
            "s3" | "s3a" | "s3n" => ("s3", host.to_owned(), None),
            "gs" | "gcs" => ("gs", host.to_owned(), None),
            "az" | "azure" | "adl" | "abfs" | "abfss" | "wasb" | "wasbs" => {
                let (container, account) = host.split_once('@').map_or((host, None), |(one, two)| (one, Some(two)));
                // `account.dfs.core.windows.net` and `account.blob.core.windows.net` are one.
                let account = account.map(|account| account.split('.').next().unwrap_or(account).to_owned());
                ("az", container.to_owned(), account)
            }
            _ => return None,
        })
    };
    let (Some((service, name, account)), Some((of_url, named, at))) = (known(bucket), known(url)) else { return false };
    (service, name) == (of_url, named) && (account.is_none() || at.is_none() || account == at)
}

/// A text in which `%41` stands for `A`. What is no such escape stays as it is.
pub(crate) fn percent_decoded(text: &str) -> String {
    crate::text::percent_decoded(text).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_buckets() {
        for (text, plain) in
            [("a%20b/c", "a b/c"), ("100%", "100%"), ("%zz%41", "%zzA"), ("%C3%A9", "é"), ("%FF", "%FF")]
        {
            assert_eq!(percent_decoded(text), plain);
        }
        assert!(same_bucket("s3://b", "s3a://b/x") && !same_bucket("s3://b", "s3://c/x"));
        assert!(same_bucket("abfss://c@one.dfs.core.windows.net", "az://c/x") && !same_bucket("gs://b", "s3://b/x"));
        let of_one = "abfss://c@one.dfs.core.windows.net";
        assert!(same_bucket(of_one, "wasbs://c@one.blob.core.windows.net/x"));
        assert!(!same_bucket(of_one, "abfss://c@two.dfs.core.windows.net/x"));
        assert_eq!(bucket_of("s3://b/x/y/"), Some("s3://b"));
    }
}
