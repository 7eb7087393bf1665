//! Connections by TLS, with the certificates that the tests of PostgreSQL have.

use super::Source;
use crate::program::Said;
use crate::project::assert_told;

const STREAM: &str = "streams:\n  - { table: raw.me, query: \"select variable_value <> '' as s from information_schema.session_status where variable_name = 'ssl_cipher'\" }\n";

/// What a run says with these keys of the source, on a server that speaks TLS.
fn run(source: &Source, host: &str, keys: &str) -> Said {
    source.project.write("sources/shop.yml", format!("connector: mysql\nconnection: \"${{SHOP}}\"\n{keys}{STREAM}"));
    source.say_as(&source.database.url().replace("@127.0.0.1", &format!("@{host}")), &["run", "--full-refresh"])
}

#[test]
fn a_server_is_verified_by_its_certificate_and_its_name() {
    let source = Source::new("select 1", "  []\n");
    source.project.write("ca.pem", include_str!("../postgres/tls/ca.pem"));
    source.project.write("other.txt", "no certificate");
    let encrypted = |said: Said, is: &str| {
        said.exits(0);
        assert_eq!(source.query("select s from raw.me"), is);
    };
    encrypted(run(&source, "127.0.0.1", "tls: verify\nca: ca.pem\n"), "1");
    encrypted(run(&source, "localhost", "tls: encrypt\n"), "1");
    encrypted(run(&source, "127.0.0.1", ""), "0");
    assert_told(&run(&source, "localhost", "tls: verify\nca: ca.pem\n"), "HW0354", &["certificate", "localhost"]);
    assert_told(&run(&source, "127.0.0.1", "tls: verify\n"), "HW0354", &["certificate", "ca: file.pem"]);
    assert_told(&run(&source, "127.0.0.1", "tls: verify\nca: nope.pem\n"), "HW0350", &["nope.pem", "PEM"]);
    assert_told(&run(&source, "127.0.0.1", "tls: verify\nca: other.txt\n"), "HW0350", &["no certificate in"]);
    let said = run(&source, "127.0.0.1", "tls: off\nca: ca.pem\n").exits(2);
    assert!(said.err.contains("nothing is verified"), "{}", said.err);
}
