//! Files of 0 bytes: of some formats they have no rows, of others they are no files.

use crate::program::{gzip, query};
use crate::project::{Project, assert_told};

fn source(path: &str, more: &str) -> String {
    format!("connector: files\nlocation: data\nstreams:\n  - {{ table: raw.t, path: '{path}'{more} }}\n")
}

#[test]
fn an_empty_text_file_has_no_rows() {
    let xml = "<r><o><id>1</id></o><o><id>2</id></o></r>";
    for (name, more, text) in [
        ("csv", "", "id\n1\n2\n"),
        ("csv", ", columns: { id: { type: bigint } }", "id\n1\n2\n"),
        ("csv", ", format: { header: false }, columns: { id: { type: bigint } }", "1\n2\n"),
        ("jsonl", "", "{\"id\": 1}\n{\"id\": 2}\n"),
        ("xml", ", format: { record: o }", xml),
        ("txt", ", format: { type: fixed_width, widths: [2], header: true }", "id\n1 \n2 \n"),
    ] {
        // Which of the files is empty makes no difference.
        for (empty, full) in [("1", "2"), ("2", "1")] {
            let project = Project::empty()
                .with("sources/t.yml", source(&format!("*.{name}"), more))
                .with(&format!("data/{full}.{name}"), text)
                .with(&format!("data/{empty}.{name}"), "");
            let said = project.run();
            let headless = name == "txt" || name == "csv" && !more.contains("header: false");
            let told = if headless { "is empty, without even a header" } else { "is empty" };
            assert!(said.out.contains(&format!("note: data/{empty}.{name} {told}")), "{more}: {}", said.out);
            assert_eq!(query(project.path(), "select count(*), sum(id) from raw.t"), "2,3", "{name}{more}");
        }
    }
}

#[test]
fn nothing_but_empty_files_have_no_columns() {
    let project =
        Project::empty().with("sources/t.yml", source("*.csv", "")).with("data/1.csv", "").with("data/2.csv", "");
    assert_told(&project.say(&["run"]).exits(2), "HW0310", &["raw.t has no columns", "declare the columns"]);
    project.write("sources/t.yml", source("*.csv", ", columns: { id: { type: bigint } }"));
    project.run();
    assert_eq!(query(project.path(), "select count(id) from raw.t"), "0");
    project.write("data/2.csv", "id\n7\n");
    project.run();
    assert_eq!(query(project.path(), "select sum(id) from raw.t"), "7");
    // Who says which columns there are may have a table emptied.
    project.write("data/2.csv", "");
    project.run();
    assert_eq!(query(project.path(), "select count(id) from raw.t"), "0");
    // Otherwise a table is not emptied by files that lost their header.
    project.write("sources/t.yml", source("*.csv", ""));
    project.write("data/2.csv", "id\n7\n");
    project.run();
    project.write("data/2.csv", "");
    assert_told(
        &project.say(&["run"]).exits(1),
        "HW0308",
        &["data/1.csv, data/2.csv are empty, without even a header"],
    );
    assert_eq!(query(project.path(), "select sum(id) from raw.t"), "7");
}

#[test]
fn an_empty_file_is_loaded_once_there_is_something_in_it() {
    for (name, text) in [("csv", "id\n3\n"), ("jsonl", "{\"id\": 3}\n")] {
        let project = Project::empty()
            .with("sources/t.yml", source(&format!("*.{name}"), ", mode: new_files"))
            .with(&format!("data/1.{name}"), if name == "csv" { "id\n1\n" } else { "{\"id\": 1}\n" })
            .with(&format!("data/2.{name}"), "");
        project.run();
        assert_eq!(query(project.path(), "select sum(id) from raw.t"), "1");
        assert!(!project.run().out.contains("is empty"), "told once");
        project.write(&format!("data/2.{name}"), text);
        let said = project.run();
        assert!(!said.out.contains("changed"), "{}", said.out);
        assert_eq!(query(project.path(), "select count(*), sum(id) from raw.t"), "2,4", "{name}");
        project.run();
        assert_eq!(query(project.path(), "select count(*), sum(id) from raw.t"), "2,4", "{name}");
        // What has brought rows and changes is told and left alone, as before.
        project.write(&format!("data/2.{name}"), "");
        assert!(project.run().out.contains(&format!("data/2.{name}")), "{name}");
        assert_eq!(query(project.path(), "select count(*), sum(id) from raw.t"), "2,4", "{name}");
    }
}

#[test]
fn an_empty_file_of_another_format_is_damaged() {
    for (name, what) in [
        ("parquet", "no Parquet file is"),
        ("avro", "no Avro container file is"),
        ("xlsx", "no workbook is"),
        ("csv.gz", "no gzip file is"),
        ("jsonl.zst", "no zstd file is"),
    ] {
        let project = Project::empty()
            .with("sources/t.yml", source(&format!("*.{name}"), ""))
            .with(&format!("data/1.{name}"), "");
        let empty = format!("the file data/1.{name} is empty (0 bytes)");
        assert_told(&project.say(&["run"]).exits(2), "HW0305", &[&empty, what, "fetch or write it again"]);
    }
    // What is packed and holds nothing is whole.
    let project = Project::empty()
        .with("sources/t.yml", source("*.csv.gz", ""))
        .with("data/1.csv.gz", gzip("id\n1\n"))
        .with("data/2.csv.gz", gzip(""));
    assert!(project.run().out.contains("data/2.csv.gz is empty, without even a header"));
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "1");
}
