//! Encodings other than UTF-8.

use serde_json::json;

use crate::project::{Project, assert_error, rows};

fn encoded(label: &str, text: &str) -> Vec<u8> {
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
    if label.starts_with("utf-16") {
        let units = text.encode_utf16();
        return if label == "utf-16le" {
            units.flat_map(u16::to_le_bytes).collect()
        } else {
            units.flat_map(u16::to_be_bytes).collect()
        };
    }
    let (bytes, _, lossy) = encoding.encode(text);
    assert!(!lossy);
    bytes.into_owned()
}

#[test]
fn declared_encodings_are_converted() {
    for (label, place, note) in [
        ("latin1", "Zürich", "naïve, café"),
        ("windows-1252", "Málaga", "5 € “net”"),
        ("utf-16le", "東京", "naïve 🦆"),
        ("utf-16be", "東京", "café"),
        ("shift_jis", "東京", "テスト"),
        ("gb18030", "北京", "测试 €"),
    ] {
        let project = Project::new();
        let text: String = std::iter::once("place,note\n".to_owned())
            .chain((0..2000).map(|n| format!("{place},\"{note} {n}\"\n")))
            .collect();
        project.write("t.csv", encoded(label, &text));
        let loaded = project.load("t.csv", json!({ "encoding": label })).unwrap();
        assert_eq!(loaded.rejected, [], "{label}");
        assert_eq!(loaded.rows.len(), 2000, "{label}");
        assert_eq!(loaded.rows[1999], [place.to_owned(), format!("{note} 1999")], "{label}");
    }
}

#[test]
fn a_byte_order_mark_says_what_the_encoding_is() {
    let project = Project::new();
    project.write("1.csv", [&b"\xEF\xBB\xBF"[..], "a\né\n".as_bytes()].concat());
    project.write("2.csv", [&b"\xFF\xFE"[..], &encoded("utf-16le", "a\né\n")].concat());
    project.write("3.csv", [&b"\xFE\xFF"[..], &encoded("utf-16be", "a\né\n")].concat());
    assert_eq!(project.load("*.csv", json!({})).unwrap().rows, rows(&[["é"], ["é"], ["é"]]));
}

#[test]
fn the_wrong_encoding_makes_bad_rows_that_say_what_to_do() {
    let project = Project::new();
    project.write("t.csv", encoded("latin1", "place,n\nZürich,1\nBern,2\n"));
    let loaded = project.load("t.csv", json!({})).unwrap();
    assert_eq!(loaded.rows, rows(&[["Bern", "2"]]));
    let reasons = loaded.reasons();
    assert_eq!(reasons[0].1, 2);
    assert!(reasons[0].2.contains("0xFC") && reasons[0].2.contains("windows-1252"), "{reasons:?}");
    assert_eq!(loaded.rejected[0].raw, "Z\u{fffd}rich,1");

    project.write("t.csv", b"a,b\n\x81\xFF,1\nx,2\n");
    let loaded = project.load("t.csv", json!({ "encoding": "shift_jis" })).unwrap();
    assert_eq!(loaded.rows, rows(&[["x", "2"]]));
    assert!(loaded.reasons()[0].2.contains("not Shift_JIS"), "{:?}", loaded.reasons());

    project.write("t.csv", encoded("latin1", "größe,n\n1,2\n"));
    assert_error(project.load("t.csv", json!({})), "HW0306", &["not valid UTF-8"]);
}
