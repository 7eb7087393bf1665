//! Tables that are followed: whatever is committed, the lake ends where the database does.

use super::Source;
use super::server::{Database, Server};
use super::values::{COLUMNS, every, row};

const TABLES: &str = "create table orders (id bigint primary key, customer varchar(20) not null, amount decimal(10,2), note longtext, at datetime(6));
    create table stock (shop int, product varchar(20), pieces int, primary key (shop, product));
    create table unrelated (id int auto_increment primary key, text text);
    insert into orders select seq, concat('c', seq % 7), seq * 1.01, repeat(md5(seq), 200), '2024-01-01' + interval seq minute from seq_1_to_300;
    insert into stock select seq % 3, concat('p', seq), seq from seq_1_to_60";
const STREAMS: &str =
    "  - { table: raw.orders, from: orders, mode: cdc }\n  - { table: raw.stock, from: stock, mode: cdc }\n";

/// What the lake and the database have, value by value.
#[track_caller]
fn assert_same(source: &Source) {
    let theirs = source.database.sql(
        "select id, md5(customer), ifnull(amount, ''), ifnull(md5(note), ''), ifnull(date_format(at, '%Y-%m-%d %H:%i:%s.%f'), '') from orders order by id",
    );
    let ours = source.query(
        "select id, md5(customer), amount, md5(note), to_char(at, '%Y-%m-%d %H:%M:%S%.6f') from raw.orders order by id",
    );
    assert_eq!(
        ours.replace(',', "\t").lines().map(str::trim_end).collect::<Vec<_>>(),
        theirs.lines().map(str::trim_end).collect::<Vec<_>>()
    );
    let theirs =
        source.database.sql("select shop, product, ifnull(pieces, '') from stock order by shop, binary product");
    let ours = source.query("select shop, product, pieces from raw.stock order by shop, product").replace(',', "\t");
    assert_eq!(ours.trim_end(), theirs);
}

#[test]
fn the_lake_ends_where_the_database_does() {
    let source = Source::new(TABLES, STREAMS);
    let first = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(first["assets"][0]["rows_in"], 300);
    assert_same(&source);
    let steps = [
        "update orders set amount = amount + 1 where id % 3 = 0",
        "begin; delete from orders where id = 10; insert into orders values (10, 'again', null, null, null); commit",
        "begin; insert into orders values (1000, 'never', 1, 'x', now()); rollback",
        "update orders set id = id + 5000, note = 'moved' where id between 20 and 25",
        "update stock set product = concat(product, 'x'), pieces = null where shop = 1; update stock set shop = 9 where shop = 2",
        "begin; insert into stock values (7, 'q', 1); savepoint s; insert into stock values (7, 'r', 1); rollback to s; commit",
        "update orders set note = md5(note), customer = 'a \"q\" \\\\ name' where id = 30; delete from orders where id > 290",
        "insert into unrelated (text) values ('nobody follows it')",
        "truncate stock; insert into stock values (1, 'after', 5); update orders set at = null where id = 40",
        "insert into orders values (40, 'x', 9, 'y', null) on duplicate key update amount = 77; replace into stock values (1, 'after', 6)",
        "flush binary logs; update orders set amount = 3 where id = 41; flush binary logs",
    ];
    for step in steps {
        source.database.sql(step);
        source.run();
        assert_same(&source);
    }
    // Several at once, one after the other in one load.
    source.database.sql("insert into orders values (2000, 'x', 1, repeat('long', 3000), null); update orders set amount = 2 where id = 2000;
        update orders set amount = 3 where id = 2000; truncate stock; insert into stock values (1, 'last', 1)");
    let said = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["assets"][0]["refresh"]["added"], 1, "{said}");
    assert_same(&source);
}

#[test]
fn a_quiet_server_has_nothing_to_tell() {
    let database = super::server::Database::on(Server::start(&["--log-bin=binlog", "--binlog-format=ROW"]));
    let source = Source::of(database, TABLES, STREAMS);
    source.run();
    let said = source.run();
    assert!(said.out.contains("up to date"), "{}", said.out);
    source.database.sql("insert into unrelated (text) values ('x')");
    let said = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["assets"][0]["bytes_written"], 0, "{said}");
    assert_same(&source);
}

