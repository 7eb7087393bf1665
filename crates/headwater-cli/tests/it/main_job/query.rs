//! `headwater query`: every format, into a file and into a pipe, and the lake as it was.

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;

use super::flights::{expected, flights};
use crate::program::{headwater, json, ok, query, say, utc};
use crate::project::{Project, assert_told};

/// One row of each kind of value.
const VALUES: &str =
    "select 1 as whole, 1.5e0 as real, 'a, \"b\"' as text, true as truth, cast(null as int) as nothing,
    date '2013-01-02' as day, timestamp '2013-01-02T03:04:05Z' as moment, cast(1.10 as decimal(9,2)) as money";

fn dir() -> &'static std::path::Path {
    &flights().dir
}

#[test]
fn csv_is_what_a_pipe_gets() {
    let out = ok(dir(), &["query", VALUES]);
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("whole,real,text,truth,nothing,day,moment,money"));
    let row = lines.next().unwrap();
    assert!(
        row.starts_with("1,1.5,\"a, \"\"b\"\"\",true,,2013-01-02,2013-01-02T03:04:05") && row.ends_with(",1.10"),
        "{row}"
    );
    assert_eq!(lines.next(), None);
    assert_eq!(out, ok(dir(), &["query", VALUES, "--format", "csv"]));
    let none = ok(dir(), &["query", "select carrier from marts.dim_airline where carrier = 'none'"]);
    assert_eq!(none, "carrier\n", "a header even over no rows");
}

#[test]
fn timestamps_reach_to_the_year_9999() {
    let sql = "select max(t) as t from (select timestamp '9999-12-31' as t union all select cast('0001-01-01' as timestamp)) \
               where t < timestamp '9999-12-31 00:00:01' and t is distinct from timestamptz '9999-12-30T23:00:00-01:00'";
    assert_eq!(query(dir(), sql), "0001-01-01T00:00:00");
    let late = "select count(*) from staging.flights where time_hour < timestamp '9999-12-31'";
    assert_eq!(query(dir(), late), query(dir(), "select count(*) from staging.flights"));
}

#[test]
fn csv_tells_nulls_from_empty_texts() {
    let values =
        |columns: &str| format!("select {columns} from (values ('', 1), (null, 2), ('a\nb', 3)) t(x, y) order by y");
    assert_eq!(ok(dir(), &["query", &values("x, y")]), "x,y\n\"\",1\n,2\n\"a\nb\",3\n");
    assert_eq!(ok(dir(), &["query", &values("x")]), "x\n\"\"\n\"\"\n\"a\nb\"\n");
}

#[test]
fn constants_can_be_asked_for_where_nothing_is_published() {
    let project = Project::numbers();
    assert_eq!(ok(project.path(), &["query", "select 1 as one"]), "one\n1\n");
    assert_told(&project.say(&["query", "select * from raw.numbers"]).exits(2), "HW0806", &["headwater run"]);
}

#[test]
fn samples_of_tables_are_not_ignored() {
    let said = say(dir(), &["query", "select count(*) from raw.flights tablesample system (1)"]).exits(2);
    assert_told(&said, "HW0512", &["TABLESAMPLE"]);
}

#[test]
fn nested_values_are_json_in_csv() {
    let out = ok(dir(), &["query", "select [1, null] as list, named_struct('a', 'x \"y\"') as pair, 'z' as text"]);
    assert_eq!(out, "list,pair,text\n\"[1,null]\",\"{\"\"a\"\":\"\"x \\\"\"y\\\"\"\"\"}\",z\n");
}

#[test]
fn json_is_an_object_a_line() {
    for arguments in [["query", VALUES, "--format", "json"].as_slice(), &["query", VALUES, "--json"]] {
        let out = ok(dir(), arguments);
        assert_eq!(out.lines().count(), 1);
        let row: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((&row["whole"], &row["real"], &row["truth"]), (&1.into(), &1.5.into(), &true.into()));
        assert_eq!((&row["text"], &row["day"]), (&"a, \"b\"".into(), &"2013-01-02".into()));
        assert!(row.as_object().unwrap()["nothing"].is_null(), "written, and null");
        assert!(row["moment"].as_str().unwrap().starts_with("2013-01-02T03:04:05"), "{row}");
    }
}

#[test]
fn a_table_is_for_people() {
    let sql = "select carrier, flights from marts.on_time_by_carrier_month where month = 1 order by carrier limit 2";
    let out = ok(dir(), &["query", sql, "--format", "table"]);
    assert_eq!(out, "carrier  flights\n-------  -------\n9E          1573\nAA          2794\n");
    let out = ok(dir(), &["query", "select cast(null as int) as nothing, 'a\u{1b}[31mb' as text", "--format", "table"]);
    assert!(out.contains("null") && !out.contains('\u{1b}'), "no row steers a terminal: {out:?}");
}

