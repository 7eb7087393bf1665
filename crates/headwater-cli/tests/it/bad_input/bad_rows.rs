//! Rows that cannot be read.

use crate::program::{json, query};
use crate::project::{Project, assert_told};

const DECLARED: &str = "connector: files\nlocation: data\nstreams:\n  - table: raw.numbers\n    path: '*.csv'\n    \
    columns: { n: { type: int }, name: { type: string } }\n";

const BROKEN: &str = "n,name\n1,one\nzwei,two\n3\n4,four,extra\n5,\"unclosed\n6,six\n99999999999,big\n";

/// `raw.numbers` of the CSV files, with more keys.
fn numbers(keys: &str) -> String {
    format!("connector: files\nlocation: data\nstreams:\n  - {{ table: raw.numbers, path: '*.csv', {keys} }}\n")
}

#[test]
fn bad_rows_are_set_aside_with_file_line_reason_and_text() {
    let project = Project::numbers().with("sources/numbers.yml", DECLARED).with("data/a.csv", BROKEN);
    let said = project.run();
    assert!(
        said.out.contains("5 source rows unreadable: headwater query \"select * from raw.numbers__rejected\""),
        "{}",
        said.out
    );
    assert_eq!(query(project.path(), "select total, rows from marts.sums"), "7,2", "one and six");
    let rejected = crate::program::rows(project.path(), "select * from raw.numbers__rejected order by _line");
    let told: Vec<(i64, String, String)> = rejected
        .iter()
        .map(|row| {
            assert_eq!(row["_file"], "data/a.csv");
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            (row["_line"].as_i64().unwrap(), text("_reason"), text("_raw"))
        })
        .collect();
    let expected = [
        (3, "'zwei' is not an int", "zwei,two"),
        (4, "1 field", "3"),
        (5, "3 fields", "4,four,extra"),
        (6, "quote", "5,\"unclosed"),
        (8, "99999999999", "99999999999,big"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for ((line, reason, raw), (expected_line, words, text)) in told.iter().zip(expected) {
        assert_eq!((*line, raw.as_str()), (expected_line, text), "{told:#?}");
        assert!(reason.contains(words), "{reason} has no '{words}'");
    }
    let run = json(project.path(), &["runs"])[0]["id"].clone();
    assert!(rejected.iter().all(|row| row["_run"] == run));
    let report = json(project.path(), &["run-info"]);
    assert_eq!(report["tasks"][0]["staged"]["rejected"], 5);
    assert_eq!(report["tasks"][0]["staged"]["rows_in"], 7, "read and set aside");
}

#[test]
fn a_stream_may_ask_to_fail_instead() {
    let project = Project::numbers().with("sources/numbers.yml", format!("{DECLARED}    on_bad_row: fail\n"));
    project.run();
    project.write("data/a.csv", BROKEN);
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0309", &["data/a.csv", "line 3", "zwei"]);
    assert_eq!(project.published(), (1, "6,3".to_owned()));
}

#[test]
fn files_put_right_leave_nothing_rejected() {
    let project = Project::numbers().with("sources/numbers.yml", DECLARED).with("data/a.csv", BROKEN);
    project.run();
    project.write("data/a.csv", "n,name\n1,one\n2,two\n");
    let said = project.run();
    assert!(!said.out.contains("unreadable"), "{}", said.out);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers__rejected"), "0");
    assert_eq!(query(project.path(), "select total from marts.sums"), "3");
}

#[test]
fn bad_json_lines_are_set_aside_too() {
    let project = Project::numbers().with(
        "sources/numbers.yml",
        "connector: files\nlocation: data\nstreams:\n  - table: raw.numbers\n    path: '*.jsonl'\n    \
         columns: { n: { type: int }, name: { type: string } }\n",
    );
    project.write(
        "data/a.jsonl",
        "{\"n\": 1, \"name\": \"one\"}\n{\"n\": \n{\"n\": \"x\", \"name\": \"two\"}\n[3]\n{\"n\": 4}\n",
    );
    project.run();
    assert_eq!(query(project.path(), "select total, rows from marts.sums"), "5,2");
    assert_eq!(query(project.path(), "select _line from raw.numbers__rejected order by _line"), "2\n3\n4");
}

#[test]
fn a_header_alone_is_no_mistake_and_neither_is_a_file_of_nothing_beside_others() {
    let project = Project::numbers().with("sources/numbers.yml", DECLARED).with("data/a.csv", "n,name\n");
    project.write("data/b.csv", "");
    let said = project.run();
    assert!(said.out.contains("data/b.csv is empty, without even a header"), "{}", said.out);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "0");
    project.write("data/b.csv", "n,name\n8,eight\n");
    project.run();
    assert_eq!(query(project.path(), "select total from marts.sums"), "8");
}

#[test]
fn numbers_that_are_too_large_are_not_without_end() {
    let columns = "columns: { small: { type: float }, large: { type: double } }";
    let sources = format!(
        "connector: files\nlocation: data\nstreams:\n  - {{ table: raw.numbers, path: '*.jsonl', {columns} }}\n  - {{ table: raw.cells, path: '*.csv', {columns} }}\n"
    );
    let project = Project::empty()
        .with("sources/numbers.yml", sources)
        .with(
            "data/a.jsonl",
            "{\"small\":1e38,\"large\":1e308}\n{\"small\":1e39,\"large\":1}\n{\"small\":1,\"large\":-1e400}\n",
        )
        .with("data/a.csv", "small,large\n1e38,1e308\n1e39,1\n1,-1e400\ninf,-inf\n");
    project.run();
    assert_eq!(query(project.path(), "select small, large from raw.numbers"), "1e38,1e308");
    assert_eq!(query(project.path(), "select small, large from raw.cells order by small"), "1e38,1e308\ninf,-inf");
    let reasons = query(project.path(), "select _reason from raw.numbers__rejected order by _line");
    assert_eq!(reasons, "column 'small': '1e39' is not a float\ncolumn 'large': '-1e400' is not a double");
}

/// A fraction of zeros, or an exponent that leaves none, is no other number.
#[test]
fn whole_numbers_in_other_forms_are_whole_numbers() {
    let json = "{\"id\":1,\"n\":4}\n{\"id\":2,\"n\":4.0}\n{\"id\":3,\"n\":1e3}\n{\"id\":4,\"n\":4.5}\n{\"id\":5,\"n\":9007199254740993.0}\n\
                {\"id\":6,\"n\":1e40}\n{\"id\":7,\"n\":-2.50e1}\n{\"id\":8,\"n\":[2.0, 3]}\n";
    let csv = "id,n\n1,4\n2,4.0\n3,1e3\n4,4.5\n5,9007199254740993.0\n6,1e40\n7,-2.50e1\n8,x\n";
    for (name, text) in [("json", json), ("csv", csv)] {
        let source = format!(
            "connector: files\nlocation: data\nstreams:\n  - {{ table: raw.t, path: '*.{name}', columns: {{ n: {{ type: bigint }} }} }}\n"
        );
        let project = Project::empty().with("sources/t.yml", source).with(&format!("data/1.{name}"), text);
        project.run();
        let rows = "1,4\n2,4\n3,1000\n5,9007199254740993\n7,-25";
        assert_eq!(query(project.path(), "select id, n from raw.t order by id"), rows, "{name}");
        let reasons = query(project.path(), "select _reason from raw.t__rejected order by _line");
        for reason in ["'4.5' is not a bigint", "'1e40' is not a bigint"] {
            assert!(reasons.contains(reason), "{name}: {reasons}");
        }
        assert_eq!(reasons.lines().count(), 3, "{name}: {reasons}");
    }
    // A column that the table has as whole numbers, though nothing declares it.
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.t, path: '*.json', mode: new_files }\n";
    let project = Project::empty().with("sources/t.yml", source).with("data/1.json", "{\"n\": 1}\n{\"n\": 2}\n");
    project.run();
    project.write("data/2.json", "{\"n\": 4.0}\n{\"n\": 1.0e2}\n{\"n\": 7}\n{\"n\": 5}\n");
    project.run();
    assert_eq!(query(project.path(), "select count(*), sum(n) from raw.t"), "6,119");
    // Other numbers are another type.
    project.write("data/3.json", "{\"n\": 4.5}\n");
    assert_told(&project.say(&["run"]).exits(1), "HW0308", &["column 'n' is double and not bigint in data/3.json"]);
}

