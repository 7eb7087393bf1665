//! Kinds of columns on both sides of a delivery: which of them hold which values unchanged, and what a value can lose where they do not.

use arrow_schema::{DataType, TimeUnit};

/// The comment of a table that a delivery has made: what it has made it may alter.
pub(crate) const MADE: &str = "made by Headwater";
/// Digits that a double always keeps.
const EXACT_DIGITS: i32 = 15;
/// What is added to the operation of a row of the temporary table that is not taken up.
pub(crate) const LEFT_OUT: i16 = 16;

/// A column's type, as far as it says which values it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Integer {
        bits: i32,
        signed: bool,
    },
    Float {
        double: bool,
    },
    /// With its digits and those behind the point, where it has a limit.
    Decimal(Option<(i32, i32)>),
    /// With its characters, where it has a limit.
    Text(Option<u64>),
    Date,
    /// With the digits of a second's fractions.
    Timestamp {
        digits: u32,
        zone: bool,
    },
    Other,
}

/// What a value can lose that is written into a column of another kind, without a word of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// What is behind the point, but for so many digits.
    Digits(i32),
    /// Digits that a float has not.
    Mantissa {
        double: bool,
    },
    TimeOfDay,
    /// A second's fractions, but for so many digits.
    Seconds(u32),
    /// Characters behind so many.
    Length(u64),
    /// Which number it is, but for 0 and 1.
    Number,
}

impl Kind {
    /// Of a column of the lake.
    pub(crate) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean,
            DataType::Int8 => Self::integer(8),
            DataType::Int16 => Self::integer(16),
            DataType::Int32 => Self::integer(32),
            DataType::Int64 => Self::integer(64),
            DataType::UInt8 => Self::Integer { bits: 8, signed: false },
            DataType::UInt16 => Self::Integer { bits: 16, signed: false },
            DataType::UInt32 => Self::Integer { bits: 32, signed: false },
            DataType::UInt64 => Self::Integer { bits: 64, signed: false },
            DataType::Float32 => Self::Float { double: false },
            DataType::Float64 => Self::Float { double: true },
            DataType::Decimal32(digits, scale)
            | DataType::Decimal64(digits, scale)
            | DataType::Decimal128(digits, scale)
            | DataType::Decimal256(digits, scale) => Self::Decimal(Some((i32::from(*digits), i32::from(*scale)))),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text(None),
            DataType::Date32 => Self::Date,
            DataType::Timestamp(unit, zone) => Self::Timestamp {
                digits: match unit {
                    TimeUnit::Second => 0,
                    TimeUnit::Millisecond => 3,
                    TimeUnit::Microsecond => 6,
                    TimeUnit::Nanosecond => 9,
                },
                zone: zone.is_some(),
            },
            _ => Self::Other,
        }
    }

    pub(crate) fn integer(bits: i32) -> Self {
        Self::Integer { bits, signed: true }
    }

    /// Whether a column of this kind has every value of another kind as it is.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        if self == other {
            return *self != Self::Other;
        }
        match (other, self) {
            (Self::Other, _) | (_, Self::Other) => false,
            (_, Self::Text(None)) => true,
            (Self::Text(Some(some)), Self::Text(Some(most))) => some <= most,
            (Self::Boolean, Self::Integer { .. }) => true,
            (Self::Integer { bits, signed }, Self::Integer { bits: most, signed: is_signed }) => {
                if signed == is_signed { bits <= most } else { *is_signed && bits < most }
            }
            (Self::Integer { bits, .. }, Self::Decimal(digits)) => {
                digits.is_none_or(|(digits, scale)| digits - scale >= decimal_digits(*bits))
            }
            (Self::Integer { bits, .. }, Self::Float { double }) => *bits <= if *double { 32 } else { 16 },
            (Self::Float { double: false }, Self::Float { double: true }) => true,
            (Self::Decimal(Some((digits, scale))), Self::Decimal(most)) => {
                most.is_none_or(|(most, places)| *scale <= places && digits - scale <= most - places)
            }
            (Self::Decimal(Some((digits, _))), Self::Float { double: true }) => *digits <= EXACT_DIGITS,
            (Self::Date, Self::Timestamp { zone: false, .. }) => true,
            (Self::Timestamp { digits, zone }, Self::Timestamp { digits: most, zone: has_zone }) => {
                zone == has_zone && digits <= most
            }
            _ => false,
        }
    }

    /// What a value of another kind can lose in a column of this one, where the database says nothing of it.
    pub(crate) fn loses(&self, other: &Self) -> Option<Loss> {
        if self.holds(other) {
            return None;
        }
        match (other, self) {
            (Self::Float { .. } | Self::Decimal(_) | Self::Text(_), Self::Integer { .. }) => Some(Loss::Digits(0)),
            (Self::Decimal(Some((_, scale))), Self::Decimal(Some((_, places)))) if scale <= places => None,
            (
                Self::Float { .. } | Self::Decimal(_) | Self::Text(_) | Self::Integer { .. },
                Self::Decimal(Some((_, places))),
            ) => Some(Loss::Digits(*places)),
            // A float of less precision is what whoever made the table wanted; one that is too large the database refuses.
            (Self::Float { .. }, Self::Float { .. }) => None,
            (Self::Integer { .. } | Self::Decimal(_) | Self::Text(_), Self::Float { double }) => {
                Some(Loss::Mantissa { double: *double })
            }
            (Self::Timestamp { .. } | Self::Text(_), Self::Date) => Some(Loss::TimeOfDay),
            (Self::Timestamp { digits, .. }, Self::Timestamp { digits: most, .. }) if digits <= most => None,
            (Self::Timestamp { .. } | Self::Text(_), Self::Timestamp { digits, .. }) => Some(Loss::Seconds(*digits)),
            (Self::Integer { .. } | Self::Float { .. } | Self::Decimal(_), Self::Boolean) => Some(Loss::Number),
            (_, Self::Text(Some(most))) => Some(Loss::Length(*most)),
            _ => None,
        }
    }
}

