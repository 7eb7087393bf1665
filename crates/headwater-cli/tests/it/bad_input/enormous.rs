//! Files of a shape that nobody meant: a line of a gigabyte, a million columns, a megabyte in one cell.

use std::io::Write;
use std::process::Command;

use crate::program::{headwater, query, with_peak};
use crate::project::{Project, assert_told};

/// The most memory that any of these may take, in KiB.
const MEMORY_KIB: u64 = 700 * 1024;

fn peak_kib(project: &Project, arguments: &[&str]) -> (crate::program::Said, u64) {
    let mut command = headwater(project.path());
    command.args(arguments);
    with_peak(command)
}

/// Makes a file of a gigabyte that takes no room on the disk: `head`, a gigabyte of NUL bytes, `tail`.
fn gigabyte(project: &Project, path: &str, head: &str, tail: &str) {
    let mut file = std::fs::File::create(project.path().join(path)).unwrap();
    file.write_all(head.as_bytes()).unwrap();
    file.set_len(1 << 30).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).unwrap();
    file.write_all(tail.as_bytes()).unwrap();
}

#[test]
fn a_line_of_a_gigabyte_is_a_bad_row() {
    let project = Project::numbers();
    gigabyte(&project, "data/a.csv", "n,name\n1,one\n2,", "\n3,three\n");
    let (said, peak) = peak_kib(&project, &["run"]);
    let said = said.exits(0);
    assert!(said.out.contains("1 source row unreadable"), "{}", said.out);
    assert_eq!(query(project.path(), "select total, rows from marts.sums"), "4,2");
    let rejected = query(project.path(), "select _line, _reason, length(_raw) from raw.numbers__rejected");
    assert!(rejected.starts_with("3,") && rejected.contains("longer than"), "{rejected}");
    let kept: u64 = rejected.rsplit(',').next().unwrap().parse().unwrap();
    assert!(kept <= 4096, "{kept}");
    assert!(peak < MEMORY_KIB, "{peak} KiB");
}

#[test]
fn a_header_of_a_gigabyte_is_refused() {
    let project = Project::numbers();
    project.run();
    gigabyte(&project, "data/a.csv", "n", "\n");
    let (said, peak) = peak_kib(&project, &["run"]);
    assert_told(&said.exits(1), "HW0306", &["data/a.csv", "longer than"]);
    assert!(peak < MEMORY_KIB, "{peak} KiB");
    assert_eq!(project.published(), (1, "6,3".to_owned()));
}

#[test]
fn a_gigabyte_that_comes_from_a_bomb_of_a_few_bytes() {
    let project = Project::numbers().with(
        "sources/numbers.yml",
        "connector: files\nlocation: data\nstreams:\n  - { table: raw.numbers, path: '*.csv.gz' }\n",
    );
    let path = project.path().join("data/a.csv.gz");
    // A gzip file is one or more members: 64 MiB of NUL bytes are compressed once and written sixteen times.
    let script = "zeros=$(mktemp); head -c 67108864 /dev/zero | gzip -1 > $zeros; { printf 'n,name\\n3,three\\n1,' | gzip; \
        for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cat $zeros; done; printf '\\n2,two\\n' | gzip; } > \"$0\"; \
        rm $zeros";
    assert!(Command::new("sh").args(["-c", script]).arg(&path).status().unwrap().success());
    assert!(std::fs::metadata(&path).unwrap().len() < 10 << 20);
    let (said, peak) = peak_kib(&project, &["run"]);
    said.exits(0);
    assert!(peak < MEMORY_KIB, "{peak} KiB");
    assert_eq!(query(project.path(), "select total, rows from marts.sums"), "5,2");
}

#[test]
fn a_million_columns_are_refused() {
    let project = Project::numbers();
    project.run();
    let columns: Vec<String> = (0..1_000_000).map(|n| format!("c{n}")).collect();
    project.write("data/a.csv", format!("{}\n{}\n", columns.join(","), "1,".repeat(999_999)));
    let (said, peak) = peak_kib(&project, &["run"]);
    let said = said.exits(1);
    assert_told(&said, "HW0307", &["data/a.csv", "1000000 columns", "delimiter"]);
    assert!(said.out.len() + said.err.len() < 10_000, "nobody reads a million names");
    assert!(peak < MEMORY_KIB, "{peak} KiB");
    assert_eq!(project.published(), (1, "6,3".to_owned()));
}

#[test]
fn as_many_columns_as_a_table_may_have_are_read() {
    let names: Vec<String> = (0..4096).map(|n| format!("c{n}")).collect();
    let values: Vec<String> = (0..4096).map(|n| n.to_string()).collect();
    let project = Project::numbers()
        .with("data/a.csv", format!("{}\n{}\n", names.join(","), values.join(",")))
        .with("models/marts/sums.sql", "select c0 + c4095 as total, 1 as rows from raw.numbers\n");
    project.run();
    assert_eq!(query(project.path(), "select total from marts.sums"), "4095");
}

#[test]
fn a_row_of_too_many_fields_and_a_large_cell() {
    let project = Project::numbers();
    let large = "x".repeat(8 << 20);
    project.write("data/a.csv", format!("n,name\n1,{large}\n2,a{}\n3,three\n", ",".repeat(1_000_000)));
    project.run();
    assert_eq!(query(project.path(), "select sum(n), max(length(name)) from raw.numbers"), format!("4,{}", 8 << 20));
    let rejected = query(project.path(), "select _line, _reason from raw.numbers__rejected");
    assert!(rejected.starts_with("3,") && rejected.contains("1000002 fields"), "{rejected}");
}