/// Exports whose numbers are suddenly written in another way must not empty a table that is there.
#[test]
fn a_load_of_bad_rows_alone_does_not_empty_a_table() {
    let source = |more: &str| numbers(&format!("columns: {{ n: {{ type: int }} }}{more}"));
    let project = Project::numbers().with("sources/numbers.yml", source(""));
    project.run();
    let published = project.published();
    project.write("data/a.csv", "n,name\n1.5,one\n2.5,two\n");
    let words =
        ["none of the 2 rows of raw.numbers can be read", "a.csv line 2: column 'n': '1.5' is not an int", "100%"];
    assert_told(&project.say(&["run"]).exits(1), "HW0991", &words);
    assert_eq!(project.published(), published);
    project.write("sources/numbers.yml", source(", most_bad_rows: 100%"));
    project.run();
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "0");
    assert_eq!(query(project.path(), "select count(*) from raw.numbers__rejected"), "2");
}

/// A file of which no row could be read has brought none: its correction is loaded, once, where that of others is not.
#[test]
fn a_file_of_bad_rows_alone_is_read_again_once_it_is_another() {
    let project =
        Project::numbers().with("sources/numbers.yml", numbers("mode: new_files, columns: { n: { type: int } }"));
    let sum = || query(project.path(), "select count(*), sum(n) from raw.numbers");
    project.run();
    let before = sum();
    project.write("data/late.csv", "n,name\n1.5,one\n2.5,two\n");
    project.run();
    assert_eq!(sum(), before);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers__rejected"), "2");
    // As it is, it is not read again.
    assert!(project.say(&["run"]).exits(0).out.contains("up to date"));
    project.write("data/late.csv", "n,name\n1000,one\n2000,two\nx,three\n");
    project.run();
    let (rows, total) = before.split_once(',').unwrap();
    let after = format!("{},{}", rows.parse::<u32>().unwrap() + 2, total.parse::<i64>().unwrap() + 3000);
    assert_eq!(sum(), after);
    // It has brought rows now.
    project.write("data/late.csv", "n,name\n1000,one\n2000,two\n3000,three\n");
    let said = project.say(&["run"]).exits(0);
    assert!(said.out.contains("late.csv") && said.out.contains("not loaded again"), "{said:?}");
    assert_eq!(sum(), after);
}

#[test]
fn more_bad_rows_than_a_stream_lets_pass_are_an_error() {
    let source = |most: &str| numbers(&format!("mode: new_files, most_bad_rows: {most}"));
    let project = Project::numbers().with("sources/numbers.yml", source("30%"));
    project.write("data/b.csv", "n,name\n4,four\n5\n");
    project.run();
    let published = project.published();
    project.write("data/c.csv", "n,name\n6\n7\n8,eight\n");
    let words = ["2 of the 3 rows of raw.numbers cannot be read", "c.csv line 2: ", "most_bad_rows"];
    assert_told(&project.say(&["run"]).exits(1), "HW0991", &words);
    assert_eq!(project.published(), published);
    // What lets more pass is no reason to load anything once more.
    project.write("sources/numbers.yml", source("2"));
    project.run();
    assert_eq!(query(project.path(), "select count(*), sum(n) from raw.numbers"), "5,18");
    assert_eq!(query(project.path(), "select count(*) from raw.numbers__rejected"), "3");
    project.write("sources/numbers.yml", source("2, on_bad_row: fail"));
    assert_told(&project.say(&["check"]).exits(2), "HW0135", &["most_bad_rows"]);
}
