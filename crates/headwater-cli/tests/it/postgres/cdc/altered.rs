//! Tables that are altered so that their rows have other values, of which changes say nothing.

use super::Source;
use crate::project::assert_told;

const TABLE: &str = "create table t (id int primary key, s varchar(20), n int); insert into t select n, 'x', n from generate_series(1, 3) n;
    create publication shop for all tables";

/// An alteration, and a word of why it is not passed over.
const ALTERED: &[(&str, &str)] = &[
    (
        "alter table t drop column s; alter table t add column s varchar(20) default 'dd'",
        "'s' was dropped and made anew",
    ),
    ("alter table t rename column s to u; alter table t add column s varchar(20)", "'s' was dropped and made anew"),
    ("alter table t alter column s type varchar(3) using 'abc'", "'s' was character varying(20)"),
    (
        "drop table t; create table t (id int primary key, s varchar(20), n int); insert into t values (1, 'q', 1)",
        "made anew",
    ),
];

fn source(drift: &str) -> Source {
    let source = Source::following(TABLE, &format!("  - {{ table: raw.t, from: t, mode: cdc{drift} }}\n"));
    source.run();
    source
}

#[track_caller]
fn assert_same(source: &Source) {
    let sql = "select id, s, n from t order by id";
    assert_eq!(source.query(&sql.replace(" t ", " raw.t ")).replace(',', "|"), source.database.sql(sql));
}

#[test]
fn rows_that_have_other_values_are_read_anew() {
    for (sql, words) in ALTERED {
        let source = source(", drift: add");
        source.database.sql(sql);
        let said = source.run();
        assert!(format!("{}{}", said.out, said.err).contains(words), "{}{}", said.out, said.err);
        assert_same(&source);
        // And followed from there.
        source.database.sql("insert into t (id, s) values (9, 'new')");
        let said = source.say(&["run", "--json"]).exits(0).json();
        assert_eq!(said["assets"][0]["refresh"]["added"], 1, "{said}");
        assert_same(&source);
    }
}

#[test]
fn where_drift_fails_a_run_says_so() {
    for (sql, words) in ALTERED.iter().filter(|(sql, _)| !sql.contains("rename")) {
        let source = source("");
        source.database.sql(sql);
        assert_told(&source.say(&["run"]).exits(1), "HW0398", &[words, "--full-refresh"]);
        source.say(&["run", "--full-refresh"]).exits(0);
        assert_same(&source);
    }
}

#[test]
fn columns_that_hold_what_they_held_are_not() {
    let source = source(", drift: add");
    source.database.sql(
        "alter table t alter column s type text; alter table t alter column n type bigint; alter table t alter column n set default 4;
         alter table t add column new int; alter table t rename column new to newer; insert into t (id, s) values (4, 'w')",
    );
    let said = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["assets"][0]["refresh"]["added"], 1, "{said}");
    assert_same(&source);
}
