//! What an environment says of object stores.

use std::collections::BTreeMap;

/// What options of a service's stores may begin with, and the schemes of their URLs.
const SERVICES: [(&str, &[&str]); 3] =
    [("aws_", &["s3", "s3a"]), ("google_", &["gs"]), ("azure_", &["az", "azure", "abfs", "abfss", "adl"])];

/// The options of an environment for object stores: those of its lake, which other places can do with as well.
#[derive(Debug, Clone, Default)]
pub struct LakeStorage {
    /// Where the lake is: a folder, or a URL.
    pub lake: String,
    /// The options, e.g. `aws_endpoint`, `region`; credentials come from the process environment.
    pub options: BTreeMap<String, String>,
}

impl LakeStorage {
    /// The options that a store at a URL is set up with, in small letters: those without a prefix are for the lake's service where the lake is
    /// in a store, and those with one for the service that it names. Whether the store knows them is another matter.
    pub fn options_for(&self, url: &str) -> impl Iterator<Item = (String, String)> {
        let (own, of_lake) = (service(url), service(&self.lake));
        let options = self.options.iter().map(|(key, value)| (key.to_ascii_lowercase(), value.clone()));
        options.filter(move |(key, _)| {
            let named = SERVICES.iter().map(|(prefix, _)| *prefix).find(|prefix| key.starts_with(prefix));
            match named.or(of_lake) {
                Some(service) => own == Some(service),
                None => true,
            }
        })
    }
}

/// The prefix of a URL's service; `None` where it is none of those that are known.
fn service(url: &str) -> Option<&'static str> {
    let (scheme, _) = url.split_once("://")?;
    SERVICES.iter().find(|(_, schemes)| schemes.contains(&scheme)).map(|(prefix, _)| *prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_for_the_service_that_they_name_or_the_lakes() {
        let options = ["endpoint", "AWS_Region", "azure_storage_account_name"];
        let of = |lake: &str, url: &str| {
            let options = options.iter().map(|key| ((*key).to_owned(), "x".to_owned())).collect();
            let storage = LakeStorage { lake: lake.to_owned(), options };
            storage.options_for(url).map(|(key, _)| key).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("s3://lake", "s3a://other/x"), "aws_region endpoint");
        assert_eq!(of("s3://lake", "az://other/x"), "azure_storage_account_name");
        assert_eq!(of("s3://lake", "gs://other/x"), "");
        assert_eq!(of("./lake", "gs://other/x"), "endpoint");
        assert_eq!(of("./lake", "abfss://c@a/x"), "azure_storage_account_name endpoint");
    }
}
