//! Host keys: what is not known is told, and nothing is sent to it.

use std::fs;

use super::server::{Server, fingerprint};
use crate::program::Said;
use crate::project::{Project, assert_told};

const STREAMS: &str = "streams:\n  - { table: raw.numbers, path: a.csv }\n";

fn project(server: &Server) -> Project {
    server.put("a.csv", "n\n1\n");
    with_sftp(server, &format!("private_key: \"{}\"", server.user_key().display()))
}

fn with_sftp(server: &Server, sftp: &str) -> Project {
    let source = format!("connector: files\nlocation: \"{}\"\nsftp: {{ {sftp} }}\n{STREAMS}", server.location(""));
    Project::empty().with("sources/in.yml", source)
}

/// Asserts that the server was asked for its key, and that nobody tried to log in.
#[track_caller]
fn assert_nothing_was_sent(server: &Server) {
    let log = server.log();
    assert!(!log.contains("Accepted") && !log.contains("Failed") && !log.contains("Authent"), "{log}");
}

#[test]
fn an_unknown_host_is_told_with_what_to_add() {
    let server = Server::start();
    let project = project(&server);
    server.trust("");
    let said = server.say(&project, &["run"]).exits(3);
    let print = fingerprint(&server.host_key("ed25519"));
    let host = format!("[127.0.0.1]:{}", server.port);
    assert_told(&said, "HW0318", &["is not known", &host, &print, "host_key", "known_hosts"]);
    assert_nothing_was_sent(&server);
    // What the message says to add is what makes it known.
    let json = server.say(&project, &["run", "--json"]);
    let text = format!("{}{}", json.out, json.err);
    let at = text.find(&format!("{host} ssh-ed25519 ")).unwrap_or_else(|| panic!("{text}"));
    let line: Vec<&str> = text[at..].split([' ', '"', '\\', '\n']).take(3).collect();
    server.trust(&format!("{}\n", line.join(" ")));
    server.say(&project, &["run"]).exits(0);
}

#[test]
fn a_host_that_has_changed_is_refused_loudly() {
    let mut server = Server::start();
    let project = project(&server);
    server.say(&project, &["run"]).exits(0);
    let before = fingerprint(&server.host_key("ed25519"));
    server.change_host_key();
    fs::write(server.path("log"), "").unwrap();
    let said = server.say(&project, &["run"]).exits(1);
    let now = fingerprint(&server.host_key("ed25519"));
    let file = server.path("home/.ssh/known_hosts").display().to_string();
    assert_told(
        &said,
        "HW0319",
        &["has changed", &before, &now, &format!("{file}, line 1"), "stand between you and the server"],
    );
    assert_nothing_was_sent(&server);
    server.trust(&format!("@revoked * {}", server.known_hosts().split_once(' ').unwrap().1));
    assert_told(&server.say(&project, &["run"]).exits(1), "HW0319", &["is revoked"]);
    assert_nothing_was_sent(&server);
}

#[test]
fn declared_keys_are_the_only_ones_that_count() {
    let mut server = Server::start();
    server.put("a.csv", "n\n1\n");
    let key = format!("private_key: \"{}\"", server.user_key().display());
    let print = fingerprint(&server.host_key("ed25519"));
    let public = fs::read_to_string(server.host_key("ed25519").with_extension("pub")).unwrap();
    let file = server.path("hosts");
    fs::write(&file, server.known_hosts()).unwrap();
    server.trust("");
    let declared = |how: String| with_sftp(&server, &format!("{key}, {how}"));
    let by_print = declared(format!("host_key: \"{print}\""));
    let by_key =
        declared(format!("host_key: [\"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\", \"{}\"]", public.trim()));
    let by_file = declared(format!("known_hosts: \"{}\"", file.display()));
    for project in [&by_print, &by_key, &by_file] {
        server.say(project, &["run"]).exits(0);
    }
    let both = declared(format!("host_key: \"{print}\", known_hosts: hosts"));
    assert_told(&server.say(&both, &["check"]).exits(2), "HW0122", &["both say how the server is known"]);
    let none = declared("host_key: ab:cd".to_owned());
    assert_told(&server.say(&none, &["check"]).exits(2), "HW0122", &["neither a fingerprint nor a public key"]);
    server.change_host_key();
    fs::write(server.path("log"), "").unwrap();
    for project in [&by_print, &by_key] {
        let said = server.say(project, &["run"]).exits(1);
        assert_told(&said, "HW0319", &["not the one that is declared", &print]);
    }
    assert_told(&server.say(&by_file, &["run"]).exits(1), "HW0319", &["has changed", "hosts, line 1"]);
    assert_nothing_was_sent(&server);
}

/// A server has keys of several types. The one that is known is asked for, and hashed hosts are understood.
#[test]
fn of_several_keys_the_known_one_is_shown() {
    let server = Server::with_host_keys(&["ed25519", "ecdsa", "rsa"]);
    let project = project(&server);
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let name = if kind == "ecdsa" { "ecdsa-sha2-nistp256" } else { &format!("ssh-{kind}") };
        let lines: String =
            server.known_hosts().lines().filter(|line| line.contains(name)).map(|l| format!("{l}\n")).collect();
        assert_eq!(lines.lines().count(), 1, "{kind}");
        server.trust(&lines);
        super::server::run("ssh-keygen", &["-q", "-H", "-f", server.path("home/.ssh/known_hosts").to_str().unwrap()]);
        let said: Said = server.say(&project, &["run", "--full-refresh"]);
        said.exits(0);
    }
}
