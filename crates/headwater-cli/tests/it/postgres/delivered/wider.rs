//! Types that become wider in the lake, and values that a column of the table cannot hold as they are.

use super::Shop;
use crate::project::assert_told;

const M: &str = "  - { table: marts.m, to: m, key: id }\n";

fn shop(columns: &str) -> Shop {
    let shop = Shop::new("id\n1\n", M);
    model(&shop, columns);
    shop
}

fn model(shop: &Shop, columns: &str) {
    shop.project.write("models/marts/m.sql", format!("select id, {columns} from raw.customers"));
}

#[test]
fn columns_that_headwater_made_become_as_wide_as_the_lakes() {
    let shop = shop(
        "cast(id * 10 as int) as i, id * 10 as b, cast(1.25 as decimal(6,2)) as d, cast(1.5 as float) as f,
         date '2024-01-01' as day, 7 as t",
    );
    shop.run();
    shop.customers("id\n1\n2\n");
    model(
        &shop,
        "5000000000 * id as i, 9.5e0 / id as b, cast(1.2567 as decimal(12,4)) as d, cast('0.1' as double) as f,
         arrow_cast('2024-01-01T10:00:00', 'Timestamp(Microsecond, None)') as day, 'seven' as t",
    );
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&2.into(), &0.into()), "{said}");
    let notes = said["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 6, "{said}");
    assert!(notes[1].as_str().unwrap().contains("'b' was bigint: it becomes double precision"), "{said}");
    assert_eq!(
        shop.database.sql("select * from m order by id"),
        "1|5000000000|9.5|1.2567|0.1|2024-01-01 10:00:00|seven\n2|10000000000|4.75|1.2567|0.1|2024-01-01 10:00:00|seven"
    );
    let types = "select string_agg(format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute
        where attrelid = 'm'::regclass and attnum > 1";
    assert_eq!(
        shop.database.sql(types),
        "bigint, double precision, numeric(12,4), double precision, timestamp without time zone, text"
    );
    let one = shop.say(&["verify", "--json"]).exits(0).json()["comparisons"][0].clone();
    assert_eq!((&one["state"], &one["not_compared"]), (&"equal".into(), &serde_json::json!([])), "{one}");
}

/// 2^53 + 1 is no double: the column stays, and so does what it holds.
#[test]
fn a_column_whose_values_would_change_is_not_altered() {
    let shop = shop("9007199254740993 as b");
    shop.run();
    model(&shop, "0.5e0 as b");
    let words = &["'b' is bigint", "double", "alter column \"b\" type double precision", "exclude: b"];
    assert_told(&shop.say(&["run"]).exits(1), "HW0381", words);
    assert_told(&shop.say(&["deliver", "--dry-run"]).exits(1), "HW0381", words);
    assert_eq!(shop.database.sql("select * from m"), "1|9007199254740993");
    // What a view shows cannot be altered either.
    let shop = self::shop("7 as b");
    shop.run();
    shop.database.sql("create view v as select b from m");
    model(&shop, "0.5e0 as b");
    assert_told(&shop.say(&["run"]).exits(1), "HW0381", words);
    assert_eq!(shop.database.sql("select * from m"), "1|7");
}

#[test]
fn anothers_table_is_not_altered_and_the_statement_is_told() {
    let shop = shop("7 as v");
    shop.database.sql("create table m (id bigint primary key, v bigint)");
    shop.run();
    model(&shop, "9.5e0 as v");
    let words = &["'v' is bigint", "alter table \"public\".\"m\" alter column \"v\" type double precision"];
    assert_told(&shop.say(&["run"]).exits(1), "HW0381", words);
    assert_eq!(shop.database.sql("select * from m"), "1|7");
    // Who wants it all the same gets a refused row, not another value.
    let said = shop.say(&["deliver", "--anew", "--json"]).json()[0].clone();
    assert_eq!((&said["written"], &said["undelivered"]), (&0.into(), &1.into()), "{said}");
    assert_eq!(shop.database.sql("select * from m"), "1|7");
    shop.database.sql("alter table m alter column v type double precision");
    shop.run();
    assert_eq!(shop.database.sql("select * from m"), "1|9.5");
    // With the comment that says so, a table is Headwater's to alter.
    let shop = self::shop("7 as v");
    shop.database.sql("create table m (id bigint primary key, v bigint); comment on table m is 'made by Headwater'");
    shop.run();
    model(&shop, "9.5e0 as v");
    shop.run();
    assert_eq!(shop.database.sql("select * from m"), "1|9.5");
}

