//! Databases that somebody writes to while they are read; large ones.

use super::Source;
use crate::program::with_peak;

const SERIES: &str = "with recursive n(n) as (select 1 union all select n + 1 from n where n < {rows})";

/// A table in WAL mode.
fn large(rows: u64) -> Source {
    let series = SERIES.replace("{rows}", &rows.to_string());
    Source::new(
        &format!(
            "pragma journal_mode = wal; create table wide (id integer primary key, v int, filler text);
             insert into wide {series} select n, 0, printf('%0160d', n) from n"
        ),
        "  - { table: raw.wide, from: wide }\n",
    )
}

#[test]
fn a_load_sees_one_moment_while_somebody_writes() {
    const ROWS: u64 = 400_000;
    let source = large(ROWS);
    // Rows at both ends of the table are written in one transaction, again and again.
    let mut writer = source.beside(
        "import os
db.execute('pragma synchronous = off')
n = 0
while not os.path.exists('stop'):
    db.execute('update wide set v = v + 1 where id <= 50 or id > 399950'); db.commit()
    n += 1
    open('times.new', 'w').write(str(n)); os.replace('times.new', 'times')
    if n == 1: print('begun', flush=True)
    time.sleep(0.001)",
    );
    let times = || -> u64 { std::fs::read_to_string(source.project.path().join("times")).unwrap().parse().unwrap() };
    let before = times();
    let said = source.say(&["run", "--json"]).exits(0).json();
    let after = times();
    source.project.write("stop", "");
    assert!(writer.wait().unwrap().success());
    assert!(after > before + 10, "the writer went on: {before} to {after}");
    assert_eq!(said["assets"][0]["rows_in"], ROWS);
    assert_eq!(
        source.query("select count(*), count(distinct id), sum(v) / max(v) from raw.wide"),
        format!("{ROWS},{ROWS},100")
    );
    assert_eq!(source.query("select count(distinct v) from raw.wide where id <= 50 or id > 399950"), "1");
    assert_eq!(source.ask("pragma integrity_check"), "ok");
}

#[test]
fn an_unchanged_file_is_not_read_again() {
    let source = large(100);
    std::thread::sleep(std::time::Duration::from_millis(300));
    source.run();
    let again = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(again["assets"][0]["state"], "up_to_date", "{again}");
    // What is committed is in the log only, as long as somebody has the database open.
    let mut writer = source.beside(
        "db.execute('pragma wal_autocheckpoint = 0'); db.execute('update wide set v = 7 where id = 1'); db.commit(); print('written', flush=True); sys.stdin.read()",
    );
    source.run();
    assert_eq!(source.query("select v from raw.wide where id = 1"), "7");
    drop(writer.stdin.take());
    assert!(writer.wait().unwrap().success());
}

#[test]
fn memory_does_not_grow_with_the_table() {
    const ROWS: u64 = 2_000_000;
    let source = large(ROWS);
    let size = std::fs::metadata(source.project.path().join("shop.db")).unwrap().len();
    assert!(size > 340_000_000, "{size}");
    let mut program = crate::program::headwater(source.project.path());
    program.args(["run", "--json"]);
    let (said, peak) = with_peak(program);
    assert_eq!(said.exits(0).json()["assets"][0]["rows_in"], ROWS);
    assert!(peak < 250 * 1024, "{peak} KiB");
}
