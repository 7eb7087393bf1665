//! Loads of what has come since, whose rows take the place of others.

use super::Source;
use crate::project::assert_told;

const TABLE: &str = "create table t (id int primary key, v int, changed timestamptz not null);
    insert into t select n, n, '2024-01-01Z'::timestamptz + n * interval '1 min' from generate_series(1, 100) n";
const STREAM: &str = "  - { table: raw.t, from: t, mode: incremental, cursor: changed, key: [id] }\n";

#[test]
fn a_row_that_comes_again_takes_the_place_of_the_old_one() {
    let source = Source::new(TABLE, STREAM);
    source.run();
    source.project.write("models/marts/sum.sql", "select v % 10 as digit, sum(v) as total from raw.t group by 1");
    source.run();
    source.database.sql("update t set v = 1000, changed = '2024-02-01Z' where id in (5, 6); insert into t values (101, 1, '2024-02-01Z')");
    let said = source.say(&["run", "--json"]).exits(0).json();
    let refresh = &said["assets"][0]["refresh"];
    assert_eq!((&refresh["added"], &refresh["replaced"]), (&1.into(), &2.into()), "{said}");
    assert_eq!(said["assets"][1]["refresh"]["how"], "keys", "what reads it is refreshed by what has changed: {said}");
    assert_eq!(
        source.query("select count(*), count(distinct id), sum(v) from raw.t"),
        source.database.sql("select count(*), count(distinct id), sum(v) from t").replace('|', ",")
    );
    assert_eq!(source.query("select sum(total) from marts.sum"), source.database.sql("select sum(v) from t"));
}

#[test]
fn rows_that_were_committed_late_are_found_by_looking_back() {
    let source = Source::new(TABLE, &STREAM.replace("key: [id]", "key: [id], lookback: 1h"));
    source.run();
    source.database.sql("insert into t values (200, 7, '2024-01-01 01:00Z'), (201, 7, '2024-01-01 00:05Z')");
    let said = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["assets"][0]["refresh"]["added"], 1, "{said}");
    assert_eq!(source.query("select id from raw.t where id >= 200"), "200", "the other one is further back");
    // Nothing is new, and nothing is written again.
    let said = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["assets"][0]["refresh"]["how"], "nothing", "{said}");
    assert_eq!(said["assets"][0]["bytes_written"], 0, "{said}");
    source.streams(&STREAM.replace("key: [id]", "key: [id], lookback: 100"));
    assert_told(&source.say(&["run"]), "HW0346", &["timestamptz", "lookback: 2h"]);
    source.streams("  - { table: raw.t, from: t, mode: incremental, cursor: changed, lookback: 1h }\n");
    assert_told(&source.say(&["check"]).exits(2), "HW0135", &["lookback", "key"]);
}

#[test]
fn a_key_that_tells_no_rows_apart_is_refused() {
    let source = Source::new(
        "create table t (id int, v int); insert into t values (1, 1), (2, 2)",
        "  - { table: raw.t, from: t, mode: incremental, cursor: v, key: [id] }\n",
    );
    source.run();
    source.database.sql("insert into t values (3, 10), (3, 11)");
    assert_told(&source.say(&["run"]).exits(1), "HW0638", &["(id)", "id = 3"]);
    source.database.sql("delete from t where v = 11; insert into t values (null, 12)");
    assert_told(&source.say(&["run"]).exits(1), "HW0638", &["null"]);
    assert_eq!(source.query("select count(*) from raw.t"), "2");
    source.streams("  - { table: raw.t, from: t, mode: incremental, cursor: v, key: [nope] }\n");
    source.say(&["run", "--full-refresh"]).exits(2);
    source.streams("  - { table: raw.t, from: t, key: [id] }\n");
    assert_told(&source.say(&["check"]).exits(2), "HW0135", &["incremental, new_files and cdc"]);
}