/// The comment goes with the table where it is replaced by another one.
#[test]
fn replaced_tables_stay_headwaters() {
    let shop = Shop::new("id\n1\n", "  - { table: marts.m, to: m, mode: replace }\n");
    for (columns, there) in [("7 as v", "1|7"), ("8 as v", "1|8"), ("9.5e0 as v", "1|9.5"), ("'x' as v", "1|x")] {
        model(&shop, columns);
        shop.run();
        assert_eq!(shop.database.sql("select * from m"), there);
    }
}

/// A value in SQL that the column holds, and one that it would change.
#[test]
fn rows_whose_values_would_change_are_refused() {
    for (of_type, good, there, bad) in [
        ("int", "9e0", "9", "9.5e0"),
        ("int", "-3e0", "-3", "cast('NaN' as double)"),
        ("bigint", "cast('7.00' as decimal(10,2))", "7", "cast('7.01' as decimal(10,2))"),
        ("numeric(6,1)", "2.5e0", "2.5", "1.25e0"),
        ("numeric(8,2)", "19.99e0", "19.99", "cast('0.125' as double)"),
        ("numeric(6,1)", "cast('2.50' as decimal(10,2))", "2.5", "cast('2.55' as decimal(10,2))"),
        ("real", "16777216", "1.6777216e+07", "16777217"),
        ("double precision", "9007199254740992", "9.007199254740992e+15", "9007199254740993"),
        ("varchar(3)", "'abc'", "abc", "'abcd'"),
        ("varchar(2)", "50", "50", "500"),
        (
            "date",
            "arrow_cast('2024-01-01T00:00:00', 'Timestamp(Microsecond, None)')",
            "2024-01-01",
            "arrow_cast('2024-01-01T10:00:00', 'Timestamp(Microsecond, None)')",
        ),
        ("date", "'2024-01-01'", "2024-01-01", "'2024-01-01 10:00:00'"),
        (
            "timestamp(0)",
            "arrow_cast('2024-01-01T10:00:00', 'Timestamp(Microsecond, None)')",
            "2024-01-01 10:00:00",
            "arrow_cast('2024-01-01T10:00:00.5', 'Timestamp(Microsecond, None)')",
        ),
        ("numeric(6,1)", "'2.5'", "2.5", "'2.55'"),
    ] {
        let shop = Shop::new("id\n1\n2\n", M);
        model(&shop, &format!("case when id = 1 then {good} else {bad} end as v"));
        shop.database.sql(&format!("create table m (id bigint primary key, v {of_type})"));
        let said = shop.run();
        assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{of_type} {bad}: {said}");
        assert!(said["samples"][0]["row"].as_str().unwrap().contains("\"id\": 2"), "{said}");
        assert_eq!(shop.database.sql("select * from m"), format!("1|{there}"), "{of_type} {bad}");
        let one = shop.say(&["verify", "--json"]).exits(1).json()["comparisons"][0].clone();
        assert_eq!((&one["missing"], &one["different"]), (&1.into(), &0.into()), "{of_type} {bad}: {one}");
    }
}

/// A row is refused as a whole, and stays as it was; what goes by a key that the column cannot have touches no other row.
#[test]
fn refused_rows_leave_what_is_there() {
    let shop = Shop::new("id,k\n1,9\n2,3\n", "  - { table: marts.m, to: m, key: k }\n");
    let keys =
        |sql: &str| shop.project.write("models/marts/m.sql", format!("select {sql} as k, id from raw.customers"));
    keys("cast(k as double)");
    shop.database.sql("create table m (k int primary key, id bigint)");
    shop.run();
    keys("case when id = 1 then 9.5e0 else cast(k as double) end");
    let said = shop.run();
    assert_eq!((&said["deleted"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    assert_eq!(shop.database.sql("select * from m"), "3|2");
    shop.database.sql("insert into m values (10, 10)");
    keys("cast(k as double)");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &0.into()), "{said}");
    assert_eq!(shop.database.sql("select * from m order by k"), "3|2\n9|1\n10|10");
}

/// What is left of a computation behind the last digit is no value of its own; who compares sees it.
#[test]
fn the_noise_of_floats_is_no_reason_to_refuse_a_row() {
    let shop = Shop::new("id\n1\n", M);
    model(&shop, "0.1e0 + 0.2e0 as v, 0.1e0 as w");
    shop.database.sql("create table m (id bigint primary key, v numeric(8,2), w real)");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &0.into()), "{said}");
    assert_eq!(shop.database.sql("select * from m"), "1|0.30|0.1");
    let compared = shop.say(&["verify"]).exits(1);
    assert!(compared.out.contains("0.3 and not 0.30000000000000004"), "{}", compared.out);
}
