//! The bytes and the names of Delta's deletion vectors (Delta protocol, "Deletion Vectors" and "Deletion Vector Format").
//!
//! A vector is a magic number and the rows as a 64-bit Roaring bitmap in its portable form. In a file stands before it its
//! size, and after it its CRC-32. What is wrong with one is told in words that go on from "a deletion vector is damaged".

use roaring::RoaringTreemap;

const MAGIC: [u8; 4] = 1_681_511_377_u32.to_le_bytes();
/// The digits of Z85 (<https://rfc.zeromq.org/spec/32/>).
const DIGITS: &[u8; 85] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// The rows of a vector of `size` bytes that is kept in the log.
///
/// # Errors
/// What is wrong with it.
pub fn from_inline(text: &str, size: usize) -> Result<RoaringTreemap, String> {
    let bytes = from_z85(text).ok_or("its text is not Z85")?;
    // The text stands for a multiple of four bytes.
    from_vector(bytes.get(..size).ok_or("its text is too short")?)
}

/// The rows of a vector of `size` bytes, with its size before and its checksum behind it.
///
/// # Errors
/// What is wrong with it.
pub fn from_framed(framed: &[u8], size: usize) -> Result<RoaringTreemap, String> {
    let parts = framed.split_first_chunk::<4>().and_then(|(stated, rest)| {
        let (vector, rest) = rest.split_at_checked(size)?;
        Some((u32::from_be_bytes(*stated), vector, u32::from_be_bytes(*rest.first_chunk()?)))
    });
    let (stated, vector, checksum) = parts.ok_or("its file ends too early")?;
    if usize::try_from(stated) != Ok(size) {
        return Err("it has another size than the log says".to_owned());
    }
    if crc32fast::hash(vector) != checksum {
        return Err("its checksum is wrong".to_owned());
    }
    from_vector(vector)
}

/// A vector with its size before and its checksum behind it, and its own size; `None` when it is too large for the format.
pub fn to_framed(rows: &RoaringTreemap) -> Option<(Vec<u8>, i32)> {
    let mut vector = MAGIC.to_vec();
    rows.serialize_into(&mut vector).ok()?;
    let size = i32::try_from(vector.len()).ok()?;
    let mut framed = size.to_be_bytes().to_vec();
    framed.extend(&vector);
    framed.extend(crc32fast::hash(&vector).to_be_bytes());
    Some((framed, size))
}

fn from_vector(bytes: &[u8]) -> Result<RoaringTreemap, String> {
    let bitmap = bytes.strip_prefix(&MAGIC).ok_or("it is of an unknown form")?;
    RoaringTreemap::deserialize_from(bitmap).map_err(|error| format!("it is no Roaring bitmap: {error}"))
}

/// The folder, in the table's, and the name of the file that the log names relatively: by a prefix and a UUID of 20 characters in Z85.
/// `None` when the text is no such name.
pub fn file_of(text: &str) -> Option<(&str, String)> {
    let (folder, id) = text.split_at_checked(text.len().checked_sub(20)?)?;
    let id = u128::from_be_bytes(from_z85(id)?.try_into().ok()?);
    let hex = format!("{id:032x}");
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    Some((folder, format!("deletion_vector_{a}-{b}-{c}-{d}-{e}.bin")))
}

/// Encodes a multiple of four bytes as Z85.
pub fn to_z85(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / 4 * 5);
    for group in bytes.as_chunks::<4>().0 {
        let value = u32::from_be_bytes(*group);
        let digits = [85 * 85 * 85 * 85, 85 * 85 * 85, 85 * 85, 85, 1].map(|power| value / power % 85);
        text.extend(digits.iter().map(|digit| char::from(DIGITS[*digit as usize])));
    }
    text
}

/// Decodes Z85: five characters for four bytes, the most significant first.
fn from_z85(text: &str) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_bytes().as_chunks::<5>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 4);
    for group in groups {
        let mut value = 0u32;
        for character in group {
            let digit = DIGITS.iter().position(|digit| digit == character)?;
            value = value.checked_mul(85)?.checked_add(u32::try_from(digit).ok()?)?;
        }
        bytes.extend(value.to_be_bytes());
    }
    Some(bytes)
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
        let size = size as usize;
        assert_eq!(framed.len(), size + 8);
        assert_eq!(from_framed(&framed, size).unwrap(), rows);
        let told = |framed: &[u8], size| from_framed(framed, size).unwrap_err();
        assert_eq!(told(&framed[..size + 7], size), "its file ends too early");
        assert_eq!(told(&framed, size + 1), "its file ends too early");
        assert_eq!(told(&framed, size - 1), "it has another size than the log says");
        let mut changed = framed;
        changed[size / 2] ^= 1;
        assert_eq!(told(&changed, size), "its checksum is wrong");
    }

    /// Of the specification of Z85.
    #[test]
    fn z85_is_that_of_its_specification() {
        let bytes = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B];
        assert_eq!(to_z85(&bytes), "HelloWorld");
        assert_eq!(from_z85("HelloWorld").unwrap(), bytes);
        // Too short, a character that is no digit, more than four bytes can hold.
        assert!(from_z85("abc").is_none() && from_z85("ab\"cd").is_none() && from_z85("#####").is_none());
    }

    /// The example of the Delta protocol's text.
    #[test]
    fn files_are_named_as_the_protocol_names_them() {
        let (folder, name) = file_of("ab^-aqEH.-t@S}K{vb[*k^").unwrap();
        assert_eq!((folder, name.as_str()), ("ab", "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"));
        assert_eq!(file_of("^-aqEH.-t@S}K{vb[*k^").unwrap().0, "");
        assert!(file_of("x").is_none());
    }
}
