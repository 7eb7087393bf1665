//! What a catalogue says of the stores of its tables: options, and credentials for a while.

use std::collections::BTreeMap;

use headwater_sdk::connector::Scalar;
use serde::Deserialize;

/// Texts by names, as catalogues give them.
pub(super) type Properties = BTreeMap<String, Option<String>>;

/// Credentials for what begins with a prefix.
#[derive(Deserialize)]
pub(super) struct Credentials {
    prefix: String,
    config: Properties,
}

/// Credentials for S3, which go together, and what they are called here.
const KEYS: [(&str, &str); 3] = [
    ("s3.access-key-id", "aws_access_key_id"),
    ("s3.secret-access-key", "aws_secret_access_key"),
    ("s3.session-token", "aws_session_token"),
];

/// Other properties, and what they are called here.
const NAMES: [(&str, &str); 4] = [
    ("s3.endpoint", "aws_endpoint"),
    ("client.region", "aws_region"),
    ("s3.region", "aws_region"),
    ("adls.account-name", "azure_storage_account_name"),
];

/// What is granted for a place: by what holds of the whole catalogue, by what is said of the table, and by the credentials whose prefix
/// the place has most of. Keys are not, where the project has some of its `own`.
pub(super) fn granted(
    place: &str,
    general: &Properties,
    table: &Properties,
    credentials: &[Credentials],
    own: &BTreeMap<String, Scalar>,
) -> BTreeMap<String, String> {
    let best = credentials.iter().filter(|one| place.starts_with(&one.prefix)).max_by_key(|one| one.prefix.len());
    let mut told: BTreeMap<&str, &str> = BTreeMap::new();
    for properties in [Some(general), Some(table), best.map(|one| &one.config)].into_iter().flatten() {
        if properties.contains_key(KEYS[0].0) {
            // A key goes with a secret and a token of its own only.
            told.retain(|property, _| KEYS.iter().all(|(key, _)| key != property));
        }
        let properties = properties.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
        told.extend(properties.filter(|(_, value)| !value.is_empty()));
    }
    let mut granted = BTreeMap::new();
    let mut grant = |name: &str, value: &str| drop(granted.insert(name.to_owned(), value.to_owned()));
    for (property, name) in KEYS.into_iter().chain(NAMES) {
        told.get(property).into_iter().for_each(|value| grant(name, value));
    }
    if told.get("s3.endpoint").is_some_and(|endpoint| endpoint.starts_with("http://")) {
        grant("aws_allow_http", "true");
    }
    if told.get("s3.path-style-access") == Some(&"true") {
        grant("aws_virtual_hosted_style_request", "false");
    }
    // Of Azure, a token is for an account, which stands behind the name.
    for (name, value) in &told {
        let account = name.strip_prefix("adls.sas-token").map(|account| account.trim_start_matches('.'));
        if account.is_some_and(|account| account.is_empty() || place.contains(&format!("@{account}"))) {
            grant("azure_storage_sas_key", value.trim_start_matches('?'));
        }
    }
    if own.keys().any(|key| key.to_ascii_lowercase().ends_with("access_key_id")) {
        KEYS.iter().for_each(|(_, name)| drop(granted.remove(*name)));
    }
    granted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(all: &[(&str, &str)]) -> Properties {
        all.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect()
    }

    fn told(granted: &BTreeMap<String, String>) -> String {
        granted.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_nearest_word_counts() {
        let general =
            properties(&[("s3.endpoint", "http://s3.test"), ("s3.region", "r"), ("s3.path-style-access", "true")]);
        let table = properties(&[
            ("s3.access-key-id", "table"),
            ("s3.secret-access-key", "s"),
            ("s3.session-token", "t"),
            ("s3.region", "q"),
        ]);
        let one = |prefix: &str, key: &str| Credentials {
            prefix: prefix.to_owned(),
            config: properties(&[("s3.access-key-id", key), ("s3.secret-access-key", "n")]),
        };
        let credentials = [one("s3://b/", "all"), one("s3://b/x/", "near"), one("s3://c/", "other")];
        let with = |place: &str| told(&granted(place, &general, &table, &credentials, &BTreeMap::new()));
        assert_eq!(
            with("s3://b/x/t"),
            "aws_access_key_id=near aws_allow_http=true aws_endpoint=http://s3.test aws_region=q aws_secret_access_key=n aws_virtual_hosted_style_request=false"
        );
        let elsewhere = with("s3://d/x");
        for pair in ["aws_access_key_id=table", "aws_secret_access_key=s", "aws_session_token=t"] {
            assert!(elsewhere.contains(pair), "{elsewhere}");
        }
        let own = [("AWS_Access_Key_Id".to_owned(), Scalar::Text("ours".to_owned()))].into();
        let without = told(&super::granted("s3://d/x", &general, &table, &[], &own));
        assert!(
            without.contains("aws_region=q") && !without.contains("table") && !without.contains("token"),
            "{without}"
        );
    }

    #[test]
    fn tokens_of_azure_are_those_of_the_account() {
        let general = properties(&[]);
        let table = properties(&[
            ("adls.sas-token.one.dfs.core.windows.net", "?sv=1"),
            ("adls.sas-token.two.dfs.core.windows.net", "sv=2"),
        ]);
        let with = |place: &str| told(&granted(place, &general, &table, &[], &BTreeMap::new()));
        assert_eq!(with("abfss://c@one.dfs.core.windows.net/t"), "azure_storage_sas_key=sv=1");
        assert_eq!(with("abfss://c@three.dfs.core.windows.net/t"), "");
    }
}
