//! Which files match a path.

mod wanted;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt;
use globset::{GlobBuilder, GlobMatcher};
use headwater_sdk::check::OptionsError;
use headwater_sdk::{Blame, Error};
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};

pub(crate) use wanted::Wanted;

use super::input::{Compression, modified_micros, store_error, unreadable};
use super::location::Location;
use crate::codes;

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// Bytes.
    pub(crate) size: u64,
    /// When it was changed last, in microseconds since 1970-01-01T00:00:00Z; not kept beside an entity tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) modified: Option<i64>,
    /// The entity tag that an object store gives to contents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
}

/// Where a file is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// On this machine.
    Local(PathBuf),
    /// In an object store.
    Store(Arc<dyn ObjectStore>, StorePath),
}

/// A file that matches.
#[derive(Debug, Clone)]
pub(crate) struct FileEntry {
    /// Relative to the location, with `/` between its parts.
    pub(crate) path: String,
    /// As the project would name it.
    pub(crate) name: Arc<str>,
    /// Its state when it was listed.
    pub(crate) stamp: Stamp,
    /// Where it is.
    pub(crate) place: Place,
    /// How a web server says that it is compressed.
    pub(crate) compression: Option<Compression>,
    /// Whether its size is known; a web server may not tell it.
    pub(crate) sized: bool,
}

impl FileEntry {
    /// Whether it is known to have no byte.
    pub(crate) fn is_empty(&self) -> bool {
        self.sized && self.stamp.size == 0
    }
}

/// A path or glob, relative to a location.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    text: String,
    matcher: GlobMatcher,
    /// The parts before the first one with a wildcard, joined by `/`; the last part of a plain path is not among them.
    literal: String,
    /// Parts after them; `None` when `**` makes it any number.
    depth: Option<usize>,
    plain: bool,
}

impl Pattern {
    /// Checks a path.
    ///
    /// # Errors
    /// [`OptionsError`] when it is not a glob or could leave the location.
    pub(crate) fn new(text: &str) -> Result<Self, OptionsError> {
        let wrong = |message: String, help: &str| OptionsError { key: Some("path"), message, help: Some(help.into()) };
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if parts.is_empty() {
            return Err(wrong("`path` is empty".into(), "name a file or a glob, e.g. `*.csv`"));
        }
        if text.starts_with('/') || text.contains("://") || parts.contains(&"..") {
            let help = "give a path inside the source's `location`, and change `location` to reach other places";
            return Err(wrong(format!("'{text}' leaves the source's location"), help));
        }
        let glob = GlobBuilder::new(&parts.join("/")).literal_separator(true).backslash_escape(true).build();
        let matcher = glob
            .map_err(|e| {
                wrong(format!("'{text}' is not a glob: {}", e.kind()), "escape a special character with `\\`")
            })?
            .compile_matcher();
        let is_wild = |part: &&str| part.contains(['*', '?', '[', '{', '\\']);
        let plain = !parts.iter().any(is_wild);
        // A brace may hold a `/`, which the split does not know: then any depth is looked at.
        let any_depth = parts.iter().any(|part| part.contains("**") || part.contains('{') != part.contains('}'));
        let literal = parts.iter().position(is_wild).unwrap_or(parts.len() - 1);
        Ok(Self {
            text: parts.join("/"),
            matcher,
            literal: parts[..literal].join("/"),
            depth: (!any_depth).then_some(parts.len() - literal),
            plain,
        })
    }

