//! Object stores: those of Amazon, Google and Azure, and what speaks as they do.
//!
//! Credentials come from the environment, by the names that the stores' own tools document (`AWS_…`, `GOOGLE_…`, `AZURE_…`); what the
//! project says goes before it.

use std::str::FromStr;
use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, StoreService};
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;

use super::options::SourceOptions;

/// How URLs of a service are written.
pub(super) fn written(service: StoreService) -> &'static str {
    match service {
        StoreService::Amazon => "s3://bucket/prefix",
        StoreService::Google => "gs://bucket/prefix",
        StoreService::Azure => "az://container/prefix, or abfss://container@account.dfs.core.windows.net/prefix",
    }
}

/// Sets up a store for the bucket or container of a URL. Nothing is reached for.
///
/// # Errors
/// [`OptionsError`] when an option is not known, or something is missing.
pub(super) fn store(
    service: StoreService,
    source: &SourceOptions,
    context: &OpenContext,
) -> Result<Arc<dyn ObjectStore>, OptionsError> {
    let url = &source.location;
    let unusable = |error: object_store::Error| OptionsError {
        key: Some("storage"),
        message: format!("the store of '{url}' cannot be set up: {error}"),
        help: Some(format!(
            "check the options under `storage` and the {} variables in the environment",
            service.prefix().to_uppercase()
        )),
    };
    Ok(match service {
        StoreService::Amazon => {
            let builder = amazon(context).with_url(url);
            let builder = options(builder, source, context, AmazonS3Builder::with_config)?;
            Arc::new(builder.build().map_err(unusable)?)
        }
        StoreService::Google => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(url);
            let builder = options(builder, source, context, GoogleCloudStorageBuilder::with_config)?;
            Arc::new(builder.build().map_err(unusable)?)
        }
        StoreService::Azure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(url);
            let builder = options(builder, source, context, MicrosoftAzureBuilder::with_config)?;
            Arc::new(builder.build().map_err(unusable)?)
        }
    })
}

/// Variables with credentials, of which all have to be of one source.
const CREDENTIALS: [&str; 4] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_TOKEN"];

/// What the environment of the process says of S3: without its credentials where others are granted.
fn amazon(context: &OpenContext) -> AmazonS3Builder {
    if !context.storage.grants_keys() {
        return AmazonS3Builder::from_env();
    }
    let told =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    told.filter(|(name, _)| name.starts_with("AWS_") && !CREDENTIALS.contains(&name.as_str())).fold(
        AmazonS3Builder::new(),
        |builder, (name, value)| match name.to_ascii_lowercase().parse() {
            Ok(key) => builder.with_config(key, value),
            Err(_) => builder,
        },
    )
}

/// Hands options to a builder.
fn options<K: FromStr, B>(
    builder: B,
    source: &SourceOptions,
    context: &OpenContext,
    set: impl Fn(B, K, String) -> B,
) -> Result<B, OptionsError> {
    let options = context.storage.options_with(&source.location, &source.storage, |key| key.parse().ok())?;
    Ok(options.into_iter().fold(builder, |builder, (key, value)| set(builder, key, value)))
}
