//! The keys of deliveries to Delta tables in a project's YAML.

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::lake::bucket;

/// Keys of a destination of Delta tables.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationOptions {
    /// Where the tables go: a folder relative to the project, an absolute path, or a prefix in an object store, e.g. `s3://bucket/prefix`.
    pub location: String,
    /// Allows a location outside the project's folder.
    #[serde(default)]
    pub allow_outside: bool,
    /// Options of the object store, e.g. `region`, `endpoint`, `allow_http`; over those of the environment.
    #[serde(default)]
    pub storage: BTreeMap<String, Scalar>,
}

/// A text, a number or a truth value.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
}

/// Keys of a delivery to a Delta table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOptions {
    /// The table's folder, below the location. It is the delivery's own.
    pub to: String,
    /// Columns by whose values the table's files are put apart. It takes effect when the table is made or replaced.
    #[serde(default)]
    pub partition_by: Vec<String>,
    /// How long versions can be read that are not the newest one any more, e.g. `36h`; an hour at least.
    #[serde(default = "a_week")]
    pub keep_for: String,
}

fn a_week() -> String {
    "7 days".to_owned()
}

impl DestinationOptions {
    /// The options of the store: those of the environment that it knows, and the destination's own over them.
    ///
    /// # Errors
    /// [`OptionsError`] when the store does not know one of its own.
    pub(super) fn storage(&self, context: &OpenContext) -> Result<BTreeMap<String, String>, OptionsError> {
        let wrong =
            |message: String, help: &str| OptionsError { key: Some("storage"), message, help: Some(help.to_owned()) };
        if !self.location.contains("://") {
            return match self.storage.is_empty() {
                true => Ok(BTreeMap::new()),
                false => Err(wrong(
                    "`storage` has no meaning for a folder of this machine".to_owned(),
                    "remove `storage`, or name a bucket in `location`",
                )),
            };
        }
        let is_known = |key: &str| bucket::knows(&self.location, key);
        let shared = context.storage.options_for(&self.location);
        let mut options: BTreeMap<String, String> = shared.filter(|(key, _)| is_known(key)).collect();
        for (key, value) in &self.storage {
            let key = key.to_ascii_lowercase();
            if !is_known(&key) {
                let message = format!("there is no option '{key}' for the store of '{}'", self.location);
                return Err(wrong(
                    message,
                    "use e.g. region, endpoint, allow_http (S3), account_name, access_key (Azure)",
                ));
            }
            let value = match value {
                Scalar::Text(text) => text.clone(),
                Scalar::Bool(value) => value.to_string(),
                Scalar::Number(value) => value.to_string(),
            };
            options.insert(key, value);
        }
        Ok(options)
    }
}
