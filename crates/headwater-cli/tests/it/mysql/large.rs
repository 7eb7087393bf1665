//! Tables that are large: parts, one moment for all of them, and memory.

use super::Source;
use crate::program::with_peak;

/// About 300 MB of rows, in parts of 64 MiB.
const ROWS: u64 = 1_500_000;
/// The most memory that a load may take, in KiB: less than the table.
const MEMORY_KIB: u64 = 250 * 1024;

fn large() -> Source {
    Source::new(
        &format!(
            "create table wide (id bigint primary key, filler text, amount decimal(12,2));
             insert into wide select seq, repeat(md5(seq), 5), seq / 100 from seq_1_to_{ROWS}; analyze table wide"
        ),
        "  - { table: raw.wide, from: wide }\n",
    )
}

#[test]
fn all_parts_are_read_at_one_moment() {
    let source = large();
    // Every row is written again and again: no two moments have the same sum.
    let stop = std::sync::atomic::AtomicBool::new(false);
    let sums = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                source.database.sql("update wide set amount = amount + 1 where id % 50 = 0");
            }
        });
        let told = source.say(&["run", "--json"]).exits(0).json();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap();
        told
    });
    assert_eq!(sums["assets"][0]["rows_in"], ROWS);
    let whole = (1..=ROWS).sum::<u64>();
    assert_eq!(
        source.query("select count(*), count(distinct id), sum(id) from raw.wide"),
        format!("{ROWS},{ROWS},{whole}")
    );
    // Of the rows that are written again, all have been as often.
    let times =
        source.query("select count(distinct amount - cast(id as decimal(12,2)) / 100) from raw.wide where id % 50 = 0");
    assert_eq!(times, "1");
}

#[test]
fn memory_does_not_grow_with_the_table() {
    let source = large();
    let mut program = crate::program::headwater(source.project.path());
    program.arg("run").env("SHOP", source.database.url());
    let (said, peak) = with_peak(program);
    said.exits(0);
    assert!(peak < MEMORY_KIB, "{peak} KiB");
    assert_eq!(source.query("select count(*) from raw.wide"), ROWS.to_string());
}

#[test]
fn tables_without_a_number_for_a_key_are_read_in_one_part() {
    let source = Source::new(
        "create table c (code varchar(40) primary key, filler text);
         insert into c select concat('code ', seq), repeat(md5(seq), 30) from seq_1_to_100000; analyze table c;
         create table n (filler text); insert into n select repeat('x', 1000) from seq_1_to_100000; analyze table n;
         create table u (id bigint unsigned primary key, filler text);
         insert into u select 18446744073709551615 - seq * 1000000, repeat('x', 1000) from seq_1_to_100000; analyze table u",
        "  - { table: raw.c, from: c }\n  - { table: raw.n, from: n }\n  - { table: raw.u, from: u }\n",
    );
    source.run();
    for table in ["c", "n", "u"] {
        assert_eq!(source.query(&format!("select count(*) from raw.{table}")), "100000");
    }
    assert_eq!(source.query("select count(distinct id), max(id) from raw.u"), "100000,18446744073708551615");
}
