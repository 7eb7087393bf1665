//! JSON tokens as values.

use super::Value;

/// The value of a JSON token: a string without its quotes and escapes, `null` as null, anything else as it stands.
pub(crate) fn json_value<'a>(token: &'a [u8], scratch: &'a mut Vec<u8>) -> Value<'a> {
    match token {
        b"null" => Value::Null,
        [b'"', text @ .., b'"'] => {
            if memchr::memchr(b'\\', text).is_none() {
                return Value::Text(text);
            }
            match serde_json::from_slice::<String>(token) {
                Ok(text) => {
                    scratch.clear();
                    scratch.extend_from_slice(text.as_bytes());
                    Value::Text(scratch)
                }
                Err(_) => Value::Broken("holds an escape that JSON does not have, or half of a surrogate pair"),
            }
        }
        token => Value::Text(token),
    }
}
