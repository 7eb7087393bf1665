//! What following a table needs, what it keeps on the server, and what is said when that is gone.

use super::Source;
use crate::project::assert_told;

const STREAM: &str = "  - { table: raw.t, from: t, mode: cdc }\n";
const TABLE: &str = "create table t (id int primary key, v int); insert into t select n, n from generate_series(1, 100) n; create publication shop for table t";

fn slot(source: &Source, what: &str) -> String {
    let name = source.database.name();
    source.database.sql(&format!("select {what} from pg_replication_slots where slot_name = '{name}'"))
}

#[test]
fn what_is_missing_is_named_with_the_statement_that_helps() {
    let source = Source::following(
        "create table t (id int, v int, w int generated always as (v + 1) stored); create role follower login password 'r'; grant select on t to follower",
        STREAM,
    );
    let told = |code: &str, words: &[&str]| assert_told(&source.say(&["check"]).exits(3), code, words);
    told("HW0347", &["computed by the server", "exclude: [w]"]);
    source.follow("  - { table: raw.t, from: t, mode: cdc, exclude: [w] }\n");
    told("HW0347", &["no primary key", "alter table \"t\" replica identity full"]);
    source.database.sql("alter table t add primary key (id)");
    told("HW0347", &["no publication 'shop'", "create publication \"shop\" for table \"t\""]);
    source.database.sql(
        "create table other (id int primary key); create publication shop for table other with (publish = 'insert')",
    );
    told("HW0347", &["leaves out", "set (publish = 'insert, update, delete, truncate')"]);
    source.database.sql("alter publication shop set (publish = 'insert, update, delete, truncate')");
    told("HW0347", &["does not have the table t", "alter publication \"shop\" add table \"t\""]);
    source.database.sql("alter publication shop add table t");
    let said = source.say_as(&source.database.url_of("follower", "r"), &["check"]).exits(3);
    assert_told(&said, "HW0347", &["follower may not replicate", "alter role follower replication"]);
    source.follow("  - { table: raw.t, from: t, mode: cdc, exclude: [w], key: [v] }\n");
    told("HW0347", &["by (id)", "not by the key (v)"]);
    source.follow("  - { table: raw.t, from: t, mode: cdc, exclude: [w, id] }\n");
    told("HW0347", &["'id'", "exclude"]);
    source.follow("  - { table: raw.t, from: t, mode: cdc, where: v > 1 }\n");
    assert_told(&source.say(&["check"]).exits(2), "HW0122", &["where"]);
    source.database.sql("create view v as select * from t");
    source.follow("  - { table: raw.t, from: v, mode: cdc }\n");
    told("HW0347", &["no table"]);
    assert_eq!(slot(&source, "count(*)"), "0", "a check makes no slot");
    source.follow("  - { table: raw.t, from: t, mode: cdc, exclude: [w] }\n");
    source.database.sql("alter role follower replication");
    source.say_as(&source.database.url_of("follower", "r"), &["run"]).exits(0);
}

#[test]
fn changes_that_are_lost_are_said_to_be() {
    let source = Source::following(TABLE, STREAM);
    source.run();
    let name = source.database.name().to_owned();
    let refused = |words: &[&str]| {
        assert_told(&source.say(&["run"]).exits(1), "HW0348", words);
        assert_eq!(source.query("select count(*) from raw.t"), "100", "what was published stays");
    };
    source.database.sql(&format!("select pg_drop_replication_slot('{name}'); insert into t values (101, 1)"));
    refused(&["slot", "is gone", "--full-refresh"]);
    source.database.sql(&format!("select pg_create_logical_replication_slot('{name}', 'pgoutput')"));
    refused(&["made again", "--full-refresh"]);
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.query("select count(*) from raw.t"), "101");
    source.database.sql("insert into t values (102, 1)");
    source.run();
    assert_eq!(source.query("select count(*) from raw.t"), "102");
    source.database.sql(&format!(
        "select pg_drop_replication_slot('{name}'); select pg_create_physical_replication_slot('{name}')"
    ));
    let said = source.say(&["run"]).exits(1);
    assert_told(&said, "HW0347", &["not one for logical replication"]);
    source.database.sql(&format!("select pg_drop_replication_slot('{name}')"));
}

