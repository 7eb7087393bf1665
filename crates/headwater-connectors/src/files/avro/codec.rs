//! How the blocks of a file are compressed.

use std::io::Read;

use super::cursor::Damage;

/// The most bytes of a block, compressed or not. Writers make them of some kilobytes to a few megabytes.
pub(super) const MOST_BLOCK: u64 = 256 << 20;

/// A codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
}

impl Codec {
    /// The codec of this name in a file's header.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"" | b"null" => Self::Null,
            b"deflate" => Self::Deflate,
            b"snappy" => Self::Snappy,
            b"zstandard" => Self::Zstandard,
            _ => return None,
        })
    }

    /// The contents of a block.
    pub(super) fn decompress(self, block: Vec<u8>) -> Result<Vec<u8>, Damage> {
        const BROKEN: Damage = Damage("what is compressed in it is damaged");
        match self {
            Self::Null => Ok(block),
            Self::Deflate => all(flate2::bufread::DeflateDecoder::new(&*block)),
            Self::Zstandard => all(zstd::stream::read::Decoder::with_buffer(&*block).map_err(|_| BROKEN)?),
            Self::Snappy => {
                // The checksum of the contents follows them.
                let (compressed, sum) = block.split_last_chunk::<4>().ok_or(BROKEN)?;
                let length = snap::raw::decompress_len(compressed).map_err(|_| BROKEN)?;
                if length as u64 > MOST_BLOCK {
                    return Err(LARGE);
                }
                let contents = snap::raw::Decoder::new().decompress_vec(compressed).map_err(|_| BROKEN)?;
                if crc32fast::hash(&contents) != u32::from_be_bytes(*sum) {
                    return Err(Damage("its checksum is another one"));
                }
                Ok(contents)
            }
        }
    }
}

const LARGE: Damage = Damage("it holds more than 256 MiB");

fn all(decoder: impl Read) -> Result<Vec<u8>, Damage> {
    let mut contents = Vec::new();
    decoder
        .take(MOST_BLOCK + 1)
        .read_to_end(&mut contents)
        .map_err(|_| Damage("what is compressed in it is damaged"))?;
    if contents.len() as u64 > MOST_BLOCK { Err(LARGE) } else { Ok(contents) }
}
