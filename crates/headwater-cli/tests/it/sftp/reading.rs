//! Sources on an SFTP server.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use super::between::{Between, Way};
use super::server::Server;
use crate::program::{Said, gzip, with_peak};
use crate::project::{Project, assert_told};

fn parquet(file: &Path, first: u64, rows: u64) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let python = std::env::var("HEADWATER_PYTHON").expect("HEADWATER_PYTHON is not set: run the tests with ./test");
    let script = "import sys, pyarrow as pa, pyarrow.parquet as pq
file, first, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pq.write_table(pa.table({'id': range(first, first + rows), 'text': [f'{i * 2654435761 % 4294967296:x}' for i in range(rows)]}), file, row_group_size=50000)";
    let done = Command::new(python).args(["-c", script]).arg(file).args([first.to_string(), rows.to_string()]).status();
    assert!(done.unwrap().success());
}

fn answer(server: &Server, project: &Project, sql: &str) -> String {
    server.say(project, &["query", sql]).exits(0).out.lines().skip(1).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_formats_are_found_by_globs_and_new_files_are_loaded_once() {
    let server = Server::start();
    server.put("in/orders/2026-01.csv.gz", gzip("id,amount\n1,10\n2,20\n"));
    server.put("in/orders/2026 #2 [a].csv.gz", gzip("id,amount\n3,30\nx,40\n"));
    server.put("in/orders/.2026-09.csv.gz.part", "half of a fi");
    server.put("in/orders/2026-01/below.csv.gz", gzip("id,amount\n9,90\n"));
    let events = server.path("data/in/events");
    parquet(&events.join("2026/01/a.parquet"), 0, 120_000);
    parquet(&events.join("2026/02/b.parquet"), 120_000, 10);
    // Links lead to files and folders; one that leads back is gone through once.
    std::os::unix::fs::symlink(&events, events.join("2026/again")).unwrap();
    let streams = "streams:\n  - { table: raw.orders, path: 'orders/*.csv.gz', mode: new_files, columns: { id: { type: int }, amount: { type: int } } }\n  \
                   - { table: raw.events, path: 'events/**/*.parquet', mode: new_files }\n";
    let project = Project::empty().with("sources/partner.yml", server.keys(&server.location("in")) + streams);
    let said = server.say(&project, &["run"]).exits(0);
    assert!(said.out.contains("1 source row unreadable"), "{}", said.out);
    assert_eq!(answer(&server, &project, "select count(*), sum(amount) from raw.orders"), "3,60");
    assert_eq!(
        answer(&server, &project, "select count(*), sum(id), count(distinct id) from raw.events"),
        format!("120010,{},120010", (0..120_010_u64).sum::<u64>())
    );
    let rejected = answer(&server, &project, "select _file, _line, _raw from raw.orders__rejected");
    assert_eq!(
        rejected,
        format!("{},3,\"x,40\"", server.location("in/orders/2026 #2 [a].csv.gz").replace(":22/", "/"))
    );
    assert!(server.say(&project, &["run"]).exits(0).out.contains("nothing to publish"));
    server.put("in/orders/2026-03.csv.gz", gzip("id,amount\n5,50\n"));
    let report = server.say(&project, &["run", "--json"]).exits(0).json();
    let rows: Vec<_> =
        report["assets"].as_array().unwrap().iter().map(|asset| (&asset["asset"], &asset["rows_in"])).collect();
    assert_eq!(rows, [(&"raw.events".into(), &0.into()), (&"raw.orders".into(), &1.into())]);
    // A file that was loaded and is another one now is left alone, and said.
    server.put("in/orders/2026-03.csv.gz", gzip("id,amount\n5,50\n6,60\n"));
    let said = server.say(&project, &["run"]).exits(0);
    assert!(format!("{}{}", said.out, said.err).contains("2026-03.csv.gz"), "{}\n{}", said.out, said.err);
    assert_eq!(answer(&server, &project, "select count(*), sum(amount) from raw.orders"), "4,110");
}

#[test]
fn the_home_folder_and_plain_paths_are_read() {
    let server = Server::start();
    server.put("a#b.csv", "n\n1\n2\n");
    let location = format!("sftp://{}@127.0.0.1:{}/~", server.user, server.port);
    let streams = "streams:\n  - { table: raw.numbers, path: 'a#b.csv' }\n";
    let project = Project::empty().with("sources/home.yml", server.keys(&location) + streams);
    server.say(&project, &["run"]).exits(0);
    assert_eq!(answer(&server, &project, "select sum(n) from raw.numbers"), "3");
}

#[test]
fn what_is_not_there_is_told() {
    let server = Server::start();
    server.put("in/a.csv", "n\n1\n");
    let told = |path: &str, folder: &str, code: &str, words: &[&str]| {
        let streams = format!("streams:\n  - {{ table: raw.numbers, path: '{path}' }}\n");
        let project = Project::empty().with("sources/in.yml", server.keys(&server.location(folder)) + &streams);
        let said = server.say(&project, &["run"]);
        assert_ne!(said.code, Some(0));
        assert_told(&said, code, words);
    };
    told("b.csv", "in", "HW0303", &["no file matches", "data/in/b.csv"]);
    told("*.json", "in", "HW0303", &["no file matches", "data/in/*.json"]);
    told("*.csv", "out", "HW0303", &["no file matches", "data/out/*.csv"]);
    let port = crate::held::free_port();
    let streams = "streams:\n  - { table: raw.numbers, path: 'a.csv' }\n";
    let project = Project::empty().with("sources/in.yml", server.keys(&server.location_at(port, "in")) + streams);
    let said = server.say(&project, &["run"]).exits(3);
    assert_told(&said, "HW0301", &["cannot be spoken to", "refused"]);
}

/// Numbers and texts that do not compress, and their sums.
fn large(rows: u64) -> (String, u64, u64) {
    let (mut text, mut sum, mut state) = (String::from("id,value,text\n"), 0_u64, 88_172_645_463_325_252_u64);
    for id in 0..rows {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let value = state % 1_000_000;
        sum += value;
        text.push_str(&format!("{id},{value},{state:016x}\n"));
    }
    (text, sum, rows)
}

/// The sessions are killed at the server in the middle of a file, more than once: the rest is read over another connection.
#[test]
fn a_connection_that_is_lost_is_made_again() {
    let server = Arc::new(Server::start());
    let (text, sum, rows) = large(500_000);
    assert!(text.len() > 12_000_000);
    server.put("in/large.csv", &text);
    parquet(&server.path("data/in/large.parquet"), 0, 300_000);
    let killer = Arc::clone(&server);
    let between =
        Between::start(server.port, Way::Down, &[2_000_000, 9_000_000, 14_000_000], move || killer.kill_sessions());
    server.trust(&server.known_hosts().replace(&server.port.to_string(), &between.port.to_string()));
    let streams =
        "streams:\n  - { table: raw.large, path: large.csv }\n  - { table: raw.columns, path: large.parquet }\n";
    let location = server.location_at(between.port, "in");
    let project = Project::empty().with("sources/in.yml", server.keys(&location) + streams);
    server.say(&project, &["run"]).exits(0);
    assert_eq!(between.left(), 0, "all were killed");
    assert!(between.connections() >= 4, "{}", between.connections());
    let found = answer(&server, &project, "select count(*), sum(value), count(distinct text) from raw.large");
    assert_eq!(found, format!("{rows},{sum},{rows}"));
    assert_eq!(answer(&server, &project, "select count(*), sum(id) from raw.columns"), "300000,44999850000");
}

/// A file that changes while it is read is not loaded by halves.
#[test]
fn a_file_that_changes_meanwhile_fails_the_load() {
    let server = Arc::new(Server::start());
    let (text, ..) = large(400_000);
    server.put("in/large.csv", &text);
    let writer = Arc::clone(&server);
    let between = Between::start(server.port, Way::Down, &[3_000_000], move || {
        let file = writer.path("data/in/large.csv");
        fs::File::options().append(true).open(file).unwrap().write_all(b"999999999,1,x\n").unwrap();
    });
    server.trust(&server.known_hosts().replace(&server.port.to_string(), &between.port.to_string()));
    let streams = "streams:\n  - { table: raw.large, path: large.csv }\n";
    let location = server.location_at(between.port, "in");
    let project = Project::empty().with("sources/in.yml", server.keys(&location) + streams);
    let said = server.say(&project, &["run"]);
    match said.code {
        // It was noticed, and read once more by a further attempt of the run.
        Some(0) => assert_eq!(answer(&server, &project, "select count(*) from raw.large"), "400001"),
        _ => assert_told(&said, "HW0311", &["changed while it was being loaded"]),
    }
}

#[test]
fn memory_does_not_grow_with_files() {
    let server = Server::start();
    let (text, _, rows) = large(300_000);
    for file in 0..8 {
        server.put(&format!("in/{file}.csv"), &text);
    }
    let project = |path: &str| {
        let streams = format!("streams:\n  - {{ table: raw.large, path: '{path}' }}\n");
        Project::empty().with("sources/in.yml", server.keys(&server.location("in")) + &streams)
    };
    let peak = |project: &Project| -> (Said, u64) { with_peak(server.command(project, &["run"])) };
    let (one, all) = (project("0.csv"), project("*.csv"));
    let (said, small) = peak(&one);
    said.exits(0);
    let (said, large) = peak(&all);
    said.exits(0);
    assert_eq!(answer(&server, &all, "select count(*) from raw.large"), (8 * rows).to_string());
    assert!(large < small + 150 * 1024, "{small} KiB for one file, {large} KiB for eight of {} bytes", text.len());
}

#[test]
fn a_source_is_written_from_what_lies_on_the_server() {
    let server = Server::start();
    server.put("in/orders_2026-01.csv.gz", gzip("id;amount\n1;10\n2;NA\n"));
    server.put("in/orders_2026-02.csv.gz", gzip("id;amount\n3;30\n"));
    server.put("in/shops.csv", "shop\nA\n");
    let project = Project::empty();
    let keys = format!("sftp={{\"private_key\": \"{}\"}}", server.user_key().display());
    let place = server.location("in");
    server.say(&project, &["source", "add", "files", &place, &keys, "--name", "partner"]).exits(0);
    let yaml = fs::read_to_string(project.path().join("sources/partner.yml")).unwrap();
    assert!(
        yaml.contains("path: \"orders_*.csv.gz\"") && yaml.contains("format: { delimiter: \";\", null: [NA] }"),
        "{yaml}"
    );
    server.say(&project, &["run"]).exits(0);
    assert_eq!(answer(&server, &project, "select count(*), sum(amount) from raw.orders"), "3,40");
    assert_eq!(answer(&server, &project, "select shop from raw.shops"), "A");
}
