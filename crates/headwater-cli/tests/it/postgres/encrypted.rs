//! Connections by TLS. The certificates in `tls` are for 127.0.0.1 and valid for a century; whoever signed them is gone.

use super::Source;
use crate::program::Said;
use crate::project::assert_told;

const STREAM: &str =
    "streams:\n  - { table: raw.me, query: \"select ssl from pg_stat_ssl where pid = pg_backend_pid()\" }\n";

/// What a run says with these keys of the source, on a server that speaks TLS.
fn run(source: &Source, host: &str, keys: &str) -> Said {
    source.project.write("sources/shop.yml", format!("connector: postgres\nconnection: \"${{SHOP}}\"\n{keys}{STREAM}"));
    source.say_as(&source.database.url().replace("@127.0.0.1", &format!("@{host}")), &["run", "--full-refresh"])
}

#[test]
fn a_server_is_verified_by_its_certificate_and_its_name() {
    let source = Source::new("select 1", "  []\n");
    source.project.write("ca.pem", include_str!("tls/ca.pem"));
    source.project.write("other.txt", "no certificate");
    let encrypted = |said: Said, is: &str| {
        said.exits(0);
        assert_eq!(source.query("select ssl from raw.me"), is);
    };
    encrypted(run(&source, "127.0.0.1", "tls: verify\nca: ca.pem\n"), "true");
    encrypted(run(&source, "localhost", "tls: encrypt\n"), "true");
    encrypted(run(&source, "127.0.0.1", ""), "false");
    assert_told(&run(&source, "localhost", "tls: verify\nca: ca.pem\n"), "HW0344", &["certificate", "localhost"]);
    assert_told(&run(&source, "127.0.0.1", "tls: verify\n"), "HW0344", &["certificate", "ca: file.pem"]);
    assert_told(&run(&source, "127.0.0.1", "tls: verify\nca: nope.pem\n"), "HW0340", &["nope.pem", "PEM"]);
    assert_told(&run(&source, "127.0.0.1", "tls: verify\nca: other.txt\n"), "HW0340", &["no certificate in"]);
    let said = run(&source, "127.0.0.1", "tls: off\nca: ca.pem\n").exits(2);
    assert!(said.err.contains("nothing is verified"), "{}", said.err);
}
