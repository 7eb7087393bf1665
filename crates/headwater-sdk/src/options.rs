//! Options of YAML as the types of those who take them.

use serde::de::DeserializeOwned;

use crate::check::OptionsError;

/// Options that were validated against the schema of their type.
pub(crate) fn typed<T: DeserializeOwned>(options: serde_json::Value) -> Result<T, OptionsError> {
    serde_json::from_value(options).map_err(|e| OptionsError { key: None, message: e.to_string(), help: None })
}