    /// The files of a location that match, in the order of their paths.
    ///
    /// # Errors
    /// When the location cannot be listed, or a match lies outside the project.
    pub(crate) async fn list(&self, location: &Location) -> Result<Vec<FileEntry>, Error> {
        let mut files = match location {
            Location::Local { root, within, shown } => {
                let walk = Walk {
                    pattern: self.clone(),
                    root: root.clone(),
                    within: within.clone(),
                    shown: shown.clone(),
                    files: Vec::new(),
                };
                tokio::task::spawn_blocking(move || walk.run()).await.map_err(|error| {
                    Error::new(codes::DEFECT, Blame::Headwater, "listing files was cut off").caused_by(error)
                })??
            }
            Location::Store { store, prefix, shown, by_folder } => {
                self.list_store(store, prefix, shown, *by_folder).await?
            }
            Location::Web(_) => Vec::new(),
        };
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    async fn list_store(
        &self,
        store: &Arc<dyn ObjectStore>,
        prefix: &StorePath,
        shown: &str,
        by_folder: bool,
    ) -> Result<Vec<FileEntry>, Error> {
        // As stores list it: what a name holds stays as it is.
        let under = |path: &str| {
            let parts = [prefix.as_ref(), path].into_iter().filter(|part| !part.is_empty());
            let joined = StorePath::parse(parts.collect::<Vec<_>>().join("/"));
            joined.map_err(|error| store_error(error.into(), &format!("{shown}{path}")))
        };
        let objects = if self.plain {
            match store.head(&under(&self.text)?).await {
                Ok(object) => vec![object],
                Err(object_store::Error::NotFound { .. }) => Vec::new(),
                Err(error) => return Err(store_error(error, &format!("{shown}{}", self.text))),
            }
        } else if let (true, Some(depth)) = (by_folder, self.depth) {
            let listed = list_folders(store, under(&self.literal)?, depth).await;
            listed.map_err(|error| store_error(error, &format!("{shown}{}", self.literal)))?
        } else {
            let from = under(&self.literal)?;
            let from = (!from.as_ref().is_empty()).then_some(from);
            let listed = store.list(from.as_ref()).try_collect().await;
            listed.map_err(|error| store_error(error, &format!("{shown}{}", self.literal)))?
        };
        let entry = |object: object_store::ObjectMeta| {
            let parts: Vec<_> = object.location.prefix_match(prefix)?.map(|part| part.as_ref().to_owned()).collect();
            let path = parts.join("/");
            // A key that ends in `/` and holds nothing marks a folder.
            if !self.matcher.is_match(&path) {
                return None;
            }
            let modified = object.e_tag.is_none().then(|| object.last_modified.timestamp_micros());
            Some(FileEntry {
                name: format!("{shown}{path}").into(),
                path,
                stamp: Stamp { size: object.size, modified, etag: object.e_tag },
                place: Place::Store(Arc::clone(store), object.location),
                compression: None,
                sized: true,
            })
        };
        Ok(objects.into_iter().filter_map(entry).collect())
    }

    /// The error for a path that nothing matches, with the nearest folder that exists.
    pub(crate) fn nothing_found(&self, location: &Location) -> Error {
        let wanted = format!("{}{}", location.shown(), self.text);
        let help = match location {
            Location::Local { root, .. } => {
                let mut folder = root.join(&self.literal);
                while !folder.is_dir() && folder.pop() {}
                let held = holdings(&folder);
                format!(
                    "the nearest folder that exists is {}, which holds {held}; correct `location` or `path`",
                    folder.display()
                )
            }
            Location::Store { .. } | Location::Web(_) => {
                let prefix = format!("{}{}", location.shown(), self.literal);
                format!("correct `location` or `path`; objects were looked for under {prefix}")
            }
        };
        Error::new(codes::NO_FILE, Blame::Project, format!("no file matches '{wanted}'")).help(help)
    }
}

/// The objects so many folders below one.
async fn list_folders(
    store: &Arc<dyn ObjectStore>,
    from: StorePath,
    depth: usize,
) -> object_store::Result<Vec<object_store::ObjectMeta>> {
    let (mut objects, mut folders) = (Vec::new(), vec![from]);
    for level in (1..=depth).rev() {
        for folder in std::mem::take(&mut folders) {
            let listed = store.list_with_delimiter(Some(&folder)).await?;
            match level {
                1 => objects.extend(listed.objects),
                _ => folders.extend(listed.common_prefixes),
            }
        }
    }
    Ok(objects)
}

/// What a folder holds, in a few words.
fn holdings(folder: &Path) -> String {
    let Ok(entries) = std::fs::read_dir(folder) else { return "nothing that can be read".into() };
    let mut names: Vec<String> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    match names.len() {
        0 => "nothing".into(),
        1..=5 => names.join(", "),
        more => format!("{} and {} more", names[..5].join(", "), more - 5),
    }
}

/// A walk through local folders.
struct Walk {
    pattern: Pattern,
    root: PathBuf,
    within: Option<PathBuf>,
    shown: String,
    files: Vec<FileEntry>,
}

impl Walk {
    fn run(mut self) -> Result<Vec<FileEntry>, Error> {
        let start = self.root.join(&self.pattern.literal);
        if !start.is_dir() {
            return Ok(self.files);
        }
        if let Some(project) = &self.within {
            // Compared without symbolic links: the project itself may be reached through one.
            self.within = Some(project.canonicalize().map_err(|e| unreadable(e, &project.display().to_string()))?);
        }
        self.refuse_outside(&start)?;
        let literal = self.pattern.literal.clone();
        let depth = self.pattern.depth;
        self.folder(&start, &literal, depth, &mut Vec::new())?;
        Ok(self.files)
    }

