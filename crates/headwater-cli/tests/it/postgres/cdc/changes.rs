//! Tables that are followed: whatever is committed, the lake ends where the database does.

use super::Source;
use super::values::{COLUMNS, TYPES};
use crate::project::assert_told;

const TABLES: &str = "create table orders (id int8 primary key, customer text not null, amount numeric(10,2), note text, at timestamptz);
    alter table orders alter column note set storage external;
    create table stock (shop int, product text, pieces int, primary key (shop, product));
    create table unrelated (id serial, text text);
    insert into orders select n, 'c' || n % 7, n * 1.01, repeat(md5(n::text), 200), '2024-01-01Z'::timestamptz + n * interval '1 min'
        from generate_series(1, 300) n;
    insert into stock select n % 3, 'p' || n, n from generate_series(1, 60) n;
    create publication shop for table orders, stock";
const STREAMS: &str =
    "  - { table: raw.orders, from: public.orders, mode: cdc }\n  - { table: raw.stock, from: stock, mode: cdc }\n";

/// What the lake and the database have, value by value.
#[track_caller]
fn assert_same(source: &Source) {
    let orders = "select id, md5(customer), amount, md5(note), to_char(at, ";
    let theirs = source
        .database
        .sql(&format!("set timezone = 'UTC'; {orders}'YYYY-MM-DD HH24:MI:SS.US') from orders order by id"));
    let ours = source.query(&format!("{orders}'%Y-%m-%d %H:%M:%S%.6f') from raw.orders order by id"));
    assert_eq!(ours.replace(',', "|"), theirs);
    let stock = "select shop, product, pieces from";
    let theirs = source.database.sql(&format!("{stock} stock order by shop, product collate \"C\""));
    assert_eq!(source.query(&format!("{stock} raw.stock order by shop, product")).replace(',', "|"), theirs);
}

#[test]
fn the_lake_ends_where_the_database_does() {
    let source = Source::following(TABLES, STREAMS);
    let first = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(first["assets"][0]["rows_in"], 300);
    assert_same(&source);
    let steps = [
        // Long values that are not touched are not sent.
        "update orders set amount = amount + 1 where id % 3 = 0",
        "begin; delete from orders where id = 10; insert into orders values (10, 'again', null, null, null); commit",
        "begin; insert into orders values (1000, 'never', 1, 'x', now()); rollback",
        "update orders set id = id + 5000, note = 'moved' where id between 20 and 25",
        "update stock set product = product || 'x', pieces = null where shop = 1; update stock set shop = 9 where shop = 2",
        "begin; insert into stock values (7, 'q', 1); savepoint s; insert into stock values (7, 'r', 1); rollback to s; commit",
        "update orders set note = md5(note), customer = E'a \"quoted\" \\\\ name' where id = 30; delete from orders where id > 290",
        "insert into unrelated (text) values ('nobody follows it')",
        "begin; truncate stock; insert into stock values (1, 'after', 5); commit; update orders set at = null where id = 40",
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
    // How far the log was read may be worth a commit, where other databases of the server have written much.
    let said = source.say(&["run", "--json"]).exits(0).json();
    let still = |asset: &serde_json::Value| asset["state"] == "up_to_date" || asset["refresh"]["how"] == "nothing";
    assert!(said["assets"].as_array().unwrap().iter().all(still), "{said}");
}

#[test]
fn a_run_that_dies_loses_and_doubles_nothing() {
    let source = Source::following(TABLES, STREAMS);
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
            "insert into orders select n, 'r{round}', n, 'n', null::timestamptz from generate_series({0}, {0} + 20) n;
             update orders set amount = coalesce(amount, 0) + 1 where id % 5 = {round} % 5; delete from orders where id = 50 + {round};
             update stock set pieces = pieces + 1",
            1000 + round * 100
        ));
        let mut program = crate::program::headwater(source.project.path());
        program.args(["run"]).env("SHOP", source.database.url()).env("HEADWATER_CRASH_AT", point);
        let died = program.stdin(std::process::Stdio::null()).output().unwrap();
        assert!(!died.status.success(), "{point}");
        source.database.sql("update orders set customer = customer || '.' where id % 11 = 0");
        source.run();
        assert_same(&source);
    }
}

