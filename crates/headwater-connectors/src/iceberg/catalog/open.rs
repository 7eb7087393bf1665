//! A table that a catalogue knows: where it is, and what its store is opened with.

use headwater_diagnostics::nearest;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, StoreService, local};
use headwater_sdk::{Blame, Error, Result};
use serde::Deserialize;
use serde_json::Value;

use super::ask::{Answered, HELP};
use super::grants::{Credentials, Properties, granted};
use super::name::{Name, written};
use super::{Catalog, Stores};
use crate::codes;
use crate::files::Location;
use crate::http_api::encode;
use crate::iceberg::metadata::Metadata;
use crate::table_format::{Root, location};

/// Names that a message shows, where none is near.
const NAMED: usize = 8;

/// What a catalogue says of a table.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Loaded {
    metadata_location: Option<String>,
    pub(super) metadata: Value,
    #[serde(default)]
    config: Option<Properties>,
    #[serde(default)]
    storage_credentials: Option<Vec<Credentials>>,
}

impl Catalog {
    /// A table's folder, and what its newest metadata says.
    ///
    /// # Errors
    /// When there is no such table, or it cannot be read.
    pub(in super::super) async fn open(&self, name: &Name) -> Result<(Root, Metadata)> {
        let Loaded { metadata_location, metadata, config, storage_credentials } = self.load(name).await?;
        let place = metadata.get("location").and_then(Value::as_str);
        let (Some(place), Some(file)) = (place, metadata_location.as_deref()) else {
            let what = if place.is_none() { "folder" } else { "metadata file" };
            let message =
                format!("the catalogue {} names no {what} of the table {}", self.api.base.shown, name.shown());
            return Err(Error::new(codes::CATALOG_ANSWER, Blame::Environment, message)
                .help("let the catalogue's owner look at the table: what is read are files that it names"));
        };
        let general = &self.config().await?.properties;
        let (config, credentials) = (config.unwrap_or_default(), storage_credentials.unwrap_or_default());
        let granted = granted(place, general, &config, &credentials, &self.stores.storage);
        // A store may tell what was sent to it.
        for secret in ["aws_secret_access_key", "aws_session_token", "azure_storage_sas_key"] {
            granted.get(secret).into_iter().for_each(|secret| self.api.base.secrets.add(secret));
        }
        let mut context = self.stores.context.clone();
        context.storage.granted = granted;
        let root = self.stores.root(place, &context, name)?;
        let metadata = Metadata::read_at(&root, &known_scheme(file)).await?;
        Ok((root, metadata))
    }

    /// What the catalogue says of a table. Of its snapshots only those that refs name: the metadata file has all.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn load(&self, name: &Name) -> Result<Loaded> {
        let address = self.address(&name.namespace, &format!("/tables/{}", encode(&name.table))).await?;
        match self.get(&address, &[("snapshots", "refs")]).await? {
            Answered::Found(loaded) => Ok(loaded),
            Answered::Missing(said) => Err(self.missing(name, &said).await),
        }
    }

    /// The error for a table that is not there, with what is.
    async fn missing(&self, name: &Name, said: &str) -> Error {
        let did_you_mean = |near: &str| format!("did you mean `from: {near}`?");
        let help = match self.tables(&name.namespace).await {
            Ok(Some(there)) if there.is_empty() => format!("the namespace {} is empty", written(&name.namespace)),
            Ok(Some(there)) => {
                let near = nearest(&name.table, there.iter().map(|name| name.table.as_str()));
                let near = near.and_then(|near| there.iter().find(|name| name.table == near));
                near.map_or_else(
                    || format!("the namespace {} has {}", written(&name.namespace), some(&there)),
                    |near| did_you_mean(&near.shown()),
                )
            }
            Ok(None) => {
                // Levels of a namespace are there one by one.
                let (above, last) = name.namespace.split_at(name.namespace.len() - 1);
                let there = self.namespaces(above).await.ok().flatten().unwrap_or_default();
                let near = nearest(&last[0], there.iter().filter_map(|there| there.last()).map(String::as_str));
                let near =
                    near.and_then(|near| there.iter().find(|there| there.last().is_some_and(|last| last == near)));
                near.map_or_else(
                    || format!("there is no namespace {}: correct `from`; {HELP}", written(&name.namespace)),
                    |near| did_you_mean(&Name { namespace: near.clone(), table: name.table.clone() }.shown()),
                )
            }
            Err(_) => "correct `from`: the namespace, a dot, and the table".to_owned(),
        };
        let message = format!("the catalogue {} has no table {} ({said})", self.api.base.shown, name.shown());
        Error::new(codes::TABLE_NOT_FOUND, Blame::Project, message).help(help)
    }
}

/// The first of some names.
fn some(names: &[Name]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(|name| name.table.as_str()).collect();
    let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

impl Stores {
    /// The folder of a table.
    ///
    /// # Errors
    /// When it is outside of the project and may not be, or in a store that is not known.
    fn root(&self, place: &str, context: &OpenContext, name: &Name) -> Result<Root> {
        let url = known_scheme(place);
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        let path = match scheme {
            Some("file") => Some(url["file://".len()..].trim_start_matches("localhost")),
            None => Some(url.strip_prefix("file:").unwrap_or(&url)),
            Some(_) => None,
        };
        let place = match path {
            Some(path) => {
                self.folder(path).ok_or_else(|| not_opened(place, name, "it is no path of this machine", None))?
            }
            None if scheme.is_some_and(|scheme| StoreService::of_scheme(scheme).is_none()) => {
                let help = "tables on this machine, in S3, in Google Cloud Storage and in Azure are read";
                return Err(not_opened(place, name, "this kind of store is not read", Some(help.to_owned())));
            }
            None => location(url, self.allow_outside, self.storage.clone(), context).map_err(|wrong| {
                let OptionsError { message, help, .. } = wrong;
                let message = format!("the store of the table {} cannot be opened: {message}", name.shown());
                let error = Error::new(codes::UNREACHABLE, Blame::Project, message);
                match help {
                    Some(help) => error.help(help),
                    None => error,
                }
            })?,
        };
        Root::open(&place, "").map_err(|error| match error.code {
            codes::TABLE_NOT_FOUND => {
                let help = "the catalogue is of another machine, or the table was taken away by hand: ask its owner";
                not_opened(place.shown(), name, "there is nothing", Some(help.to_owned()))
            }
            _ => error,
        })
    }

    /// A folder of this machine.
    fn folder(&self, path: &str) -> Option<Location> {
        let project = &self.context.project_dir;
        let local::Place { path, within: _, shown } = local::place(path, true, project)?;
        let within = match self.allow_outside {
            true => None,
            false => Some(std::path::absolute(project).ok()?),
        };
        Some(Location::Local { root: path, within, shown: format!("{shown}/") })
    }
}

fn not_opened(place: &str, name: &Name, why: &str, help: Option<String>) -> Error {
    let message = format!("the table {} is at {place}, which cannot be opened: {why}", name.shown());
    let help = help.unwrap_or_else(|| "let the catalogue's owner look at the table's location".to_owned());
    Error::new(codes::TABLE_FILE, Blame::Data, message).help(help)
}

/// A URL by the scheme that its store is known by here.
fn known_scheme(url: &str) -> String {
    match url.split_once("://") {
        Some(("s3n", rest)) => format!("s3://{rest}"),
        Some(("wasb" | "wasbs", rest)) => format!("abfss://{}", rest.replacen(".blob.", ".dfs.", 1)),
        _ => url.to_owned(),
    }
}
