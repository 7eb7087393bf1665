//! Numbers and booleans from text.
//!
//! Surrounding blanks are allowed: `a, 1` is common in files written by hand.

/// `bytes` without blanks around it, or `None` when there are none to take away (the caller has tried it already).
fn trimmed(bytes: &[u8]) -> Option<&[u8]> {
    let trimmed = bytes.trim_ascii();
    (trimmed.len() < bytes.len()).then_some(trimmed)
}

/// A whole number that fits 64 bits: an optional sign and digits.
#[inline]
pub(crate) fn parse_int(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes.first() {
        Some(b'-') => (true, &bytes[1..]),
        Some(b'+') => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    // Eighteen digits cannot overflow, so that the common case needs no checks.
    if digits.is_empty() || digits.len() > 18 {
        return parse_int_slowly(bytes);
    }
    let mut value = 0_i64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return parse_int_slowly(bytes);
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

#[cold]
fn parse_int_slowly(bytes: &[u8]) -> Option<i64> {
    if let Some(trimmed) = trimmed(bytes) {
        return parse_int(trimmed);
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// A whole number that fits 64 bits, in whichever form: a fraction of zeros says nothing (`4.0`), and neither does an exponent that leaves
/// none (`1e3`). Read digit by digit: no double comes between.
#[inline]
pub(crate) fn parse_whole(bytes: &[u8]) -> Option<i64> {
    parse_int(bytes).or_else(|| parse_whole_slowly(bytes))
}

#[cold]
fn parse_whole_slowly(bytes: &[u8]) -> Option<i64> {
    parse_decimal(bytes, 19, 0).and_then(|value| i64::try_from(value).ok())
}

/// A whole number as one is written ([`parse_plain_int`]), or with a fraction of zeros. An exponent has a sign or a point before it:
/// `12E4` is part of an identifier more often than a number.
#[inline]
pub(crate) fn parse_plain_whole(bytes: &[u8]) -> Option<i64> {
    parse_plain_int(bytes).or_else(|| parse_plain_whole_slowly(bytes))
}

#[cold]
fn parse_plain_whole_slowly(bytes: &[u8]) -> Option<i64> {
    let plain = bytes.trim_ascii();
    let exponent = memchr::memchr2(b'e', b'E', plain);
    let has_point = plain[..exponent.unwrap_or(plain.len())].contains(&b'.');
    let is_signed = exponent.is_some_and(|at| matches!(plain.get(at + 1), Some(b'+' | b'-')));
    let is_name = matches!(plain, [b'+' | b'.', ..] | [b'0', b'0'..=b'9', ..] | [b'-', b'0' | b'.', ..]);
    if is_name || !(has_point || is_signed) { None } else { parse_whole_slowly(plain) }
}

/// A whole number as one is written: without a plus sign, zeros before it, or a minus sign before zero. What looks
/// otherwise is part of an identifier more often than a number (`007`, `+49…`), and would come back changed.
#[inline]
pub(crate) fn parse_plain_int(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [b'+', ..] | [b'0', b'0'..=b'9', ..] | [b'-', b'0', ..] => None,
        [b' ' | b'\t', ..] => parse_plain_int(trimmed(bytes)?),
        _ => parse_int(bytes),
    }
}

/// More significant digits than these a double may lose.
const DOUBLE_DIGITS: usize = 17;

/// A number as one is written ([`parse_plain_int`]), of no more digits than a double holds.
#[inline]
pub(crate) fn parse_plain_float(bytes: &[u8]) -> Option<f64> {
    match bytes {
        [b'+', ..] | [b'0', b'0'..=b'9', ..] | [b'-', b'0', b'0'..=b'9', ..] => None,
        [b' ' | b'\t', ..] => parse_plain_float(trimmed(bytes)?),
        _ if bytes.len() > DOUBLE_DIGITS && significant_digits(bytes) > DOUBLE_DIGITS => None,
        _ => parse_float(bytes),
    }
}

/// The digits of a number that say something: without zeros before it and at the end of its fraction.
pub(crate) fn significant_digits(bytes: &[u8]) -> usize {
    let mantissa = bytes.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or(bytes);
    let digits: Vec<u8> = mantissa.iter().copied().filter(u8::is_ascii_digit).collect();
    let is_zero = |digit: &&u8| **digit == b'0';
    let leading = digits.iter().take_while(is_zero).count();
    let trailing = if mantissa.contains(&b'.') { digits.iter().rev().take_while(is_zero).count() } else { 0 };
    digits.len().saturating_sub(leading + trailing)
}

/// Powers of ten that a double holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// A decimal or scientific number, `inf` or `NaN`, rounded to the nearest double. A number that is too large for one is none.
#[inline]
pub(crate) fn parse_float(bytes: &[u8]) -> Option<f64> {
    let (negative, digits) = match bytes.first() {
        Some(b'-') => (true, &bytes[1..]),
        _ => (false, bytes),
    };
    // Up to 15 digits, and the power of ten of the fraction, are exact in a double: one division rounds correctly
    // (Clinger, "How to Read Floating Point Numbers Accurately", 1990). All else goes to the standard library.
    if digits.is_empty() || digits.len() > 16 {
        return parse_float_slowly(bytes);
    }
    let mut mantissa = 0_u64;
    let mut point = None;
    for (at, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa * 10 + u64::from(digit);
        } else if byte == b'.' && point.is_none() && digits.len() > 1 {
            point = Some(at);
        } else {
            return parse_float_slowly(bytes);
        }
    }
    if point.is_none() && digits.len() > 15 {
        return parse_float_slowly(bytes);
    }
    let fraction = point.map_or(0, |at| digits.len() - at - 1);
    let value = mantissa as f64 / EXACT_POWERS[fraction];
    Some(if negative { -value } else { value })
}

#[cold]
fn parse_float_slowly(bytes: &[u8]) -> Option<f64> {
    if let Some(trimmed) = trimmed(bytes) {
        return parse_float(trimmed);
    }
    let value: f64 = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    let too_large = value.is_infinite() && bytes.iter().any(u8::is_ascii_digit);
    (!too_large).then_some(value)
}

/// A decimal number of at most `precision` digits, as its value times ten to the power of `scale`. Digits past the
/// scale are taken only when they are zeros: nothing is rounded.
pub(crate) fn parse_decimal(bytes: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let bytes = bytes.trim_ascii();
    if let Some(at) = memchr::memchr2(b'e', b'E', bytes) {
        return parse_plain_decimal(&without_exponent(&bytes[..at], &bytes[at + 1..])?, precision, scale);
    }
    parse_plain_decimal(bytes, precision, scale)
}

/// The greatest exponent of a decimal, up or down: beyond it no digit but zeros would be left.
const MOST_EXPONENT: i64 = 100;

/// A number that is written with an exponent, without it: programs write small decimals so.
#[cold]
fn without_exponent(mantissa: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    let exponent = parse_int(exponent).filter(|exponent| exponent.abs() <= MOST_EXPONENT)?;
    let (sign, digits) = match mantissa.first() {
        Some(b'-' | b'+') => mantissa.split_at(1),
        _ => (&b""[..], mantissa),
    };
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let mut plain: Vec<u8> = digits.iter().copied().filter(|byte| *byte != b'.').collect();
    if plain.is_empty() || plain.len() + 1 < digits.len() {
        return None;
    }
    let point = point as i64 + exponent;
    if point < 0 {
        plain.splice(0..0, std::iter::repeat_n(b'0', point.unsigned_abs() as usize));
    }
    let point = point.max(0) as usize;
    while plain.len() < point {
        plain.push(b'0');
    }
    plain.insert(point, b'.');
    Some([sign, &plain].concat())
}

fn parse_plain_decimal(bytes: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (negative, digits) = match bytes.first() {
        Some(b'-') => (true, &bytes[1..]),
        Some(b'+') => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    let scale = usize::try_from(scale).ok()?;
    let (mut value, mut fraction, mut any) = (0_i128, None, false);
    for &byte in digits {
        if byte == b'.' && fraction.is_none() {
            fraction = Some(0);
            continue;
        }
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        any = true;
        match &mut fraction {
            Some(count) if *count == scale => {
                if digit != 0 {
                    return None;
                }
                continue;
            }
            Some(count) => *count += 1,
            None => {}
        }
        value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    for _ in fraction.unwrap_or(0)..scale {
        value = value.checked_mul(10)?;
    }
    let limit = 10_i128.checked_pow(u32::from(precision))?;
    (any && value < limit).then_some(if negative { -value } else { value })
}

/// `true`, `t`, `yes`, `y`, `1` and their opposites, in any letter case.
pub(crate) fn parse_bool(bytes: &[u8]) -> Option<bool> {
    let bytes = bytes.trim_ascii();
    let is = |words: [&str; 5]| words.iter().any(|word| bytes.eq_ignore_ascii_case(word.as_bytes()));
    if is(["true", "t", "yes", "y", "1"]) {
        Some(true)
    } else if is(["false", "f", "no", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_exactly_or_not_at_all() {
        for (text, value) in
            [("0", 0), ("-7", -7), ("+7", 7), ("007", 7), (" 5 ", 5), ("9223372036854775807", i64::MAX)]
        {
            assert_eq!(parse_int(text.as_bytes()), Some(value), "{text}");
        }
        assert_eq!(parse_int(b"-9223372036854775808"), Some(i64::MIN));
        for text in ["", " ", "-", "+", "1.0", "1e3", "9223372036854775808", "1 2", "\u{661}", "--1", "0x1"] {
            assert_eq!(parse_int(text.as_bytes()), None, "{text}");
        }
        for text in ["", ".", "-", "-.", "1.2.3", "1,5", "e5", "0x1p3", "1_000", "--1", "+-1", "1e400", "-1e999"] {
            assert_eq!(parse_float(text.as_bytes()), None, "{text}");
        }
        for text in ["1.", ".5", "-.5", "+1.5", "inf", "-Infinity", "10.357019999999999", "-0", "1e-5"] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(parse_float(text.as_bytes()).map(f64::to_bits), Some(expected.to_bits()), "{text}");
        }
        assert!(parse_float(b"NaN").unwrap().is_nan());
    }

    #[test]
    fn fractions_of_zeros_are_whole_numbers() {
        for (text, value) in [
            ("4", 4),
            ("4.0", 4),
            ("4.", 4),
            (" -4.000 ", -4),
            ("1e3", 1000),
            ("1.5e1", 15),
            ("100E-2", 1),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("9223372036854775807.0", i64::MAX),
            ("-9.223372036854775808e18", i64::MIN),
        ] {
            assert_eq!(parse_whole(text.as_bytes()), Some(value), "{text}");
        }
        for text in ["4.5", "9223372036854775808.0", "1e19", "1e-1", "1e400", "1e", ".", "4.0.0", "NaN", "1,0"] {
            assert_eq!(parse_whole(text.as_bytes()), None, "{text}");
        }
        for (text, value) in [("4", 4), ("4.0", 4), ("-4.00", -4), ("0.0", 0), ("1e+3", 1000), ("1.5e1", 15)] {
            assert_eq!(parse_plain_whole(text.as_bytes()), Some(value), "{text}");
        }
        for text in ["007.0", "+4.0", "-0.0", ".0", "12E4", "1e3", "4.5", "-.0"] {
            assert_eq!(parse_plain_whole(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn plain_numbers_come_back_as_they_were_written() {
        for text in ["0", "-7", "10115", "9223372036854775807"] {
            assert_eq!(parse_plain_int(text.as_bytes()).map(|value| value.to_string()).as_deref(), Some(text));
        }
        assert_eq!(parse_plain_int(b" 3 "), Some(3));
        for text in ["01067", "+5", "-0", "-07", " 007", "00"] {
            assert_eq!(parse_plain_int(text.as_bytes()), None, "{text}");
        }
        for text in ["0.5", "-0.5", "10.357019999999999", "1e-05", "0.00000000000000000001", "100000000000000000000.0"]
        {
            assert_eq!(parse_plain_float(text.as_bytes()), text.parse().ok(), "{text}");
        }
        for text in ["00.5", "+1.5", "12345678901234567890.123456789", "0.1000000000000000055511151231257827"] {
            assert_eq!(parse_plain_float(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_never_rounded() {
        for (text, value) in [
            ("1", 100),
            ("-1.5", -150),
            ("1.50000", 150),
            ("+.25", 25),
            ("999.99", 99_999),
            ("5.", 500),
            ("1e2", 10_000),
            ("-15E-1", -150),
            ("0.0025e+2", 25),
            ("1.5E0", 150),
            (".5e-1", 5),
            ("123.4e-1", 1234),
            ("0E-10", 0),
        ] {
            assert_eq!(parse_decimal(text.as_bytes(), 5, 2), Some(value), "{text}");
        }
        for text in [
            "1.005",
            "1000",
            "",
            ".",
            "-",
            "1e3",
            "1e-3",
            "e2",
            "1e",
            "1e1e1",
            "1.1.1e1",
            "-e1",
            "1e999",
            "abc",
            "999999999999999999999999999999999999999999",
        ] {
            assert_eq!(parse_decimal(text.as_bytes(), 5, 2), None, "{text}");
        }
        assert_eq!(parse_decimal(&[b'9'; 38], 38, 0), Some(10_i128.pow(38) - 1));
    }

    proptest! {
        #[test]
        fn integers_agree_with_the_standard_library(value: i64) {
            prop_assert_eq!(parse_int(value.to_string().as_bytes()), Some(value));
        }

        #[test]
        fn floats_agree_with_the_standard_library(text in "-?[0-9]{0,19}(\\.[0-9]{0,19})?(e-?[0-9]{1,3})?") {
            let expected = text.parse().ok().filter(|value: &f64| value.is_finite());
            prop_assert_eq!(parse_float(text.as_bytes()).map(f64::to_bits), expected.map(f64::to_bits));
        }
    }
}
