//! What cannot be reached or may not be, told in words and not tried again.

use super::{BUCKET, put, say, server};
use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};

/// A project that reads a bucket, with options of its store beside the address.
fn reading(bucket: &str, options: &str) -> Project {
    let source = format!(
        "connector: files\nlocation: gs://{bucket}/refused/in\nstorage: {{ base_url: \"{}\"{options} }}\nstreams:\n  - {{ table: raw.orders, path: '*.csv' }}\n",
        server().url()
    );
    Project::empty().with("sources/files.yml", source)
}

/// A run without a machine's identity.
fn run(project: &Project, variables: &[(&str, &str)]) -> Said {
    headwater(project.path()).arg("run").envs(variables.iter().copied()).output().unwrap().into()
}

#[test]
fn a_source_that_is_not_there_or_may_not_be_read_is_told() {
    let said = say(&reading("nowhere", ""), &["run"]);
    assert_told(
        &said,
        "HW0301",
        &["gs://nowhere/refused/in/ is not there", "check that the bucket or container is there"],
    );
    let said = say(&reading("forbidden", ""), &["run"]);
    assert_told(&said, "HW0301", &["gs://forbidden/refused/in/ may not be read", "give the credentials", "GOOGLE_"]);
    // A token that is not accepted, and nobody who gives one.
    let wrong = reading(BUCKET, ", skip_signature: true");
    assert_told(&run(&wrong, &[]), "HW0301", &["may not be read", "401"]);
    let identity = server().identity();
    let nobody =
        [("GCE_METADATA_HOST", format!("{identity}/nowhere")), ("GCE_METADATA_IP", format!("{identity}/nowhere"))];
    let nobody: Vec<_> = nobody.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let said = run(&reading(BUCKET, ""), &nobody);
    assert_told(&said, "HW0301", &["cannot be read without credentials", "GOOGLE_"]);
}

#[test]
fn what_everybody_may_read_needs_no_credentials() {
    put("public", "refused", &[("a.csv", "n\n1\n2\n")]);
    let project = reading("public", ", skip_signature: true");
    run(&project, &[]).exits(0);
    assert_eq!(say(&project, &["query", "select sum(n) as total from raw.orders"]).exits(0).out, "total\n3\n");
}

#[test]
fn credentials_that_are_none_are_told_before_anything_is_asked_for() {
    for (options, expected) in [
        (
            ", service_acount: key.json",
            &["there is no option 'service_acount' for a store of Google Cloud", "service_account"][..],
        ),
        (", service_account: key.json", &["cannot be set up", "key.json", "GOOGLE_"]),
        (", application_credentials: key.json", &["cannot be set up", "key.json", "GOOGLE_"]),
        (", service_account_key: '{}'", &["cannot be set up", "private_key"]),
        (
            ", service_account_key: '{\"private_key\": \"secret-text\", \"private_key_id\": \"1\", \"client_email\": \"a@b\"}'",
            &["cannot be set up", "pem"],
        ),
    ] {
        let said = run(&reading(BUCKET, options), &[]).exits(2);
        assert_told(&said, "HW0122", expected);
    }
    let project = reading(BUCKET, ", service_account_key: \"${KEY}\"");
    let key = "{\"private_key\": \"secret-text\", \"private_key_id\": \"1\"}";
    let said = run(&project, &[("KEY", key)]).exits(2);
    assert_told(&said, "HW0122", &["cannot be set up", "client_email"]);
    assert!(!format!("{}{}", said.out, said.err).contains("secret-text"), "{said:?}");
    let said = run(&reading(BUCKET, ""), &[("GOOGLE_APPLICATION_CREDENTIALS", "nowhere.json")]).exits(2);
    assert_told(&said, "HW0122", &["nowhere.json", "GOOGLE_"]);
}

#[test]
fn a_lake_and_a_delivery_that_are_refused_say_what_to_do() {
    let url = server().url();
    for (bucket, help) in
        [("nowhere", "make the bucket or container"), ("forbidden", "list, read, write and delete there")]
    {
        let lake = format!(
            "name: shop\nenvironments:\n  dev: {{ default: true, lake: \"gs://{bucket}/lake\", catalog: ./catalog.db, storage: {{ google_base_url: \"{url}\" }} }}\n"
        );
        let project = Project::numbers().with("headwater.yml", lake);
        let said = say(&project, &["run"]).exits(1);
        assert_told(&said, "HW0612", &[help]);
        assert!(!said.err.contains("attempt 2"), "tried again: {}", said.err);
        let destination = format!(
            "connector: files\nlocation: gs://{bucket}/out\nstorage: {{ base_url: \"{url}\" }}\ndeliveries:\n  - {{ table: raw.numbers, to: numbers, mode: replace, format: csv }}\n"
        );
        let project = Project::numbers().with("destinations/partner.yml", destination);
        let said = say(&project, &["run"]).exits(1);
        assert_told(&said, if bucket == "nowhere" { "HW0384" } else { "HW0381" }, &[help, "published snapshot 1"]);
        assert!(!said.err.contains("tried again"), "{}", said.err);
    }
    let misspelt = format!(
        "name: shop\nenvironments:\n  dev: {{ default: true, lake: \"gs://{BUCKET}/lake\", catalog: ./catalog.db, storage: {{ google_base_ur: \"{url}\" }} }}\n"
    );
    let said = say(&Project::numbers().with("headwater.yml", misspelt), &["run"]);
    assert_told(&said, "HW0602", &["'google_base_ur' is no option of Google Cloud storage", "google_base_url"]);
}
