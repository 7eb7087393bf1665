//! Values as the binary log has them, brought into the form that answers to queries have (MySQL, `sql/log_event.cc` and the
//! `my_…_packed_from_binary` functions): [`super::super::decode`] reads both.

use super::charset::Charset;
use super::event::{
    BIT, DATETIME_2, DECIMAL, DOUBLE, ENUM, FLOAT, GEOMETRY, JSON, MapColumn, SET, STRING, TIME_2, TIMESTAMP_2,
    VAR_STRING, VARCHAR, VECTOR,
};
use super::json;
use crate::mysql::wire::Fields;
use crate::text::uuid;

/// Bytes that so many decimal digits take.
const DIGIT_BYTES: [usize; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// How a column's values are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) column: MapColumn,
    pub(super) is_unsigned: bool,
    /// What texts are written in; none for bytes.
    pub(super) charset: Option<Charset>,
    /// Of an enum or a set.
    pub(super) members: Vec<String>,
    pub(super) special: Special,
}

/// What the log does not tell from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    None,
    /// Numbers are written with zeros before them, so many digits.
    ZeroFill(usize),
    /// A double of so many digits behind the point, which answers are rounded to.
    Rounded(usize),
    /// Bytes of a fixed length.
    Padded(usize),
    Uuid,
    Inet6,
    Inet4,
}

/// The bytes of a value of a column; `None` when they are cut off, or of a type that is not known.
pub(super) fn raw<'a>(column: MapColumn, fields: &mut Fields<'a>) -> Option<&'a [u8]> {
    let MapColumn { code, meta } = column;
    let fraction = usize::from(meta).div_ceil(2);
    let length = match code {
        1 | 13 => 1,
        2 => 2,
        9..=11 | 14 => 3,
        3 | FLOAT | 7 => 4,
        8 | DOUBLE | 12 => 8,
        TIMESTAMP_2 => 4 + fraction,
        DATETIME_2 => 5 + fraction,
        TIME_2 => 3 + fraction,
        DECIMAL => decimal_length(meta)?,
        BIT => usize::from(meta >> 8) + usize::from(meta & 0xFF > 0),
        ENUM | SET => usize::from(meta),
        VARCHAR | VAR_STRING | STRING => fields.number(if meta > 255 { 2 } else { 1 })? as usize,
        VECTOR | JSON | GEOMETRY | 249..=252 => fields.number(usize::from(meta))? as usize,
        _ => return None,
    };
    fields.take(length)
}

/// A value's text, behind what `out` has.
///
/// # Errors
/// With the reason why it has none, without the column's name.
pub(super) fn text(form: &Form, raw: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let number = || raw.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let cut = || "it is of a form that is not known".to_owned();
    match form.column.code {
        1 | 2 | 3 | 8 | 9 => {
            let bits = 8 * raw.len() as u32;
            let text = match form.is_unsigned {
                true => number().to_string(),
                // The sign stands in the highest bit that came.
                false => (((number() << (64 - bits)) as i64) >> (64 - bits)).to_string(),
            };
            if let Special::ZeroFill(digits) = form.special {
                out.extend(std::iter::repeat_n(b'0', digits.saturating_sub(text.len())));
            }
            out.extend_from_slice(text.as_bytes());
        }
        FLOAT => out.extend(f64::from(f32::from_bits(number() as u32)).to_string().bytes()),
        DOUBLE => {
            let value = f64::from_bits(number());
            let text = match form.special {
                Special::Rounded(digits) => format!("{value:.digits$}"),
                _ => value.to_string(),
            };
            out.extend(text.bytes());
        }
        DECIMAL => decimal(form.column.meta, raw, out).ok_or_else(cut)?,
        13 => match number() {
            0 => out.extend_from_slice(b"0000"),
            year => out.extend((1900 + year).to_string().bytes()),
        },
        10 | 14 => {
            let packed = number();
            out.extend(day(packed >> 9, packed >> 5 & 15, packed & 31).bytes());
        }
        TIMESTAMP_2 | 7 => timestamp(form.column, raw, out)?,
        DATETIME_2 => {
            let mut fields = Fields(raw);
            // The highest bit is set in every time that can be.
            let packed = fields.big_endian(5).and_then(|packed| packed.checked_sub(1 << 39)).ok_or_else(cut)?;
            let (month, day_of) = (packed >> 22, packed >> 17 & 31);
            let text = format!(
                "{} {}",
                day(month / 13, month % 13, day_of),
                clock(packed >> 12 & 31, packed >> 6 & 63, packed & 63)
            );
            out.extend(text.bytes());
            fraction(form.column.meta, fields.big_endian(fields.0.len()).unwrap_or_default(), out);
        }
        12 => {
            let digits = number();
            let (date, time) = (digits / 1_000_000, digits % 1_000_000);
            let text = format!(
                "{} {}",
                day(date / 10_000, date / 100 % 100, date % 100),
                clock(time / 10_000, time / 100 % 100, time % 100)
            );
            out.extend(text.bytes());
        }
        TIME_2 => time(form.column.meta, raw, out),
        11 => {
            let digits = ((number() << 40) as i64) >> 40;
            let (sign, digits) = (if digits < 0 { "-" } else { "" }, digits.unsigned_abs());
            out.extend(format!("{sign}{}", clock(digits / 10_000, digits / 100 % 100, digits % 100)).bytes());
        }
        ENUM => match number() {
            // What was no member when it was written.
            0 => {}
            place => {
                let member = usize::try_from(place - 1).ok().and_then(|place| form.members.get(place));
                out.extend_from_slice(
                    member.ok_or_else(|| format!("there is no member {place} of the enum"))?.as_bytes(),
                );
            }
        },
        SET => {
            let bits = number();
            let members = form.members.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
            let members: Vec<&str> = members.map(|(_, member)| member.as_str()).collect();
            out.extend_from_slice(members.join(",").as_bytes());
        }
        JSON => json::text(raw, out)?,
        STRING | VARCHAR | VAR_STRING | 249..=252 => string(form, raw, out)?,
        // A `bit`, a geometry, a vector: as their bytes in both.
        _ => out.extend_from_slice(raw),
    }
    Ok(())
}

