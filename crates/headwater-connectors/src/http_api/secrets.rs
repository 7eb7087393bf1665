//! What nobody may see.

use std::sync::{PoisonError, RwLock};

use headwater_sdk::secrets::redact;
use url::form_urlencoded::byte_serialize;

/// Values that are blotted out of texts, in all the ways in which they are sent.
#[derive(Default)]
pub(crate) struct Secrets(RwLock<Vec<String>>);

impl Secrets {
    /// Adds a value, as it is and as it stands in addresses and in JSON.
    pub(crate) fn add(&self, value: &str) {
        let encoded: String = byte_serialize(value.as_bytes()).collect();
        let quoted = serde_json::Value::from(value).to_string();
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for value in [value.to_owned(), encoded.replace('+', "%20"), encoded, quoted.trim_matches('"').to_owned()] {
            if !value.is_empty() && !all.contains(&value) {
                all.push(value);
            }
        }
        // One may be a part of another.
        all.sort_by_key(|value| std::cmp::Reverse(value.len()));
    }

    /// The text without them.
    pub(crate) fn redact(&self, text: &str) -> String {
        redact(text, &self.0.read().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}
