//! The bytes of a file of a web server, as those of a store of one object.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::{Blame, Error};
use http::header::{CONTENT_LENGTH, HeaderName, IF_MATCH, IF_RANGE, RANGE};
use http::{Method, StatusCode};
use object_store::client::{HttpError, HttpResponse};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::WebFile;
use super::client::{STALL, status_error, unreachable};
use super::file::{Validator, part_start};
use crate::codes;
use crate::files::input::changed;

/// How often a body is taken up again, at most, unless it comes far in between.
const RESUMED: u32 = 4;
/// So many bytes are far.
const FAR: u64 = 8 << 20;
/// The pause before that.
const PAUSE: Duration = Duration::from_millis(250);

/// An error in our terms, for `store_error` to find again.
fn wrapped(error: Error) -> object_store::Error {
    object_store::Error::Generic { store: "http", source: Box::new(error) }
}

fn unsupported<T>(operation: &str) -> Result<T> {
    let (operation, implementer) = (operation.to_owned(), "WebFile".to_owned());
    Err(object_store::Error::NotImplemented { operation, implementer })
}

impl fmt::Display for WebFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl WebFile {
    /// Asks for bytes of the file, from `start` on. The answer is one of the file that was looked at.
    async fn ask(&self, start: u64, end: Option<u64>) -> Result<HttpResponse, Error> {
        let part = start > 0 || end.is_some();
        let mut headers: Vec<(HeaderName, String)> = Vec::new();
        if part {
            let end = end.map_or(String::new(), |end| (end - 1).to_string());
            headers.push((RANGE, format!("bytes={start}-{end}")));
        }
        // A weak tag is no reason to give a part, or none (RFC 9110, 13.1.1 and 13.1.5).
        match &self.validator {
            Some(Validator::Tag(tag)) if tag.starts_with("W/") => {}
            Some(Validator::Tag(tag)) => headers.push((if part { IF_RANGE } else { IF_MATCH }, tag.clone())),
            Some(Validator::Modified(time)) if part => headers.push((IF_RANGE, time.clone())),
            _ => {}
        }
        let response = self.client.send(&Method::GET, &self.url, &headers, &self.name).await?;
        let status = response.status();
        let same = match (Validator::of(response.headers()), &self.validator) {
            (Some(now), Some(then)) => now == *then,
            _ => true,
        };
        match status {
            StatusCode::PRECONDITION_FAILED => Err(changed(&self.name)),
            _ if !status.is_success() => Err(status_error(status, &self.name)),
            _ if !same => Err(changed(&self.name)),
            StatusCode::PARTIAL_CONTENT if part_start(response.headers()) != Some(start) => Err(self.no_parts()),
            StatusCode::OK if part => Err(self.no_parts()),
            StatusCode::OK => {
                let length = response.headers().get(CONTENT_LENGTH);
                let length: Option<u64> = length.and_then(|value| value.to_str().ok()?.parse().ok());
                match (length, self.size) {
                    (Some(now), Some(then)) if now != then => Err(changed(&self.name)),
                    _ => Ok(response),
                }
            }
            _ => Ok(response),
        }
    }

    fn no_parts(&self) -> Error {
        let message = format!("the server does not give parts of {}", self.name);
        Error::new(codes::UNREACHABLE, Blame::Environment, message).help(
            "Parquet files are read part by part, and so is the rest of a file that was cut off: fetch the file into the project, \
             or put it into an object store",
        )
    }
}

/// A body that is being read.
struct Body {
    file: WebFile,
    chunks: BoxStream<'static, Result<Bytes, HttpError>>,
    at: u64,
    end: Option<u64>,
    /// How often it was taken up again since it last came far.
    resumed: u32,
    /// Where it was taken up last.
    from: u64,
}

impl Body {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let cause: Box<dyn std::error::Error + Send + Sync> =
                match tokio::time::timeout(STALL, self.chunks.next()).await {
                    Ok(Some(Ok(chunk))) => {
                        self.at += chunk.len() as u64;
                        if self.at - self.from >= FAR {
                            self.resumed = 0;
                        }
                        return Ok(Some(chunk));
                    }
                    Ok(None) if self.end.is_none_or(|end| self.at >= end) => return Ok(None),
                    Ok(None) => "the connection ended before the file did".into(),
                    Ok(Some(Err(error))) => Box::new(error),
                    Err(_) => "nothing came for a minute".into(),
                };
            let cut_off = unreachable(&self.file.name).caused_by(cause);
            if self.resumed == RESUMED || self.at > 0 && self.file.validator.is_none() {
                return Err(cut_off);
            }
            self.resumed += 1;
            self.from = self.at;
            tokio::time::sleep(PAUSE * 2_u32.pow(self.resumed - 1)).await;
            // What else than the cut is wrong with the rest: a changed file is told, a server without parts is not the reason.
            match self.file.ask(self.at, self.end).await {
                Ok(response) => self.chunks = response.into_body().bytes_stream(),
                Err(error) if error.code == codes::CHANGED => return Err(error),
                Err(_) => return Err(cut_off),
            }
        }
    }
}

#[async_trait]
impl ObjectStore for WebFile {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let size = self.size.unwrap_or(0);
        let part = match options.range {
            None => None,
            Some(GetRange::Bounded(range)) => Some(range),
            Some(GetRange::Offset(start)) => Some(start..size),
            Some(GetRange::Suffix(count)) => Some(size.saturating_sub(count)..size),
        };
        let (start, end) = part.as_ref().map_or((0, None), |Range { start, end }| (*start, Some(*end)));
        let response = self.ask(start, end).await.map_err(wrapped)?;
        let chunks = response.into_body().bytes_stream();
        let body = Body { file: self.clone(), chunks, at: start, end: end.or(self.size), resumed: 0, from: start };
        let stream = futures::stream::try_unfold(body, |mut body| async move {
            let chunk = body.next().await.map_err(wrapped)?;
            Ok(chunk.map(|chunk| (chunk, body)))
        });
        let meta = ObjectMeta {
            location: location.clone(),
            // Whoever asked has its own way to tell one state from another.
            last_modified: Default::default(),
            size,
            e_tag: options.if_match,
            version: None,
        };
        let range = part.unwrap_or(0..size);
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream.boxed()),
            meta,
            range,
            attributes: Attributes::default(),
        })
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        unsupported("put")
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        unsupported("put")
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        futures::stream::once(async { unsupported("delete") }).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        futures::stream::once(async { unsupported("list") }).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        unsupported("list")
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        unsupported("copy")
    }
}
