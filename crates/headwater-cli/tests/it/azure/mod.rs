//! Sources, deliveries and a lake in Azure's blobs, against Azurite.

mod server;

use std::process::Command;
use std::sync::OnceLock;

use server::{ACCOUNT, KEY, Server};

use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};
use crate::together::one_of_two_wins;

const CONTAINER: &str = "acme";

/// One server for all tests; each has its own prefix.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(CONTAINER))
}

fn put(prefix: &str, files: &[(&str, &str)]) {
    let puts =
        files.iter().map(|(name, text)| format!("c.upload_blob('{prefix}/in/{name}', {text:?}, overwrite=True)"));
    server().client(CONTAINER, &puts.collect::<Vec<_>>().join("\n"));
}

fn project_on(prefix: &str, catalog: &str) -> Project {
    let storage = format!(
        "{{ azure_storage_endpoint: \"{}\", azure_allow_http: \"true\", azure_storage_account_name: {ACCOUNT}, \
         azure_storage_account_key: \"${{KEY}}\" }}",
        server().url()
    );
    Project::empty()
        .with(
            "headwater.yml",
            format!(
                "name: shop\nenvironments:\n  dev: {{ default: true, lake: \"az://{CONTAINER}/{prefix}/lake\", \
                 catalog: {catalog}, storage: {storage} }}\n"
            ),
        )
        .with(
            "sources/orders.yml",
            format!(
                "connector: files\nlocation: az://{CONTAINER}/{prefix}/in\nstreams:\n  - table: raw.orders\n    \
                 path: '*.csv'\n    mode: new_files\n    columns: {{ id: {{ type: int }}, amount: {{ type: int }} }}\n"
            ),
        )
}

/// A project under a prefix, with two months of orders.
fn project(prefix: &str) -> Project {
    put(prefix, &[("2026-01.csv", "id,amount\n1,10\n2,20\n"), ("2026 02.csv", "id,amount\n3,30\nx,40\n")]);
    project_on(prefix, "./catalog.db")
        .with("models/marts/total.sql", "select sum(amount) as total, count(*) as orders from raw.orders\n")
}

fn program(project: &Project) -> Command {
    let mut program = headwater(project.path());
    program.env("KEY", KEY);
    program
}

fn say(project: &Project, arguments: &[&str]) -> Said {
    program(project).args(arguments).output().unwrap().into()
}

fn total(project: &Project) -> String {
    say(project, &["query", "select total, orders from marts.total"]).exits(0).out.lines().nth(1).unwrap().to_owned()
}

fn blobs(prefix: &str) -> String {
    server().client(CONTAINER, &format!("print(*(blob.name for blob in c.list_blobs('{prefix}')), sep='\\n')"))
}

#[test]
fn a_project_on_azure_publishes_and_answers() {
    let project = project("whole");
    let said = say(&project, &["run"]).exits(0);
    assert!(said.out.contains("published snapshot 1") && said.out.contains("1 source row unreadable"), "{}", said.out);
    assert_eq!(total(&project), "60,3");
    let rejected = say(&project, &["query", "select _file, _line, _raw from raw.orders__rejected"]).exits(0);
    assert_eq!(rejected.out, "_file,_line,_raw\naz://acme/whole/in/2026 02.csv,3,\"x,40\"\n");
    let there = blobs("whole/lake/");
    for table in ["raw/orders", "raw/orders__rejected", "marts/total"] {
        assert!(
            there.contains(&format!("whole/lake/{table}/_delta_log/00000000000000000000.json")),
            "{table}: {there}"
        );
    }
    assert!(!there.contains("_headwater/branches"), "no staging area is left: {there}");
    let nothing = say(&project, &["run"]).exits(0);
    assert!(nothing.out.contains("nothing to publish"), "{}", nothing.out);
    put("whole", &[("2026-03.csv", "id,amount\n5,50\n")]);
    let report = say(&project, &["run", "--json"]).exits(0).json();
    assert_eq!((&report["snapshot"], &report["assets"][0]["rows_in"]), (&2.into(), &1.into()));
    assert_eq!(total(&project), "110,4");
    say(&project, &["rollback", "1"]).exits(0);
    assert_eq!(total(&project), "60,3");
    let vacuum = say(&project, &["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0"]).exits(0);
    assert!(vacuum.out.starts_with("removed "), "{}", vacuum.out);
    assert_eq!(total(&project), "60,3");
    let said = say(&project, &["run", "-vvv", "--full-refresh"]).exits(0);
    assert!(!format!("{}{}", said.out, said.err).contains(KEY), "in the log");
}

#[test]
fn of_two_that_publish_the_same_version_one_wins() {
    let projects = |prefix: &str| {
        put(prefix, &[("2026-01.csv", "id,amount\n1,10\n2,20\n")]);
        [project_on(prefix, "./catalog.db"), project_on(prefix, "./other.db")]
    };
    one_of_two_wins(projects, program, |prefix| blobs(&format!("{prefix}/lake/raw/orders/_delta_log/")));
}

#[test]
fn files_are_delivered_and_tables_of_others_are_read() {
    put("partner", &[("2026-01.csv", "id,amount\n1,10\n2,20\n")]);
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
    put("elsewhere", &[("2026-01.csv", "id,amount\n1,10\n")]);
    let project = project_on("elsewhere", "./catalog.db");
    let settings = std::fs::read_to_string(project.path().join("headwater.yml")).unwrap();
    let settings = settings
        .replace(&format!("az://{CONTAINER}/elsewhere/lake"), "s3://nowhere/lake")
        .replace("storage: {", "storage: { endpoint: \"http://127.0.0.1:1\", allow_http: \"false\",");
    project.write("headwater.yml", settings);
    say(&project, &["source", "check"]).exits(0);
}
