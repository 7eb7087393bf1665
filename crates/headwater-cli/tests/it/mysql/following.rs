//! Following a table for long: what happens to it beside its rows, and what stands in the way.

use super::Source;
use super::server::{Database, Server};
use crate::project::assert_told;

const STREAM: &str = "  - { table: raw.t, from: t, mode: cdc, drift: add }\n";

fn small() -> Source {
    Source::new(
        "create table t (id int primary key, a varchar(20), b varchar(20)); insert into t values (1, 'a1', 'b1'), (2, 'a2', 'b2')",
        STREAM,
    )
}

#[test]
fn a_table_that_is_altered_once_goes_on() {
    let source = small();
    source.run();
    source.database.sql(
        "insert into t values (3, 'a3', 'b3'); alter table t add c int default 7 after id, drop column b;
         insert into t (id, a) values (4, 'a4'); update t set a = 'again' where id = 1",
    );
    source.run();
    assert_eq!(source.query("select id, a, b, c from raw.t order by id"), "1,again,,7\n2,a2,b2,\n3,a3,b3,\n4,a4,,7");
    // Columns that change places, of one type.
    source.database.sql("insert into t (id, a) values (5, 'a5'); alter table t change a z varchar(20), add a varchar(20); insert into t (id, z, a) values (6, 'z6', 'a6')");
    source.run();
    assert_eq!(source.query("select id, a, z from raw.t where id >= 5 order by id"), "5,,a5\n6,a6,z6");
    source.database.sql("alter table t modify c bigint; insert into t (id, c) values (7, 5000000000)");
    source.run();
    assert_eq!(source.query("select c from raw.t where id = 7"), "5000000000");
}

#[test]
fn columns_are_never_taken_for_each_other() {
    let source = small();
    source.run();
    let twice = "alter table t change a x varchar(20); insert into t (id, x, b) values (10, 'x10', 'b10'); alter table t change x b2 varchar(20)";
    source.database.sql(twice);
    assert_told(
        &source.say(&["run"]).exits(1),
        "HW0357",
        &["altered more than once", "binlog_row_metadata = FULL", "--full-refresh"],
    );
    assert_eq!(source.query("select count(*) from raw.t"), "2");
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.query("select b2, b from raw.t where id = 10"), "x10,b10");
    // Altered twice, with no row in between.
    source
        .database
        .sql("alter table t add d int; alter table t drop column d; insert into t (id, b2) values (11, 'b11')");
    source.run();
    assert_eq!(source.query("select b2 from raw.t where id = 11"), "b11");
    // The log says itself which columns rows have.
    let database =
        Database::on(Server::start(&["--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-metadata=FULL"]));
    let source = Source::of(
        database,
        "create table t (id int primary key, a varchar(20) character set latin1, u int unsigned, e enum('x','y')); insert into t values (1, 'ä', 4000000000, 'y')",
        STREAM,
    );
    source.run();
    source.database.sql(
        "alter table t change a n varchar(20) character set latin1; insert into t values (2, 'ö', 4000000001, 'x');
         alter table t change n a varchar(20), add first int first; insert into t values (9, 3, 'ü', 4000000002, 'y')",
    );
    source.run();
    assert_eq!(
        source.query("select id, a, u, e, first from raw.t order by id"),
        "1,ä,4000000000,y,\n2,ö,4000000001,x,\n3,ü,4000000002,y,9"
    );
}

#[test]
fn what_is_not_told_row_by_row_is_told_to_a_person() {
    let lost = |sql: &str, code: &str, words: &[&str]| {
        let source = Source::new(
            "create table t (id int primary key, v int) partition by range (id) (partition p0 values less than (10), partition p1 values less than (1000));
             insert into t values (1, 1), (20, 20); create table other (id int primary key, v int); insert into other values (7, 7)",
            "  - { table: raw.t, from: t, mode: cdc }\n",
        );
        source.run();
        source.database.sql(sql);
        assert_told(&source.say(&["run"]).exits(1), code, words);
        assert_eq!(source.query("select count(*) from raw.t"), "2");
        source.say(&["run", "--full-refresh"]).exits(0);
        let theirs = source.database.sql("select id, v from t order by id").replace('\t', ",");
        assert_eq!(source.query("select id, v from raw.t order by id"), theirs);
    };
    lost("alter table t truncate partition p1", "HW0358", &["partition", "--full-refresh"]);
    lost(
        "set binlog_format = 'STATEMENT'; update t set v = v + 1",
        "HW0358",
        &["logged as its text", "--full-refresh"],
    );
    lost("rename table t to old, other to t", "HW0358", &["renamed to its name", "--full-refresh"]);
    lost("xa start 'x'; insert into t values (30, 30); xa end 'x'; xa prepare 'x'; xa commit 'x'", "HW0358", &["(XA)"]);
}

