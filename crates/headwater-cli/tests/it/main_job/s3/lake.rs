//! A project whose source and lake are on S3 and whose catalogue is a local file.

use std::sync::OnceLock;

use super::server::Server;
use crate::program::{headwater, json, ok, query};
use crate::project::{Project, assert_told};

const BUCKET: &str = "acme";

/// One server for all tests; each has its own prefix.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(BUCKET))
}

/// A project under a prefix, with two months of orders.
fn project(prefix: &str) -> Project {
    let server = server();
    server.put(BUCKET, &format!("{prefix}/in/2026-01.csv"), b"id,amount\n1,10\n2,20\n");
    server.put(BUCKET, &format!("{prefix}/in/2026-02.csv"), b"id,amount\n3,30\nx,40\n");
    project_on(prefix, "./catalog.db")
}

fn project_on(prefix: &str, catalog: &str) -> Project {
    let storage = format!(
        "{{ aws_endpoint: \"{}\", aws_allow_http: \"true\", aws_region: us-east-1, aws_access_key_id: \"${{KEY}}\", \
         aws_secret_access_key: \"${{SECRET}}\" }}",
        server().url()
    );
    Project::empty()
        .with(
            "headwater.yml",
            format!(
                "name: shop\nenvironments:\n  dev: {{ default: true, lake: \"s3://{BUCKET}/{prefix}/lake\", \
                 catalog: {catalog}, storage: {storage} }}\n"
            ),
        )
        .with(
            "sources/orders.yml",
            format!(
                "connector: files\nlocation: s3://{BUCKET}/{prefix}/in\nstreams:\n  - table: raw.orders\n    \
                 path: '*.csv'\n    mode: new_files\n    \
                 columns: {{ id: {{ type: int }}, amount: {{ type: int }} }}\n    \
                 checks: [ {{ unique: id }} ]\n"
            ),
        )
        .with("models/marts/total.sql", "select sum(amount) as total, count(*) as orders from raw.orders\n")
}

/// Runs the program with the credentials that the project asks for.
fn say(project: &Project, arguments: &[&str]) -> crate::program::Said {
    let mut command = headwater(project.path());
    command.args(arguments).env("KEY", "test-key").env("SECRET", "test-secret-value");
    command.output().unwrap().into()
}

fn total(project: &Project) -> String {
    say(project, &["query", "select total, orders from marts.total"]).exits(0).out.lines().nth(1).unwrap().to_owned()
}

#[test]
fn a_project_on_s3_publishes_and_answers() {
    let project = project("whole");
    let said = say(&project, &["run"]).exits(0);
    assert!(said.out.contains("published snapshot 1") && said.out.contains("1 source row unreadable"), "{}", said.out);
    assert_eq!(total(&project), "60,3");
    let rejected = say(&project, &["query", "select _file, _line, _raw from raw.orders__rejected"]).exits(0);
    assert_eq!(rejected.out, "_file,_line,_raw\ns3://acme/whole/in/2026-02.csv,3,\"x,40\"\n");
    let keys = server().keys(BUCKET, "whole/lake/");
    for table in ["raw/orders", "raw/orders__rejected", "marts/total"] {
        let commit = format!("whole/lake/{table}/_delta_log/00000000000000000000.json");
        assert!(keys.contains(&commit), "{commit}: {keys:?}");
        assert!(keys.iter().any(|key| key.starts_with(&format!("whole/lake/{table}/")) && key.ends_with(".parquet")));
    }
    assert!(!keys.iter().any(|key| key.contains("_headwater/branches")), "no staging area is left: {keys:?}");
    assert!(!project.lake().exists() && project.path().join("catalog.db").is_file());
}

#[test]
fn a_second_run_loads_what_is_new_only() {
    let project = project("second");
    say(&project, &["run"]).exits(0);
    let nothing = say(&project, &["run"]).exits(0);
    assert!(nothing.out.contains("nothing to publish"), "{}", nothing.out);
    server().put(BUCKET, "second/in/2026-03.csv", b"id,amount\n5,50\n");
    let report = say(&project, &["run", "--json"]).exits(0).json();
    assert_eq!((&report["snapshot"], &report["assets"][0]["rows_in"]), (&2.into(), &1.into()));
    assert_eq!(total(&project), "110,4");
    let old = say(&project, &["query", "select total from marts.total", "--as-of", "1"]).exits(0);
    assert_eq!(old.out, "total\n60\n");
    say(&project, &["rollback", "1"]).exits(0);
    assert_eq!(total(&project), "60,3");
    let vacuum = say(&project, &["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0"]).exits(0);
    assert!(vacuum.out.starts_with("removed "), "{}", vacuum.out);
    assert_eq!(total(&project), "60,3");
}

#[test]
fn nothing_is_published_when_a_check_fails() {
    let project = project("failing");
    say(&project, &["run"]).exits(0);
    let log = |n: u64| format!("failing/lake/raw/orders/_delta_log/{n:020}.json");
    let before = server().get(BUCKET, &log(0)).unwrap();
    server().put(BUCKET, "failing/in/2026-03.csv", b"id,amount\n1,999\n");
    let said = say(&project, &["run"]).exits(1);
    assert_told(&said, "HW0910", &["unique(id)", "marts.total: held back"]);
    assert_eq!(server().get(BUCKET, &log(0)).unwrap(), before);
    assert_eq!(server().get(BUCKET, &log(1)), None, "no new version of the table");
    assert_eq!(total(&project), "60,3");
}

/// Two machines with catalogues of their own that publish into one lake: put-if-absent lets one of them win.
#[test]
fn of_two_that_publish_the_same_table_one_wins() {
    let (one, two) = (project("conflict"), project_on("conflict", "./other.db"));
    for project in [&one, &two] {
        // One table, so that one of them wins and not each a part.
        std::fs::remove_file(project.path().join("models/marts/total.sql")).unwrap();
        project.write(
            "sources/orders.yml",
            std::fs::read_to_string(project.path().join("sources/orders.yml")).unwrap().replace("*.csv", "2026-01.csv"),
        );
    }
    let start = |project: &Project| {
        let mut command = headwater(project.path());
        command.args(["run", "--json"]).env("KEY", "test-key").env("SECRET", "test-secret-value");
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let running = [start(&one), start(&two)];
    let said: Vec<crate::program::Said> =
        running.into_iter().map(|running| running.wait_with_output().unwrap().into()).collect();
    let mut codes: Vec<_> = said.iter().map(|said| said.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(1)], "{said:#?}");
    let (winner, loser) = if said[0].code == Some(0) { (&one, &two) } else { (&two, &one) };
    let lost = said.iter().find(|said| said.code == Some(1)).unwrap().json();
    assert_eq!(lost["error"]["code"], "HW0915", "{lost}");
    assert_eq!(lost["snapshot"], serde_json::Value::Null);
    let sum = "select sum(amount) as total from raw.orders";
    assert_eq!(say(winner, &["query", sum]).exits(0).out, "total\n30\n");
    assert_told(&say(loser, &["query", sum]).exits(2), "HW0806", &[]);
    let keys = server().keys(BUCKET, "conflict/lake/raw/orders/_delta_log/");
    assert_eq!(keys.len(), 1, "the loser left no commit: {keys:?}");
}

#[test]
fn secrets_are_told_to_nobody() {
    let project = project("secrets");
    let said = say(&project, &["run", "-vvv"]).exits(0);
    let everything = format!("{}{}", said.out, said.err);
    assert!(!everything.contains("test-secret-value"), "in the log");
    let catalogue = std::fs::read(project.path().join("catalog.db")).unwrap();
    let secret = b"test-secret-value";
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
