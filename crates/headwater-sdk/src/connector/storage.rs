//! Object stores that URLs name, and what an environment says of them.

use std::collections::BTreeMap;

use super::Scalar;
use crate::check::OptionsError;

/// Whose object store a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreService {
    /// S3, and what speaks as it does.
    Amazon,
    /// Google Cloud Storage.
    Google,
    /// Azure's blobs.
    Azure,
}

impl StoreService {
    const ALL: [Self; 3] = [Self::Amazon, Self::Google, Self::Azure];

    /// The service of a URL's scheme; `None` when there is none.
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        Some(match scheme {
            "s3" | "s3a" => Self::Amazon,
            "gs" => Self::Google,
            "az" | "azure" | "abfs" | "abfss" | "adl" => Self::Azure,
            _ => return None,
        })
    }

    fn of_url(url: &str) -> Option<Self> {
        Self::of_scheme(url.split_once("://")?.0)
    }

    /// What its options may begin with and, in capitals, its variables in the environment.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Amazon => "aws_",
            Self::Google => "google_",
            Self::Azure => "azure_",
        }
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
}

/// The options of an environment for object stores: those of its lake, which other places can do with as well.
#[derive(Debug, Clone, Default)]
pub struct LakeStorage {
    /// Where the lake is: a folder, or a URL.
    pub lake: String,
    /// The options, e.g. `aws_endpoint`, `region`; credentials come from the process environment.
    pub options: BTreeMap<String, String>,
    /// What somebody who keeps a place grants for it, e.g. a catalogue of tables, by names that begin as those of the service do
    /// (`aws_session_token`): over the environment's options, and under a source's own.
    pub granted: BTreeMap<String, String>,
}

impl LakeStorage {
    /// Whether credentials for S3 are granted. They go together with no others.
    pub fn grants_keys(&self) -> bool {
        self.granted.contains_key("aws_access_key_id")
    }

    /// The options that the store at a URL is set up with: those of the environment that it knows, and behind them, so that they
    /// go over these, those that are granted and those of its `own`. `known` says what the store calls an option, for which it may have several names.
    ///
    /// # Errors
    /// [`OptionsError`] when the store does not know one of its own.
    pub fn options_with<K>(
        &self,
        url: &str,
        own: &BTreeMap<String, Scalar>,
        known: impl Fn(&str) -> Option<K>,
    ) -> Result<Vec<(K, String)>, OptionsError> {
        // The environment's are those of the lake: not all of them mean anything here.
        let shared = self.options_for(url).filter_map(|(key, value)| Some((known(&key)?, value)));
        let granted = self.granted.iter().filter_map(|(key, value)| Some((known(key)?, value.clone())));
        let mut options: Vec<_> = shared.chain(granted).collect();
        for (key, value) in own {
            let key = key.to_ascii_lowercase();
            let name = known(&key).ok_or_else(|| {
                let service = StoreService::of_url(url);
                let of = service.map_or_else(|| format!("the store of '{url}'"), |service| service.named().to_owned());
                OptionsError {
                    key: Some("storage"),
                    message: format!("there is no option '{key}' for {of}"),
                    help: Some(
                        service.map_or("remove it, or correct its name", StoreService::known_options).to_owned(),
                    ),
                }
            })?;
            options.push((name, value.to_string()));
        }
        Ok(options)
    }

    /// The environment's options that are meant for a URL, in small letters: those without a prefix are for the lake's service where the lake
    /// is in a store, and those with one for the service that it names. Whether the store knows them is another matter.
    fn options_for(&self, url: &str) -> impl Iterator<Item = (String, String)> {
        let (own, of_lake) = (StoreService::of_url(url), StoreService::of_url(&self.lake));
        let options = self.options.iter().map(|(key, value)| (key.to_ascii_lowercase(), value.clone()));
        // A token of theirs would spoil keys that are granted without one.
        let alone = self.grants_keys();
        let options = options
            .filter(move |(key, _)| !alone || !matches!(key.trim_start_matches("aws_"), "session_token" | "token"));
        options.filter(move |(key, _)| {
            let named = StoreService::ALL.into_iter().find(|service| key.starts_with(service.prefix()));
            match named.or(of_lake) {
                Some(service) => own == Some(service),
                None => true,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_for_the_service_that_they_name_or_the_lakes() {
        let options = ["endpoint", "AWS_Region", "azure_storage_account_name"];
        let of = |lake: &str, url: &str| {
            let options = options.iter().map(|key| ((*key).to_owned(), "x".to_owned())).collect();
            let storage = LakeStorage { lake: lake.to_owned(), options, ..LakeStorage::default() };
            storage.options_for(url).map(|(key, _)| key).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("s3://lake", "s3a://other/x"), "aws_region endpoint");
        assert_eq!(of("s3://lake", "az://other/x"), "azure_storage_account_name");
        assert_eq!(of("s3://lake", "gs://other/x"), "");
        assert_eq!(of("./lake", "gs://other/x"), "endpoint");
        assert_eq!(of("./lake", "abfss://c@a/x"), "azure_storage_account_name endpoint");
    }

    #[test]
    fn the_stores_own_options_go_over_those_of_the_environment() {
        let options = [("aws_access_key_id", "theirs"), ("else", "x")];
        let options = options.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let mut storage = LakeStorage { lake: "s3://lake".to_owned(), options, ..LakeStorage::default() };
        let known = |key: &str| {
            let names = ["access_key_id", "allow_http"];
            names.into_iter().find(|name| *name == key.strip_prefix("aws_").unwrap_or(key))
        };
        let with = |storage: &LakeStorage, key: &str, value| {
            storage.options_with("s3://a", &[(key.to_owned(), value)].into(), known)
        };
        // A map of the keys as they were written would have them the other way round.
        assert_eq!(
            with(&storage, "Access_Key_Id", Scalar::Text("ours".to_owned())).unwrap(),
            [("access_key_id", "theirs".to_owned()), ("access_key_id", "ours".to_owned())]
        );
        assert_eq!(with(&storage, "allow_http", Scalar::Bool(true)).unwrap()[1], ("allow_http", "true".to_owned()));
        let wrong = with(&storage, "regoin", Scalar::Number(1)).unwrap_err();
        assert_eq!(wrong.message, "there is no option 'regoin' for an S3 store");
        storage.granted = [("aws_access_key_id".to_owned(), "granted".to_owned())].into();
        let values: Vec<String> = with(&storage, "access_key_id", Scalar::Text("ours".to_owned()))
            .unwrap()
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        assert_eq!(values, ["theirs", "granted", "ours"]);
    }
}