/// So much of a float is noise of its computation (`0.1 + 0.2`), which a decimal may leave away without losing a value.
pub(crate) fn noise(double: bool) -> &'static str {
    if double { "1e-14" } else { "1e-6" }
}

/// Digits of the largest number.
fn decimal_digits(bits: i32) -> i32 {
    match bits {
        ..=8 => 3,
        9..=16 => 5,
        17..=32 => 10,
        _ => 20,
    }
}

/// What is in parentheses behind a type's name: `numeric(10,2)`, `timestamp(3) without time zone`.
pub(crate) fn numbers(written: &str) -> Vec<i32> {
    let inner = written.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    inner.map_or_else(Vec::new, |(inner, _)| inner.split(',').filter_map(|part| part.trim().parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_kinds_hold_narrower_ones_and_not_the_other_way() {
        let (float, double) = (Kind::Float { double: false }, Kind::Float { double: true });
        let decimal = |digits, scale| Kind::Decimal(Some((digits, scale)));
        let at = |digits, zone| Kind::Timestamp { digits, zone };
        for (wide, narrow) in [
            (Kind::integer(64), Kind::integer(32)),
            (Kind::integer(64), Kind::Integer { bits: 32, signed: false }),
            (decimal(22, 2), Kind::integer(64)),
            (double.clone(), Kind::integer(32)),
            (double.clone(), float.clone()),
            (double.clone(), decimal(15, 4)),
            (decimal(12, 4), decimal(6, 2)),
            (Kind::Decimal(None), decimal(38, 10)),
            (Kind::Text(None), Kind::Text(Some(5))),
            (Kind::Text(None), Kind::integer(64)),
            (at(6, false), Kind::Date),
            (at(6, true), at(0, true)),
        ] {
            assert!(wide.holds(&narrow) && !narrow.holds(&wide), "{wide:?} {narrow:?}");
            assert_eq!(wide.loses(&narrow), None);
        }
        for (there, sent, loss) in [
            (Kind::integer(64), double.clone(), Loss::Digits(0)),
            (decimal(6, 1), double.clone(), Loss::Digits(1)),
            (decimal(6, 1), decimal(6, 2), Loss::Digits(1)),
            (double, Kind::integer(64), Loss::Mantissa { double: true }),
            (Kind::Date, at(6, false), Loss::TimeOfDay),
            (at(0, false), at(6, false), Loss::Seconds(0)),
            (Kind::Text(Some(3)), Kind::Text(None), Loss::Length(3)),
            (Kind::Text(Some(3)), Kind::integer(64), Loss::Length(3)),
        ] {
            assert!(!there.holds(&sent), "{there:?} {sent:?}");
            assert_eq!(there.loses(&sent), Some(loss), "{there:?} {sent:?}");
        }
        // Too many digits before the point are told by the database.
        assert_eq!(decimal(6, 2).loses(&decimal(8, 2)), None);
        assert_eq!(Kind::integer(32).loses(&Kind::integer(64)), None);
        assert_eq!(numbers("numeric(10, 2)"), [10, 2]);
        assert_eq!(numbers("timestamp(3) without time zone"), [3]);
    }
}
