//! What requests to web servers have in common.

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

/// The headers of a project's file. Their values may be secrets, and are not shown.
///
/// # Errors
/// [`OptionsError`] when one is no header.
pub(crate) fn header_map(headers: &BTreeMap<String, String>) -> Result<HeaderMap, OptionsError> {
    let wrong =
        |message: String, help: &str| OptionsError { key: Some("headers"), message, help: Some(help.to_owned()) };
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let known = HeaderName::try_from(name.as_str())
            .map_err(|_| wrong(format!("'{name}' is no name of a header"), "write e.g. `authorization`"))?;
        let mut value = HeaderValue::try_from(value.as_str()).map_err(|_| {
            wrong(format!("the value of the header '{name}' has a line end or a control character"), "correct it")
        })?;
        value.set_sensitive(true);
        map.insert(known, value);
    }
    Ok(map)
}
