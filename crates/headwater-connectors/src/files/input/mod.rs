//! Bytes: from a file, local or in an object store, to blocks of decompressed UTF-8 text.
//!
//! ```text
//! file ─► counted bytes ─► decompressed ─► transcoded ─► blocks ─► Feed ─► a format's decoder
//! ```
//!
//! Errors of the file itself travel through the decoders inside `io::Error` and come out as they went in; every other
//! error of a decoder means that the file is damaged.

mod blocks;
mod feed;
mod local;
mod remote;
mod transcode;

use std::io::{self, BufReader, Read};

use headwater_sdk::{Blame, Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use blocks::{BLOCK, Blocks, DirectBlocks, PipedBlocks};
pub(crate) use feed::Feed;
pub(crate) use local::{LocalFile, changed, modified_micros};
pub(crate) use remote::{RemoteFile, own_error, store_error};

use crate::codes;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// gzip, of one or several members.
    Gzip,
    /// Zstandard, of one or several frames.
    Zstd,
    /// Not at all.
    None,
}

impl Compression {
    /// The compression that a file's name tells.
    pub(crate) fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if name.ends_with(".gz") || name.ends_with(".gzip") {
            Self::Gzip
        } else if name.ends_with(".zst") || name.ends_with(".zstd") {
            Self::Zstd
        } else {
            Self::None
        }
    }
}

/// Bytes that a decompressor asks the file for at a time.
const STORED_CHUNK: usize = 256 << 10;

/// The text of a file: decompressed, and UTF-8 where it was something else.
///
/// # Errors
/// When the file's first bytes cannot be read.
pub(crate) fn open_text(
    file: Box<dyn Read + Send>,
    name: &str,
    compression: Compression,
    encoding: Option<&'static encoding_rs::Encoding>,
) -> Result<Box<dyn Read + Send>, Error> {
    let fail = |error| into_error(error, name, compression);
    let mut file = BufReader::with_capacity(STORED_CHUNK, file);
    let empty = io::BufRead::fill_buf(&mut file).map_err(fail)?.is_empty();
    if empty && compression != Compression::None {
        // Compressed nothing is not nothing: there is a header at least.
        return Err(fail(io::Error::from(io::ErrorKind::UnexpectedEof)));
    }
    let plain: Box<dyn Read + Send> = match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(file).map_err(fail)?),
    };
    transcode::to_utf8(plain, encoding).map_err(fail)
}

/// An error on the way from a file to its text, in our terms.
pub(crate) fn into_error(error: io::Error, name: &str, compression: Compression) -> Error {
    match error.downcast::<Error>() {
        Ok(ours) => ours,
        Err(error) => {
            let (what, check) = match compression {
                Compression::Gzip => ("gzip", "`gzip -t` checks it"),
                Compression::Zstd => ("zstd", "`zstd -t` checks it"),
                Compression::None => return unreadable(error, name),
            };
            let truncated = error.kind() == io::ErrorKind::UnexpectedEof;
            let how = if truncated { "ends too early" } else { "is damaged" };
            let help = format!(
                "fetch or compress the file again ({check}); if it is not compressed, say `format: {{ compression: none }}`"
            );
            Error::new(codes::CORRUPT, Blame::Data, format!("the {what} file {name} {how}")).help(help).caused_by(error)
        }
    }
}

/// An error of the operating system about a local file.
pub(crate) fn unreadable(error: io::Error, name: &str) -> Error {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "the file was there a moment ago: run again when nothing removes files",
        io::ErrorKind::PermissionDenied => "let the user who runs headwater read the file",
        io::ErrorKind::IsADirectory => "the path must match files: match those in the folder with `/*`",
        _ => "look at the disk and the file's permissions",
    };
    Error::new(codes::UNREADABLE, Blame::Environment, format!("the file {name} cannot be read"))
        .help(help)
        .caused_by(error)
}
