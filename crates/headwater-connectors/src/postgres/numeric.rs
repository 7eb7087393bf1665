//! PostgreSQL's `numeric`, from its binary form to the lake's decimals and back.
//!
//! The form (PostgreSQL, `src/backend/utils/adt/numeric.c`, `numeric_send`): the number of digits, the weight of the first, the
//! sign and the display scale, two bytes each and big-endian, then the digits, to the base of 10,000.

use bytes::{BufMut, BytesMut};

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const POSITIVE_INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// The value times ten to the power of `scale`, of at most `precision` digits.
///
/// # Errors
/// With the reason why it is no such decimal, without the column's name.
pub(super) fn to_decimal(bytes: &[u8], precision: u8, scale: i8) -> Result<i128, String> {
    let number = Parsed::read(bytes)?;
    if let Some(name) = number.special() {
        return Err(format!("{name} is no decimal"));
    }
    let (mut value, mut rest) = (0_i128, false);
    for (index, digit) in number.digits().enumerate() {
        let power = 4 * (i32::from(number.weight) - index as i32) + i32::from(scale);
        let digit = i128::from(digit);
        let added = match u32::try_from(power) {
            Ok(power) => 10_i128.checked_pow(power).and_then(|power| digit.checked_mul(power)),
            Err(_) => {
                let cut = 10_i128.pow(power.unsigned_abs().min(4));
                rest |= digit % cut != 0;
                Some(digit / cut)
            }
        };
        let added = if digit == 0 { Some(0) } else { added };
        value = added.and_then(|added| value.checked_add(added)).ok_or_else(|| number.too_large(precision, scale))?;
    }
    if rest {
        return Err(format!("{number} has more than {scale} digits after the point"));
    }
    if value >= 10_i128.pow(u32::from(precision)) {
        return Err(number.too_large(precision, scale));
    }
    Ok(if number.sign == NEGATIVE { -value } else { value })
}

/// Writes the binary form of a value that is `unscaled` times ten to the power of `-scale`.
pub(super) fn from_decimal(unscaled: i128, scale: i8, out: &mut BytesMut) {
    let scale = u32::from(scale.unsigned_abs());
    let unit = 10_u128.pow(scale);
    let (mut whole, fraction) = (unscaled.unsigned_abs() / unit, unscaled.unsigned_abs() % unit);
    let mut digits = Vec::new();
    while whole > 0 {
        digits.push((whole % 10_000) as u16);
        whole /= 10_000;
    }
    let weight = digits.len() as i16 - 1;
    digits.reverse();
    // The digits behind the point, four at a time; what the last group lacks is zeros.
    digits.extend((0..scale.div_ceil(4)).map(|group| match scale.checked_sub(4 * (group + 1)) {
        Some(behind) => (fraction / 10_u128.pow(behind) % 10_000) as u16,
        None => (fraction % 10_u128.pow(scale - 4 * group) * 10_u128.pow(4 * (group + 1) - scale)) as u16,
    }));
    let kept = digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
    out.put_i16(kept as i16);
    out.put_i16(weight);
    out.put_u16(if unscaled < 0 { NEGATIVE } else { 0 });
    out.put_u16(scale as u16);
    digits[..kept].iter().for_each(|digit| out.put_u16(*digit));
}

struct Parsed<'a> {
    weight: i16,
    sign: u16,
    scale: u16,
    digits: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let field = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
        let parsed = (|| {
            let count = usize::from(field(0)?);
            let digits = bytes.get(8..8 + 2 * count)?;
            Some(Self { weight: field(2)? as i16, sign: field(4)?, scale: field(6)?, digits })
        })();
        parsed.ok_or_else(|| "it is no numeric of a form that is known".to_owned())
    }

    fn digits(&self) -> impl Iterator<Item = u16> + '_ {
        self.digits.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }

    fn special(&self) -> Option<&'static str> {
        match self.sign {
            NAN => Some("NaN"),
            POSITIVE_INFINITY => Some("Infinity"),
            NEGATIVE_INFINITY => Some("-Infinity"),
            _ => None,
        }
    }

    fn too_large(&self, precision: u8, scale: i8) -> String {
        format!("{self} does not fit decimal({precision},{scale})")
    }
}

