//! The keys of deliveries to Delta tables in a project's YAML.

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, Scalar};
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
        if !self.location.contains("://") && !self.storage.is_empty() {
            return Err(OptionsError {
                key: Some("storage"),
                message: "`storage` has no meaning for a folder of this machine".to_owned(),
                help: Some("remove `storage`, or name a bucket in `location`".to_owned()),
            });
        }
        let known = |key: &str| bucket::known(&self.location, key);
        Ok(context.storage.options_with(&self.location, &self.storage, known)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use headwater_sdk::connector::LakeStorage;

    use super::*;

    /// An option has several names, of which the environment may use another one.
    #[test]
    fn the_destinations_own_options_go_over_those_of_the_environment() {
        let texts = |options: &[(&str, &str)]| {
            options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let theirs = texts(&[("aws_access_key_id", "theirs"), ("aws_allow_http", "true"), ("aws_region", "here")]);
        let context = OpenContext {
            project_dir: ".".into(),
            storage: LakeStorage { lake: "s3://lake".to_owned(), options: theirs, ..LakeStorage::default() },
            secrets: Vec::new(),
            lake_name: String::new(),
        };
        let options = DestinationOptions {
            location: "s3://bucket/out".to_owned(),
            allow_outside: false,
            storage: [("access_key_id", "ours"), ("allow_http", "false")]
                .map(|(key, value)| (key.to_owned(), Scalar::Text(value.to_owned())))
                .into(),
        };
        let expected = texts(&[("aws_access_key_id", "ours"), ("allow_http", "false"), ("aws_region", "here")]);
        assert_eq!(options.storage(&context).unwrap(), expected);
    }
}
