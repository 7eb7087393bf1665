//! What a plain scalar is: the core schema of YAML 1.2.2, chapter 10.3.

use serde_json::Number;

use super::node::{Text, Value};

/// The value of a plain (unquoted, untagged) scalar. `yes`, `no`, `on` and `off` are texts, as YAML 1.2 has it.
pub(crate) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::Text(Text { value: text.to_owned(), written: None }), Value::Number)
}

/// The number that a text is in the core schema. Infinities and NaN, which JSON lacks, stay texts.
pub(crate) fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8).ok().map(Number::from);
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(Number::from);
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        let whole = unsigned.parse::<i64>().map(Number::from).or_else(|_| unsigned.parse::<u64>().map(Number::from));
        return whole.ok().or_else(|| unsigned.parse().ok().and_then(Number::from_f64));
    }
    let looks_like_float = digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !looks_like_float {
        return None;
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}
