//! Where tables are.

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, Scalar};

use crate::files::{Location, SourceOptions};

/// The place that a source of tables names. Nothing is reached for yet.
///
/// # Errors
/// [`OptionsError`] when there can be no such place, or it is outside the project.
pub(crate) fn location(
    place: String,
    allow_outside: bool,
    storage: BTreeMap<String, Scalar>,
    context: &OpenContext,
) -> Result<Location, OptionsError> {
    if place.starts_with("http://") || place.starts_with("https://") {
        let message = format!("'{place}' is a web server, which lists no files: a table cannot be read from it");
        let help = "use a folder or an object store, e.g. s3://bucket/prefix";
        return Err(OptionsError { key: Some("location"), message, help: Some(help.into()) });
    }
    let options = SourceOptions { location: place, allow_outside, storage, headers: BTreeMap::new(), sftp: None };
    Location::resolve(&options, context)
}
