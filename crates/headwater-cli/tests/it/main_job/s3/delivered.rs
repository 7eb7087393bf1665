//! Tables that are delivered to a bucket, as files and as Delta tables.

use super::server::Server;
use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};

const BUCKET: &str = "partners";

fn shop(server: &Server, bucket: &str) -> Project {
    let storage = format!("{{ endpoint: \"{}\", allow_http: true, region: us-east-1 }}", server.url());
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.orders, path: orders.csv }\n";
    let destination = format!(
        "connector: files\nlocation: s3://{bucket}/acme\nstorage: {storage}\ndeliveries:\n  - {{ table: raw.orders, to: sales, mode: replace, format: csv, partition_by: day }}\n"
    );
    Project::empty()
        .with("sources/files.yml", source)
        .with("data/orders.csv", "id,day\n1,2024-01-01\n2,2024-01-02\n")
        .with("destinations/partner.yml", destination)
}

fn say(project: &Project, arguments: &[&str]) -> Said {
    let mut command = headwater(project.path());
    command.args(arguments).env("AWS_ACCESS_KEY_ID", "test-key").env("AWS_SECRET_ACCESS_KEY", "test-secret-value");
    command.output().unwrap().into()
}

/// The data files below the folder, by their folders, each with its text.
fn files(server: &Server) -> Vec<(String, String)> {
    let keys = server.keys(BUCKET, "acme/sales/").into_iter().filter(|key| key.ends_with(".csv"));
    let text = |key: &String| String::from_utf8(server.get(BUCKET, key).unwrap()).unwrap();
    let mut found: Vec<_> = keys.map(|key| (key.rsplit_once('/').unwrap().0.to_owned(), text(&key))).collect();
    found.sort();
    found
}

#[test]
fn a_bucket_holds_what_was_published_last_and_nothing_else() {
    let server = Server::start(BUCKET);
    let project = shop(&server, BUCKET);
    say(&project, &["run"]).exits(0);
    let file = |day: &str, text: &str| (format!("acme/sales/day={day}"), format!("id\n{text}\n"));
    assert_eq!(files(&server), [file("2024-01-01", "1"), file("2024-01-02", "2")]);
    project.write("data/orders.csv", "id,day\n3,2024-01-02\n");
    say(&project, &["run"]).exits(0);
    assert_eq!(files(&server), [file("2024-01-02", "3")]);
    let manifest = server.get(BUCKET, "acme/sales/_headwater.json").unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!((&manifest["mark"]["snapshot"], &manifest["files"][0]["rows"]), (&2.into(), &1.into()));
    assert!(say(&project, &["deliver"]).exits(0).out.contains("up to date"));
    // A bucket that is not there.
    let other = shop(&server, "nowhere");
    let said = say(&other, &["run"]).exits(1);
    assert_told(&said, "HW0384", &["s3://nowhere/acme/sales/", "published snapshot 1"]);
    assert!(!format!("{}{}", said.out, said.err).contains("test-secret-value"));
}

#[test]
fn a_delta_table_in_a_bucket_takes_up_what_changed() {
    let server = Server::start(BUCKET);
    let project = shop(&server, BUCKET);
    let storage = format!("{{ endpoint: \"{}\", allow_http: true, region: us-east-1 }}", server.url());
    let place = format!("location: s3://{BUCKET}/delta\nstorage: {storage}\n");
    project.write(
        "destinations/partner.yml",
        format!("connector: delta\n{place}deliveries:\n  - {{ table: raw.orders, to: sales/orders, key: id }}\n"),
    );
    say(&project, &["run"]).exits(0);
    project.write("data/orders.csv", "id,day\n2,2024-01-05\n3,2024-01-06\n");
    let said = say(&project, &["run", "--json"]).exits(0).json();
    assert_eq!(
        (&said["deliveries"][0]["written"], &said["deliveries"][0]["deleted"]),
        (&2.into(), &1.into()),
        "{said}"
    );
    assert!(say(&project, &["deliver"]).exits(0).out.contains("up to date"));
    let left: Vec<String> =
        server.keys(BUCKET, "delta/").into_iter().filter(|key| key.contains("_headwater")).collect();
    assert_eq!(left, [""; 0], "the staging area is empty");
    // Read by the connector that reads tables of others, which shares nothing with what has written it but the form of deletion vectors.
    let reader = Project::empty().with(
        "sources/partner.yml",
        format!("connector: delta\n{place}streams:\n  - {{ table: raw.orders, path: sales/orders }}\n"),
    );
    say(&reader, &["run"]).exits(0);
    let read = say(&reader, &["query", "select id, day from raw.orders order by id", "--format", "csv"]).exits(0);
    assert_eq!(read.out, "id,day\n2,2024-01-05\n3,2024-01-06\n");
    // A bucket that is not there holds back nothing but its own.
    let nowhere = std::fs::read_to_string(project.path().join("destinations/partner.yml")).unwrap();
    project.write("destinations/partner.yml", nowhere.replace(&format!("s3://{BUCKET}/"), "s3://nowhere/"));
    project.write("data/orders.csv", "id,day\n4,2024-01-06\n");
    let said = say(&project, &["run"]).exits(1);
    assert!(said.out.contains("published snapshot 3"), "{}", said.out);
    assert!(!format!("{}{}", said.out, said.err).contains("test-secret-value"));
}
