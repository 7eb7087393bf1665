//! Types, and what becomes of their values.

use headwater_sdk::connector::Drift;
use serde_json::json;

use super::fastavro;
use crate::project::{Project, assert_error, block_on, load, plan, rows, stream, table};
use crate::python::python;

#[test]
fn every_codec_is_read() {
    let project = Project::new();
    let fields = "[{'name': 'n', 'type': 'long'}, {'name': 's', 'type': ['null', 'string']}]";
    let many = "({'n': n, 's': f'text {n}' if n % 3 else None} for n in range(30000))";
    for codec in ["null", "deflate", "snappy", "zstandard"] {
        fastavro(project.path(), "t.avro", fields, many, &format!(", codec='{codec}', sync_interval=5000"));
        let loaded = project.load("t.avro", json!({})).unwrap();
        let text = |n: u32| if n.is_multiple_of(3) { "-".to_owned() } else { format!("text {n}") };
        assert!(loaded.rows.into_iter().eq((0..30_000).map(|n| vec![n.to_string(), text(n)])), "{codec}");
    }
    fastavro(project.path(), "t.avro", fields, "[]", ", codec='xz'");
    assert_error(project.load("t.avro", json!({})), "HW0317", &["'xz'", "t.avro"]);
}

#[test]
fn types_become_the_lakes() {
    let project = Project::new();
    let fields = "[
        {'name': 'boolean', 'type': 'boolean'},
        {'name': 'int', 'type': 'int'},
        {'name': 'float', 'type': ['float', 'null']},
        {'name': 'double', 'type': ['null', 'double'], 'default': None},
        {'name': 'decimal', 'type': {'type': 'bytes', 'logicalType': 'decimal', 'precision': 20, 'scale': 3}},
        {'name': 'fixed_decimal', 'type': ['null', {'type': 'fixed', 'name': 'd', 'size': 8, 'logicalType': 'decimal', 'precision': 18, 'scale': 2}]},
        {'name': 'date', 'type': {'type': 'int', 'logicalType': 'date'}},
        {'name': 'clock', 'type': {'type': 'int', 'logicalType': 'time-millis'}},
        {'name': 'fine_clock', 'type': {'type': 'long', 'logicalType': 'time-micros'}},
        {'name': 'at', 'type': {'type': 'long', 'logicalType': 'timestamp-millis'}},
        {'name': 'fine', 'type': ['null', {'type': 'long', 'logicalType': 'timestamp-micros'}]},
        {'name': 'local', 'type': {'type': 'long', 'logicalType': 'local-timestamp-micros'}},
        {'name': 'uuid', 'type': {'type': 'string', 'logicalType': 'uuid'}},
        {'name': 'enum', 'type': {'type': 'enum', 'name': 'e', 'symbols': ['RED', 'GREEN']}},
        {'name': 'again', 'type': 'test.e'},
        {'name': 'numbers', 'type': ['null', 'int', 'long', 'double']},
        {'name': 'mixed', 'type': ['null', 'string', 'long', {'type': 'int', 'logicalType': 'date'}, 'boolean']},
    ]";
    let values = "[
        {'boolean': True, 'int': -1, 'float': 1.5, 'double': 0.1, 'decimal': D('-12345678901234567.891'),
         'fixed_decimal': D('-0.01'), 'date': date(1969, 12, 31), 'clock': time(23, 59, 59, 999000),
         'fine_clock': time(0, 0, 0, 1), 'at': dt(2024, 2, 29, 12, 30, 0, 123000, utc), 'fine': dt(1, 1, 1, 0, 0, 0, 1, utc),
         'local': dt(9999, 12, 31, 23, 59, 59, 999999), 'uuid': uuid.UUID(int=1), 'enum': 'GREEN', 'again': 'RED',
         'numbers': 7, 'mixed': 'text'},
        {'boolean': False, 'int': 2147483647, 'float': None, 'double': None, 'decimal': D('0'), 'fixed_decimal': None,
         'date': date(2024, 1, 1), 'clock': time(0), 'fine_clock': time(12), 'at': dt(1969, 12, 31, 23, 59, 59, 0, utc),
         'fine': None, 'local': dt(1970, 1, 1), 'uuid': uuid.UUID(int=2**128 - 1), 'enum': 'RED', 'again': 'GREEN',
         'numbers': 2**53, 'mixed': date(2024, 1, 1)},
        {'boolean': False, 'int': 0, 'float': 0, 'double': float('nan'), 'decimal': D('1.5'), 'fixed_decimal': D('9999999999999999.99'),
         'date': date(1, 1, 1), 'clock': time(1), 'fine_clock': time(1), 'at': dt(1970, 1, 1, 0, 0, 0, 0, utc),
         'fine': dt(1970, 1, 1, 0, 0, 0, 0, utc), 'local': dt(1, 1, 1), 'uuid': uuid.UUID(int=0), 'enum': 'RED', 'again': 'RED',
         'numbers': 0.5, 'mixed': True},
    ]";
    fastavro(project.path(), "t.avro", fields, values, "");
    let kinds: Vec<String> = project.columns("t.avro", json!({})).into_iter().map(|(_, kind)| kind).collect();
    let expected = [
        "boolean",
        "int",
        "float",
        "double",
        "decimal(20,3)",
        "decimal(18,2)",
        "date",
        "string",
        "string",
        "timestamp",
        "timestamp",
        "timestamp_ntz",
        "string",
        "string",
        "string",
        "double",
        "string",
    ];
    assert_eq!(kinds, expected);
    let loaded = project.load("t.avro", json!({})).unwrap();
    assert_eq!(
        loaded.rows,
        rows(&[
            [
                "true",
                "-1",
                "1.5",
                "0.1",
                "-12345678901234567.891",
                "-0.01",
                "1969-12-31",
                "23:59:59.999",
                "00:00:00.000001",
                "2024-02-29T12:30:00.123Z",
                "0001-01-01T00:00:00.000001Z",
                "9999-12-31T23:59:59.999999",
                "00000000-0000-0000-0000-000000000001",
                "GREEN",
                "RED",
                "7.0",
                "text",
            ],
            [
                "false",
                "2147483647",
                "-",
                "-",
                "0.000",
                "-",
                "2024-01-01",
                "00:00:00",
                "12:00:00",
                "1969-12-31T23:59:59Z",
                "-",
                "1970-01-01T00:00:00",
                "ffffffff-ffff-ffff-ffff-ffffffffffff",
                "RED",
                "GREEN",
                "9007199254740992.0",
                "2024-01-01",
            ],
            [
                "false",
                "0",
                "0.0",
                "NaN",
                "1.500",
                "9999999999999999.99",
                "0001-01-01",
                "01:00:00",
                "01:00:00",
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:00:00Z",
                "0001-01-01T00:00:00",
                "00000000-0000-0000-0000-000000000000",
                "RED",
                "RED",
                "0.5",
                "true",
            ],
        ])
    );
}

