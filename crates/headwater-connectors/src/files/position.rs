//! Which files a stream has loaded, and a fingerprint of files.

use std::collections::{BTreeMap, BTreeSet};

use headwater_sdk::{Blame, Error};
use serde::{Deserialize, Serialize};

use super::listing::{FileEntry, Stamp};
use crate::codes;

/// The position of a stream in mode `new_files`: every file loaded so far, as it was then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// In the order of their paths.
    files: Vec<LoadedFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LoadedFile {
    /// Relative to the location.
    path: String,
    #[serde(flatten)]
    stamp: Stamp,
    /// Whether it brought no row: all that it had were set aside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    set_aside: bool,
}

/// What a stream in mode `new_files` has to read.
pub(crate) struct Outstanding {
    /// Files that were not loaded.
    pub(crate) new: Vec<FileEntry>,
    /// Those that were and have changed since, which are left alone.
    pub(crate) changed: Vec<String>,
    /// The position once the new ones are loaded.
    pub(crate) position: Position,
}

impl Position {
    /// Reads a position back.
    ///
    /// # Errors
    /// When it is not one of this connector.
    pub(crate) fn read(value: &serde_json::Value) -> Result<Self, Error> {
        Self::deserialize(value).map_err(|error| {
            Error::new(codes::BAD_POSITION, Blame::Headwater, "the list of loaded files cannot be understood")
                .help("load the stream again from the start")
                .caused_by(error)
        })
    }

    /// The position as it is stored.
    ///
    /// # Errors
    /// Only for a defect.
    pub(crate) fn write(&self) -> Result<serde_json::Value, Error> {
        serde_json::to_value(self).map_err(|error| {
            Error::new(codes::DEFECT, Blame::Headwater, "the list of loaded files cannot be written").caused_by(error)
        })
    }

    /// Notes that all rows of a file were set aside.
    pub(crate) fn set_aside(&mut self, path: &str) {
        if let Ok(at) = self.place(path) {
            self.files[at].set_aside = true;
        }
    }

    fn place(&self, path: &str) -> std::result::Result<usize, usize> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path))
    }

    /// Whether a file was loaded.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.place(path).is_ok()
    }

    /// The files that were loaded and are not there any more.
    pub(crate) fn vanished(&self, files: &[FileEntry]) -> Vec<String> {
        let there: BTreeSet<&str> = files.iter().map(|file| file.path.as_ref()).collect();
        self.files.iter().filter(|file| !there.contains(file.path.as_str())).map(|file| file.path.clone()).collect()
    }

    /// Compares the files that are there with those that were loaded. Those that have changed are left alone, or are loaded `again`; what was
    /// empty, or had no row that could be read, has brought none yet, and is loaded once it is another. `sized` says that the sizes of files are always known.
    pub(crate) fn outstanding(self, files: Vec<FileEntry>, again: bool, sized: bool) -> Outstanding {
        let mut loaded: BTreeMap<String, LoadedFile> =
            self.files.into_iter().map(|file| (file.path.clone(), file)).collect();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for file in files {
            match loaded.get(&file.path) {
                Some(was) if was.stamp == file.stamp => {}
                Some(was) if !(again || was.set_aside || sized && was.stamp.size == 0) => {
                    changed.push(file.name.to_string());
                }
                _ => {
                    // Where a size of 0 may stand for one that is not known, what is empty is looked at every time.
                    if sized || !file.is_empty() {
                        let (path, stamp) = (file.path.clone(), file.stamp.clone());
                        loaded.insert(path.clone(), LoadedFile { path, stamp, set_aside: false });
                    }
                    new.push(file);
                }
            }
        }
        let files = loaded.into_values().collect();
        Outstanding { new, changed, position: Self { files } }
    }
}

/// Changes when a file comes, goes, or is another one.
pub(crate) fn fingerprint(files: &[FileEntry]) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        for text in [&file.path, file.stamp.etag.as_deref().unwrap_or("")] {
            // Lengths keep neighbours apart.
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update(&file.stamp.size.to_le_bytes());
        hasher.update(&file.stamp.modified.unwrap_or(i64::MIN).to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
