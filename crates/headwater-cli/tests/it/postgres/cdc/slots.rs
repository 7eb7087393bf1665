//! Slots that PostgreSQL cannot read, that wait to be made, and that several lakes would share.

use super::Source;
use super::server::{Database, Server};
use crate::project::assert_told;

const TABLES: &str = "create table t (id int primary key, v int); insert into t values (1, 1); create table u (id int primary key); insert into u values (1); create publication shop for table t, u";
const STREAMS: &str = "  - { table: raw.t, from: t, mode: cdc }\n  - { table: raw.u, from: u, mode: cdc }\n";

#[test]
fn a_publication_that_was_made_again_is_got_over_by_a_full_refresh() {
    let source = Source::following(TABLES, STREAMS);
    source.run();
    source.database.sql("drop publication shop; insert into t values (2, 2)");
    source
        .database
        .sql("create publication shop for table t, u; insert into t values (3, 3); insert into u values (2)");
    let said = source.say(&["run"]).exits(1);
    assert_told(&said, "HW0348", &["publication 'shop' was made anew", "changes in between", "--full-refresh"]);
    assert_eq!(source.query("select id from raw.t"), "1", "what was published stays");
    // One table alone gets over it, and the other one is told what it lacks.
    source.say(&["run", "--full-refresh", "--select", "raw.t"]).exits(0);
    assert_told(&source.say(&["run"]).exits(1), "HW0348", &["changes of u", "--full-refresh"]);
    source.say(&["run", "--full-refresh"]).exits(0);
    source.database.sql("insert into t values (4, 4); delete from u where id = 1");
    source.run();
    assert_eq!(source.query("select id from raw.t order by id"), "1\n2\n3\n4");
    assert_eq!(source.query("select id from raw.u"), "2");
}

#[test]
fn a_table_that_was_out_of_its_publication_for_a_while_is_told_of() {
    let source = Source::following(TABLES, STREAMS);
    source.run();
    let change = |sql: &str| source.database.sql(sql);
    change("alter publication shop drop table t");
    change("insert into t values (2, 2)");
    change("alter publication shop add table t; insert into t values (3, 3); insert into u values (2)");
    let said = source.say(&["run"]).exits(1);
    assert_told(&said, "HW0348", &["had t taken out and added again", "--full-refresh"]);
    assert_eq!(source.query("select id from raw.u order by id"), "1\n2", "the other table goes on");
    source.say(&["run", "--full-refresh", "--select", "raw.t"]).exits(0);
    assert_eq!(source.query("select id from raw.t order by id"), "1\n2\n3");
    // What adds to a publication, or takes out what another entry covers, loses nothing.
    for (sql, row) in [
        ("alter publication shop add tables in schema public", 4),
        ("alter publication shop drop table t", 5),
        ("alter publication shop set table t, u", 6),
    ] {
        change(&format!("{sql}; insert into t values ({row}, {row})"));
        if row < 6 {
            source.run();
        }
    }
    assert_told(&source.say(&["run"]).exits(1), "HW0348", &["had t taken out and added again"]);
    source.say(&["run", "--full-refresh", "--select", "raw.t"]).exits(0);
    assert_eq!(source.query("select id from raw.t order by id"), "1\n2\n3\n4\n5\n6");
}

#[test]
fn the_making_of_a_slot_says_what_it_waits_for() {
    let database = Database::on(Server::own("logical"));
    let source = Source::of(database, TABLES, "");
    let follow = |wait: &str| {
        let head =
            format!("connector: postgres\nconnection: \"${{SHOP}}\"\npublication: shop\nslot_wait: {wait}\nstreams:\n");
        source.project.write("sources/shop.yml", head + STREAMS);
    };
    let open = source.database.beside("begin; update t set v = 5 where id = 1; select pg_sleep(18); commit");
    std::thread::sleep(std::time::Duration::from_secs(1));
    follow("5s");
    let said = source.say(&["run"]).exits(1);
    assert_told(&said, "HW0347", &["waited for transactions", "postgres, psql", "slot_wait"]);
    follow("2m");
    let said = source.run();
    assert!(said.err.contains("made when transactions that are open now have ended: pid "), "{said:?}");
    open.join().unwrap();
    assert_eq!(source.query("select v from raw.t"), "5");
}

#[test]
fn each_project_has_a_slot_of_its_own_and_older_lakes_keep_theirs() {
    let database = Database::on(Server::own("logical"));
    let source = Source::of(database, TABLES, "");
    let head = "connector: postgres\nconnection: \"${SHOP}\"\npublication: shop\n";
    let slots = || source.database.sql("select slot_name from pg_replication_slots order by 1");
    source.project.write("sources/shop.yml", format!("{head}streams:\n{STREAMS}"));
    source.run();
    let own = slots();
    assert!(own.starts_with("headwater_"), "{own}");
    // As a lake of an earlier version is: its tables' commits name another slot.
    source.database.sql(&format!(
        "select pg_copy_logical_replication_slot('{own}', 'headwater'); select pg_drop_replication_slot('{own}')"
    ));
    for table in ["t", "u"] {
        let log = source.project.path().join(format!("lake/raw/{table}/_delta_log"));
        for commit in std::fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path()) {
            let text = std::fs::read_to_string(&commit).unwrap();
            std::fs::write(commit, text.replace(&own, "headwater")).unwrap();
        }
    }
    source.database.sql("insert into t values (2, 2)");
    source.run();
    assert_eq!(source.query("select count(*) from raw.t"), "2");
    assert_eq!(slots(), "headwater");
    source.say(&["run", "--full-refresh"]).exits(0);
    let all = slots();
    assert!(all.starts_with("headwater\nheadwater_"), "{all}");
    let said = source.say(&["source", "check"]).exits(0);
    assert!(said.out.contains("pg_drop_replication_slot('headwater')"), "{}", said.out);
    source.database.sql("select pg_drop_replication_slot('headwater'); insert into t values (3, 3)");
    source.run();
    assert_eq!(source.query("select count(*) from raw.t"), "3");
}
