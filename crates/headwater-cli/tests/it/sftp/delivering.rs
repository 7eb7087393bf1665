//! Deliveries to an SFTP server.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::between::{Between, Way};
use super::server::Server;
use crate::program::Said;
use crate::project::{Project, assert_told};

/// A table of 400,000 rows that do not compress, delivered as CSV to a folder.
fn project(server: &Server, port: u16) -> Project {
    let keys = server.keys(&server.location_at(port, "partner"));
    let sql =
        "select value as id, md5(cast(value as string)) as text from unnest(range(0, 400000)) as numbers(value)\n";
    Project::empty().with("models/marts/sales.sql", sql).with(
        "destinations/partner.yml",
        format!("{keys}deliveries:\n  - {{ table: marts.sales, to: acme/sales, mode: replace, format: csv }}\n"),
    )
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asserts that a folder holds one whole delivery and nothing else.
#[track_caller]
fn assert_delivered(folder: &Path, rows: usize) {
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join("_headwater.json")).unwrap()).unwrap();
    let file = manifest["files"][0]["path"].as_str().unwrap().to_owned();
    assert_eq!(names(folder), ["_headwater.json".to_owned(), file.clone()]);
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert_eq!(text.lines().count(), rows + 1);
    assert_eq!(manifest["files"][0]["bytes"].as_u64(), Some(text.len() as u64));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("id,text"));
    // The digest of "0", "1" and "399999", as md5sum(1) has them.
    let mut ids: Vec<&str> = lines.map(|line| line.split_once(',').unwrap().0).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), rows);
    if rows > 2 {
        assert!(text.contains("\n0,cfcd208495d565ef66e7dff9f98764da\n"), "of 0");
    }
}

#[test]
fn files_are_delivered_and_replaced() {
    let server = Server::start();
    let project = project(&server, server.port);
    let folder = server.path("data/partner/acme/sales");
    server.say(&project, &["run"]).exits(0);
    assert_delivered(&folder, 400_000);
    assert!(server.say(&project, &["deliver"]).exits(0).out.contains("up to date"));
    let before = names(&folder);
    let sql = "select value as id, md5(cast(value as string)) as text from unnest(range(0, 2)) as numbers(value)\n";
    project.write("models/marts/sales.sql", sql);
    server.say(&project, &["run"]).exits(0);
    assert_ne!(names(&folder), before);
    assert_delivered(&folder, 2);
    // What is verified is read back from the server.
    let said = server.say(&project, &["verify"]);
    assert!(said.code == Some(0) || format!("{}{}", said.out, said.err).contains("verify"), "{said:?}");
}

#[test]
fn a_folder_that_may_not_be_written_to_is_told() {
    if super::server::run("id", &["-u"]) == "0" {
        // Root may write everywhere but where nobody can.
        let server = Server::start();
        server.put("partner", "a file, and no folder");
        let said = server.say(&project(&server, server.port), &["run"]).exits(1);
        assert_told(&said, "HW0384", &["partner/acme/sales", "cannot be written"]);
        return;
    }
    let server = Server::start();
    let folder = server.path("data/partner");
    fs::create_dir(&folder).unwrap();
    let mut permissions = fs::metadata(&folder).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&folder, permissions).unwrap();
    let said = server.say(&project(&server, server.port), &["run"]).exits(1);
    assert_told(&said, "HW0384", &["partner/acme/sales", "cannot be written", "ermission denied"]);
}

/// The sessions are killed at the server while a file is on its way: the rest is written over another connection.
#[test]
fn a_connection_that_is_lost_is_made_again() {
    let server = Arc::new(Server::start());
    let killer = Arc::clone(&server);
    let between =
        Between::start(server.port, Way::Up, &[1_000_000, 7_000_000, 13_000_000], move || killer.kill_sessions());
    server.trust(&server.known_hosts().replace(&server.port.to_string(), &between.port.to_string()));
    server.say(&project(&server, between.port), &["run"]).exits(0);
    assert_eq!(between.left(), 0, "all were killed");
    assert_delivered(&server.path("data/partner/acme/sales"), 400_000);
}

/// The program dies while a file is on its way: no file is there that looks like a whole one, and the next run puts all right.
#[test]
fn a_delivery_that_dies_leaves_no_half_file() {
    let server = Arc::new(Server::start());
    let folder = server.path("data/partner/acme/sales");
    let (looked, seen) = std::sync::mpsc::channel();
    let victim = Arc::new(AtomicU32::new(0));
    let (of, place) = (Arc::clone(&victim), folder.clone());
    let between = Between::start(server.port, Way::Up, &[6_000_000], move || {
        let pid = of.load(Ordering::SeqCst).to_string();
        assert!(std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        looked.send(names(&place)).unwrap();
    });
    server.trust(&server.known_hosts().replace(&server.port.to_string(), &between.port.to_string()));
    let project = project(&server, between.port);
    let mut child = server.command(&project, &["run"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    victim.store(child.id(), Ordering::SeqCst);
    assert!(!child.wait().unwrap().success());
    assert_eq!(between.left(), 0, "it was killed");
    let at_its_death = seen.recv_timeout(Duration::from_secs(60)).expect("it was killed");
    for names in [at_its_death, names(&folder)] {
        assert!(names.iter().all(|name| name.starts_with(".part-") && name.ends_with(".tmp")), "{names:?}");
        assert_eq!(names.len(), 1, "it was on its way");
    }
    let said: Said = server.say(&project, &["run"]).exits(0);
    assert!(!said.out.contains("could not be removed"), "{}", said.out);
    assert_delivered(&folder, 400_000);
}
