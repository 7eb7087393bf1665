//! Compressed files: read whole, or refused.

use std::io::Write;

use flate2::write::GzEncoder;
use serde_json::json;

use crate::project::{Project, assert_error, rows};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    // With a checksum, as the command-line program writes.
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compression_is_told_by_the_name_or_declared() {
    let project = Project::new();
    project.write("1.csv.gz", gzip(b"a\n1\n")).write("2.csv.zst", zstd(b"a\n2\n")).write("3.csv", "a\n3\n");
    assert_eq!(project.load("*.csv*", json!({})).unwrap().rows, rows(&[["1"], ["2"], ["3"]]));
    project.write("4.csv", gzip(b"a\n4\n"));
    assert_eq!(project.load("4.csv", json!({ "compression": "gzip" })).unwrap().rows, rows(&[["4"]]));
    project.write("3.csv", "a_long_enough_name\n3\n");
    assert_error(project.load("3.csv", json!({ "compression": "gzip" })), "HW0305", &["gzip file 3.csv", "damaged"]);
}

#[test]
fn members_and_frames_follow_one_another() {
    let project = Project::new();
    project.write("1.csv.gz", [gzip(b"a\n1\n"), gzip(b""), gzip(b"2\n3"), gzip(b"4\n")].concat());
    project.write("2.csv.zst", [zstd(b"a\n5\n"), zstd(b"6\n")].concat());
    assert_eq!(project.load("*", json!({ "type": "csv" })).unwrap().rows, rows(&[["1"], ["2"], ["34"], ["5"], ["6"]]));
}

#[test]
fn a_truncated_file_never_yields_fewer_rows_without_an_error() {
    let mut text = String::from("id,name\n");
    for n in 0..60 {
        text += &format!("{n},name {}\n", n * 7919 % 101);
    }
    for (name, whole) in [("t.csv.gz", gzip(text.as_bytes())), ("t.csv.zst", zstd(text.as_bytes()))] {
        let project = Project::new();
        for length in 0..whole.len() {
            project.write(name, &whole[..length]);
            assert_error(project.load(name, json!({})), "HW0305", &[name]);
        }
        project.write(name, &whole);
        assert_eq!(project.load(name, json!({})).unwrap().rows.len(), 60);
    }
}

#[test]
fn damage_and_garbage_are_found() {
    let project = Project::new();
    let text: String = std::iter::once("a\n".to_owned()).chain((0..5000).map(|n| format!("{n}\n"))).collect();
    let mut bytes = gzip(text.as_bytes());
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    project.write("t.csv.gz", bytes);
    assert_error(project.load("t.csv.gz", json!({})), "HW0305", &["t.csv.gz"]);
    project.write("t.csv.gz", [gzip(text.as_bytes()), b"garbage".to_vec()].concat());
    assert_error(project.load("t.csv.gz", json!({})), "HW0305", &["t.csv.gz"]);
}