#[test]
fn a_run_that_dies_loses_and_doubles_nothing() {
    let source = Source::new(TABLES, STREAMS);
    source.run();
    let points = [
        "before_stage",
        "engine_after_write",
        "engine_after_commit",
        "after_audit_record",
        "after_intent",
        "before_flip",
        "after_flip",
    ];
    for (round, point) in points.iter().enumerate() {
        source.database.sql(&format!(
            "insert into orders select seq, 'r{round}', seq, 'n', null from seq_{0}_to_{1};
             update orders set amount = ifnull(amount, 0) + 1 where id % 5 = {round} % 5; delete from orders where id = 50 + {round};
             update stock set pieces = pieces + 1",
            1000 + round * 100,
            1020 + round * 100
        ));
        let mut program = crate::program::headwater(source.project.path());
        program.args(["run"]).env("SHOP", source.database.url()).env("HEADWATER_CRASH_AT", point);
        let died = program.stdin(std::process::Stdio::null()).output().unwrap();
        assert!(!died.status.success(), "{point}");
        source.database.sql("update orders set customer = concat(customer, '.') where id % 11 = 0");
        source.run();
        assert_same(&source);
    }
}

#[test]
fn nothing_falls_between_the_snapshot_and_the_stream() {
    let source = Source::new(TABLES, STREAMS);
    // Transactions that go on while the table is read for the first time, and that commit late.
    let writers: Vec<_> = (0..3)
        .map(|writer: usize| {
            let rows = (0..40).map(|n| {
                let id = 10_000 + writer * 1000 + n;
                format!(
                    "begin; insert into orders values ({id}, 'w', 1, 'n', null); update orders set amount = amount + 1 where id = {}; \
                     do sleep(0.02); commit; update stock set pieces = pieces + 1 where product = 'p{n}';",
                    n + 1 + writer * 50
                )
            });
            source.database.beside(&rows.collect::<String>())
        })
        .collect();
    while writers.iter().any(|writer| !writer.is_finished()) {
        source.run();
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    source.run();
    assert_same(&source);
}

#[test]
fn every_type_comes_by_changes_as_by_the_snapshot() {
    let (one, two, three) = (row(|column| column.2), row(|column| column.3), row(|_| "null"));
    let texts: Vec<String> = (0..COLUMNS.len())
        .filter(|n| {
            !COLUMNS[*n].0.contains("point") && !COLUMNS[*n].0.contains("geometry") && !COLUMNS[*n].1.contains("binary")
        })
        .map(|n| format!("c{n}: {{ type: string }}"))
        .collect();
    for settings in [
        &["--log-bin=binlog", "--binlog-format=ROW"][..],
        &[
            "--log-bin=binlog",
            "--binlog-format=ROW",
            "--binlog-row-metadata=FULL",
            "--log-bin-compress=ON",
            "--log-bin-compress-min-len=10",
        ],
    ] {
        let database = super::server::Database::on(Server::start(settings));
        let source = Source::of(
            database,
            &every(),
            &format!(
                "  - {{ table: raw.every, from: every, mode: cdc }}\n  - {{ table: raw.texts, from: every, mode: cdc, columns: {{ {} }} }}\n",
                texts.join(", ")
            ),
        );
        source.run();
        source.database.sql(&format!(
            "set sql_mode = ''; insert into every values (11, {one}); insert into every values (12, {two}), (13, {three})"
        ));
        source.run();
        for (n, (sql, ..)) in COLUMNS.iter().enumerate() {
            for table in ["raw.every", "raw.texts"] {
                let same = format!(
                    "select count(*) from {table} a join {table} b on b.id = a.id + 10 where a.c{n} is not distinct from b.c{n}"
                );
                let other = source
                    .query(&format!("select a.id, a.c{n}, b.c{n} from {table} a join {table} b on b.id = a.id + 10"));
                assert_eq!(
                    source.query(&same),
                    "3",
                    "{} of {table}: {}",
                    sql,
                    &other[..other.floor_char_boundary(500)]
                );
            }
        }
    }
}

#[test]
fn texts_of_every_character_set_come_by_changes_as_by_the_snapshot() {
    // All characters that the sets of one byte each have, and some of those of several.
    let single = ["latin1", "latin2", "latin7", "cp1250", "cp1251", "cp1256", "cp1257", "koi8r", "macroman", "ascii"];
    let wide = ["utf8mb3", "ucs2", "utf16", "utf16le", "utf32"];
    let source = Source::new("select 1", "  []\n");
    let mut streams = String::new();
    for charset in single.iter().chain(&wide) {
        source.database.sql(&format!("create table t_{charset} (id int primary key, v varchar(300) character set {charset}, c char(3) character set {charset})"));
        streams += &format!("  - {{ table: raw.{charset}, from: t_{charset}, mode: cdc }}\n");
    }
    let fill = |first: usize| {
        for charset in single {
            // Bytes that are no character are left out: the server makes a question mark of them.
            source.database.sql(&format!(
                "set sql_mode = ''; insert into t_{charset} select {first} + seq, convert(char(seq) using {charset}), 'a ' from seq_32_to_255
                 where convert(convert(convert(char(seq) using {charset}) using utf8mb4) using {charset}) = convert(char(seq) using {charset})
                   and (seq = 63 or convert(convert(char(seq) using {charset}) using utf8mb4) <> '?')"
            ));
        }
        for charset in wide {
            let text = match charset {
                "utf8mb3" | "ucs2" => "'naïve 日本'",
                _ => "'naïve 日本 😀'",
            };
            source.database.sql(&format!("insert into t_{charset} values ({first}, {text}, 'ab'), ({first} + 1, '', ' '), ({first} + 2, 'x ', 'abc')"));
        }
    };
    fill(1000);
    source.streams(&streams);
    source.run();
    fill(2000);
    source.run();
    for charset in single.iter().chain(&wide) {
        let differ = format!(
            "select count(*), count(b.id), sum(case when (a.v is not distinct from b.v) and (a.c is not distinct from b.c) then 1 else 0 end) from raw.{charset} a
             left join raw.{charset} b on b.id = a.id + 1000 where a.id < 2000"
        );
        let found = source.query(&differ);
        let counts: Vec<&str> = found.split(',').collect();
        let which = format!(
            "select a.id, a.v, b.v, a.c, b.c from raw.{charset} a join raw.{charset} b on b.id = a.id + 1000 where (a.v is distinct from b.v) or (a.c is distinct from b.c)"
        );
        assert!(
            counts[0] == counts[1] && counts[1] == counts[2] && counts[0] != "0",
            "{charset}: {found}: {}",
            source.query(&which)
        );
    }
}

#[test]
fn what_does_not_fit_is_set_aside_and_the_rest_goes_on() {
    let source = Source::new(
        "create table t (id int primary key, d date, n bigint unsigned); insert into t values (1, '2024-01-01', 1)",
        "  - { table: raw.t, from: t, mode: cdc, columns: { n: { type: bigint } } }\n",
    );
    source.run();
    source.database.sql(
        "set sql_mode = 'ALLOW_INVALID_DATES'; insert into t values (2, '2024-02-31', 2), (3, '0000-00-00', 3); update t set n = 18446744073709551615 where id = 1",
    );
    source.run();
    // The row that one of them took the place of is not what it was: it is gone, as if all were read anew.
    assert_eq!(source.query("select id, d, n from raw.t order by id"), "3,,3");
    let reasons = source.query("select _reason from raw.t__rejected order by _line");
    assert_eq!(reasons, "column 'd': '2024-02-31' is no date\ncolumn 'n': '18446744073709551615' is no bigint");
    // They are not set aside a second time.
    source.database.sql("update t set n = 4 where id = 1; update t set d = '2024-01-02' where id = 2");
    source.run();
    assert_eq!(source.query("select id, d, n from raw.t order by id"), "1,2024-01-01,4\n2,2024-01-02,2\n3,,3");
    assert_eq!(source.query("select count(*) from raw.t__rejected"), "2");
}

#[test]
fn a_row_that_was_set_aside_comes_whole_where_a_part_is_logged() {
    let server = Server::start(&["--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-image=MINIMAL"]);
    let source = Source::of(
        Database::on(server),
        "create table t (`it's` varchar(9) primary key, d date, note varchar(20)); insert into t values (\"a'b\", '2024-01-01', 'old')",
        "  - { table: raw.t, from: t, mode: cdc }\n",
    );
    source.run();
    source.database.sql("set sql_mode = 'ALLOW_INVALID_DATES'; update t set d = '2024-02-31', note = 'new'");
    source.run();
    assert_eq!(source.query("select count(*) from raw.t"), "0");
    // The log has the key and the date alone.
    source.database.sql("update t set d = '2024-03-01'");
    source.run();
    assert_eq!(source.query("select \"it's\", d, note from raw.t"), "a'b,2024-03-01,new");
}

#[test]
fn rows_of_which_a_part_is_logged_keep_the_rest() {
    for image in ["MINIMAL", "NOBLOB"] {
        let source = Source::new(
            "create table m (id int primary key, a int default 5, b varchar(20) default 'it''s', c text, d timestamp default current_timestamp, s int as (a * 2) stored);
             create table n (a int, b text); insert into m (id, a, c) select seq, seq, repeat('c', 1000) from seq_1_to_10; insert into n values (1, 'x'), (2, null)",
            "  - { table: raw.m, from: m, mode: cdc }\n  - { table: raw.n, from: n, mode: cdc, key: [a] }\n",
        );
        source.run();
        source.database.sql(&format!(
            "set binlog_row_image = '{image}'; update m set a = 100 where id = 1; update m set c = null where id = 2;              insert into m (id) values (40); insert into m (id, c) values (41, 'c'); delete from m where id = 4; update n set b = 'y' where a = 2; delete from n where a = 1; insert into n (a) values (3);
             replace into m (id, a) values (5, 50); replace into m (id) values (6); replace into m (id, c) values (60, 'new');
             insert into m (id, a) values (7, 1) on duplicate key update a = 70; insert into m (id, a) values (70, 1) on duplicate key update a = 2"
        ));
        source.run();
        let columns = "id, a, b, length(c), s from";
        let theirs = source
            .database
            .sql(&format!("select {} m order by id", columns.replace("length(c)", "ifnull(length(c), '')")));
        assert_eq!(source.query(&format!("select {columns} raw.m order by id")).replace(',', "\t"), theirs, "{image}");
        assert_eq!(source.query("select a, b from raw.n order by a"), "2,y\n3,", "{image}");
        assert_eq!(source.query("select count(*) from raw.m where d is null"), "0");
    }
    let source = Source::new(
        "create table k (id int primary key, a int, c text); insert into k values (1, 1, 'c'), (2, 2, 'd')",
        "  - { table: raw.k, from: k, mode: cdc }\n",
    );
    source.run();
    source.database.sql("update k set id = 10, a = 5 where id = 1");
    source.run();
    assert_eq!(source.query("select id, a, c from raw.k order by id"), "2,2,d\n10,5,c");
    // A row that gets another key brings what the log leaves out from the database, also where its key was another row's.
    source.database.sql(
        "set binlog_row_image = 'MINIMAL'; update k set id = 20 where id = 2; update k set id = 30 where id = 20; insert into k values (20, 6, 'e');
         update k set id = 11 where id = 10; update k set id = 10 where id = 20",
    );
    source.run();
    assert_eq!(source.query("select id, a, c from raw.k order by id"), "10,6,e\n11,5,c\n30,2,d");
    let source = Source::new(
        "create table v (id int primary key, a int, twice int as (a * 2) virtual); insert into v (id, a) values (1, 1)",
        "  - { table: raw.v, from: v, mode: cdc }\n",
    );
    source.run();
    source.database.sql("update v set a = 2; insert into v (id, a) values (2, 9)");
    source.run();
    assert_eq!(source.query("select id, a, twice from raw.v order by id"), "1,2,4\n2,9,18");
    source.database.sql(
        "set binlog_row_image = 'MINIMAL'; update v set a = 3 where id = 1; insert into v (id, a) values (3, 7); update v set a = 4 where id = 1",
    );
    source.run();
    assert_eq!(source.query("select id, a, twice from raw.v order by id"), "1,4,8\n2,9,18\n3,7,14");
    source.database.sql("set global binlog_row_image = 'MINIMAL'");
    let said = source.say(&["source", "check"]);
    source.database.sql("set global binlog_row_image = 'FULL'");
    assert!(said.exits(0).out.contains("binlog_row_image is MINIMAL"), "what that means is told");
}
