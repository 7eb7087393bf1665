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
    assert_told(&said, "HW0342", &["password authentication failed", "pg_hba.conf"]);
    assert!(!format!("{}{}", said.out, said.err).contains("wrong-password"));
    assert_told(&source.say_as(&source.database.url_of("nobody", OWNER.1), &["run"]), "HW0342", &["nobody"]);
    let elsewhere = url.replace(&url[url.rfind('/').unwrap()..], "/not_there");
    assert_told(&source.say_as(&elsewhere, &["run"]), "HW0342", &["not_there", "does not exist"]);
    let free = crate::held::free_port();
    let closed = format!("postgres://a:{}@127.0.0.1:{free}/d", OWNER.1);
    let said = source.say_as(&closed, &["run"]);
    assert_told(&said, "HW0341", &[&free.to_string(), "refused", "host and port"]);
    assert!(!format!("{}{}", said.out, said.err).contains(OWNER.1));
    let encrypted = source.say_as(&format!("{url}?sslmode=verify-full"), &["run"]);
    assert_told(&encrypted, "HW0344", &["tls: off"]);
    let broken = source.say_as("postgres://u:top-secret@h:port/d", &["run"]).exits(2);
    assert!(
        broken.err.contains("the connection cannot be read") && !broken.err.contains("top-secret"),
        "{}",
        broken.err
    );
}

#[test]
fn what_is_not_there_or_forbidden_is_told_with_what_to_grant() {
    let source = small();
    source.streams("  - { table: raw.t, from: public.tt }\n");
    assert_told(&source.say(&["run"]).exits(2), "HW0340", &["public.tt", "does not exist"]);
    source.streams("  - { table: raw.t, from: t, where: \"nome = 'x'\" }\n");
    assert_told(&source.say(&["run"]), "HW0340", &["nome"]);
    source.streams("  - { table: raw.t, from: t, exclude: [nome] }\n");
    assert_told(&source.say(&["run"]).exits(2), "HW0340", &["nome", "its columns are: id, name"]);
    source.streams("  - { table: raw.t, query: select 1 as a }\n");
    source.say(&["check"]).exits(0);
    source.streams("  - { table: raw.t, query: \"select 1 as a, 2 as a\" }\n");
    assert_told(&source.say(&["check"]).exits(2), "HW0340", &["two columns 'a'", "as"]);
    source.streams("  - { table: raw.t, from: t, columns: { id: { type: smallint } } }\n");
    assert_told(&source.say(&["run"]).exits(2), "HW0340", &["int4", "smallint"]);
    source.streams("  - { table: raw.t, from: t }\n");
    source.database.sql("do $$ begin if not exists (select from pg_roles where rolname = 'reader') then create role reader login password 'reading'; end if; end $$");
    let reader = source.database.url_of("reader", "reading");
    assert_told(&source.say_as(&reader, &["run"]).exits(1), "HW0343", &["permission denied", "grant select", "reader"]);
    source.database.sql("grant select on t to reader");
    source.say_as(&reader, &["run"]).exits(0);
    assert_eq!(source.query("select name from raw.t"), "one");
}

#[test]
fn a_changed_table_is_dealt_with_as_the_policy_says() {
    let source = small();
    source.run();
    source.database.sql("alter table t add born date; alter table t add size int; update t set born = '2000-01-01'");
    let all = "column 'born' (date) is new; column 'size' (int4) is new";
    assert_told(&source.say(&["run"]).exits(1), "HW0308", &[all, "drift: add"]);
    source.database.sql("alter table t drop size");
    assert_eq!(source.query("select * from raw.t"), "1,one");
    source.streams("  - { table: raw.t, from: t, drift: ignore }\n");
    source.run();
    assert_eq!(source.query("select * from raw.t"), "1,one");
    source.streams("  - { table: raw.t, from: t, drift: add }\n");
    source.run();
    assert_eq!(source.query("select id, name, born from raw.t"), "1,one,2000-01-01");
    source.database.sql("alter table t drop name; alter table t alter id type text using id::text");
    assert_told(&source.say(&["run"]).exits(1), "HW0308", &["column 'id' was int and is string"]);
    source.database.sql("alter table t alter id type int using id::int");
    source.run();
    assert_eq!(source.query("select id, name, born from raw.t"), "1,,2000-01-01");
}

#[test]
fn a_connection_that_is_cut_in_the_middle_loses_nothing() {
    let source = Source::new(
        "create table t (id int, filler text); insert into t select n, repeat('x', 500) from generate_series(1, 200000) n",
        "  - { table: raw.t, from: t }\n",
    );
    let program = std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            // Once, as soon as rows are on their way; a run that reads none ends for itself.
            let began = std::time::Instant::now();
            while began.elapsed() < std::time::Duration::from_secs(60) {
                let killed = source.database.sql(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity
                     where application_name = 'headwater' and datname = current_database() and query like 'copy %' and state = 'active'",
                );
                if killed != "0" {
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
        assert_told(&program, "HW0341", &["terminating connection"]);
        source.run();
    }
    assert_eq!(source.query("select count(*), count(distinct id) from raw.t"), "200000,200000");
}

#[test]
fn a_table_without_columns_is_refused() {
    let source = Source::new("create table t ()", "  - { table: raw.t, from: t }\n");
    assert_told(&source.say(&["check"]).exits(2), "HW0340", &["t has no columns to read"]);
    source.database.sql("alter table t add a int");
    source.streams("  - { table: raw.t, from: t, exclude: [a] }\n");
    assert_told(&source.say(&["check"]).exits(2), "HW0340", &["t has no columns to read"]);
}

#[test]
fn columns_that_differ_in_letter_case_are_told_before_anything_is_written() {
    let source = Source::new(
        "create table t (id int, n int, \"N\" int); insert into t values (1, 2, 3)",
        "  - { table: raw.t, from: t }\n  - { table: raw.q, query: 'select id, n, 1 as \"N\" from t' }\n",
    );
    assert_told(&source.say(&["run"]), "HW0997", &["'n' and 'N'", "exclude"]);
    source.streams("  - { table: raw.t, from: t, exclude: [N] }\n");
    source.run();
    assert_eq!(source.query("select id, n from raw.t"), "1,2");
}
