//! MySQL's binary JSON (`sql-common/json_binary.h`), as the text that the server writes of it. (MariaDB's JSON is a text.)

use super::values::decimal_of_json;
use crate::mysql::wire::Fields;

/// Values within values, at most: MySQL's own limit.
const DEPTH: usize = 100;

/// The text of a value, behind what `out` has.
///
/// # Errors
/// When it has a form that is not known.
pub(super) fn text(raw: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let Some((kind, rest)) = raw.split_first() else {
        // What an application that does not check wrote as nothing.
        out.extend_from_slice(b"null");
        return Ok(());
    };
    value(*kind, rest, 0, out).ok_or_else(|| "its binary JSON has a form that is not known".to_owned())
}

fn value(kind: u8, bytes: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    if depth > DEPTH {
        return None;
    }
    let mut fields = Fields(bytes);
    match kind {
        0x00..=0x03 => container(kind, bytes, depth, out)?,
        0x04 => out.extend_from_slice(match fields.byte()? {
            0 => b"null",
            1 => b"true",
            2 => b"false",
            _ => return None,
        }),
        0x05 => out.extend((fields.number(2)? as i16).to_string().bytes()),
        0x06 => out.extend(fields.number(2)?.to_string().bytes()),
        0x07 => out.extend((fields.number(4)? as i32).to_string().bytes()),
        0x08 => out.extend(fields.number(4)?.to_string().bytes()),
        0x09 => out.extend((fields.number(8)? as i64).to_string().bytes()),
        0x0A => out.extend(fields.number(8)?.to_string().bytes()),
        0x0B => out.extend(format!("{:?}", f64::from_bits(fields.number(8)?)).bytes()),
        0x0C => {
            let length = length(&mut fields)?;
            string(std::str::from_utf8(fields.take(length)?).ok()?, out);
        }
        0x0F => {
            let of = fields.byte()?;
            let length = length(&mut fields)?;
            opaque(of, fields.take(length)?, out)?;
        }
        _ => return None,
    }
    Some(())
}

