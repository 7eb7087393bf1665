//! A large delivery: memory, and how long it takes.

use super::Shop;
use crate::program::with_peak;

/// About 300 MB of rows.
const ROWS: u64 = 500_000;
/// The most memory that a delivery may take, in KiB: far less than the table.
const MEMORY_KIB: u64 = 250 * 1024;

#[test]
fn memory_does_not_grow_with_the_rows() {
    let shop = Shop::new("id\n1\n", "  - { table: marts.wide, to: wide, mode: append }\n");
    shop.project.write(
        "models/marts/wide.sql",
        format!("select value as id, repeat(md5(cast(value as string)), 18) as filler from range(1, {})", ROWS + 1),
    );
    shop.say(&["run", "--no-deliver"]).exits(0);
    let (said, peak) = with_peak(shop.program(&["deliver"]));
    let said = said.exits(0);
    assert!(peak < MEMORY_KIB, "{peak} KiB: {}", said.out);
    assert_eq!(
        shop.sql("select count(*), sum(id), sum(length(filler)), sum(filler <> repeat(md5(id), 18)) from wide"),
        format!("{ROWS}|{}|{}|0", ROWS * (ROWS + 1) / 2, ROWS * 576)
    );
}
