//! Values of JSON as columns of the lake.

use serde_json::json;

use super::{Source, entry, lines, record, schema, state};

#[test]
fn values_come_in_the_types_of_their_schema() {
    let properties = json!({
        "id": { "type": "integer" },
        "price": { "type": ["null", "number"], "multipleOf": 0.01, "maximum": 100000000, "minimum": -100000000,
                   "exclusiveMaximum": true, "exclusiveMinimum": true },
        "exact": { "type": ["string", "null"], "format": "singer.decimal" },
        "ratio": { "type": ["null", "number"] },
        "big": { "type": "integer", "minimum": 0, "maximum": 18446744073709551615u64 },
        "flag": { "type": ["boolean", "null"] },
        "at": { "type": ["null", "string"], "format": "date-time" },
        "day": { "type": ["null", "string"], "format": "date" },
        "clock": { "type": ["null", "string"], "format": "time" },
        "place": { "type": ["null", "object"], "properties": { "street": { "type": "string" }, "no": { "type": ["null", "integer"] } } },
        "tags": { "type": ["null", "array"], "items": { "type": "string" } },
        "any": { "anyOf": [{ "type": "object" }, { "type": "string" }, { "type": "null" }] },
        "hidden": { "type": "string", "inclusion": "unsupported" }
    });
    let first = json!({ "id": 1, "exact": "0.000000001", "ratio": 0.1, "big": 18446744073709551615u64, "flag": true,
        "at": "2024-02-29T23:59:59.123456+02:00", "day": "2024-02-29", "clock": "10:11:12", "place": { "street": "Elm", "no": 5 },
        "tags": ["a", "b\"c"], "any": { "k": [1, null] } });
    // A decimal as Python's libraries write small ones.
    let first = first.to_string().replacen("{", "{\"price\": 125E-2, ", 1);
    let second =
        json!({ "id": 2, "price": -0.5, "exact": null, "any": "text", "place": { "street": "Oak" }, "big": 0 });
    let text = lines(&[schema("t", properties.clone())])
        + &format!("{{\"type\": \"RECORD\", \"stream\": \"t\", \"record\": {first}}}\n")
        + &lines(&[record("t", second), state(json!({}))]);
    let source =
        Source::printing(&[entry("t", properties, &["id"])], &text, "true", "  - { table: raw.t, stream: t }\n");
    source.run();
    let shown = source.say(&["source", "preview", "raw.t", "--json"]).exits(0).json();
    let types: Vec<String> = shown["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| format!("{} {}", column["name"], column["type"]))
        .collect();
    let types = types.join(", ").replace('"', "");
    let plain = "id bigint, price decimal(10,2), exact decimal(38,9), ratio double, big decimal(20,0), flag boolean, at timestamp, day date, clock string, place ";
    assert!(types.starts_with(plain) && types.ends_with(", any string"), "{types}");
    assert_eq!(
        source.query("select price, exact, ratio, big, flag, day, clock from raw.t order by id"),
        "1.25,0.000000001,0.1,18446744073709551615,true,2024-02-29,10:11:12\n-0.50,,,0,,,"
    );
    assert_eq!(source.query("select at = timestamp '2024-02-29T21:59:59.123456Z' from raw.t where id = 1"), "true");
    assert_eq!(
        source.query("select place['no'], tags[2], any from raw.t where id = 1"),
        "5,\"b\"\"c\",\"{\"\"k\"\":[1,null]}\""
    );
    assert_eq!(source.query("select any from raw.t where id = 2"), "text");
}

#[test]
fn records_that_do_not_fit_are_set_aside_with_stream_and_number() {
    let properties = json!({ "id": { "type": "integer" }, "n": { "type": "integer" } });
    let rows = [
        json!({ "id": 1, "n": 1 }),
        json!({ "id": 2, "n": "many" }),
        json!({ "id": null, "n": 3 }),
        json!({ "id": 4, "n": 4, "more": true }),
        json!({ "id": 5, "n": 5 }),
    ];
    let records: Vec<_> = rows.into_iter().map(|row| record("t", row)).collect();
    let messages = lines(&[&[schema("t", properties.clone())], &records[..], &[state(json!(1))]].concat());
    let stream = "  - { table: raw.t, stream: t, mode: incremental, key: [id] }\n";
    let source = Source::printing(&[entry("t", properties, &[])], &messages, "true", stream);
    source.run();
    assert_eq!(source.query("select id, n from raw.t order by id"), "1,1\n5,5");
    assert_eq!(
        source.query("select _file, _line, _reason from raw.t__rejected order by _line"),
        "t,2,column 'n': 'many' is not a bigint\n\
         t,3,\"column 'id' is null, and is a part of the key\"\n\
         t,4,\"the key 'more' is no column of the table (what is told of the stream does not have it): declare it, or say `drift: ignore`\""
    );
    assert_eq!(
        source.query("select _raw from raw.t__rejected where _line = 2"),
        "\"{\"\"id\"\":2,\"\"n\"\":\"\"many\"\"}\""
    );
    source.write(&format!(
        "command: [sh, tap.sh]\nstreams:\n{}",
        stream.replace(" }", ", drift: ignore, on_bad_row: reject }")
    ));
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.query("select count(*) from raw.t where id = 4"), "1");
}

#[test]
fn columns_are_left_out_and_declared() {
    let properties =
        json!({ "id": { "type": "integer" }, "secret": { "type": "string" }, "code": { "type": "string" } });
    let row = json!({ "id": 1, "secret": "x", "code": "007" });
    let messages = lines(&[schema("t", properties.clone()), record("t", row)]);
    let stream = "  - { table: raw.t, stream: t, exclude: [secret], columns: { code: { type: int } } }\n";
    let source = Source::printing(&[entry("t", properties, &[])], &messages, "true", stream);
    source.run();
    assert_eq!(source.query("select * from raw.t"), "1,7");
}