/// Seven bits in each byte, the least significant first; the eighth says that more follow.
fn length(fields: &mut Fields<'_>) -> Option<usize> {
    let mut length = 0;
    for place in 0..5 {
        let byte = fields.byte()?;
        length |= usize::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

/// An object or an array. Numbers are of two bytes in a small one, of four in a large one; places are counted from its begin.
fn container(kind: u8, bytes: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let (is_large, is_object) = (kind & 1 == 1, kind < 2);
    let width = if is_large { 4 } else { 2 };
    let mut fields = Fields(bytes);
    let (count, size) = (fields.number(width)? as usize, fields.number(width)? as usize);
    let bytes = bytes.get(..size)?;
    let keys = if is_object { count.checked_mul(width + 2)? } else { 0 };
    let (mut keys, mut values) = (Fields(fields.take(keys)?), fields);
    out.push(if is_object { b'{' } else { b'[' });
    for place in 0..count {
        if place > 0 {
            out.extend_from_slice(b", ");
        }
        if is_object {
            let (at, length) = (keys.number(width)? as usize, keys.number(2)? as usize);
            string(std::str::from_utf8(bytes.get(at..at.checked_add(length)?)?).ok()?, out);
            out.extend_from_slice(b": ");
        }
        let kind = values.byte()?;
        let slot = values.take(width)?;
        // What is small stands in the place of its own place.
        let is_here = match kind {
            0x04..=0x06 => true,
            0x07 | 0x08 => is_large,
            _ => false,
        };
        let at = Fields(slot).number(width)? as usize;
        value(kind, if is_here { slot } else { bytes.get(at..)? }, depth + 1, out)?;
    }
    out.push(if is_object { b'}' } else { b']' });
    Some(())
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            c if u32::from(c) < 0x20 => out.extend(format!("\\u{:04x}", u32::from(c)).bytes()),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// A value of a type of SQL, by its number there.
fn opaque(of: u8, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let packed = || Fields(bytes).number(8).map(|packed| packed as i64);
    match of {
        246 => decimal_of_json(bytes, out)?,
        // Dates and times: 24 bits of a fraction below those of hours, minutes and seconds, and of the day.
        11 => {
            let packed = packed()?;
            let (sign, whole) = (if packed < 0 { "-" } else { "" }, packed.unsigned_abs());
            let (clock, micros) = (whole >> 24, whole & 0xFF_FFFF);
            let text =
                format!("\"{sign}{:02}:{:02}:{:02}.{micros:06}\"", clock >> 12 & 0x3FF, clock >> 6 & 63, clock & 63);
            out.extend(text.bytes());
        }
        7 | 10 | 12 => {
            let packed = packed()?.unsigned_abs();
            let (whole, micros) = (packed >> 24, packed & 0xFF_FFFF);
            let (days, clock) = (whole >> 17, whole & 0x1_FFFF);
            let (month, day) = (days >> 5, days & 31);
            let mut text = format!("{:04}-{:02}-{day:02}", month / 13, month % 13);
            if of != 10 {
                text += &format!(" {:02}:{:02}:{:02}.{micros:06}", clock >> 12, clock >> 6 & 63, clock & 63);
            }
            out.extend(format!("\"{text}\"").bytes());
        }
        of => {
            out.extend(format!("\"base64:type{of}:").bytes());
            base64(bytes, out);
            out.push(b'"');
        }
    }
    Some(())
}

fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, place| bits << 8 | usize::from(three.get(place).copied().unwrap_or(0)));
        for place in 0..4 {
            let digit = if place <= three.len() { DIGITS[bits >> (18 - 6 * place) & 63] } else { b'=' };
            out.push(digit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &[u8]) -> String {
        let mut out = Vec::new();
        text(raw, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Made by hand, by the description of the form.
    #[test]
    fn json_is_written_as_the_server_does() {
        // {"a": 1, "b": [true, null, "x\n"]}
        let array = [&[3, 0, 16, 0][..], &[4, 1, 0, 4, 0, 0, 0x0C, 13, 0], &[2, b'x', b'\n']].concat();
        let head = [&[2, 0, 36, 0][..], &[18, 0, 1, 0, 19, 0, 1, 0], &[5, 1, 0, 2, 20, 0], b"ab"].concat();
        let object = [&[0][..], &head, &array].concat();
        assert_eq!(of(&object), "{\"a\": 1, \"b\": [true, null, \"x\\n\"]}");
        assert_eq!(of(&[4, 0]), "null");
        assert_eq!(of(&[]), "null");
        assert_eq!(of(&[0x0B, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F]), "1.5");
        assert_eq!(of(&[0x0B, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F]), "1.0");
        assert_eq!(of(&[0x0A, 255, 255, 255, 255, 255, 255, 255, 255]), "18446744073709551615");
        assert_eq!(of(&[2, 0, 0, 4, 0]), "[]");
        assert_eq!(of(&[0x0F, 246, 3, 2, 2, 0x87]), "0.07");
        assert_eq!(of(&[0x0F, 253, 1, 0xFF]), "\"base64:type253:/w==\"");
        // 2024-02-29 as a date.
        let days = ((2024_u64 * 13 + 2) << 5 | 29) << 17;
        assert_eq!(of(&[&[0x0F, 10, 8][..], &(days << 24).to_le_bytes()].concat()), "\"2024-02-29\"");
    }

    #[test]
    fn what_is_cut_off_or_within_itself_is_refused() {
        for raw in [&[0x00][..], &[0x0C, 5, b'a'], &[2, 1, 0, 7, 0, 2, 0, 0], &[0x99]] {
            assert!(text(raw, &mut Vec::new()).is_err(), "{raw:?}");
        }
        let object = [0, 2, 0, 36, 0, 18, 0];
        (0..object.len()).for_each(|end| assert!(end == 0 || text(&object[..end], &mut Vec::new()).is_err()));
    }
}