#[test]
fn a_parquet_file_can_be_loaded_again() {
    let project = Project::empty().with(
        "sources/a.yml",
        "connector: files\nlocation: data\nstreams:\n  - { table: raw.months, path: '*.parquet' }\n",
    );
    std::fs::create_dir(project.path().join("data")).unwrap();
    let file = project.path().join("data/months.parquet");
    let sql = "select * from marts.on_time_by_carrier_month";
    let said = say(dir(), &["query", sql, "-o", file.to_str().unwrap()]).exits(0);
    assert_eq!((said.out.as_str(), said.err.contains("185 rows written to")), ("", true), "{}", said.err);
    assert_eq!(&std::fs::read(&file).unwrap()[..4], b"PAR1");
    project.run();
    let sums = "select count(*), sum(flights), sum(departed), cast(sum(avg_arr_delay) * 1000 as bigint) from";
    assert_eq!(
        query(project.path(), &format!("{sums} raw.months")),
        query(dir(), &format!("{sums} marts.on_time_by_carrier_month"))
    );
    assert_told(&say(dir(), &["query", sql, "--format", "parquet"]).exits(2), "HW0816", &["--output"]);
}

#[test]
fn the_format_follows_from_the_files_name() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "select carrier, flights from marts.on_time_by_carrier_month order by carrier, month";
    for (name, begins) in
        [("a.csv", "carrier,flights\n9E,1573\n"), ("a.jsonl", "{\"carrier\":\"9E\",\"flights\":1573}\n")]
    {
        let path = folder.path().join(name);
        let said = say(dir(), &["query", sql, "--output", path.to_str().unwrap(), "--quiet"]).exits(0);
        assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(begins), "{text}");
    }
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing unfinished is left: {names:?}");
}

#[test]
fn a_file_that_cannot_be_written_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/a.csv");
    let said = say(dir(), &["query", "select 1 as a", "-o", path.to_str().unwrap()]).exits(3);
    assert!(said.err.contains("error[HW0809]") && said.err.contains("missing/a.csv"), "{}", said.err);
    let before = folder.path().join("kept.csv");
    std::fs::write(&before, "old\n").unwrap();
    let sql = "select cast(tailnum as int) as a from marts.fct_flights";
    let said = say(dir(), &["query", sql, "-o", before.to_str().unwrap()]);
    assert_told(&said.exits(1), "HW0555", &[]);
    assert_eq!(std::fs::read_to_string(&before).unwrap(), "old\n", "a failed query replaces nothing");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn every_row_goes_through_a_pipe_and_a_closed_one_ends_it_quietly() {
    let sql = "select * from marts.fct_flights";
    let mut all = headwater(dir()).args(["query", sql]).stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    all.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(all.wait().unwrap().code(), Some(0));
    assert_eq!(text.lines().count() as u64, 1 + expected()["rows"]["marts.fct_flights"].as_u64().unwrap());
    for format in ["csv", "json", "table"] {
        let mut cut = headwater(dir())
            .args(["query", sql, "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 100];
        cut.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = cut.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.as_slice()),
            (Some(0), &b""[..]),
            "{format} into a closed pipe"
        );
    }
}

#[test]
fn a_limit_cuts_and_stdin_holds_a_query() {
    let out = ok(dir(), &["query", "select flight from marts.fct_flights", "--limit", "7"]);
    assert_eq!(out.lines().count(), 8);
    let mut piped = headwater(dir()).args(["query", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut piped.stdin.take().unwrap(), b"-- from a file\nselect 40 + 2 as answer;\n").unwrap();
    let output = piped.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "answer\n42\n");
}

#[test]
fn the_lake_is_read_as_it_was() {
    let project = Project::numbers();
    project.run();
    // The two are published in different milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(10));
    project.write("data/a.csv", "n,name\n10,ten\n");
    project.run();
    let sql = "select total, rows from marts.sums";
    let at = |when: &str| project.say(&["query", sql, "--as-of", when]);
    assert_eq!(query(project.path(), sql), "10,1");
    assert_eq!(at("1").exits(0).out, "total,rows\n6,3\n");
    assert_eq!(at("2").exits(0).out, "total,rows\n10,1\n");
    let history = json(project.path(), &["history"]);
    let published = |n: usize| history[n]["published_ms"].as_i64().unwrap();
    let second = published(0);
    assert_eq!(at(&utc(second - 1)).exits(0).out, "total,rows\n6,3\n", "a moment before");
    assert_eq!(at(&utc(second)).exits(0).out, "total,rows\n10,1\n");
    assert_eq!(at("2100-01-01").exits(0).out, "total,rows\n10,1\n");
    assert_told(&at("2001-01-01").exits(2), "HW0805", &["2001-01-01", "headwater history"]);
    assert_told(&at("3").exits(2), "HW0805", &["3"]);
    assert_told(&at("yesterday").exits(2), "HW0804", &["yesterday"]);
}

#[test]
fn a_query_sees_views_and_side_tables() {
    assert_eq!(query(dir(), "select count(*) from staging.flights where is_cancelled"), "8255");
    assert_eq!(query(dir(), "select count(*) from raw.weather__quarantine"), "1");
}

#[test]
fn a_name_that_a_query_misspells_gets_a_suggestion() {
    let said = say(dir(), &["query", "select * from marts.fct_flight"]).exits(2);
    assert_told(&said, "HW0557", &["marts.fct_flights"]);
    let said = say(dir(), &["query", "select carier from marts.dim_airline"]).exits(2);
    assert_told(&said, "HW0504", &["carier", "did you mean carrier?"]);
}
