//! From JSON to columns: types, bad records, and columns that change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::server::Reply;
use super::{Api, page};
use crate::project::assert_told;

/// An API with these records, five in a page.
fn records(stream: &str, records: Vec<Value>) -> Api {
    Api::new("paginate: { page: {} }", &format!("  - {{ table: raw.things, path: /things{stream} }}"), move |request| {
        Reply::json(&json!(page(&records, request.number("page").unwrap() - 1, 5)))
    })
}

#[test]
fn nested_records_have_typed_columns() {
    let api = records(
        ", columns: { price: { type: 'decimal(12,2)' }, code: { type: string }, missing: { type: date } }",
        vec![
            json!({ "id": 1, "price": "10.50", "code": 7, "ok": true, "day": "2024-02-29", "at": "2024-02-29T12:00:00+02:00",
                    "ratio": 0.1, "tags": ["a", "b"], "who": { "name": "Ada", "born": "1815-12-10", "sizes": [1, 2] }, "note": null }),
            json!({ "id": 9_007_199_254_740_993_i64, "price": 3, "code": "007", "tags": [], "who": { "name": null }, "note": "ünïcode\n\"x\"" }),
            json!({ "id": 3 }),
        ],
    );
    api.run();
    let row = "select price, code, ok, day, at, ratio, tags[2], who.name, who.born, who.sizes[2], note, missing from raw.things where id = ";
    assert_eq!(api.query(&format!("{row} 1")), "10.50,7,true,2024-02-29,2024-02-29T10:00:00Z,0.1,b,Ada,1815-12-10,2,,");
    assert_eq!(api.query("select id, price, code from raw.things where code = '007'"), "9007199254740993,3.00,007");
    assert_eq!(api.query("select count(*) from raw.things where id = 3 and price is null and who is null"), "1");
    let types = "select arrow_typeof(price), arrow_typeof(at), arrow_typeof(who.born) from raw.things limit 1";
    assert_eq!(api.query(types), "\"Decimal128(12, 2)\",\"Timestamp(µs, \"\"UTC\"\")\",Date32");
}

#[test]
fn bad_records_are_set_aside_with_their_place() {
    let mut all: Vec<Value> = (1..=12).map(|n| json!({ "n": n })).collect();
    all[2] = json!({ "n": "three" });
    all[6] = json!(7);
    all[11] = json!({ "n": 12.5 });
    let api = records(", columns: { n: { type: bigint } }", all.clone());
    let said = api.run();
    assert!(said.out.contains('3'), "{}", said.out);
    assert_eq!(api.query("select count(*), sum(n) from raw.things"), "9,56");
    let url = format!("http://127.0.0.1:{}/v1/things", api.server.port);
    let rejected = api.query("select _file, _line, _raw from raw.things__rejected order by _file");
    assert_eq!(
        rejected,
        format!(
            "{url}?page=1,3,\"{{\"\"n\"\":\"\"three\"\"}}\"\n{url}?page=2 (page 2),2,7\n{url}?page=3 (page 3),2,\"{{\"\"n\"\":12.5}}\""
        )
    );
    let reasons = api.query("select _reason from raw.things__rejected order by _file");
    assert!(
        reasons.contains("'three' is not a bigint") && reasons.contains("the record is not a JSON object"),
        "{reasons}"
    );
    let strict = records(", columns: { n: { type: bigint } }, on_bad_row: fail", all);
    assert_told(&strict.say(&["run"]).exits(1), "HW0309", &["/v1/things?page=1, record 3", "three"]);
}

/// 260 records, five in a page, the first pages of which say what the columns are; then something comes.
fn later(stream: &str, odd: &Value) -> Api {
    let mut all: Vec<Value> = (1..=260).map(|n| json!({ "n": n, "who": { "name": "x" } })).collect();
    all[252] = odd.clone();
    records(stream, all)
}

