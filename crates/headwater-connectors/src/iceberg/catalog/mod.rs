//! REST catalogues, which know where Iceberg tables are
//! (`open-api/rest-catalog-open-api.yaml` of <https://github.com/apache/iceberg>).
//!
//! ```text
//! /v1/config ─► prefix ─► …/tables/{table} ─► the metadata file, options of its store ─► the table as of a folder
//! ```

mod ask;
mod discover;
mod grants;
mod name;
mod open;
mod options;

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Finding, OpenContext, Scalar, Standing};
use headwater_sdk::{Blame, Error, Result};
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::Url;

use self::ask::{Answered, HELP};
use self::grants::Properties;
pub(super) use self::name::Name;
pub use self::options::CatalogOptions;
use crate::codes;
use crate::http_api::Api;

/// What the project says of the stores that tables are in.
pub(super) struct Stores {
    pub(super) allow_outside: bool,
    pub(super) storage: BTreeMap<String, Scalar>,
    pub(super) context: OpenContext,
}

/// A catalogue.
pub(super) struct Catalog {
    api: Api,
    /// What is sent to be let in, in words.
    sent: &'static str,
    warehouse: Option<String>,
    stores: Stores,
    config: OnceCell<Config>,
}

/// What a catalogue says of itself.
struct Config {
    /// What addresses of namespaces begin with; ends in `/`.
    base: String,
    /// What stands between the levels of a namespace in addresses.
    separator: String,
    /// What it calls the warehouse in addresses.
    prefix: String,
    properties: Properties,
}

#[derive(Deserialize)]
struct Told {
    defaults: Properties,
    overrides: Properties,
}

impl Catalog {
    /// # Errors
    /// [`OptionsError`] when the keys make no sense.
    pub(super) fn new(mut options: CatalogOptions, stores: Stores) -> Result<Self, OptionsError> {
        let warehouse = options.warehouse.take();
        let (api, sent) = options.api(&stores.context)?;
        Ok(Self { api, sent, warehouse, stores, config: OnceCell::new() })
    }

    /// What the catalogue says of itself. It is asked once.
    ///
    /// # Errors
    /// When it does not answer, or not as a catalogue.
    async fn config(&self) -> Result<&Config> {
        self.config.get_or_try_init(|| self.ask_config()).await
    }

    async fn ask_config(&self) -> Result<Config> {
        let own = &self.api.base.url;
        let params: Vec<_> = self.warehouse.iter().map(|warehouse| ("warehouse", warehouse.as_str())).collect();
        let told: Told = match self.get(&format!("{own}v1/config"), &params).await? {
            Answered::Found(told) => told,
            Answered::Missing(said) => {
                return Err(Error::new(codes::CATALOG_ANSWER, Blame::Project, said).help(HELP));
            }
        };
        let mut properties = told.defaults;
        // What is given goes over defaults; all that is given and could be overridden is the address.
        properties.remove("uri");
        properties.extend(told.overrides);
        let text = |name: &str| properties.get(name).cloned().flatten().filter(|text| !text.is_empty());
        let root = match text("uri") {
            None => own.clone(),
            Some(other) => self.elsewhere(&other)?,
        };
        let prefix = text("prefix").unwrap_or_default().trim_matches('/').to_owned();
        let slash = if prefix.is_empty() { "" } else { "/" };
        let base = format!("{root}v1/{prefix}{slash}");
        let separator = text("namespace-separator").unwrap_or_else(|| "%1F".to_owned());
        Ok(Config { base, separator, prefix, properties })
    }

    /// The address that a catalogue wants to be asked at.
    ///
    /// # Errors
    /// When it is on another host, where credentials must not go.
    fn elsewhere(&self, other: &str) -> Result<String> {
        let shown = &self.api.base.shown;
        let own = Url::parse(&self.api.base.url).ok();
        let url = own.and_then(|own| self.api.base.follow(&own, other).ok()).ok_or_else(|| {
            let other = self.api.base.secrets.redact(other);
            let message = format!("the catalogue {shown} wants to be asked at {other}, where credentials are not sent");
            Error::new(codes::CATALOG_ANSWER, Blame::Environment, message)
                .help("write that address as `uri`, if it is right; otherwise the catalogue has a wrong notion of its own address")
        })?;
        Ok(format!("{}/", url.as_str().trim_end_matches('/')))
    }

    /// The address of a namespace, or of what is below it.
    ///
    /// # Errors
    /// As [`Self::config`].
    async fn address(&self, namespace: &[String], below: &str) -> Result<String> {
        let Config { base, separator, .. } = self.config().await?;
        Ok(format!("{base}namespaces/{}{below}", name::encoded(namespace, separator)))
    }

    /// How things stand with it.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn examine(&self) -> Result<Vec<Finding>> {
        let Config { prefix, .. } = self.config().await?;
        let of = if prefix.is_empty() { String::new() } else { format!(", of the prefix {prefix}") };
        let what = format!("{} answers as a catalogue of Iceberg tables{of}", self.api.base.shown);
        Ok(vec![Finding { standing: Standing::Good, what, help: None }])
    }
}