#[test]
fn a_table_that_is_made_anew_has_its_new_rows_alone() {
    let source = small();
    source.run();
    source.database.sql("insert into t values (3, 'gone', 'gone'); drop table t; create table t (id int primary key, a varchar(20), b varchar(20)); insert into t values (9, 'a9', 'b9')");
    source.run();
    assert_eq!(source.query("select id, a, b from raw.t"), "9,a9,b9");
    source.database.sql("create table if not exists t (id int); insert into t values (10, 'a', 'b')");
    source.run();
    assert_eq!(source.query("select count(*) from raw.t"), "2");
    source.database.sql("create or replace table t (id int primary key, a varchar(20), b varchar(20)) select 5 as id, 'a5' as a, 'b5' as b");
    source.run();
    assert_eq!(source.query("select id, a, b from raw.t"), "5,a5,b5");
}

#[test]
fn a_table_of_its_name_is_another_one_when_it_was_renamed() {
    for away in ["rename table t to old", "alter table t rename to old", "alter table t rename old, add column c int"] {
        let source = small();
        source.run();
        source.database.sql(&format!(
            "insert into t values (3, 'x', 'x'); {away}; create table t (id int primary key, a varchar(20), b varchar(20)); insert into t values (9, 'a9', 'b9')"
        ));
        source.run();
        assert_eq!(source.query("select id, a, b from raw.t"), "9,a9,b9", "{away}");
    }
    // One that comes back has rows of its own, which are told of.
    let source = small();
    source.run();
    source.database.sql("rename table t to old; rename table old to t");
    assert_told(&source.say(&["run"]).exits(1), "HW0358", &["renamed to its name"]);
}

#[test]
fn a_log_that_was_begun_anew_with_the_same_numbers_is_told() {
    let server = Server::start(&["--log-bin=binlog", "--binlog-format=ROW"]);
    let source = Source::of(
        Database::on(server),
        "reset master; create table t (id int primary key, v int); insert into t select seq, seq from seq_1_to_10",
        "  - { table: raw.t, from: t, mode: cdc }\n",
    );
    source.run();
    // As many transactions as there were, and more.
    let changes: Vec<String> =
        (1..=12).map(|n| format!("update t set v = v + 100 where id = {}", n % 10 + 1)).collect();
    source.database.sql(&format!("do sleep(1.1); reset master; {}", changes.join("; ")));
    assert_told(&source.say(&["run"]).exits(1), "HW0358", &["begun anew", "--full-refresh"]);
    assert_eq!(source.query("select sum(v) from raw.t"), "55");
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.query("select sum(v) from raw.t"), "1255");
    // A server that is started again, and files that are followed by others, are no new log.
    source.database.sql("flush binary logs; update t set v = 0 where id = 1");
    source.run();
    source.database.sql("update t set v = 0 where id = 2; flush binary logs; flush binary logs");
    source.run();
    source.database.sql("update t set v = 0 where id = 3");
    source.run();
    let theirs = source.database.sql("select sum(v) from t");
    assert_eq!(source.query("select sum(v) from raw.t"), theirs.trim());
}

#[test]
fn a_log_that_is_thrown_away_is_told() {
    let database = Database::on(Server::start(&["--log-bin=binlog", "--binlog-format=ROW"]));
    let source = Source::of(
        database,
        "create table t (id int primary key, v int); insert into t values (1, 1)",
        "  - { table: raw.t, from: t, mode: cdc }\n",
    );
    source.run();
    source
        .database
        .sql("insert into t values (2, 2); flush binary logs; insert into t values (3, 3); flush binary logs");
    let last = source.database.sql("show master status");
    source.database.sql(&format!("do sleep(1); purge binary logs to '{}'", last.split('\t').next().unwrap()));
    assert_told(&source.say(&["run"]).exits(1), "HW0358", &["--full-refresh", "binlog_expire_logs_seconds"]);
    assert_eq!(source.query("select count(*) from raw.t"), "1");
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.query("select count(*) from raw.t"), "3");
    // A log that begins anew: its places are there again, and mean other things.
    source.database.sql("reset master; insert into t values (4, 4); insert into t values (5, 5)");
    assert_told(&source.say(&["run"]).exits(1), "HW0358", &["--full-refresh"]);
    assert_eq!(source.query("select count(*) from raw.t"), "3");
}

#[test]
fn a_table_that_was_rolled_back_is_read_anew_where_its_changes_are_gone() {
    let source = Source::of(
        Database::on(Server::start(&["--log-bin=binlog", "--binlog-format=ROW"])),
        "create table t (id int primary key, v int); insert into t select seq, seq from seq_1_to_100",
        "  - { table: raw.t, from: t, mode: cdc }\n",
    );
    source.run();
    source.database.sql("update t set v = 0 where id < 10; delete from t where id = 50");
    source.run();
    source.say(&["rollback", "1"]).exits(0);
    source.database.sql("flush binary logs; insert into t values (101, 7); flush binary logs");
    let last = source.database.sql("show master status");
    source.database.sql(&format!("do sleep(1); purge binary logs to '{}'", last.split('\t').next().unwrap()));
    let said = source.run();
    let told = format!("{}{}", said.out, said.err);
    assert!(told.contains("rolled back to snapshot 1") && told.contains("read anew"), "{told}");
    assert_eq!(source.query("select count(*), sum(v) from raw.t"), "100,4962");
    source.database.sql("delete from t where id = 101");
    source.run();
    assert_eq!(source.query("select count(*), sum(v) from raw.t"), "99,4955");
    // The rollback is past.
    source
        .database
        .sql("insert into t values (102, 1); flush binary logs; insert into t values (103, 1); flush binary logs");
    let last = source.database.sql("show master status");
    source.database.sql(&format!("do sleep(1); purge binary logs to '{}'", last.split('\t').next().unwrap()));
    assert_told(&source.say(&["run"]).exits(1), "HW0358", &["--full-refresh"]);
}

