//! What is known of a file before it is read.

use std::sync::Arc;

use headwater_sdk::Error;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, LAST_MODIFIED, RANGE};
use http::{HeaderMap, Method, StatusCode};
use object_store::path::Path;
use url::Url;

use super::client::{Client, status_error};
use super::{Address, Site};
use crate::codes;
use crate::files::input::Compression;
use crate::files::listing::{FileEntry, Place, Stamp};

/// A file of a web server, as it was when it was looked at.
#[derive(Debug, Clone)]
pub(crate) struct WebFile {
    pub(super) client: Arc<Client>,
    pub(super) url: Arc<str>,
    pub(super) name: Arc<str>,
    /// Its bytes, where the server tells.
    pub(super) size: Option<u64>,
    /// What tells its contents from others.
    pub(super) validator: Option<Validator>,
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Validator {
    /// An entity tag; a weak one begins with `W/`.
    Tag(String),
    /// When it was changed last, as the server writes it.
    Modified(String),
}

impl Validator {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        text(ETAG).map(Self::Tag).or_else(|| text(LAST_MODIFIED).map(Self::Modified))
    }

    /// The text that is kept of it.
    fn kept(&self) -> String {
        match self {
            Self::Tag(tag) => tag.clone(),
            Self::Modified(time) => format!("last-modified: {time}"),
        }
    }
}

impl WebFile {
    /// Looks at a file; `None` when there is none.
    ///
    /// # Errors
    /// When the server does not tell.
    pub(crate) async fn find(site: Site, address: Address) -> Result<Option<FileEntry>, Error> {
        let name: Arc<str> = site.shown_name(&address).into();
        let url = Url::parse(&format!("{}{}", site.base, address.text())).map_err(|error| {
            Error::new(codes::UNREACHABLE, headwater_sdk::Blame::Project, format!("{name} is no address"))
                .help("correct `location` or `path`")
                .caused_by(error)
        })?;
        let head = site.client.send(&Method::HEAD, url.as_str(), &[], &name).await?;
        let told = head.status().is_success() && head.headers().contains_key(CONTENT_LENGTH);
        let (status, headers) = if told {
            (head.status(), head.headers().clone())
        } else {
            // Some servers allow or know GET alone. Of the body, the first byte at most is asked for.
            let first = [(RANGE, "bytes=0-0".to_owned())];
            let response = site.client.send(&Method::GET, url.as_str(), &first, &name).await?;
            (response.status(), response.headers().clone())
        };
        let size = match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
            // Nothing is there of an empty file.
            StatusCode::RANGE_NOT_SATISFIABLE => Some(0),
            StatusCode::PARTIAL_CONTENT => whole_size(&headers),
            status if status.is_success() => number(&headers),
            status => return Err(status_error(status, &name)),
        };
        let validator = Validator::of(&headers);
        let told = headers.get(CONTENT_ENCODING).and_then(|value| match value.as_bytes() {
            b"gzip" | b"x-gzip" => Some(Compression::Gzip),
            b"zstd" => Some(Compression::Zstd),
            _ => None,
        });
        // The name ends where parameters begin.
        let named = Compression::of_name(address.text().split('?').next().unwrap_or_default());
        let compression = told.or(Some(named).filter(|named| *named != Compression::None));
        let etag = validator.as_ref().map(Validator::kept);
        let path = address.identity();
        let stamp = Stamp { size: size.unwrap_or(0), modified: None, etag };
        let file = Self { client: site.client, url: url.as_str().into(), name: Arc::clone(&name), size, validator };
        let place = Place::Store(Arc::new(file), Path::default());
        Ok(Some(FileEntry { path, name, stamp, place, compression, sized: size.is_some() }))
    }
}

fn number(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// The size of the whole file in `bytes 0-0/1234`.
fn whole_size(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.trim().parse().ok()
}

/// Where in its file a part begins, in `bytes 7-99/1234`.
pub(super) fn part_start(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}