#[test]
fn nested_values_keep_their_form() {
    let project = Project::new();
    let fields = "[
        {'name': 'tags', 'type': {'type': 'array', 'items': ['null', 'string']}},
        {'name': 'counts', 'type': ['null', {'type': 'map', 'values': 'long'}]},
        {'name': 'place', 'type': ['null', {'type': 'record', 'name': 'place', 'fields': [
            {'name': 'city', 'type': 'string'},
            {'name': 'corners', 'type': {'type': 'array', 'items': {'type': 'record', 'name': 'corner', 'fields': [
                {'name': 'x', 'type': 'double'}, {'name': 'id', 'type': ['null', {'type': 'string', 'logicalType': 'uuid'}]}]}}}]}]},
    ]";
    let values = "[
        {'tags': ['a', None], 'counts': {'one': 1, 'two': 2},
         'place': {'city': 'Bonn', 'corners': [{'x': 0.5, 'id': uuid.UUID(int=1)}, {'x': 1, 'id': None}]}},
        {'tags': [], 'counts': None, 'place': None},
        {'tags': ['z'], 'counts': {}, 'place': {'city': '', 'corners': []}},
    ]";
    fastavro(project.path(), "t.avro", fields, values, ", codec='deflate'");
    let loaded = project.load("t.avro", json!({})).unwrap();
    assert_eq!(
        loaded.rows,
        rows(&[
            [
                "[a, ]",
                "{one: 1, two: 2}",
                "{city: Bonn, corners: [{x: 0.5, id: 00000000-0000-0000-0000-000000000001}, {x: 1.0, id: }]}",
            ],
            ["[]", "-", "-"],
            ["[z]", "{}", "{city: , corners: []}"],
        ])
    );
    // Columns that are not the table's are passed over.
    block_on(async {
        let opened = project.open(stream("t.avro", json!({}))).unwrap();
        assert_error(
            plan(&*opened, Some(table(&[("place", "string")])), None).await.map(drop),
            "HW0308",
            &["'tags' is new"],
        );
        let fields = "[{'name': 'skipped', 'type': {'type': 'map', 'values': {'type': 'array', 'items': 'string'}}}, {'name': 'n', 'type': 'int'}]";
        fastavro(
            project.path(),
            "t.avro",
            fields,
            "[{'skipped': {'a': ['b', 'c']}, 'n': 1}, {'skipped': {}, 'n': 2}]",
            "",
        );
    });
    let project = project.with(|settings| settings.drift = Drift::Ignore);
    block_on(async {
        let opened = project.open(stream("t.avro", json!({}))).unwrap();
        let planned = plan(&*opened, Some(table(&[("n", "bigint")])), None).await.unwrap();
        assert_eq!(load(planned).await.unwrap().rows, rows(&[["1"], ["2"]]));
    });
}

