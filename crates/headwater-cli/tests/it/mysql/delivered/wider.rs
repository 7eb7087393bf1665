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
    assert_eq!(said["notes"].as_array().unwrap().len(), 6, "{said}");
    assert_eq!(
        shop.sql("select * from m order by id"),
        "1|5000000000|9.5|1.2567|0.1|2024-01-01 10:00:00.000000|seven\n2|10000000000|4.75|1.2567|0.1|2024-01-01 10:00:00.000000|seven"
    );
    let one = shop.say(&["verify", "--json"]).exits(0).json()["comparisons"][0].clone();
    assert_eq!((&one["state"], &one["not_compared"]), (&"equal".into(), &serde_json::json!([])), "{one}");
}

#[test]
fn tables_that_are_not_altered_are_told_with_the_statement() {
    // 2^53 + 1 is no double.
    let shop = shop("9007199254740993 as b");
    shop.run();
    model(&shop, "0.5e0 as b");
    let words = &["'b' is bigint", "double", "modify `b` double null", "exclude: b"];
    assert_told(&shop.say(&["run"]).exits(1), "HW0381", words);
    assert_eq!(shop.sql("select * from m"), "1|9007199254740993");
    // Another's table.
    let shop = self::shop("7 as b");
    shop.database.sql("create table m (id bigint primary key, b bigint)");
    shop.run();
    model(&shop, "9.5e0 as b");
    assert_told(&shop.say(&["run"]).exits(1), "HW0381", words);
    assert_told(&shop.say(&["deliver", "--dry-run"]).exits(1), "HW0381", words);
    assert_eq!(shop.sql("select * from m"), "1|7");
    let said = shop.say(&["deliver", "--anew", "--json"]).json()[0].clone();
    assert_eq!((&said["written"], &said["undelivered"]), (&0.into(), &1.into()), "{said}");
    shop.database.sql("alter table m modify b double null");
    shop.run();
    assert_eq!(shop.sql("select * from m"), "1|9.5");
}

/// The comment goes with the table where it is replaced by another one.
#[test]
fn replaced_tables_stay_headwaters() {
    let shop = Shop::new("id\n1\n", "  - { table: marts.m, to: m, mode: replace }\n");
    for (columns, there) in [("7 as v", "1|7"), ("8 as v", "1|8"), ("9.5e0 as v", "1|9.5"), ("'x' as v", "1|x")] {
        model(&shop, columns);
        shop.run();
        assert_eq!(shop.sql("select * from m"), there);
    }
}

/// A value in SQL that the column holds, and one that it would change.
#[test]
fn rows_whose_values_would_change_are_refused() {
    let at = |text: &str| format!("arrow_cast('{text}', 'Timestamp(Microsecond, None)')");
    let (midnight, ten, half) = (at("2024-01-01T00:00:00"), at("2024-01-01T10:00:00"), at("2024-01-01T10:00:00.5"));
    for (of_type, good, there, bad) in [
        ("int", "9e0", "9", "9.5e0"),
        ("bigint unsigned", "cast('7.00' as decimal(10,2))", "7", "cast('7.01' as decimal(10,2))"),
        ("decimal(6,1)", "2.5e0", "2.5", "1.25e0"),
        ("decimal(8,2)", "19.99e0", "19.99", "cast('0.125' as double)"),
        ("decimal(6,1)", "cast('2.50' as decimal(10,2))", "2.5", "cast('2.55' as decimal(10,2))"),
        ("decimal(6,1)", "cast(0.1 as float)", "0.1", "cast(0.25 as float)"),
        ("double", "9007199254740992", "9.007199254740992e15", "9007199254740993"),
        ("varchar(3)", "'abc'", "abc", "'abc '"),
        ("varchar(2)", "50", "50", "500"),
        ("date", &midnight, "2024-01-01", &ten),
        ("date", "'2024-01-01'", "2024-01-01", "'2024-01-01 10:00:00'"),
        ("datetime", &ten, "2024-01-01 10:00:00", &half),
        ("int", "'9'", "9", "'9.5'"),
        ("decimal(6,1)", "'2.5'", "2.5", "'2.55'"),
    ] {
        let shop = Shop::new("id\n1\n2\n", M);
        model(&shop, &format!("case when id = 1 then {good} else {bad} end as v"));
        shop.database.sql(&format!("create table m (id bigint primary key, v {of_type})"));
        let said = shop.run();
        assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{of_type} {bad}: {said}");
        assert_eq!(shop.sql("select * from m"), format!("1|{there}"), "{of_type} {bad}");
        let one = shop.say(&["verify", "--json"]).exits(1).json()["comparisons"][0].clone();
        assert_eq!((&one["missing"], &one["different"]), (&1.into(), &0.into()), "{of_type} {bad}: {one}");
    }
}

/// The database has one zero.
#[test]
fn zeros_are_the_same_whatever_their_signs() {
    let shop = shop("cast('-0' as double) as d, cast('-0' as float) as f");
    shop.run();
    let one = shop.say(&["verify", "--json"]).exits(0).json()["comparisons"][0].clone();
    assert_eq!((&one["state"], &one["not_compared"]), (&"equal".into(), &serde_json::json!([])), "{one}");
}

#[test]
fn names_of_columns_are_no_words_of_statements() {
    let names = ["s", "t", "a", "r", "row", "key", "new", "old", "select", "order", "operation", "reason", "x"];
    let csv = |rows: &[(&str, &str, &str)]| {
        let row =
            |(id, n, value): &(&str, &str, &str)| format!("{id},{n}{}\n", format!(",{value}").repeat(names.len()));
        format!("id,num,{}\n{}", names.join(","), rows.iter().map(row).collect::<String>())
    };
    for mode in ["key: id", "mode: append", "mode: replace"] {
        let delivery = format!("  - {{ table: raw.customers, to: s, {mode} }}\n");
        let shop = Shop::new(&csv(&[("1", "1", "a"), ("2", "5000000000", "b"), ("3", "3", "c")]), &delivery);
        let columns: Vec<String> = names.iter().map(|name| format!("`{name}` text")).collect();
        shop.database.sql(&format!("create table s (id bigint primary key, num int, {})", columns.join(", ")));
        let said = shop.run();
        assert_eq!((&said["written"], &said["undelivered"]), (&2.into(), &1.into()), "{mode}: {said}");
        shop.database.sql("alter table s modify num bigint");
        let said = shop.say(&["deliver", "--json"]).exits(0).json()[0].clone();
        assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &0.into()), "{mode}: {said}");
        shop.say(&["verify"]).exits(0);
    }
    let long = "L".repeat(65);
    let shop = Shop::new(&format!("id,{long}\n1,a\n"), "  - { table: raw.customers, to: c, key: id }\n");
    assert_told(&shop.say(&["run"]).exits(1), "HW0381", &[&long, "65 characters", "64", "exclude"]);
    assert_told(&shop.say(&["deliver", "--dry-run"]).exits(1), "HW0381", &[&long]);
}
