//! The bytes of deletion vectors (Delta protocol, "Deletion Vector Format").
//!
//! A vector is a magic number and the rows as a 64-bit Roaring bitmap in its portable form. In a file stands before it its
//! size, and after it its CRC-32.

use roaring::RoaringTreemap;

const MAGIC: [u8; 4] = 1_681_511_377_u32.to_le_bytes();
/// The digits of Z85 (ZeroMQ RFC 32).
const DIGITS: &[u8; 85] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// The rows of a vector that is kept in the log.
pub(super) fn from_inline(text: &str, size: usize) -> Result<RoaringTreemap, &'static str> {
    let bytes = from_z85(text).ok_or("its text is not Z85")?;
    // The text stands for a multiple of four bytes.
    from_vector(bytes.get(..size).ok_or("its text is too short")?)
}

/// The rows of a vector with its size before and its checksum behind it.
pub(super) fn from_framed(framed: &[u8]) -> Result<RoaringTreemap, &'static str> {
    let (size, rest) = framed.split_first_chunk::<4>().ok_or("its file is too short")?;
    let (vector, checksum) = rest.split_last_chunk::<4>().ok_or("its file is too short")?;
    if usize::try_from(u32::from_be_bytes(*size)) != Ok(vector.len()) {
        return Err("it has another size than the log says");
    }
    if crc32fast::hash(vector).to_be_bytes() != *checksum {
        return Err("its checksum is wrong");
    }
    from_vector(vector)
}

/// A vector with its size before and its checksum behind it, and its own size; `None` when it is too large for the format.
pub(super) fn to_framed(rows: &RoaringTreemap) -> Option<(Vec<u8>, i32)> {
    let mut vector = MAGIC.to_vec();
    rows.serialize_into(&mut vector).ok()?;
    let size = i32::try_from(vector.len()).ok()?;
    let mut framed = size.to_be_bytes().to_vec();
    framed.extend(&vector);
    framed.extend(crc32fast::hash(&vector).to_be_bytes());
    Some((framed, size))
}

fn from_vector(bytes: &[u8]) -> Result<RoaringTreemap, &'static str> {
    match bytes.strip_prefix(&MAGIC) {
        Some(bitmap) => RoaringTreemap::deserialize_from(bitmap).map_err(|_| "it is no Roaring bitmap"),
        None => Err("it is of an unknown form"),
    }
}

/// Decodes Z85: five characters for four bytes, the most significant first.
pub(super) fn from_z85(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 5 * 4);
    for group in text.as_bytes().chunks(5) {
        let mut value = 0u32;
        for character in group {
            let digit = DIGITS.iter().position(|digit| digit == character)?;
            value = value.checked_mul(85)?.checked_add(u32::try_from(digit).ok()?)?;
        }
        bytes.extend(value.to_be_bytes());
    }
    Some(bytes)
}

/// Encodes a multiple of four bytes as Z85.
pub(super) fn to_z85(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / 4 * 5);
    for group in bytes.as_chunks::<4>().0 {
        let value = u32::from_be_bytes(*group);
        let digits = [85 * 85 * 85 * 85, 85 * 85 * 85, 85 * 85, 85, 1].map(|power| value / power % 85);
        text.extend(digits.iter().map(|digit| char::from(DIGITS[*digit as usize])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the Delta protocol's example, in the portable form (its text shows the native one, which is no longer
    /// written).
    #[test]
    fn a_vector_in_the_log_is_read() {
        let text = "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L";
        let rows = from_inline(text, 44).unwrap();
        assert_eq!(rows.into_iter().collect::<Vec<_>>(), [3, 4, 7, 11, 18, 29]);
        for (text, size) in
            [(text, 45), (text, 3), ("00000", 4), ("wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", 40)]
        {
            assert!(from_inline(text, size).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut rows: RoaringTreemap = (0..100_000).filter(|row| row % 7 == 0).collect();
        rows.insert(u64::from(u32::MAX) + 5);
        let (framed, size) = to_framed(&rows).unwrap();
        assert_eq!(framed.len(), size as usize + 8);
        assert_eq!(from_framed(&framed).unwrap(), rows);
        assert_eq!(to_z85(&[0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]), "HelloWorld");
        assert_eq!(from_z85("HelloWorld").unwrap(), [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]);
    }
}