impl std::fmt::Display for Parsed<'_> {
    /// As PostgreSQL writes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(name) = self.special() {
            return f.write_str(name);
        }
        if self.sign == NEGATIVE {
            f.write_str("-")?;
        }
        let digits: Vec<u16> = self.digits().collect();
        let digit = |place: i32| usize::try_from(place).ok().and_then(|place| digits.get(place)).copied().unwrap_or(0);
        match i32::from(self.weight) {
            weight if weight < 0 => f.write_str("0")?,
            weight => {
                write!(f, "{}", digit(0))?;
                (1..=weight).try_for_each(|place| write!(f, "{:04}", digit(place)))?;
            }
        }
        if self.scale > 0 {
            let groups = i32::from(self.scale.div_ceil(4));
            let fraction: String =
                (1..=groups).map(|group| format!("{:04}", digit(i32::from(self.weight) + group))).collect();
            write!(f, ".{}", &fraction[..usize::from(self.scale)])?;
        }
        Ok(())
    }
}

/// The value as PostgreSQL writes it.
pub(super) fn to_text(bytes: &[u8]) -> Result<String, String> {
    Parsed::read(bytes).map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The binary form of a decimal text, made digit by digit.
    fn sent(text: &str) -> Vec<u8> {
        let (sign, text) = text.strip_prefix('-').map_or((0, text), |text| (NEGATIVE, text));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let whole = whole.trim_start_matches('0');
        let padded = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
        let groups = padded.len() / 4;
        let all = format!("{padded}{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
        let mut digits: Vec<u16> =
            all.as_bytes().chunks(4).map(|c| std::str::from_utf8(c).unwrap().parse().unwrap()).collect();
        let mut weight = groups as i16 - 1;
        while digits.first() == Some(&0) {
            digits.remove(0);
            weight -= 1;
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        if digits.is_empty() {
            weight = 0;
        }
        let head = [digits.len() as u16, weight as u16, sign, fraction.len() as u16];
        head.into_iter().chain(digits).flat_map(u16::to_be_bytes).collect()
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let read = |text: &str, precision, scale| to_decimal(&sent(text), precision, scale);
        assert_eq!(read("0", 5, 2), Ok(0));
        assert_eq!(read("123.45", 5, 2), Ok(12_345));
        assert_eq!(read("-0.0001", 38, 9), Ok(-100_000));
        assert_eq!(read("100000", 38, 0), Ok(100_000));
        assert_eq!(
            read("12345678901234567890123456789", 38, 9),
            Ok(12_345_678_901_234_567_890_123_456_789 * 10_i128.pow(9))
        );
        assert_eq!(read("1.005", 5, 2), Err("1.005 has more than 2 digits after the point".to_owned()));
        assert_eq!(read("1000.00", 5, 2), Err("1000.00 does not fit decimal(5,2)".to_owned()));
        let large = format!("1{}", "0".repeat(60));
        assert_eq!(read(&large, 38, 9), Err(format!("{large} does not fit decimal(38,9)")));
        let special = |sign: u16| [0, 0, sign, 0].into_iter().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
        assert_eq!(to_decimal(&special(NAN), 5, 2), Err("NaN is no decimal".to_owned()));
        assert_eq!(to_text(&special(NEGATIVE_INFINITY)), Ok("-Infinity".to_owned()));
        assert!(to_decimal(&[0, 1], 5, 2).is_err());
    }

    proptest! {
        #[test]
        fn every_decimal_is_read_as_it_was_sent(value in -(10_i128.pow(30))..10_i128.pow(30), scale in 0_u32..12) {
            let (unit, magnitude) = (10_u128.pow(scale), value.unsigned_abs());
            let sign = if value < 0 { "-" } else { "" };
            let text = match scale {
                0 => format!("{sign}{magnitude}"),
                _ => format!("{sign}{}.{:0width$}", magnitude / unit, magnitude % unit, width = scale as usize),
            };
            prop_assert_eq!(to_decimal(&sent(&text), 38, scale as i8), Ok(value));
            let mut written = BytesMut::new();
            from_decimal(value, scale as i8, &mut written);
            prop_assert_eq!(to_decimal(&written, 38, scale as i8), Ok(value));
            let zero = value == 0;
            prop_assert!(zero || to_text(&written) == Ok(text.clone()));
            prop_assert!(zero || to_text(&sent(&text)) == Ok(text));
        }
    }
}
