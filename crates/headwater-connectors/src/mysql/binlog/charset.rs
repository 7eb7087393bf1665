//! Texts as the binary log has them: in the character set of their column. Answers to queries come in UTF-8.

use encoding_rs::{
    Encoding, ISO_8859_2, ISO_8859_13, KOI8_R, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1256, WINDOWS_1257,
};

/// A character set whose texts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// UTF-8, and what is part of it.
    Utf8,
    /// Four bytes for each character, the most significant first.
    Utf32,
    Other(&'static Encoding),
}

impl Charset {
    /// That of a name of the server's; `None` for one that is not read: of those that are, all characters were found to be the
    /// server's own, and of others of the same name some are not.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(Self::Other(match name {
            "utf8mb4" | "utf8mb3" | "utf8" | "ascii" => return Some(Self::Utf8),
            "utf32" => return Some(Self::Utf32),
            "latin1" => WINDOWS_1252,
            "latin2" => ISO_8859_2,
            "latin7" => ISO_8859_13,
            "cp1250" => WINDOWS_1250,
            "cp1251" => WINDOWS_1251,
            "cp1256" => WINDOWS_1256,
            "cp1257" => WINDOWS_1257,
            "koi8r" => KOI8_R,
            "macroman" => MACINTOSH,
            "ucs2" | "utf16" => UTF_16BE,
            "utf16le" => UTF_16LE,
            _ => return None,
        }))
    }

    /// A text in UTF-8, behind what `out` has. Blanks at the end of one of a fixed length do not count, and the log leaves out the
    /// bytes of some.
    ///
    /// # Errors
    /// When it is no text.
    pub(super) fn decode(self, raw: &[u8], is_fixed: bool, out: &mut Vec<u8>) -> Result<(), String> {
        let wrong = || "it is not valid in its character set".to_owned();
        let text = match self {
            // Whether it is valid, who reads it says.
            Self::Utf8 => {
                out.extend_from_slice(raw);
                return Ok(());
            }
            Self::Utf32 => {
                let padded = padded(raw, 4);
                let chars = padded
                    .chunks_exact(4)
                    .map(|four| char::from_u32(four.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))));
                chars.collect::<Option<String>>().ok_or_else(wrong)?
            }
            Self::Other(encoding) => {
                let wide = encoding == UTF_16BE || encoding == UTF_16LE;
                let padded = padded(raw, if wide { 2 } else { 1 });
                let text = encoding.decode_without_bom_handling_and_without_replacement(&padded);
                text.ok_or_else(wrong)?.into_owned()
            }
        };
        out.extend_from_slice(if is_fixed { text.trim_end_matches(' ') } else { &text }.as_bytes());
        Ok(())
    }
}

/// Bytes of characters of that many each; the blank at the end of the last one may be left out.
fn padded(raw: &[u8], width: usize) -> std::borrow::Cow<'_, [u8]> {
    match raw.len() % width {
        0 => raw.into(),
        _ => [raw, b" "].concat().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, raw: &[u8]) -> Result<String, String> {
        let mut out = Vec::new();
        Charset::of(name).unwrap().decode(raw, true, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn texts_are_read_in_their_character_set() {
        assert_eq!(of("latin1", &[0x80, 0xEF, b' ']).unwrap(), "€ï");
        assert_eq!(of("ucs2", &[0, b'a', 0]).unwrap(), "a", "the second byte of a blank is left out");
        assert_eq!(of("utf32", &[0, 1, 0xF6, 0]).unwrap(), "😀");
        assert!(of("utf16", &[0xD8, 0]).is_err());
        assert!(Charset::of("dec8").is_none() && Charset::of("sjis").is_none());
    }
}
