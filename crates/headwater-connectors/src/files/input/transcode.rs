//! Text in any encoding of the WHATWG Encoding Standard, as UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

/// Bytes read from the source at a time.
const CHUNK: usize = 64 << 10;

/// Stands for bytes that the encoding does not have. It is no UTF-8, so that the row which holds it is found to be bad.
const INVALID: u8 = 0xFF;

/// The text of `reader` as UTF-8, without a byte order mark. A mark at the start says what the encoding is; otherwise
/// it is `encoding`, or UTF-8. UTF-8 passes as it is: who reads it validates it.
///
/// # Errors
/// When the first bytes cannot be read.
pub(super) fn to_utf8(
    mut reader: Box<dyn Read + Send>,
    encoding: Option<&'static Encoding>,
) -> io::Result<Box<dyn Read + Send>> {
    let mut start = [0; 3];
    let mut length = 0;
    while length < start.len() {
        match reader.read(&mut start[length..])? {
            0 => break,
            count => length += count,
        }
    }
    let marked = Encoding::for_bom(&start[..length]);
    let encoding = marked.map_or(encoding.unwrap_or(UTF_8), |(encoding, _)| encoding);
    let start = start[marked.map_or(0, |(_, length)| length)..length].to_vec();
    let whole = io::Cursor::new(start).chain(reader);
    if encoding == UTF_8 {
        return Ok(Box::new(whole));
    }
    Ok(Box::new(Transcoder {
        source: whole,
        decoder: encoding.new_decoder_without_bom_handling(),
        bytes: vec![0; CHUNK],
        start: 0,
        end: 0,
        last: false,
        pending: Vec::new(),
        sent: 0,
        done: false,
    }))
}

struct Transcoder<R> {
    source: R,
    decoder: Decoder,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether the source has no more bytes.
    last: bool,
    /// Text that did not fit the caller's buffer.
    pending: Vec<u8>,
    sent: usize,
    done: bool,
}

/// Room for the longest character and what a decoder may hold back.
const SMALL: usize = 64;

impl<R: Read> Transcoder<R> {
    /// Decodes into `out`, which is at least [`SMALL`] bytes long; 0 at the end.
    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while !self.done {
            if self.start == self.end && !self.last {
                self.start = 0;
                self.end = self.source.read(&mut self.bytes)?;
                self.last = self.end == 0;
            }
            let source = &self.bytes[self.start..self.end];
            let (result, read, count) =
                self.decoder.decode_to_utf8_without_replacement(source, &mut out[written..], self.last);
            self.start += read;
            written += count;
            match result {
                DecoderResult::InputEmpty => self.done = self.last,
                DecoderResult::OutputFull => break,
                DecoderResult::Malformed(_, _) if written < out.len() => {
                    out[written] = INVALID;
                    written += 1;
                }
                DecoderResult::Malformed(_, _) => {
                    self.pending.push(INVALID);
                    break;
                }
            }
            if written >= out.len() - SMALL / 2 {
                break;
            }
        }
        Ok(written)
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.sent < self.pending.len() {
            let count = (self.pending.len() - self.sent).min(buffer.len());
            buffer[..count].copy_from_slice(&self.pending[self.sent..self.sent + count]);
            self.sent += count;
            return Ok(count);
        }
        self.pending.clear();
        self.sent = 0;
        if buffer.len() >= SMALL {
            return self.decode(buffer);
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut small = [0; SMALL];
        let written = self.decode(&mut small)?;
        self.pending.splice(0..0, small[..written].iter().copied());
        if self.pending.is_empty() { Ok(0) } else { self.read(buffer) }
    }
}
