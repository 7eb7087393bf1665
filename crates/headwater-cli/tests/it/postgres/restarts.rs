//! Servers of a test's own: one that crashes while it is read, and one that keeps no changes.

use std::time::{Duration, Instant};

use super::Source;
use super::server::{Database, Server};
use crate::project::assert_told;

/// Runs the project while the server crashes and comes back, as soon as a query that looks like `reading` is under way. A run that
/// could not go on is followed by another one.
#[track_caller]
fn run_through_a_crash(server: &Server, source: &Source, reading: &str) {
    std::thread::scope(|scope| {
        let crash = scope.spawn(|| {
            let sql = format!(
                "select count(*) from pg_stat_activity where application_name = 'headwater' and datname = current_database() and query ilike '{reading}' and state = 'active'"
            );
            let began = Instant::now();
            while source.database.sql(&sql) == "0" {
                assert!(began.elapsed() < Duration::from_secs(60), "nothing was read");
            }
            server.restart();
        });
        let said = source.say(&["run"]);
        crash.join().unwrap();
        if said.code != Some(0) {
            assert!(said.err.contains("HW0341") || said.out.contains("HW0341"), "{said:?}");
            source.run();
        }
    });
}

#[test]
fn a_server_that_crashes_while_it_is_read_loses_nothing() {
    let server = Server::own("logical");
    let source = Source::of(
        Database::on(server),
        "create table t (id int primary key, filler text); insert into t select n, repeat('x', 500) from generate_series(1, 300000) n",
        "  - { table: raw.t, from: t }\n",
    );
    run_through_a_crash(server, &source, "copy %");
    assert_eq!(source.query("select count(*), count(distinct id) from raw.t"), "300000,300000");
    // And while changes are read, which come once.
    let follow = "  - { table: raw.followed, from: t, mode: cdc }\n";
    source.database.sql("create publication shop for table t");
    source.follow(follow);
    source.run();
    source.database.sql("update t set filler = 'changed' where id % 3 = 0; delete from t where id % 100 = 1; insert into t select n, 'new' from generate_series(300001, 400000) n");
    run_through_a_crash(server, &source, "%pg_logical_slot%changes%");
    source.run();
    let sums =
        "select count(*), count(distinct id), sum(cast(id as bigint)), count(*) filter (where filler = 'changed')";
    let expected = source.database.sql(&format!("{sums} from t")).replace('|', ",");
    assert_eq!(source.query(&format!("{sums} from raw.followed")), expected);
}

#[test]
fn a_server_that_keeps_no_changes_is_told_of() {
    let server = Server::own("replica");
    let source = Source::of(
        Database::on(server),
        "create table t (id int primary key); insert into t values (1); create publication shop for table t",
        "",
    );
    source.follow("  - { table: raw.t, from: t, mode: cdc }\n");
    for command in [["run"].as_slice(), &["source", "check"]] {
        let said = source.say(command);
        assert_ne!(said.code, Some(0));
        let all = format!("{}{}", said.out, said.err);
        assert!(all.contains("wal_level") && all.contains("logical"), "{all}");
    }
    assert_told(&source.say(&["check"]).exits(3), "HW0347", &["its wal_level is 'replica'", "wal_level = logical"]);
    // What needs no changes is read all the same.
    source.streams("  - { table: raw.t, from: t }\n");
    source.run();
    assert_eq!(source.query("select * from raw.t"), "1");
}
