//! A project whose source and lake are on S3 and whose catalogue is a local file.

use std::process::Command;
use std::sync::OnceLock;

use super::server::Server;
use crate::lakes_in_stores::{self, Bucket, project_on, publishes_and_answers};
use crate::program::{Said, headwater, json, ok, query};
use crate::project::{Project, assert_told};

const BUCKET: &str = "acme";

/// One server for all tests; each has its own prefix.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(BUCKET))
}

struct Amazon;

impl Bucket for Amazon {
    const URL: &str = "s3://acme";
    const SECRET: &str = "test-secret-value";

    fn storage() -> String {
        format!(
            "{{ aws_endpoint: \"{}\", aws_allow_http: \"true\", aws_region: us-east-1, aws_access_key_id: \"${{KEY}}\", \
             aws_secret_access_key: \"${{SECRET}}\" }}",
            server().url()
        )
    }

    fn put(prefix: &str, files: &[(&str, &str)]) {
        for (name, text) in files {
            server().put(BUCKET, &format!("{prefix}/in/{}", name.replace(' ', "%20")), text.as_bytes());
        }
    }

    fn names(prefix: &str) -> String {
        server().keys(BUCKET, prefix).join("\n")
    }

    /// With the credentials that the project asks for.
    fn program(project: &Project) -> Command {
        let mut program = headwater(project.path());
        program.env("KEY", "test-key").env("SECRET", Self::SECRET);
        program
    }
}

fn say(project: &Project, arguments: &[&str]) -> Said {
    Amazon::say(project, arguments)
}

/// A project under a prefix, with two months of orders.
fn project(prefix: &str) -> Project {
    Amazon::put(prefix, &[("2026-01.csv", "id,amount\n1,10\n2,20\n"), ("2026-02.csv", "id,amount\n3,30\nx,40\n")]);
    project_on::<Amazon>(prefix, "./catalog.db")
        .with("models/marts/total.sql", "select sum(amount) as total, count(*) as orders from raw.orders\n")
}

fn total(project: &Project) -> String {
    say(project, &["query", "select total, orders from marts.total"]).exits(0).out.lines().nth(1).unwrap().to_owned()
}

#[test]
fn a_project_on_s3_publishes_and_answers() {
    publishes_and_answers::<Amazon>();
}

#[test]
fn of_two_that_publish_the_same_version_one_wins() {
    lakes_in_stores::of_two_that_publish_the_same_version_one_wins::<Amazon>();
}

#[test]
fn nothing_is_published_when_a_check_fails() {
    let project = project("failing");
    let orders = std::fs::read_to_string(project.path().join("sources/orders.yml")).unwrap();
    project.write("sources/orders.yml", format!("{orders}    checks: [ {{ unique: id }} ]\n"));
    say(&project, &["run"]).exits(0);
    let log = |n: u64| format!("failing/lake/raw/orders/_delta_log/{n:020}.json");
    let before = server().get(BUCKET, &log(0)).unwrap();
    Amazon::put("failing", &[("2026-03.csv", "id,amount\n1,999\n")]);
    let said = say(&project, &["run"]).exits(1);
    assert_told(&said, "HW0910", &["unique(id)", "marts.total: held back"]);
    assert_eq!(server().get(BUCKET, &log(0)).unwrap(), before);
    assert_eq!(server().get(BUCKET, &log(1)), None, "no new version of the table");
    assert_eq!(total(&project), "60,3");
}

#[test]
fn secrets_are_told_to_nobody() {
    let project = project("secrets");
    say(&project, &["run"]).exits(0);
    let catalogue = std::fs::read(project.path().join("catalog.db")).unwrap();
    let secret = Amazon::SECRET.as_bytes();
    assert!(!catalogue.windows(secret.len()).any(|window| window == secret), "in the catalogue");
    let said = crate::program::say(project.path(), &["run"]).exits(2);
    assert_told(&said, "HW0117", &["KEY", "SECRET", "headwater.yml"]);
}

#[test]
fn a_store_that_does_not_answer_is_the_environments_fault() {
    let project = project("unreachable");
    say(&project, &["run"]).exits(0);
    let yml = std::fs::read_to_string(project.path().join("headwater.yml")).unwrap();
    project.write("headwater.yml", yml.replace(&server().url(), "http://127.0.0.1:1"));
    let said = say(&project, &["query", "select * from marts.total"]).exits(3);
    assert!(said.err.contains("error[HW06") && said.err.contains("127.0.0.1:1"), "{}", said.err);
    let said = say(&project, &["run"]);
    assert!(matches!(said.code, Some(1 | 3)), "{said:?}");
    project.write("headwater.yml", yml.replace(&format!("s3://{BUCKET}/"), "s3://no-such-bucket/"));
    let said = say(&project, &["query", "select * from marts.total"]).exits(3);
    assert!(said.err.contains("error[HW06"), "{}", said.err);
    project.write("headwater.yml", &yml);
    assert_eq!(total(&project), "60,3");
}

#[test]
fn a_store_that_does_not_answer_is_told_as_such() {
    let project = project("silent");
    say(&project, &["run"]).exits(0);
    let yml = std::fs::read_to_string(project.path().join("headwater.yml")).unwrap();
    project.write("headwater.yml", yml.replace(&server().url(), "http://127.0.0.1:1"));
    assert_told(&say(&project, &["query", "select * from marts.total"]).exits(3), "HW0612", &[]);
}

#[test]
fn a_lake_in_object_storage_needs_a_catalogue() {
    let project = project("nowhere");
    let yml = std::fs::read_to_string(project.path().join("headwater.yml")).unwrap();
    project.write("headwater.yml", yml.replace("catalog: ./catalog.db, ", ""));
    assert_told(&say(&project, &["run"]).exits(2), "HW0801", &["catalog"]);
}

#[test]
fn a_local_lake_may_have_a_source_on_s3() {
    let project = project("mixed");
    let yml = std::fs::read_to_string(project.path().join("headwater.yml")).unwrap();
    let local = yml
        .replace(&format!("\"s3://{BUCKET}/mixed/lake\""), "./lake")
        .replace("${KEY}", "k")
        .replace("${SECRET}", "s");
    project.write("headwater.yml", local.replace("catalog: ./catalog.db, ", ""));
    ok(project.path(), &["run"]);
    assert_eq!(query(project.path(), "select total from marts.total"), "60");
    assert_eq!(json(project.path(), &["history"]).as_array().unwrap().len(), 1);
    assert!(project.lake().join("_headwater/catalog.db").is_file());
}