#[test]
fn nothing_falls_between_the_snapshot_and_the_stream() {
    let source = Source::following(TABLES, STREAMS);
    // Transactions that go on while the table is read for the first time, and that commit late.
    let writers: Vec<_> = (0..3)
        .map(|writer: usize| {
            let rows = (0..40).map(|n| {
                let id = 10_000 + writer * 1000 + n;
                format!(
                    "begin; insert into orders values ({id}, 'w', 1, 'n', null); update orders set amount = amount + 1 where id = {}; \
                     select pg_sleep(0.02); commit; update stock set pieces = pieces + 1 where product = 'p{n}';",
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
    let columns: Vec<String> = COLUMNS.iter().enumerate().map(|(n, column)| format!("c{n} {}", column.0)).collect();
    let row =
        |value: fn(&super::values::Column) -> &'static str| COLUMNS.iter().map(value).collect::<Vec<_>>().join(", ");
    let (one, two) = (row(|column| column.2), row(|column| column.3));
    let more = (
        "'$1,234.50'::money, '{1.5,NULL}', '{a,\"b,\\\"c\",NULL}', '{t,f}', '\\x00ff'",
        "'-$0.01', '{}', null, '{}', ''",
    );
    let source = Source::following(
        &format!(
            "{TYPES} create table every (id int primary key, {}, m money, l numeric(6,2)[], t text[], b bool[], y bytea, i inet[]);
             insert into every values (1, {one}, {}, '{{10.0.0.1}}'), (2, {two}, {}, null); create publication shop for all tables",
            columns.join(", "),
            more.0,
            more.1,
        ),
        "  - { table: raw.every, from: every, mode: cdc }\n  - { table: raw.texts, from: every, mode: cdc, columns: { c0: { type: string }, c9: { type: string } } }\n",
    );
    source.run();
    source.database.sql(&format!(
        "insert into every values (11, {one}, {}, '{{10.0.0.1}}'), (12, {two}, {}, null)",
        more.0, more.1
    ));
    source.run();
    let names = (0..COLUMNS.len()).map(|n| format!("c{n}")).chain(["m", "l", "t", "b", "y", "i"].map(str::to_owned));
    for name in names {
        for table in ["raw.every", "raw.texts"] {
            let same = format!(
                "select count(*) from {table} a join {table} b on b.id = a.id + 10 where a.{name} is not distinct from b.{name}"
            );
            assert_eq!(source.query(&same), "2", "{name} of {table}");
        }
    }
}

#[test]
fn what_does_not_fit_is_set_aside_and_the_rest_goes_on() {
    let source = Source::following(
        "create table t (id int primary key, d date, n numeric); insert into t values (1, '2024-01-01', 1); create publication shop for table t",
        "  - { table: raw.t, from: t, mode: cdc }\n",
    );
    source.run();
    source
        .database
        .sql("insert into t values (2, 'infinity', 2), (3, '2024-01-03', 3); update t set n = 'NaN' where id = 1");
    source.run();
    // The row that one of them took the place of is not what it was: it is gone, as if all were read anew.
    assert_eq!(source.query("select id, n from raw.t order by id"), "3,3.000000000");
    let reasons = source.query("select _reason from raw.t__rejected order by _line");
    assert_eq!(reasons, "column 'd': infinity is no date\ncolumn 'n': NaN is no decimal");
    // They are not set aside a second time.
    source.database.sql("update t set n = 4 where id = 1; update t set d = '2024-01-02' where id = 2");
    source.run();
    assert_eq!(
        source.query("select id, d, n from raw.t order by id"),
        "1,2024-01-01,4.000000000\n2,2024-01-02,2.000000000\n3,2024-01-03,3.000000000"
    );
    assert_eq!(source.query("select count(*) from raw.t__rejected"), "2");
    source.database.sql(
        "alter table t add at timestamptz, add plain timestamp; insert into t values (4, null, 1, '0044-03-15 12:00:00+00 BC', null),
         (5, '0044-03-15 BC', 1, null, null), (6, null, 1, null, '12024-01-01 00:00:00')",
    );
    source.follow("  - { table: raw.t, from: t, mode: cdc, drift: add }\n");
    source.run();
    let past = "select count(*) from raw.t__rejected where _reason like '%it is not in the years 1 to 9999'";
    assert_eq!(source.query(past), "3");
}

#[test]
fn tables_of_every_identity_are_followed() {
    let source = Source::following(
        "create table whole (a int, b text, long text); alter table whole replica identity full; alter table whole alter column long set storage external;
         insert into whole values (1, 'x', repeat('l', 5000)), (2, 'y', null);
         create table indexed (code text not null, v int); create unique index by_code on indexed (code);
         alter table indexed replica identity using index by_code; insert into indexed values ('a', 1), ('b', 2);
         create table parted (day date, id int, v int, primary key (day, id)) partition by range (day);
         create table parted_1 partition of parted for values from ('2024-01-01') to ('2024-02-01');
         create table parted_2 partition of parted for values from ('2024-02-01') to ('2024-03-01');
         insert into parted values ('2024-01-05', 1, 1), ('2024-02-05', 2, 2);
         create publication shop for table whole, indexed, parted",
        "  - { table: raw.whole, from: whole, mode: cdc, key: [a] }\n  - { table: raw.indexed, from: indexed, mode: cdc }\n  - { table: raw.parted, from: parted, mode: cdc }\n",
    );
    source.run();
    source.database.sql(
        "update whole set a = 5 where a = 1; delete from whole where a = 2; update indexed set code = 'c', v = 9 where code = 'a';
         update parted set day = '2024-02-06' where id = 1; insert into parted values ('2024-01-07', 3, 3)",
    );
    source.run();
    assert_eq!(source.query("select a, b, length(long) from raw.whole"), "5,x,5000");
    assert_eq!(source.query("select code, v from raw.indexed order by code"), "b,2\nc,9");
    assert_eq!(
        source.query("select day, id, v from raw.parted order by id"),
        "2024-02-06,1,1\n2024-02-05,2,2\n2024-01-07,3,3"
    );
    source.database.sql("truncate parted; insert into parted values ('2024-01-01', 9, 9)");
    source.run();
    assert_eq!(source.query("select id from raw.parted"), "9");
    source.database.sql("truncate parted_1");
    assert_told(&source.say(&["run"]).exits(1), "HW0348", &["partition", "truncated", "--full-refresh"]);
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.query("select count(*) from raw.parted"), "0");
}

#[test]
fn a_table_that_is_altered_goes_on() {
    let source = Source::following(TABLES, &STREAMS.replace("mode: cdc", "mode: cdc, drift: add"));
    source.run();
    source.database.sql(
        "update orders set amount = 1 where id = 1; alter table orders add source text; insert into orders (id, customer, source) values (5000, 'n', 'web');
         alter table orders drop column at; update orders set amount = 2 where id = 2; alter table stock alter column pieces type int8;
         update stock set pieces = 5000000000 where product = 'p1'",
    );
    source.run();
    assert_eq!(
        source.query("select id, source from raw.orders where id in (1, 2, 5000) order by id"),
        "1,\n2,\n5000,web"
    );
    assert_eq!(source.query("select count(*) from raw.orders where amount in (1, 2) and id in (1, 2)"), "2");
    assert_eq!(
        source.query("select pieces, (select count(*) from raw.stock) from raw.stock where product = 'p1'"),
        "5000000000,60"
    );
}
