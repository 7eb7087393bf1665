//! Where a lake is: a folder or an object-store prefix, and the paths of what is in it.
//!
//! ```text
//! <lake>/<schema>/<table>/                     a Delta table: data files and its published log
//! <lake>/_headwater/branches/<branch>/<schema>/<table>/_delta_log/
//!                                              the commits that a branch has staged for that table
//! ```
//!
//! A place can also be that of one table alone ([`Location::of_table`]): its folder takes the place of both.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_sdk::{Blame, Error, Result, TableName};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme};
use url::Url;

use super::bucket;

/// The folder in the lake that holds what is Headwater's own.
pub const INTERNAL_FOLDER: &str = "_headwater";

/// A lake's storage.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    /// The whole storage system: `/` of the machine's files, or a bucket.
    pub(crate) root: Arc<dyn ObjectStore>,
    /// The URL of that root: `file:///`, `s3://bucket/`, `az://container/`.
    pub(crate) root_url: Url,
    /// The lake's path below the root.
    prefix: Path,
    /// Whether that is the folder of the only table.
    is_table: bool,
}

impl Location {
    /// Opens `location`: an absolute path, `file://…`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix` or
    /// `abfss://container@account…/prefix`. `options` are object-store options such as `aws_endpoint`; the environment
    /// (`AWS_…`, `GOOGLE_…`, `AZURE_…`) supplies what they do not.
    /// With `create`, a folder that is not there is made.
    pub(crate) fn open(location: &str, options: &BTreeMap<String, String>, create: bool) -> Result<Self> {
        if !location.contains("://") {
            return Self::open_folder(std::path::Path::new(location), create);
        }
        let url = Url::parse(location).map_err(|e| bad_location(location, &e.to_string()))?;
        let (scheme, prefix) = ObjectStoreScheme::parse(&url).map_err(|e| bad_location(location, &e.to_string()))?;
        match scheme {
            ObjectStoreScheme::Local => {
                let path = url.to_file_path().map_err(|()| bad_location(location, "it is no path of this machine"))?;
                Self::open_folder(&path, create)
            }
            scheme => {
                let root = bucket::open(&scheme, location, options)?;
                let mut root_url = url;
                root_url.set_path("/");
                Ok(Self { root, root_url, prefix, is_table: false })
            }
        }
    }

    /// The folder of a table that is in no lake, as [`Self::open`] takes it; the name of the table goes for nothing.
    pub(crate) fn of_table(location: &str, options: &BTreeMap<String, String>, create: bool) -> Result<Self> {
        Ok(Self { is_table: true, ..Self::open(location, options, create)? })
    }

    fn open_folder(path: &std::path::Path, create: bool) -> Result<Self> {
        let name = path.display().to_string();
        if create || path.exists() {
            make_folder(path)?;
        }
        let absolute = path
            .canonicalize()
            .or_else(|_| std::path::absolute(path))
            .map_err(|e| bad_location(&name, &e.to_string()))?;
        let prefix = Path::from_absolute_path(&absolute).map_err(|e| bad_location(&name, &e.to_string()))?;
        let root_url = Url::parse("file:///").map_err(|e| bad_location(&name, &e.to_string()))?;
        // A staging area that is emptied leaves no folders behind.
        let store = LocalFileSystem::new().with_automatic_cleanup(true);
        Ok(Self { root: Arc::new(store), root_url, prefix, is_table: false })
    }

    /// Makes the folder of a table, where the storage has folders.
    pub(crate) fn make_table_folder(&self, table: &TableName) -> Result<()> {
        match self.table_url(table).to_file_path() {
            Ok(path) if self.root_url.scheme() == "file" => make_folder(&path),
            _ => Ok(()),
        }
    }

    /// The folder of a table's data files, and of its published log.
    pub(crate) fn table(&self, table: &TableName) -> Path {
        if self.is_table {
            return self.prefix.clone();
        }
        self.prefix.clone().join(table.schema()).join(table.table())
    }

    /// The URL of a table's folder, with a slash at its end.
    pub(crate) fn table_url(&self, table: &TableName) -> Url {
        let mut url = self.root_url.clone();
        url.set_path(&format!("/{}/", self.table(table)));
        url
    }

    /// The lake's folder on this machine; `None` for an object store.
    pub(crate) fn local_folder(&self) -> Option<std::path::PathBuf> {
        let mut url = self.root_url.clone();
        url.set_path(&format!("/{}", self.prefix));
        (url.scheme() == "file").then(|| url.to_file_path().ok())?
    }

    /// The folder of all branches' staging areas.
    pub(crate) fn branches(&self) -> Path {
        self.prefix.clone().join(INTERNAL_FOLDER).join("branches")
    }

    /// The folder of a branch's staging area.
    pub(crate) fn branch(&self, branch: &str) -> Path {
        self.branches().join(branch)
    }

    /// The folder of the commits that a branch has staged for a table.
    pub(crate) fn staged_log(&self, branch: &str, table: &TableName) -> Path {
        self.branch(branch).join(table.schema()).join(table.table()).join("_delta_log")
    }
}

/// The file of a commit in a log folder.
pub(crate) fn commit_file(log: &Path, version: u64) -> Path {
    log.clone().join(format!("{version:020}.json"))
}

/// The version of a commit file, from its name; `None` for any other file.
pub(crate) fn commit_version(file: &Path) -> Option<u64> {
    let stem = file.filename()?.strip_suffix(".json")?;
    (stem.len() == 20).then(|| stem.parse().ok())?
}

fn make_folder(path: &std::path::Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|e| {
        Error::new("HW0601", Blame::Environment, format!("cannot create the folder {}", path.display()))
            .help("choose another folder for the lake in headwater.yml under environments, or make this one writable")
            .caused_by(e)
    })
}

pub(super) fn bad_location(location: &str, why: &str) -> Error {
    Error::new("HW0604", Blame::Project, format!("'{location}' cannot be a lake: {why}"))
        .help("give a folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix under environments in headwater.yml")
}