#[test]
fn the_slot_moves_on_with_what_is_published_and_not_before() {
    let source = Source::following(
        &format!(
            "{TABLE}; create table quiet (id int primary key); insert into quiet values (1); alter publication shop add table quiet"
        ),
        &format!("{STREAM}  - {{ table: raw.quiet, from: quiet, mode: cdc }}\n"),
    );
    source.run();
    let confirmed = || slot(&source, "confirmed_flush_lsn");
    let begun = confirmed();
    // A branch reads the same changes, and takes nothing away.
    source.database.sql("update t set v = v + 1 where id <= 10");
    source.say(&["branch", "create", "dev"]).exits(0);
    source.say(&["run", "--branch", "dev"]).exits(0);
    assert_eq!(confirmed(), begun);
    source.run();
    let same = "select count(*) from raw.t where v = id + 1";
    assert_eq!(source.query(same), "10");
    assert_eq!(
        source.say(&["query", same, "--branch", "dev", "--format", "csv"]).exits(0).out.lines().last(),
        Some("10")
    );
    // The quiet table holds the slot back, as long as that is little.
    assert_eq!(confirmed(), begun);
    source.database.sql("create table bulk as select md5(n::text) as text from generate_series(1, 300000) n; update t set v = 0 where id = 1");
    let written = source.database.sql("select pg_current_wal_lsn()");
    source.run();
    // Other tests write to the same server meanwhile.
    assert_eq!(slot(&source, &format!("confirmed_flush_lsn >= '{written}'")), "t");
    let said = source.run();
    assert!(said.out.contains("up to date"), "{}", said.out);
    source.database.sql("insert into quiet values (2)");
    source.run();
    assert_eq!(source.query("select id from raw.quiet order by id"), "1\n2");
}

/// The slot is older than what is read anew, and tells of it in columns that are others since.
#[test]
fn what_a_full_refresh_has_read_is_not_done_once_more() {
    let source = Source::following(
        "create table t (id int primary key, v text); insert into t select n, n::text from generate_series(1, 5) n; create publication shop for table t",
        STREAM,
    );
    source.run();
    source.database.sql("update t set v = 'changed' where id = 3; delete from t where id = 5; alter table t rename v to w; alter table t add k text default 'there'");
    source.say(&["run"]).exits(1);
    // Not seen by the snapshot, though it begins before.
    let late = source.database.beside("begin; update t set w = 'late' where id = 1; select pg_sleep(5); commit");
    std::thread::sleep(std::time::Duration::from_secs(1));
    source.say(&["run", "--full-refresh"]).exits(0);
    let same = "select id, w, k from raw.t order by id";
    assert_eq!(source.query(same), "1,1,there\n2,2,there\n3,changed,there\n4,4,there");
    late.join().unwrap();
    source.database.sql("insert into t values (6, '6', null); update t set k = 'other' where id = 2");
    source.run();
    let expected = source.database.sql("select id, w, k from t order by id").replace('|', ",");
    assert_eq!(expected, "1,late,there\n2,2,other\n3,changed,there\n4,4,there\n6,6,");
    assert_eq!(source.query(same), expected);
    source.database.sql("update t set w = 'last' where id <= 2");
    source.run();
    assert_eq!(source.query("select count(*) from raw.t where w = 'last'"), "2");
}

#[test]
fn a_table_that_is_followed_later_joins_the_slot() {
    let source = Source::following(
        &format!(
            "{TABLE}; create table later (id int primary key, v int); insert into later values (1, 1); alter publication shop add table later"
        ),
        STREAM,
    );
    source.run();
    source.database.sql("update later set v = 2; insert into later values (2, 2); delete from t where id = 1");
    source.follow(&format!("{STREAM}  - {{ table: raw.later, from: later, mode: cdc }}\n"));
    source.run();
    assert_eq!(source.query("select id, v from raw.later order by id"), "1,2\n2,2");
    source.database.sql("delete from later where id = 2; insert into later values (3, 3)");
    source.run();
    assert_eq!(source.query("select id, v from raw.later order by id"), "1,2\n3,3");
    assert_eq!(source.query("select count(*) from raw.t"), "99");
}