fn string(form: &Form, raw: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    // Zeros at the end are left out.
    let padded = |length: usize| {
        let mut bytes = raw.to_vec();
        bytes.resize(length.max(raw.len()), 0);
        bytes
    };
    let sixteen = || <[u8; 16]>::try_from(padded(16)).map_err(|_| "it is of a form that is not known".to_owned());
    match (form.special, form.charset) {
        // In the log its parts stand in that order, too, whatever order an index likes.
        (Special::Uuid, _) => out.extend(uuid(sixteen()?).bytes()),
        (Special::Inet6, _) => out.extend(inet6(sixteen()?).bytes()),
        (Special::Inet4, _) => {
            let parts: Vec<String> = padded(4).iter().map(u8::to_string).collect();
            out.extend(parts.join(".").bytes());
        }
        (Special::Padded(length), _) => out.extend(padded(length)),
        (_, None) => out.extend_from_slice(raw),
        (_, Some(charset)) => charset.decode(raw, form.column.code == STRING, out)?,
    }
    Ok(())
}

fn inet6(bytes: [u8; 16]) -> String {
    let address = std::net::Ipv6Addr::from(bytes);
    let words = address.segments();
    // Those that are an address of version 4 are written so, also of the kind that is out of use.
    if words[..6] == [0; 6] && words[6] != 0 {
        return format!("::{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
    }
    address.to_string()
}

fn day(year: u64, month: u64, day: u64) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

fn clock(hours: u64, minutes: u64, seconds: u64) -> String {
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

/// Digits of a second, which come in pairs.
fn fraction(digits: u16, pairs: u64, out: &mut Vec<u8>) {
    let digits = usize::from(digits);
    if digits > 0 {
        let text = format!("{pairs:0width$}", width = 2 * digits.div_ceil(2));
        out.push(b'.');
        out.extend_from_slice(&text.as_bytes()[..digits.min(text.len())]);
    }
}

fn timestamp(column: MapColumn, raw: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let mut fields = Fields(raw);
    let (seconds, digits) = match column.code {
        TIMESTAMP_2 => (fields.big_endian(4), column.meta),
        _ => (fields.number(4), 0),
    };
    let seconds = seconds.unwrap_or_default();
    let pairs = fields.big_endian(fields.0.len()).unwrap_or_default();
    match seconds {
        // It is how no time is kept.
        0 if pairs == 0 => out.extend_from_slice(b"0000-00-00 00:00:00"),
        seconds => {
            let time = jiff::Timestamp::from_second(seconds as i64).map_err(|error| error.to_string())?;
            out.extend(time.strftime("%Y-%m-%d %H:%M:%S").to_string().bytes());
        }
    }
    fraction(digits, pairs, out);
    Ok(())
}

/// A number whose bits are those of hours (10), minutes and seconds (6 each), and then the fraction's bytes, moved so far that
/// negative ones come before the others.
fn time(digits: u16, raw: &[u8], out: &mut Vec<u8>) {
    let bits = 8 * (raw.len() as u32 - 3);
    let moved = raw.iter().fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte)) - (0x80_0000 << bits);
    let packed = moved.unsigned_abs();
    let whole = packed >> bits;
    let sign = if moved < 0 { "-" } else { "" };
    out.extend(format!("{sign}{}", clock(whole >> 12 & 0x3FF, whole >> 6 & 63, whole & 63)).bytes());
    fraction(digits, packed & ((1 << bits) - 1), out);
}

/// Digits before and behind the point.
fn decimal_digits(meta: u16) -> Option<(usize, usize)> {
    let (all, behind) = (usize::from(meta >> 8), usize::from(meta & 0xFF));
    Some((all.checked_sub(behind)?, behind))
}

fn decimal_length(meta: u16) -> Option<usize> {
    let (before, behind) = decimal_digits(meta)?;
    let bytes = |digits: usize| digits / 9 * 4 + DIGIT_BYTES[digits % 9];
    Some(bytes(before) + bytes(behind))
}

