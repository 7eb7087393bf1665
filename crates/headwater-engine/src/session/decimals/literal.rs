//! A number that is written in SQL, as a decimal.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

/// So many digits of a number survive being read as a double (IEEE 754, binary64).
const DIGITS: usize = 15;
/// The most digits of a decimal of 128 bits.
const MOST: usize = 38;

/// The decimal that was written, where an expression is a number with a fraction, or computed of such: it was read as a double, whose shortest text is what was
/// written. `None` for other expressions, and for numbers of more digits than a double tells.
pub(super) fn decimal(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Literal(ScalarValue::Float64(Some(number)), metadata) => {
            Some(Expr::Literal(decimal_of(*number)?, metadata.clone()))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_exact(*op) => {
            // `0.06 + 0.01` is no 0.07 as doubles. Whole numbers beside decimals are decimals anyhow.
            let (one, other) = (decimal(left), decimal(right));
            if one.is_none() && other.is_none() {
                return None;
            }
            let whole =
                |expr: &Expr| matches!(expr, Expr::Literal(ScalarValue::Int64(Some(_)), _)).then(|| expr.clone());
            let (left, right) = (one.or_else(|| whole(left))?, other.or_else(|| whole(right))?);
            Some(Expr::BinaryExpr(BinaryExpr { left: Box::new(left), op: *op, right: Box::new(right) }))
        }
        Expr::Negative(inner) => Some(Expr::Negative(Box::new(decimal(inner)?))),
        Expr::Alias(alias) => {
            let mut alias = alias.clone();
            alias.expr = Box::new(decimal(&alias.expr)?);
            Some(Expr::Alias(alias))
        }
        _ => None,
    }
}

fn is_exact(op: Operator) -> bool {
    matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply)
}

/// The decimal that a text in quotes stands for, where it is a number with a fraction: beside a decimal it would be rounded to that one's digits.
pub(super) fn decimal_of_text(expr: &Expr) -> Option<Expr> {
    let Expr::Literal(ScalarValue::Utf8(Some(text)), metadata) = expr else { return None };
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let scalar = if is_number(whole) && is_number(fraction) { exact(sign, whole, fraction)? } else { return None };
    Some(Expr::Literal(scalar, metadata.clone()))
}

/// A decimal by its digits before and behind the point.
fn exact(sign: i128, whole: &str, fraction: &str) -> Option<ScalarValue> {
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').len();
    if significant > MOST || fraction.len() > MOST {
        return None;
    }
    let value: i128 = digits.parse().ok()?;
    let precision = u8::try_from(significant.max(fraction.len()).max(1)).ok()?;
    let scale = i8::try_from(fraction.len()).ok()?;
    Some(ScalarValue::Decimal128(Some(sign * value), precision, scale))
}

fn decimal_of(number: f64) -> Option<ScalarValue> {
    // The shortest text that is read as this number, without an exponent.
    let text = number.is_finite().then(|| number.to_string())?;
    let (sign, text) = text.strip_prefix('-').map_or((1, text.as_str()), |text| (-1, text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let told = format!("{whole}{fraction}").trim_matches('0').len();
    if told > DIGITS { None } else { exact(sign, whole, fraction) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_decimals_that_were_written() {
        for (number, value, precision, scale) in [
            (16.74, 1674, 4, 2),
            (-0.05, -5, 2, 2),
            (0.5, 5, 1, 1),
            (99_999_999.99, 9_999_999_999, 10, 2),
            (1e20, 100_000_000_000_000_000_000, 21, 0),
            (123_456_789.012_345, 123_456_789_012_345, 15, 6),
            (0.0, 0, 1, 0),
        ] {
            assert_eq!(decimal_of(number), Some(ScalarValue::Decimal128(Some(value), precision, scale)), "{number}");
        }
        for number in [f64::NAN, f64::INFINITY, 1e40, 1e-40, 0.123_456_789_012_345_67] {
            assert_eq!(decimal_of(number), None, "{number}");
        }
    }
}
