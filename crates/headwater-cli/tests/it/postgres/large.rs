//! Tables of many pages: parts, one moment for all of them, and memory.

use super::Source;
use crate::program::with_peak;

/// About 300 MB of rows, in parts of 64 MiB.
const ROWS: u64 = 1_500_000;
/// The most memory that a load may take, in KiB: less than the table.
const MEMORY_KIB: u64 = 250 * 1024;

fn large() -> Source {
    Source::new(
        &format!(
            "create table wide (id int8, filler text, amount numeric(12,2)); alter table wide set (autovacuum_enabled = off);
             insert into wide select n, repeat(md5(n::text), 5), n / 100.0 from generate_series(1, {ROWS}) n"
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
fn partitions_are_read_one_by_one() {
    let source = Source::new(
        "create table p (id int, region text) partition by list (region);
         create table p_north partition of p for values in ('north');
         create table p_rest partition of p default partition by range (id);
         create table p_rest_low partition of p_rest for values from (0) to (500);
         create table p_rest_high partition of p_rest default;
         insert into p select n, case n % 3 when 0 then 'north' when 1 then 'south' else 'east' end from generate_series(1, 1000) n;
         create view v as select * from p where region <> 'east'; create materialized view m as select count(*) as n from p;
         create table parent (id int); create table child (more text) inherits (parent);
         insert into parent values (1); insert into child values (2, 'x')",
        "  - { table: raw.p, from: p }\n  - { table: raw.v, from: v }\n  - { table: raw.m, from: m }\n  - { table: raw.parent, from: parent }\n\
         \x20 - { table: raw.q, query: \"select region, count(*) as n from p group by 1;\" }\n",
    );
    source.run();
    assert_eq!(source.query("select count(*), sum(id) from raw.p"), "1000,500500");
    assert_eq!(source.query("select count(*) from raw.v"), "667");
    assert_eq!(source.query("select n from raw.m"), "1000");
    assert_eq!(source.query("select id from raw.parent order by id"), "1\n2");
    assert_eq!(source.query("select region, n from raw.q order by region"), "east,333\nnorth,333\nsouth,334");
}

#[test]
fn policies_of_a_partitioned_table_hold() {
    let source = Source::new(
        "create table p (id int, region text) partition by list (region);
         create table p_north partition of p for values in ('north'); create table p_south partition of p for values in ('south');
         insert into p values (1, 'north'), (2, 'south'); alter table p enable row level security;
         create policy northern on p using (region = 'north');
         do $$ begin if not exists (select from pg_roles where rolname = 'northern') then create role northern login password 'reading'; end if; end $$;
         grant select on p, p_north, p_south to northern",
        "  - { table: raw.p, from: p }\n",
    );
    source.say_as(&source.database.url_of("northern", "reading"), &["run"]).exits(0);
    assert_eq!(source.query("select id from raw.p"), "1");
}
