//! Files that are cut off, changed, or something else.

use serde_json::json;

use super::fastavro;
use crate::project::{Project, assert_error};
use crate::python::python;

fn made(codec: &str) -> (Project, Vec<u8>) {
    let project = Project::new();
    let fields = "[{'name': 'n', 'type': 'long'}, {'name': 's', 'type': {'type': 'array', 'items': 'string'}}]";
    let rows = "({'n': n, 's': [f'text {n}'] * (n % 4)} for n in range(600))";
    fastavro(project.path(), "t.avro", fields, rows, &format!(", codec='{codec}', sync_interval=2000"));
    let whole = std::fs::read(project.path().join("t.avro")).unwrap();
    (project, whole)
}

/// Where the blocks begin, by fastavro's word.
fn offsets(project: &Project) -> Vec<usize> {
    let program = "import fastavro\nprint(*[block.offset for block in fastavro.block_reader(open('t.avro', 'rb'))])";
    python(project.path(), program, &[]).split_whitespace().map(|offset| offset.parse().unwrap()).collect()
}

#[test]
fn a_file_that_is_cut_off_is_found_with_its_block() {
    let (project, whole) = made("deflate");
    let blocks = offsets(&project);
    assert!(blocks.len() > 4, "{blocks:?}");
    for length in (0..whole.len()).step_by(13) {
        if blocks.contains(&length) {
            continue;
        }
        project.write("t.avro", &whole[..length]);
        let block = blocks.iter().rfind(|offset| **offset < length);
        let word = block.map_or("t.avro".to_owned(), |offset| format!("byte {offset}"));
        assert_error(project.load("t.avro", json!({})), "HW0305", &[&word]);
    }
}

#[test]
fn damage_is_found_or_changes_nothing_but_values() {
    for codec in ["null", "deflate", "snappy", "zstandard"] {
        let (project, whole) = made(codec);
        let blocks = offsets(&project);
        let mut found = 0;
        for at in (0..whole.len()).step_by(5) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x81;
            project.write("t.avro", &damaged);
            match project.load("t.avro", json!({})) {
                // Blocks that are not compressed have no checksum.
                Ok(loaded) => assert_eq!(loaded.rows.len() + loaded.rejected.len(), 600, "{codec}, byte {at}"),
                Err(error) => {
                    found += 1;
                    assert!(
                        ["HW0305", "HW0310", "HW0312", "HW0317"].contains(&error.code),
                        "{codec}, byte {at}: {error}"
                    );
                    if at >= blocks[0] && codec == "snappy" {
                        let block = blocks.iter().rfind(|offset| **offset <= at).unwrap();
                        assert!(error.message.contains(&format!("byte {block}")), "{codec}, byte {at}: {error}");
                    }
                }
            }
        }
        assert!(found > whole.len() / 5 / 50, "{codec}: {found}");
        if codec == "snappy" {
            assert!(found > whole.len() / 5 / 2, "what has checksums is not changed unseen: {found}");
        }
    }
}

#[test]
fn a_block_that_says_too_little_or_too_much_is_found() {
    let (project, whole) = made("null");
    let first = offsets(&project)[0];
    // The number of records of the first block, one less or more; of two bytes, as there are some hundred.
    for change in [-2_i16, 2] {
        let mut damaged = whole.clone();
        let count = i16::from(whole[first] & 0x7F) | i16::from(whole[first + 1]) << 7;
        let count = count + change;
        damaged[first] = (count & 0x7F) as u8 | if whole[first] & 0x80 == 0 { 0 } else { 0x80 };
        if whole[first] & 0x80 != 0 {
            damaged[first + 1] = (count >> 7) as u8;
        }
        project.write("t.avro", &damaged);
        assert_error(project.load("t.avro", json!({})), "HW0305", &[&format!("byte {first}")]);
    }
}

#[test]
fn what_is_no_container_is_told_with_what_it_is() {
    let project = Project::new();
    project.write("t.avro", "a,b\n1,2\n");
    assert_error(project.load("t.avro", json!({})), "HW0305", &["no Avro container file", "a,b"]);
    project.write("t.avro", "");
    assert_error(project.load("t.avro", json!({})), "HW0305", &["t.avro is empty (0 bytes)"]);
}
