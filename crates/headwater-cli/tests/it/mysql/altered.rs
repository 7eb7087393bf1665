//! Tables that are altered so that their rows have other values, of which the log says nothing.

use super::Source;
use super::server::{Database, Server};
use crate::project::assert_told;

const TABLE: &str = "create table t (id int primary key, s varchar(20), u varchar(20), n int); insert into t values (1, 'xxxx', 'a', 1), (2, null, 'b', 2)";

/// An alteration, and a word of why it is not passed over.
const ALTERED: &[(&str, &str)] = &[
    ("alter table t drop column s, add column s varchar(20) default 'dd'", "'s' was dropped and made anew"),
    ("alter table t drop column s; alter table t add column s varchar(20)", "'s' was dropped and made anew"),
    ("update t set n = 7 where id = 1; alter table t change s u varchar(20), change u s varchar(20)", "is called"),
    ("set sql_mode = ''; alter table t modify s varchar(3)", "'s' was declared anew"),
    ("set sql_mode = ''; alter table t modify s varchar(20) not null default 'q'", "'s' was declared anew"),
    (
        "set sql_mode = ''; alter table t modify s varchar(3); alter table t modify s varchar(20)",
        "'s' was declared anew",
    ),
];

fn sources(drift: &str) -> Vec<Source> {
    let full = Server::start(&["--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-metadata=FULL"]);
    let sources = [Source::new(TABLE, ""), Source::of(Database::on(full), TABLE, "")];
    for source in &sources {
        source.streams(&format!("  - {{ table: raw.t, from: t, mode: cdc{drift} }}\n"));
        source.run();
    }
    sources.into()
}

/// Puts the table, and the lake's, to where they began.
fn begin(source: &Source) {
    source.database.sql(&format!("drop table t; {TABLE}"));
    source.say(&["run", "--full-refresh"]).exits(0);
}

#[track_caller]
fn assert_same(source: &Source, what: &str) {
    let sql = "select id, coalesce(concat(s, '.'), '-'), coalesce(concat(u, '.'), '-'), n from t order by id";
    let theirs = source.database.sql(sql).replace('\t', ",");
    let ours =
        sql.replace(" t ", " raw.t ").replace("concat(s, '.')", "s || '.'").replace("concat(u, '.')", "u || '.'");
    assert_eq!(source.query(&ours), theirs.trim(), "{what}");
}

#[test]
fn rows_that_have_other_values_are_read_anew() {
    for source in sources(", drift: add") {
        for (sql, words) in ALTERED {
            begin(&source);
            source.database.sql(sql);
            let said = source.run();
            assert!(format!("{}{}", said.out, said.err).contains(words), "{sql}: {}{}", said.out, said.err);
            assert_same(&source, sql);
            // And followed from there.
            source.database.sql("insert into t (id, s, n) values (9, 'new', 1)");
            let said = source.say(&["run", "--json"]).exits(0).json();
            assert_eq!(said["assets"][0]["refresh"]["added"], 1, "{sql}: {said}");
            assert_same(&source, sql);
        }
    }
}

#[test]
fn where_drift_fails_a_run_says_so() {
    for source in sources("") {
        for (sql, words) in ALTERED {
            begin(&source);
            source.database.sql(sql);
            assert_told(&source.say(&["run"]).exits(1), "HW0398", &[words, "--full-refresh"]);
            source.say(&["run", "--full-refresh"]).exits(0);
            assert_same(&source, sql);
        }
    }
}

#[test]
fn a_table_that_holds_what_it_held_is_followed_on() {
    for source in sources(", drift: add") {
        for sql in [
            "alter table t modify s varchar(40), add index i (n), comment 'a table'",
            "alter table t modify n bigint, engine = innodb",
            "alter table t add column new int, alter s set default 'd'",
            "truncate t; alter table t modify s varchar(30); insert into t values (1, 'a', 'b', 1)",
        ] {
            begin(&source);
            source.database.sql(sql);
            source.database.sql("insert into t (id, s, n) values (9, 'new', 1)");
            let said = source.say(&["run", "--json"]).exits(0).json();
            assert_eq!(said["assets"][0]["refresh"]["how"], "changes", "{sql}: {said}");
            assert_same(&source, sql);
        }
    }
}

#[test]
fn a_key_that_tells_no_rows_apart_is_refused() {
    let source = Source::new(TABLE, "  - { table: raw.t, from: t, mode: cdc, key: [id] }\n");
    source.run();
    source.database.sql("drop table t; create table t (id int, s varchar(20) primary key, u varchar(20), n int); insert into t values (1, 'p', '', 0), (1, 'q', '', 0)");
    assert_told(&source.say(&["run"]).exits(1), "HW0357", &["(s)", "(id)", "key"]);
    source.database.sql("alter table t modify id int not null, drop primary key, add unique (id, s)");
    assert_told(&source.say(&["run"]).exits(1), "HW0357", &["(id)"]);
}