#[test]
fn values_that_do_not_fit_are_bad_rows() {
    let project = Project::new().declare("n", "smallint").declare("day", "date");
    let fields = "[{'name': 'n', 'type': 'long'}, {'name': 'day', 'type': 'string'}, {'name': 'at', 'type': {'type': 'long', 'logicalType': 'timestamp-millis'}}]";
    let values = "[{'n': 1, 'day': '2024-01-01', 'at': 0}, {'n': 40000, 'day': '2024-01-01', 'at': 0}, \
                  {'n': 3, 'day': 'soon', 'at': 0}, {'n': 4, 'day': '2024-01-01', 'at': 2**62}]";
    fastavro(project.path(), "t.avro", fields, values, "");
    let loaded = project.load("t.avro", json!({})).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "2024-01-01", "1970-01-01T00:00:00Z"]]));
    let told: Vec<(u64, String)> = loaded.reasons().into_iter().map(|(_, line, reason)| (line, reason)).collect();
    let expected = [
        (2, "column 'n': '40000' is not a smallint"),
        (3, "column 'day': 'soon' is not a date"),
        (4, "column 'at' holds a time that is too far away"),
    ];
    assert_eq!(told, expected.map(|(line, reason)| (line, reason.to_owned())));
    assert_eq!(loaded.rejected[0].raw, "n=40000, day=2024-01-01, at=1970-01-01T00:00:00Z");
}

#[test]
fn schemas_evolve_as_the_policy_says() {
    let project = Project::new();
    let old = "[{'name': 'a', 'type': 'int'}, {'name': 'b', 'type': 'string'}]";
    let new =
        "[{'name': 'b', 'type': ['null', 'string']}, {'name': 'a', 'type': 'long'}, {'name': 'c', 'type': 'double'}]";
    fastavro(project.path(), "1.avro", old, "[{'a': 1, 'b': 'x'}]", "");
    fastavro(project.path(), "2.avro", new, "[{'b': None, 'a': 2**40, 'c': 0.5}]", "");
    let words = ["column 'c' is new in 2.avro", "column 'a' is bigint and not int in 2.avro"];
    assert_error(project.load("*.avro", json!({})), "HW0308", &words);
    let project = project.with(|settings| settings.drift = Drift::Add);
    let loaded = project.load("*.avro", json!({})).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "x", "-"], ["1099511627776", "-", "0.5"]]));
}

#[test]
fn what_no_table_has_is_refused() {
    let project = Project::new();
    for (kind, words) in [
        ("['string', {'type': 'array', 'items': 'int'}]", "string or array"),
        ("{'type': 'bytes', 'logicalType': 'decimal', 'precision': 60, 'scale': 2}", "decimal(60,2)"),
    ] {
        fastavro(project.path(), "t.avro", &format!("[{{'name': 'x', 'type': {kind}}}]"), "[]", "");
        assert_error(project.load("t.avro", json!({})), "HW0312", &["column 'x' of t.avro", words]);
    }
    let tree = "[{'name': 'next', 'type': ['null', 'test.row']}]";
    fastavro(project.path(), "t.avro", tree, "[{'next': None}]", "");
    assert_error(project.load("t.avro", json!({})), "HW0312", &["'test.row', which holds itself"]);
    python(project.path(), "import fastavro\nfastavro.writer(open('t.avro', 'wb'), 'long', [1])", &[]);
    assert_error(project.load("t.avro", json!({})), "HW0312", &["of the type long, and not records"]);
}
