//! What stands in the way: each told with whose fault it is and what to do, and nothing published.

use super::Source;
use super::server::OWNER;
use crate::project::assert_told;

fn small() -> Source {
    Source::new(
        "create table t (id int, name text); insert into t values (1, 'one')",
        "  - { table: raw.t, from: t }\n",
    )
}

#[test]
fn a_connection_that_cannot_be_made_is_told_without_its_password() {
    let source = small();
    let url = source.database.url();
    let said = source.say_as(&source.database.url_of(OWNER.0, "wrong-password"), &["run"]);
    assert_told(&said, "HW0352", &["Access denied", "password"]);
    assert!(!format!("{}{}", said.out, said.err).contains("wrong-password"));
    assert_told(&source.say_as(&source.database.url_of("nobody", OWNER.1), &["run"]), "HW0352", &["nobody"]);
    let elsewhere = url.replace(&url[url.rfind('/').unwrap()..], "/not_there");
    assert_told(&source.say_as(&elsewhere, &["run"]), "HW0352", &["not_there", "Unknown database"]);
    let free = crate::held::free_port();
    let closed = format!("mysql://a:{}@127.0.0.1:{free}/d", OWNER.1);
    let said = source.say_as(&closed, &["run"]);
    assert_told(&said, "HW0351", &[&free.to_string(), "refused", "host and port"]);
    assert!(!format!("{}{}", said.out, said.err).contains(OWNER.1));
    let broken = source.say_as("mysql://u:top-secret@h:port/d", &["run"]).exits(2);
    assert!(
        broken.err.contains("the connection cannot be read") && !broken.err.contains("top-secret"),
        "{}",
        broken.err
    );
    let socket = format!(
        "mysql://{}:{}@localhost/{}?socket={}",
        OWNER.0,
        OWNER.1,
        source.database.name(),
        source.database.server().socket().display()
    );
    // There is no user of this name who may come through the socket.
    assert_told(&source.say_as(&socket, &["run"]), "HW0352", &["Access denied"]);
    source.database.sql(&format!("create or replace user 'by socket'@localhost identified by 'a@b%'; grant select on {}.* to 'by socket'@localhost", source.database.name()));
    let socket = socket.replace(&format!("{}:{}", OWNER.0, OWNER.1), "by%20socket:a%40b%25");
    source.say_as(&socket, &["run"]).exits(0);
}

#[test]
fn a_server_that_is_no_mysql_is_told() {
    let source = small();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let web = std::thread::spawn(move || {
        use std::io::Write;
        for stream in listener.incoming().take(3) {
            let _gone = stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    let said = source.say_as(&format!("mysql://a:b@127.0.0.1:{port}/d"), &["run"]);
    assert_told(&said, "HW0351", &[&port.to_string(), "host and port"]);
    drop(web);
}

#[test]
fn what_is_not_there_or_forbidden_is_told_with_what_to_grant() {
    let source = small();
    source.streams("  - { table: raw.t, from: tt }\n");
    assert_told(&source.say(&["run"]).exits(2), "HW0350", &["tt", "doesn't exist"]);
    source.streams("  - { table: raw.t, from: t, where: \"nome = 'x'\" }\n");
    assert_told(&source.say(&["run"]), "HW0350", &["nome"]);
    source.streams("  - { table: raw.t, from: t, exclude: [nome] }\n");
    assert_told(&source.say(&["run"]).exits(2), "HW0350", &["nome", "its columns are: id, name"]);
    source.streams("  - { table: raw.t, query: \"select 1 as a, 2 as a\" }\n");
    source.say(&["check"]).exits(2);
    source.streams("  - { table: raw.t, from: t, columns: { name: { type: bigint } } }\n");
    assert_told(&source.say(&["run"]).exits(2), "HW0350", &["text", "bigint"]);
    source.streams("  - { table: raw.t, query: \"delete from t\" }\n");
    source.say(&["run"]).exits(2);
    assert_eq!(source.database.sql("select count(*) from t"), "1");
    source.streams("  - { table: raw.t, from: t }\n");
    source.database.sql("create or replace user reader@'127.0.0.1' identified by 'reading'");
    let name = source.database.name();
    let reader = source.database.url_of("reader", "reading");
    assert_told(&source.say_as(&reader, &["run"]), "HW0353", &["denied", "grant select", "reader"]);
    source.database.sql(&format!("grant select on {name}.t to reader@'127.0.0.1'"));
    source.say_as(&reader, &["run"]).exits(0);
    assert_eq!(source.query("select name from raw.t"), "one");
}

#[test]
fn a_changed_table_is_dealt_with_as_the_policy_says() {
    let source = small();
    source.run();
    source.database.sql("alter table t add born date; update t set born = '2000-01-01'");
    assert_told(&source.say(&["run"]).exits(1), "HW0308", &["column 'born' (date) is new", "drift: add"]);
    assert_eq!(source.query("select * from raw.t"), "1,one");
    source.streams("  - { table: raw.t, from: t, drift: ignore }\n");
    source.run();
    assert_eq!(source.query("select * from raw.t"), "1,one");
    source.streams("  - { table: raw.t, from: t, drift: add }\n");
    source.run();
    assert_eq!(source.query("select id, name, born from raw.t"), "1,one,2000-01-01");
    source.database.sql("alter table t drop name; alter table t modify id text");
    assert_told(&source.say(&["run"]).exits(1), "HW0308", &["column 'id' was int and is string"]);
    source.database.sql("alter table t modify id bigint");
    source.run();
    assert_eq!(source.query("select id, name, born from raw.t"), "1,,2000-01-01");
    source.database.sql("insert into t (id) values (5000000000)");
    source.run();
    assert_eq!(source.query("select max(id) from raw.t"), "5000000000");
}

#[test]
fn a_connection_that_is_cut_in_the_middle_loses_nothing() {
    let source = Source::new(
        "create table t (id int, filler text); insert into t select seq, repeat('x', 500) from seq_1_to_200000",
        "  - { table: raw.t, from: t }\n",
    );
    let program = std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            // Once, as soon as rows are on their way; a run that reads none ends for itself.
            let began = std::time::Instant::now();
            let reading = format!(
                "select id from information_schema.processlist where db = '{}' and info like 'select `id`, `filler` from%'",
                source.database.name()
            );
            while began.elapsed() < std::time::Duration::from_secs(60) {
                let id = source.database.sql(&reading);
                if !id.is_empty() && source.database.tries(&format!("kill connection {id}")) {
                    return true;
                }
            }
            false
        });
        let said = source.say(&["run"]);
        assert!(killer.join().unwrap(), "no session was seen reading: {said:?}");
        said
    });
    if program.code != Some(0) {
        assert_told(&program, "HW0351", &["t cannot be read"]);
        source.run();
    }
    assert_eq!(source.query("select count(*), count(distinct id) from raw.t"), "200000,200000");
}
