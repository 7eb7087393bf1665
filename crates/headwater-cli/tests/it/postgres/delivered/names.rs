//! Names of columns that a statement could take for something else, and those that the database cannot have.

use super::Shop;
use crate::project::assert_told;

const NAMES: [&str; 20] = [
    "s",
    "t",
    "d",
    "r",
    "u",
    "n",
    "k",
    "i",
    "row",
    "key",
    "excluded",
    "new",
    "old",
    "select",
    "order",
    "operation",
    "reason",
    "delivery",
    "stage",
    "x",
];

/// Rows are refused, kept, tried again, changed and deleted.
#[test]
fn columns_may_have_the_names_of_statements_own() {
    let csv = |rows: &[(&str, &str, &str)]| {
        let row =
            |(id, n, value): &(&str, &str, &str)| format!("{id},{n}{}\n", format!(",{value}").repeat(NAMES.len()));
        format!("id,num,{}\n{}", NAMES.join(","), rows.iter().map(row).collect::<String>())
    };
    for mode in ["key: id", "mode: append", "mode: replace"] {
        let delivery = format!("  - {{ table: raw.customers, to: s, {mode} }}\n");
        let shop = Shop::new(&csv(&[("1", "1", "a"), ("2", "5000000000", "b"), ("3", "3", "c")]), &delivery);
        let columns: Vec<String> = NAMES.iter().map(|name| format!("\"{name}\" text")).collect();
        shop.database.sql(&format!("create table s (id bigint primary key, num int, {})", columns.join(", ")));
        let said = shop.run();
        assert_eq!((&said["written"], &said["undelivered"]), (&2.into(), &1.into()), "{mode}: {said}");
        let kept = "select \"row\" ->> 's', \"row\" ->> 'row', \"row\" ->> 'x' from headwater_undelivered";
        assert_eq!(shop.database.sql(kept), "b|b|b", "{mode}");
        shop.database.sql("alter table s alter column num type bigint");
        let said = shop.say(&["deliver", "--json"]).exits(0).json()[0].clone();
        assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &0.into()), "{mode}: {said}");
        assert_eq!(shop.database.sql("select count(*), min(s), max(\"order\") from s"), "3|a|c", "{mode}");
        shop.say(&["verify"]).exits(0);
        if mode == "key: id" {
            shop.database.sql("alter table s drop constraint s_pkey");
            shop.customers(&csv(&[("1", "1", "z"), ("2", "2", "b")]));
            let said = shop.run();
            assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &1.into()), "{said}");
            shop.say(&["verify"]).exits(0);
        }
    }
}

#[test]
fn names_that_the_database_cannot_have_are_told_before_anything_is_sent() {
    let (long, other) = (format!("{}1", "L".repeat(70)), "ctid");
    for (name, words) in [(long.as_str(), ["71 bytes", "63"]), (other, ["'ctid'", "column of its own"])] {
        let shop = Shop::new(&format!("id,{name}\n1,a\n"), "  - { table: raw.customers, to: c, key: id }\n");
        assert_told(&shop.say(&["run"]).exits(1), "HW0381", &[name, words[0], words[1], "exclude"]);
        assert_told(&shop.say(&["deliver", "--dry-run"]).exits(1), "HW0381", &[name]);
        assert_eq!(shop.database.sql("select to_regclass('c')"), "");
        shop.deliver(&format!("  - {{ table: raw.customers, to: c, key: id, exclude: {name} }}\n"));
        shop.run();
    }
    let shop = Shop::new("id\n1\n", &format!("  - {{ table: raw.customers, to: {}, key: id }}\n", "t".repeat(64)));
    assert_told(&shop.say(&["check"]).exits(2), "HW0122", &["64 bytes", "63"]);
    // The longest name there can be, which is replaced by way of another one.
    let table = "t".repeat(63);
    shop.deliver(&format!("  - {{ table: raw.customers, to: {table}, mode: replace }}\n"));
    shop.run();
    shop.customers("id\n2\n");
    shop.run();
    assert_eq!(shop.database.sql(&format!("select * from {table}")), "2");
}