    fn folder(
        &mut self,
        folder: &Path,
        relative: &str,
        depth: Option<usize>,
        above: &mut Vec<PathBuf>,
    ) -> Result<(), Error> {
        let canonical = folder.canonicalize().map_err(|e| unreadable(e, &folder.display().to_string()))?;
        if above.contains(&canonical) {
            // A link to a folder above: everything in it has been seen.
            return Ok(());
        }
        above.push(canonical);
        let fail = |error| unreadable(error, &folder.display().to_string());
        for entry in std::fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let file_name = entry.file_name();
            let Some(name) = file_name.to_str() else {
                return Err(Error::new(
                    codes::UNREADABLE,
                    Blame::Environment,
                    format!("the name of {} is not valid UTF-8", entry.path().display()),
                )
                .help("rename the file, or move it out of the source's folder"));
            };
            let path = if relative.is_empty() { name.to_owned() } else { format!("{relative}/{name}") };
            let matches = self.pattern.matcher.is_match(&path);
            let further = depth != Some(1);
            if !matches && !further {
                continue;
            }
            // Follows links; one that leads nowhere is an error only when it matches.
            let metadata = match std::fs::metadata(entry.path()) {
                Ok(metadata) => metadata,
                Err(error) if matches => return Err(unreadable(error, &format!("{}{path}", self.shown))),
                Err(_) => continue,
            };
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if metadata.is_dir() && further {
                if is_link {
                    self.refuse_outside(&entry.path())?;
                }
                self.folder(&entry.path(), &path, depth.map(|depth| depth - 1), above)?;
            } else if metadata.is_file() && matches {
                if is_link {
                    self.refuse_outside(&entry.path())?;
                }
                self.files.push(FileEntry {
                    name: format!("{}{path}", self.shown).into(),
                    path,
                    stamp: Stamp { size: metadata.len(), modified: Some(modified_micros(&metadata)), etag: None },
                    place: Place::Local(entry.path()),
                    compression: None,
                    sized: true,
                });
            }
        }
        above.pop();
        Ok(())
    }

    fn refuse_outside(&self, path: &Path) -> Result<(), Error> {
        let Some(project) = &self.within else { return Ok(()) };
        let real = path.canonicalize().map_err(|e| unreadable(e, &path.display().to_string()))?;
        if real.starts_with(project) {
            return Ok(());
        }
        let (link, real) = (path.display(), real.display());
        Err(Error::new(codes::OUTSIDE, Blame::Project, format!("{link} leads to {real}, outside the project's folder"))
            .help("copy the files into the project, or say `allow_outside: true` beside `location`"))
    }
}