#[test]
fn another_server_is_followed_by_the_numbers_of_transactions() {
    let first = Database::on(Server::start(&["--log-bin=binlog", "--binlog-format=ROW"]));
    let source = Source::of(
        first,
        "create table t (id int primary key, v int); insert into t values (1, 1)",
        "  - { table: raw.t, from: t, mode: cdc }\n",
    );
    source.run();
    // A replica of the first, whose log has the same transactions at other places.
    let second = Server::start(&[
        "--log-bin=other",
        "--binlog-format=ROW",
        "--log-slave-updates=ON",
        "--server-id=2",
        "--binlog-annotate-row-events=OFF",
    ]);
    let replica = Database::named(second, source.database.name());
    replica.sql(&format!(
        "stop slave; reset master; set global gtid_slave_pos = ''; change master to master_host = '127.0.0.1', master_port = {}, master_user = '{}', master_password = '{}', master_use_gtid = slave_pos; start slave",
        source.database.port(), super::server::OWNER.0, super::server::OWNER.1
    ));
    source.database.sql("insert into t values (2, 2); update t set v = 10 where id = 1");
    let began = std::time::Instant::now();
    while !replica.tries("select * from t") || replica.sql("select sum(v) from t") != "12" {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "{}", replica.sql("show slave status"));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    source.say_as(&replica.url(), &["run"]).exits(0);
    assert_eq!(source.query("select id, v from raw.t order by id"), "1,10\n2,2");
    source.database.sql("delete from t where id = 2");
    while replica.sql("select count(*) from t") != "1" {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    source.say_as(&replica.url(), &["run"]).exits(0);
    assert_eq!(source.query("select id, v from raw.t order by id"), "1,10");
}

#[test]
fn a_server_that_cannot_be_followed_is_told_with_what_to_do() {
    let tables = "create table t (id int primary key, v int); create table n (v int); create view w as select * from t;
        create table odd (id int primary key, d varchar(9) character set dec8); create table h (id int primary key) with system versioning";
    let of = |table: &str| format!("  - {{ table: raw.x, from: {table}, mode: cdc }}\n");
    let source = Source::new(tables, &of("n"));
    let told = |words: &[&str]| assert_told(&source.say(&["run"]), "HW0357", words);
    told(&["no primary key", "`key`"]);
    source.streams(&of("w"));
    told(&["w is a view"]);
    source.streams(&of("h"));
    told(&["system versioned"]);
    source.streams(&of("odd"));
    told(&["'d'", "dec8", "exclude: [d]"]);
    source.streams("  - { table: raw.x, from: odd, mode: cdc, exclude: [d] }\n");
    source.run();
    source.streams("  - { table: raw.x, from: t, mode: cdc, where: v > 1 }\n");
    source.say(&["check"]).exits(2);
    source.streams(&of("t"));
    let name = source.database.name();
    source.database.sql(&format!("create or replace user follower@'127.0.0.1' identified by 'reading'; grant select on {name}.* to follower@'127.0.0.1'"));
    let follower = source.database.url_of("follower", "reading");
    assert_told(
        &source.say_as(&follower, &["run"]),
        "HW0357",
        &["grant replication slave, binlog monitor on *.* to 'follower'"],
    );
    let said = source.say_as(&follower, &["source", "check"]);
    assert!(said.out.contains("cdc is out of reach") && said.out.contains("binlog monitor"), "{}", said.out);
    source.database.sql("grant replication slave, binlog monitor on *.* to follower@'127.0.0.1'");
    source.say_as(&follower, &["run", "--full-refresh"]).exits(0);
    source.database.sql("insert into t values (1, 1)");
    source.say_as(&follower, &["run"]).exits(0);
    assert_eq!(source.query("select v from raw.x"), "1");
    for (settings, words) in [
        (&["--skip-log-bin"][..], &["binary log is off", "log_bin"][..]),
        (&["--log-bin=binlog", "--binlog-format=MIXED"], &["binlog_format is MIXED", "set global binlog_format = ROW"]),
    ] {
        let source = Source::of(Database::on(Server::start(settings)), "create table t (id int primary key)", &of("t"));
        assert_told(&source.say(&["run"]), "HW0357", words);
        // All else works without a log.
        source.streams("  - { table: raw.x, from: t }\n");
        source.run();
    }
}
