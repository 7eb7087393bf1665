//! Object stores that a lake can be in. Each has put-if-absent, which publishing needs.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use headwater_sdk::{Blame, Error, Result};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::{ObjectStore, ObjectStoreScheme};

use super::location::bad_location;

/// Sets up the store of a URL. Nothing is reached for.
///
/// # Errors
/// When an option is not known, or something is missing.
pub(super) fn open(
    scheme: &ObjectStoreScheme,
    location: &str,
    options: &BTreeMap<String, String>,
) -> Result<Arc<dyn ObjectStore>> {
    match scheme {
        ObjectStoreScheme::AmazonS3 => {
            let builder = AmazonS3Builder::from_env().with_url(location);
            let builder = with_options(
                builder,
                options,
                "S3",
                "aws_endpoint, aws_region, aws_allow_http",
                |b, key: AmazonS3ConfigKey, v| b.with_config(key, v),
            )?;
            let help =
                "set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or storage options in headwater.yml";
            Ok(Arc::new(builder.build().map_err(|error| cannot_open(location, help, error))?))
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(location);
            let known = "google_application_credentials, google_service_account, google_base_url";
            let builder = with_options(builder, options, "Google Cloud", known, |b, key: GoogleConfigKey, v| {
                b.with_config(key, v)
            })?;
            let help = "set GOOGLE_APPLICATION_CREDENTIALS, or storage options in headwater.yml";
            Ok(Arc::new(builder.build().map_err(|error| cannot_open(location, help, error))?))
        }
        ObjectStoreScheme::MicrosoftAzure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(location);
            let known =
                "azure_storage_account_name, azure_storage_account_key, azure_storage_endpoint, azure_allow_http";
            let builder =
                with_options(builder, options, "Azure", known, |b, key: AzureConfigKey, v| b.with_config(key, v))?;
            let help =
                "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or storage options in headwater.yml";
            Ok(Arc::new(builder.build().map_err(|error| cannot_open(location, help, error))?))
        }
        _ => Err(bad_location(location, "no store of that scheme can hold one")),
    }
}

/// What the store of a URL calls an option, of several names that it knows; `None` for one that it does not have.
pub(crate) fn known(location: &str, option: &str) -> Option<String> {
    fn name<K: FromStr + AsRef<str>>(option: &str) -> Option<String> {
        Some(option.parse::<K>().ok()?.as_ref().to_owned())
    }
    match ObjectStoreScheme::parse(&url::Url::parse(location).ok()?).ok()?.0 {
        ObjectStoreScheme::AmazonS3 => name::<AmazonS3ConfigKey>(option),
        ObjectStoreScheme::GoogleCloudStorage => name::<GoogleConfigKey>(option),
        ObjectStoreScheme::MicrosoftAzure => name::<AzureConfigKey>(option),
        _ => None,
    }
}

fn with_options<K: FromStr, B>(
    mut builder: B,
    options: &BTreeMap<String, String>,
    of: &str,
    known: &str,
    set: impl Fn(B, K, &String) -> B,
) -> Result<B> {
    for (name, value) in options {
        let key = name.parse().map_err(|_| {
            Error::new("HW0602", Blame::Project, format!("'{name}' is no option of {of} storage"))
                .help(format!("use names such as {known}"))
        })?;
        builder = set(builder, key, value);
    }
    Ok(builder)
}

fn cannot_open(
    location: &str,
    help: &str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>> + Display,
) -> Error {
    Error::new("HW0603", Blame::Environment, format!("cannot open {location}")).help(help).caused_by(error)
}
