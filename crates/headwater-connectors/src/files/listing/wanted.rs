//! The files that a stream asks for, by one path or several.

use futures::{StreamExt, TryStreamExt};
use headwater_sdk::check::OptionsError;
use headwater_sdk::{Blame, Error};

use super::{FileEntry, Pattern};
use crate::codes;
use crate::files::location::Location;
use crate::files::options::OneOrMany;
use crate::files::web::{Address, WebFile};

/// Files of the web that are asked for together.
const TOGETHER: usize = 8;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// What matches, where files can be listed.
    Patterns(Vec<Pattern>),
    /// Each by its address, where they cannot.
    Addresses(Vec<Address>),
}

impl Wanted {
    /// Checks paths.
    ///
    /// # Errors
    /// [`OptionsError`] when one of them is none.
    pub(crate) fn new(paths: &OneOrMany, location: &Location) -> Result<Self, OptionsError> {
        let paths = paths.as_slice();
        if paths.is_empty() {
            let help = Some("name a file or a glob, e.g. `*.csv`".into());
            return Err(OptionsError { key: Some("path"), message: "`path` is empty".into(), help });
        }
        Ok(match location {
            Location::Web(_) => Self::Addresses(paths.iter().map(|path| Address::new(path)).collect::<Result<_, _>>()?),
            _ => Self::Patterns(paths.iter().map(|path| Pattern::new(path)).collect::<Result<_, _>>()?),
        })
    }

    /// The files, in the order of their paths, each once. Those that were `loaded` need not be there any more, like those of a folder.
    ///
    /// # Errors
    /// When they cannot be listed, or another address leads nowhere.
    pub(crate) async fn list(
        &self,
        location: &Location,
        loaded: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Vec<FileEntry>, Error> {
        let mut files = Vec::new();
        match (self, location) {
            (Self::Addresses(addresses), Location::Web(site)) => {
                for (address, found) in addresses.iter().zip(site.find_all(addresses, TOGETHER).await?) {
                    match found {
                        Some(found) => files.push(found),
                        None if loaded(&address.identity()) => {}
                        None => {
                            let message = format!("there is no file {}", site.shown_name(address));
                            return Err(Error::new(codes::NO_FILE, Blame::Project, message)
                                .help("correct `location` or `path`"));
                        }
                    }
                }
            }
            (Self::Addresses(_), _) => {}
            (Self::Patterns(patterns), location) => {
                for pattern in patterns {
                    files.extend(pattern.list(location).await?);
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(files)
    }

    /// Those of the files that are there. As [`Self::list`], but that an address may lead nowhere.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub(crate) async fn present(&self, location: &Location) -> Result<Vec<FileEntry>, Error> {
        match (self, location) {
            (Self::Addresses(addresses), Location::Web(site)) => {
                Ok(site.find_all(addresses, TOGETHER).await?.into_iter().flatten().collect())
            }
            _ => self.list(location, &|_| false).await,
        }
    }

    /// The error for files that were loaded from folders of which none is there any more. An empty folder is none: files may be taken
    /// away when they are loaded. Where files are kept without folders, as in object stores, nobody can tell the two apart.
    pub(crate) fn folder_gone(&self, location: &Location) -> Option<Error> {
        let (Self::Patterns(patterns), Location::Local { root, shown, .. }) = (self, location) else { return None };
        if patterns.iter().any(|pattern| root.join(&pattern.literal).is_dir()) {
            return None;
        }
        let folder = format!("{shown}{}", patterns.first()?.literal);
        let message = format!("the folder {} is not there any more", folder.trim_end_matches('/'));
        Some(Error::new(codes::NO_FILE, Blame::Project, message).help(
            "bring it back, or correct `location` or `path`; what was loaded stays, and files may be removed as long as their folder is there",
        ))
    }

    /// The error for paths that nothing matches.
    pub(crate) fn nothing_found(&self, location: &Location) -> Error {
        match self {
            Self::Patterns(patterns) if !patterns.is_empty() => patterns[0].nothing_found(location),
            _ => Error::new(codes::NO_FILE, Blame::Project, "no file is named").help("correct `path`"),
        }
    }
}

impl crate::files::web::Site {
    /// Looks at files, several together, and gives them in their order.
    async fn find_all(&self, addresses: &[Address], together: usize) -> Result<Vec<Option<FileEntry>>, Error> {
        // Collected first: a stream over a closure that borrows is not general enough to be sent between threads.
        let looks: Vec<_> = addresses.iter().map(|address| WebFile::find(self.clone(), address.clone())).collect();
        futures::stream::iter(looks).buffered(together).try_collect().await
    }
}
