//! What bytes come to, in any order.

use std::io::Cursor as Bytes;
use std::sync::Arc;

use proptest::prelude::*;

use super::block::Container;
use super::cursor::Cursor;
use super::duration::{clock, span};
use super::schema::{Type, parse};
use super::sink::{Sink, skip};
use crate::text::uuid;

fn zigzag(value: i64) -> Vec<u8> {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    let mut bytes = Vec::new();
    while rest > 0x7F {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

#[test]
fn numbers_have_an_end() {
    for bytes in [&[][..], &[0x80], &[0xFF; 10], &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]] {
        assert!(Cursor::new(bytes).long().is_err(), "{bytes:?}");
    }
    // The specification's own examples.
    for (value, bytes) in [(0, &[0][..]), (-1, &[1]), (1, &[2]), (-2, &[3]), (-64, &[0x7F]), (64, &[0x80, 0x01])] {
        assert_eq!(Cursor::new(bytes).long(), Ok(value));
    }
}

#[test]
fn times_without_a_type_are_texts() {
    assert_eq!(clock(64_800_000_000).as_deref(), Some("18:00:00"));
    assert_eq!(clock(1_500_000).as_deref(), Some("00:00:01.5"));
    assert_eq!((clock(-1), clock(86_400_000_000)), (None, None));
    assert_eq!(span([0; 12]), "PT0S");
    assert_eq!(span([14, 0, 0, 0, 3, 0, 0, 0, 0xDC, 5, 0, 0]), "P14M3DT1.5S");
    assert_eq!(
        uuid(0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF_u128.to_be_bytes()),
        "01234567-89ab-cdef-0123-456789abcdef"
    );
}

#[test]
fn schemas_that_no_table_has() {
    for (schema, word) in [
        ("", "no JSON"),
        ("\"long\"", "of the type long, and not records"),
        (r#"{"type": "record", "name": "r"}"#, "without 'fields'"),
        (
            r#"{"type": "record", "name": "r", "fields": [{"name": "a", "type": "s"}]}"#,
            "'s', which its schema does not",
        ),
        (
            r#"{"type": "record", "name": "r", "fields": [{"name": "next", "type": ["null", "r"]}]}"#,
            "'r', which holds itself",
        ),
        (&format!("{}\"int\"{}", "[".repeat(99), "]".repeat(99)), "nested deeper"),
    ] {
        let clause = parse(schema.as_bytes()).unwrap_err();
        assert!(clause.contains(word), "{clause}");
    }
}

fn schema() -> Vec<(String, Type)> {
    let json = r#"{"type": "record", "name": "r", "namespace": "n", "fields": [
        {"name": "a", "type": ["null", "long"]},
        {"name": "b", "type": {"type": "array", "items": {"type": "map", "values": ["string", "null"]}}},
        {"name": "c", "type": {"type": "record", "name": "c", "fields": [
            {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
            {"name": "e", "type": {"type": "enum", "name": "e", "symbols": ["x", "y"]}}]}},
        {"name": "f", "type": ["int", "double", "null", "long"]},
        {"name": "g", "type": ["string", "int", {"type": "int", "logicalType": "date"}]},
        {"name": "h", "type": {"type": "array", "items": "null"}},
        {"name": "i", "type": "n.e"}]}"#;
    parse(json.as_bytes()).unwrap()
}

proptest! {
    #[test]
    fn numbers_come_back(value: i64) {
        prop_assert_eq!(Cursor::new(&zigzag(value)).long(), Ok(value));
    }

    /// Whatever stands in a block, reading ends, and takes as many bytes as passing over.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(prop_oneof![0..6_u8, any::<u8>()], 0..200)) {
        for (_, of) in schema() {
            let (mut read, mut passed) = (Cursor::new(&bytes), Cursor::new(&bytes));
            let mut sink = Sink::new(&of).unwrap();
            let outcome = sink.read(&mut read, &mut None);
            if outcome.is_ok() {
                prop_assert_eq!(sink.finish().unwrap().len(), 1);
                prop_assert_eq!(skip(&of, &mut passed), Ok(()));
                prop_assert_eq!(read.left(), passed.left());
            }
        }
    }

    #[test]
    fn any_file_is_a_container_or_none(bytes in proptest::collection::vec(prop_oneof![0..6_u8, any::<u8>()], 0..200)) {
        let bytes = [b"Obj\x01".to_vec(), bytes].concat();
        if let Ok(mut container) = Container::open(Box::new(Bytes::new(bytes)), &Arc::from("t.avro")) {
            while let Ok(Some(_)) = container.next() {}
        }
    }
}
