//! A lake that is rolled back goes on: the next run brings it up to date with its sources.

use super::Source;

#[test]
fn followed_tables_are_read_anew() {
    let source = Source::following(
        "create table t (id int primary key, v int); insert into t select n, n from generate_series(1, 100) n;
         create publication shop for table t",
        "  - { table: raw.t, from: t, mode: cdc }\n",
    );
    source.run();
    source.database.sql("update t set v = 0 where id < 10; delete from t where id = 50");
    source.run();
    // The server's slot has moved past what the first snapshot had.
    source.say(&["rollback", "1"]).exits(0);
    assert_eq!(source.query("select count(*), sum(v) from raw.t"), "100,5050");
    source.database.sql("insert into t values (101, 7)");
    let plan = source.say(&["plan"]).exits(0);
    assert!(plan.out.contains("rolled back to snapshot 1"), "{}", plan.out);
    source.run();
    assert_eq!(source.query("select count(*), sum(v) from raw.t"), "100,4962");
    // And is followed from there.
    source.database.sql("delete from t where id = 101");
    let said = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["assets"][0]["refresh"]["deleted"], 1, "{said}");
    assert_eq!(source.query("select count(*), sum(v) from raw.t"), "99,4955");
}

#[test]
fn changes_that_are_lost_without_a_rollback_are_not_passed_over() {
    let source = Source::following(
        "create table t (id int primary key); insert into t values (1); create publication shop for table t",
        "  - { table: raw.t, from: t, mode: cdc }\n",
    );
    source.run();
    source.database.sql("insert into t values (2)");
    source.run();
    source.say(&["rollback", "1"]).exits(0);
    source.run();
    // The rollback is past: what is lost now is lost for another reason.
    source.database.sql(&format!("select pg_drop_replication_slot('{}')", source.database.name()));
    crate::project::assert_told(&source.say(&["run"]).exits(1), "HW0348", &["is gone", "--full-refresh"]);
}

#[test]
fn an_incremental_stream_that_was_not_there_yet_is_loaded_again() {
    let source = Source::new(
        "create table t (id int primary key); insert into t values (1), (2); create table u (id int); insert into u values (1)",
        "  - { table: raw.u, from: u }\n",
    );
    source.run();
    source.streams("  - { table: raw.u, from: u }\n  - { table: raw.t, from: t, mode: incremental, cursor: id }\n");
    source.run();
    source.database.sql("insert into t values (3)");
    source.run();
    source.say(&["rollback", "1"]).exits(0);
    source.run();
    assert_eq!(source.query("select count(*) from raw.t"), "3");
    // Back to where some of its rows are there: the others come again.
    source.say(&["rollback", "2"]).exits(0);
    assert_eq!(source.query("select count(*) from raw.t"), "2");
    source.run();
    assert_eq!(source.query("select count(*) from raw.t"), "3");
}