#[test]
fn a_field_that_comes_after_the_sample_is_a_column() {
    let odd = json!({ "n": 253, "who": { "name": "x", "age": 7 }, "late": true });
    for more in ["", ", drift: add", ", on_bad_row: fail"] {
        let api = later(more, &odd);
        api.project.write("models/marts/copy.sql", "select * from raw.things\n");
        api.project.write("models/marts/summary.sql", "select * from marts.copy where n > 250\n");
        api.run();
        for table in ["raw.things", "marts.copy"] {
            assert_eq!(
                api.query(&format!("select count(*), count(late), count(who.age) from {table}")),
                "260,1,1",
                "{more}"
            );
            assert_eq!(api.query(&format!("select n, late, who.age from {table} where late")), "253,true,7");
        }
        assert!(!api.say(&["list", "--json"]).exits(0).out.contains("__rejected"), "{more}");
        // What is recorded is what there is: the column's origin, too.
        let lineage = api.say(&["lineage", "marts.summary.late"]).exits(0);
        assert!(lineage.out.contains("raw.things.late"), "{}", lineage.out);
        let same = api.run();
        assert!(!same.out.contains("all rows"), "what is made from it stays: {}", same.out);
    }
}

#[test]
fn a_field_that_comes_later_than_its_table_follows_the_policy() {
    let odd = json!({ "n": 253, "who": { "name": "x", "age": 7 }, "late": true });
    let api = |stream: &str| {
        let all: Vec<Value> = (1..=260).map(|n| json!({ "n": n, "who": { "name": "x" } })).collect();
        let (odd, comes) = (odd.clone(), Arc::new(AtomicBool::new(false)));
        let now = Arc::clone(&comes);
        let stream = format!("  - {{ table: raw.things, path: /things{stream} }}");
        let api = Api::new("paginate: { page: {} }", &stream, move |request| {
            let mut all = all.clone();
            if now.load(Ordering::Relaxed) {
                all[252] = odd.clone();
            }
            Reply::json(&json!(page(&all, request.number("page").unwrap() - 1, 5)))
        });
        api.run();
        comes.store(true, Ordering::Relaxed);
        api
    };
    let strict = api("");
    assert_told(&strict.say(&["run"]).exits(1), "HW0308", &["(page 51), record 3: the key 'late'", "drift"]);
    assert_eq!(strict.query("select count(*) from raw.things"), "260", "nothing is published half");
    let open = api(", drift: add");
    open.run();
    assert_eq!(open.query("select count(*), count(late), sum(who.age) from raw.things"), "260,1,7");
}

#[test]
fn a_field_that_comes_late_may_be_left_out() {
    let odd = json!({ "n": 253, "who": { "name": "x", "age": 7 }, "late": true });
    let api = later(", drift: ignore", &odd);
    let said = api.run();
    assert!(said.out.contains("the key 'late' of 1 record was left out"), "{}", said.out);
    assert!(said.out.contains("1 value in a nested object"), "{}", said.out);
    assert_eq!(api.query("select count(*) from raw.things"), "260");
    let api = later(", columns: { late: { type: boolean } }, drift: ignore", &odd);
    api.run();
    assert_eq!(api.query("select n from raw.things where late"), "253");
}

#[test]
fn columns_that_change_follow_the_policy() {
    let api = records("", vec![json!({ "id": 1, "a": 1 }), json!({ "id": 2, "a": 2 })]);
    api.run();
    let changed = vec![json!({ "id": 1, "a": 1.5, "b": "new" })];
    let other = |stream: &str| {
        let api_of_changed = records(stream, changed.clone());
        let text = std::fs::read_to_string(api_of_changed.project.path().join("sources/shop.yml")).unwrap();
        api.project.write("sources/shop.yml", text);
        api_of_changed
    };
    {
        let _server = other("");
        // The address is another, which loads it anew: a table that is replaced has the columns of now.
        api.run();
        assert_eq!(api.query("select a, b from raw.things"), "1.5,new");
    }
    let unchanged = records(", drift: add", vec![json!({ "id": 1, "a": 1 })]);
    unchanged.run();
    let same = unchanged.run();
    assert!(same.out.contains("up to date") || same.out.contains("nothing"), "{}", same.out);
}

#[test]
fn an_api_without_records_needs_declared_columns() {
    let api = records("", vec![]);
    assert_told(&api.say(&["check"]), "HW0336", &["/v1/things has no records yet that are objects", "`columns`"]);
    let api = records(", columns: { id: { type: bigint }, name: { type: string } }", vec![]);
    api.run();
    assert_eq!(api.query("select count(*), count(id), count(name) from raw.things"), "0,0,0");
    assert!(api.run().out.contains("up to date") || api.run().out.contains("nothing"));
}
