//! Sources, deliveries and a lake in Azure's blobs, against Azurite.

mod server;

use std::process::Command;
use std::sync::OnceLock;

use server::{ACCOUNT, KEY, Server};

use crate::lakes_in_stores::{self, Bucket, project_on, publishes_and_answers};
use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};

const CONTAINER: &str = "acme";

/// One server for all tests; each has its own prefix.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(CONTAINER))
}

struct Container;

impl Bucket for Container {
    const URL: &str = "az://acme";
    const SECRET: &str = KEY;

    fn storage() -> String {
        format!(
            "{{ azure_storage_endpoint: \"{}\", azure_allow_http: \"true\", azure_storage_account_name: {ACCOUNT}, \
             azure_storage_account_key: \"${{KEY}}\" }}",
            server().url()
        )
    }

    fn put(prefix: &str, files: &[(&str, &str)]) {
        let puts =
            files.iter().map(|(name, text)| format!("c.upload_blob('{prefix}/in/{name}', {text:?}, overwrite=True)"));
        server().client(CONTAINER, &puts.collect::<Vec<_>>().join("\n"));
    }

    fn names(prefix: &str) -> String {
        server().client(CONTAINER, &format!("print(*(blob.name for blob in c.list_blobs('{prefix}')), sep='\\n')"))
    }

    fn program(project: &Project) -> Command {
        let mut program = headwater(project.path());
        program.env("KEY", KEY);
        program
    }
}

fn say(project: &Project, arguments: &[&str]) -> Said {
    Container::say(project, arguments)
}

#[test]
fn a_project_on_azure_publishes_and_answers() {
    publishes_and_answers::<Container>();
}

#[test]
fn of_two_that_publish_the_same_version_one_wins() {
    lakes_in_stores::of_two_that_publish_the_same_version_one_wins::<Container>();
}

#[test]
fn files_are_delivered_and_tables_of_others_are_read() {
    Container::put("partner", &[("2026-01.csv", "id,amount\n1,10\n2,20\n")]);
    let storage = format!(
        "{{ endpoint: \"{}\", allow_http: true, account_name: {ACCOUNT}, access_key: \"${{KEY}}\" }}",
        server().url()
    );
    let source = format!(
        "connector: files\nlocation: az://{CONTAINER}/partner/in\nstorage: {storage}\nstreams:\n  - {{ table: raw.orders, path: '*.csv' }}\n"
    );
    let destination = format!(
        "connector: files\nlocation: az://{CONTAINER}/partner\nstorage: {storage}\ndeliveries:\n  - {{ table: raw.orders, to: sales, mode: replace, format: csv }}\n"
    );
    let project = Project::empty().with("sources/files.yml", source).with("destinations/partner.yml", destination);
    say(&project, &["run"]).exits(0);
    let read = "for blob in c.list_blobs('partner/sales/'):\n    if blob.name.endswith('.csv'): print(c.download_blob(blob.name).readall().decode(), end='')";
    assert_eq!(server().client(CONTAINER, read), "id,amount\n1,10\n2,20");
    // A table that delta-rs keeps there, and another container that is not there.
    let url = server().url();
    server().client(
        CONTAINER,
        &format!("
import pyarrow as pa
from deltalake import write_deltalake
write_deltalake('az://{CONTAINER}/partner/table', pa.table({{'id': [1, 2, 3], 'part': ['a b', 'a b', 'c']}}), partition_by=['part'],
  storage_options={{'azure_storage_endpoint': '{url}', 'allow_http': 'true', 'account_name': '{ACCOUNT}', 'account_key': '{KEY}'}})"),
    );
    let table = format!(
        "connector: delta\nlocation: abfss://{CONTAINER}@{ACCOUNT}.dfs.core.windows.net/partner\nstorage: {storage}\nstreams:\n  - {{ table: raw.theirs, path: table }}\n"
    );
    project.write("sources/table.yml", &table);
    say(&project, &["run"]).exits(0);
    let sums = say(&project, &["query", "select part, sum(id) as sum from raw.theirs group by part order by part"]);
    assert_eq!(sums.exits(0).out, "part,sum\na b,3\nc,3\n");
    project.write("sources/table.yml", table.replace("abfss://acme@", "abfss://nowhere@"));
    assert_told(&say(&project, &["run"]), "HW0301", &["nowhere", "check that the bucket or container is there"]);
    project.write("sources/table.yml", table.replace("access_key:", "acces_key:"));
    assert_told(
        &say(&project, &["check"]).exits(2),
        "HW0122",
        &["there is no option 'acces_key' for a store of Azure"],
    );
}

/// What an environment says without a prefix is for its lake's service, here for S3, and not for a source in another one.
#[test]
fn an_endpoint_of_the_lake_is_none_of_another_service() {
    Container::put("elsewhere", &[("2026-01.csv", "id,amount\n1,10\n")]);
    let project = project_on::<Container>("elsewhere", "./catalog.db");
    let settings = std::fs::read_to_string(project.path().join("headwater.yml")).unwrap();
    let settings = settings
        .replace(&format!("az://{CONTAINER}/elsewhere/lake"), "s3://nowhere/lake")
        .replace("storage: {", "storage: { endpoint: \"http://127.0.0.1:1\", allow_http: \"false\",");
    project.write("headwater.yml", settings);
    say(&project, &["source", "check"]).exits(0);
}
