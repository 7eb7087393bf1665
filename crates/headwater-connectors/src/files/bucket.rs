//! Object stores: those of Amazon, Google and Azure, and what speaks as they do.
//!
//! Credentials come from the environment, by the names that the stores' own tools document (`AWS_…`, `GOOGLE_…`, `AZURE_…`); what the
//! project says goes before it.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};

use super::options::SourceOptions;

/// Which service a URL is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Amazon,
    Google,
    Azure,
}

impl Service {
    /// The service of a scheme; `None` when there is none.
    pub(super) fn of_scheme(scheme: &str) -> Option<Self> {
        Some(match scheme {
            "s3" | "s3a" => Self::Amazon,
            "gs" => Self::Google,
            "az" | "azure" | "abfs" | "abfss" | "adl" => Self::Azure,
            _ => return None,
        })
    }

    /// How its URLs are written.
    pub(super) fn written(self) -> &'static str {
        match self {
            Self::Amazon => "s3://bucket/prefix",
            Self::Google => "gs://bucket/prefix",
            Self::Azure => "az://container/prefix, or abfss://container@account.dfs.core.windows.net/prefix",
        }
    }

    /// Sets up a store for the bucket or container of a URL. Nothing is reached for.
    ///
    /// # Errors
    /// [`OptionsError`] when an option is not known, or something is missing.
    pub(super) fn store(
        self,
        source: &SourceOptions,
        context: &OpenContext,
    ) -> Result<Arc<dyn ObjectStore>, OptionsError> {
        let url = &source.location;
        Ok(match self {
            Self::Amazon => {
                let builder = AmazonS3Builder::from_env().with_url(url);
                let builder =
                    self.options::<AmazonS3ConfigKey, _>(builder, source, context, AmazonS3Builder::with_config)?;
                Arc::new(builder.build().map_err(|error| self.unusable(url, error))?)
            }
            Self::Google => {
                let builder = GoogleCloudStorageBuilder::from_env().with_url(url);
                let builder = self.options::<GoogleConfigKey, _>(
                    builder,
                    source,
                    context,
                    GoogleCloudStorageBuilder::with_config,
                )?;
                Arc::new(builder.build().map_err(|error| self.unusable(url, error))?)
            }
            Self::Azure => {
                let builder = MicrosoftAzureBuilder::from_env().with_url(url);
                let builder =
                    self.options::<AzureConfigKey, _>(builder, source, context, MicrosoftAzureBuilder::with_config)?;
                Arc::new(builder.build().map_err(|error| self.unusable(url, error))?)
            }
        })
    }

    /// Hands options to a builder.
    fn options<K: FromStr, B>(
        self,
        mut builder: B,
        source: &SourceOptions,
        context: &OpenContext,
        set: impl Fn(B, K, String) -> B,
    ) -> Result<B, OptionsError> {
        // The environment's are those of the lake: not all of them mean anything here.
        let shared = context.storage.options_for(&source.location);
        for (known, value) in shared.filter_map(|(key, value)| Some((key.parse().ok()?, value))) {
            builder = set(builder, known, value);
        }
        for (key, value) in source.storage.iter().map(|(key, value)| (key.to_ascii_lowercase(), value.text())) {
            let known = key.parse().map_err(|_| OptionsError {
                key: Some("storage"),
                message: format!("there is no option '{key}' for {}", self.named()),
                help: Some(self.known_options().into()),
            })?;
            builder = set(builder, known, value);
        }
        Ok(builder)
    }

    fn named(self) -> &'static str {
        match self {
            Self::Amazon => "an S3 store",
            Self::Google => "a store of Google Cloud",
            Self::Azure => "a store of Azure",
        }
    }

    fn known_options(self) -> &'static str {
        match self {
            Self::Amazon => "use e.g. region, endpoint, allow_http, virtual_hosted_style_request, skip_signature",
            Self::Google => "use e.g. service_account, application_credentials, base_url, allow_http, skip_signature",
            Self::Azure => {
                "use e.g. account_name, access_key, sas_token, client_id, endpoint, allow_http, use_emulator, skip_signature"
            }
        }
    }

    fn unusable(self, url: &str, error: impl Display) -> OptionsError {
        let variables = match self {
            Self::Amazon => "AWS_",
            Self::Google => "GOOGLE_",
            Self::Azure => "AZURE_",
        };
        OptionsError {
            key: Some("storage"),
            message: format!("the store of '{url}' cannot be set up: {error}"),
            help: Some(format!("check the options under `storage` and the {variables} variables in the environment")),
        }
    }
}