/// Groups of nine digits in four bytes each, the outermost with fewer. The highest bit is set in a number that is not negative;
/// all bits are the other way round in one that is.
fn decimal(meta: u16, raw: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (before, behind) = decimal_digits(meta)?;
    let mut bytes = raw.to_vec();
    let is_negative = bytes.first()? & 0x80 == 0;
    *bytes.first_mut()? ^= 0x80;
    if is_negative {
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
    }
    let mut fields = Fields(&bytes);
    let mut group = |digits: usize| {
        let number = fields.big_endian(DIGIT_BYTES[digits])?;
        Some(if digits == 0 { String::new() } else { format!("{number:0digits$}") })
    };
    let mut whole = group(before % 9)?;
    for _ in 0..before / 9 {
        whole.push_str(&group(9)?);
    }
    let mut rest = String::new();
    for _ in 0..behind / 9 {
        rest.push_str(&group(9)?);
    }
    rest.push_str(&group(behind % 9)?);
    let whole = whole.trim_start_matches('0');
    if is_negative {
        out.push(b'-');
    }
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole.as_bytes() });
    if behind > 0 {
        out.push(b'.');
        out.extend_from_slice(rest.as_bytes());
    }
    Some(())
}

/// A decimal with its digits and those behind the point before it, as binary JSON has it.
pub(super) fn decimal_of_json(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (precision, scale) = (*bytes.first()?, *bytes.get(1)?);
    let meta = u16::from(precision) << 8 | u16::from(scale);
    let raw = bytes.get(2..2 + decimal_length(meta)?)?;
    decimal(meta, raw, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u8, meta: u16, raw: &[u8]) -> String {
        let form = Form {
            column: MapColumn { code, meta },
            is_unsigned: false,
            charset: None,
            members: vec!["a".into(), "b".into(), "c".into()],
            special: Special::None,
        };
        let mut fields = Fields(raw);
        let value = super::raw(form.column, &mut fields).unwrap();
        assert!(fields.0.is_empty(), "{code}: all of it");
        let mut out = Vec::new();
        text(&form, value, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The bytes are those of MySQL's own documentation and of `mysqlbinlog --hexdump`.
    #[test]
    fn values_are_what_the_server_writes() {
        assert_eq!(of(1, 0, &[0x80]), "-128");
        assert_eq!(of(9, 0, &[0xFF, 0xFF, 0x7F]), "8388607");
        assert_eq!(of(8, 0, &[0xFF; 8]), "-1");
        assert_eq!(of(FLOAT, 4, &0.1_f32.to_le_bytes()), "0.10000000149011612");
        // decimal(14,4): 1234567890.1234, and the same below zero.
        assert_eq!(of(DECIMAL, 14 << 8 | 4, &[0x81, 0x0D, 0xFB, 0x38, 0xD2, 0x04, 0xD2]), "1234567890.1234");
        assert_eq!(of(DECIMAL, 14 << 8 | 4, &[0x7E, 0xF2, 0x04, 0xC7, 0x2D, 0xFB, 0x2D]), "-1234567890.1234");
        assert_eq!(of(DECIMAL, 2 << 8 | 2, &[0x80 | 7]), "0.07");
        assert_eq!(of(13, 0, &[124]), "2024");
        assert_eq!(of(10, 0, &[0x5D, 0xD0, 0x0F]), "2024-02-29");
        assert_eq!(of(TIMESTAMP_2, 0, &[0, 0, 0, 1]), "1970-01-01 00:00:01");
        assert_eq!(of(TIMESTAMP_2, 3, &[0, 0, 0, 1, 0x13, 0x88]), "1970-01-01 00:00:01.500");
        assert_eq!(of(TIMESTAMP_2, 6, &[0; 7]), "0000-00-00 00:00:00.000000");
        assert_eq!(of(TIME_2, 0, &[0x80, 0x10, 0x83]), "01:02:03");
        assert_eq!(of(TIME_2, 2, &[0x7F, 0xFF, 0xFF, 0xFF]), "-00:00:00.01");
        assert_eq!(of(TIME_2, 0, &[0x4B, 0x91, 0x05]), "-838:59:59");
        assert_eq!(of(12, 0, &20_240_229_235_959_u64.to_le_bytes()), "2024-02-29 23:59:59");
        assert_eq!(of(ENUM, 1, &[2]), "b");
        assert_eq!(of(SET, 1, &[5]), "a,c");
    }

    #[test]
    fn addresses_are_written_as_the_server_does() {
        let address = |text: &str| inet6(text.parse::<std::net::Ipv6Addr>().unwrap().octets());
        assert_eq!(address("2001:db8::ff00:42:8329"), "2001:db8::ff00:42:8329");
        assert_eq!(address("::1"), "::1");
        assert_eq!(address("::192.168.0.1"), "::192.168.0.1");
        assert_eq!(address("::ffff:192.168.0.1"), "::ffff:192.168.0.1");
    }
}
