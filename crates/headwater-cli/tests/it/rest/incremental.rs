//! Loads of what has come since.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::Api;
use super::server::Reply;
use crate::project::assert_told;

type Records = Arc<Mutex<Vec<Value>>>;

fn change(id: usize, at: &str, state: &str) -> Value {
    json!({ "id": id, "updated_at": at, "state": state })
}

/// Changes that tests add to, filtered by the parameter `since` as an API does: from that value on.
fn changes(stream: &str, first: Vec<Value>) -> (Api, Records) {
    let records: Records = Arc::new(Mutex::new(first));
    let shared = Arc::clone(&records);
    let stream = format!("  - {{ table: raw.changes, path: /changes, mode: incremental, {stream} }}");
    let api = Api::new("", &stream, move |request| {
        let since = request.param("since").unwrap_or_default().to_owned();
        let all = shared.lock().unwrap().clone();
        let new = all.into_iter().filter(|record| record["updated_at"].as_str().unwrap_or("9") >= since.as_str());
        Reply::json(&json!(new.collect::<Vec<_>>()))
    });
    (api, records)
}

const ROWS: &str = "select id, state from raw.changes order by id, state";

#[test]
fn only_what_has_come_since_is_asked_for_and_added() {
    let (api, records) = changes(
        "cursor: { field: updated_at, param: since }",
        vec![change(1, "2024-01-01T10:00:00Z", "a"), change(2, "2024-01-02T10:00:00Z", "a")],
    );
    api.run();
    assert_eq!(api.server.addresses(), ["/v1/changes"]);
    let said = api.run();
    assert!(said.out.contains("up to date") || said.out.contains("nothing"), "{}", said.out);
    assert_eq!(api.server.addresses(), ["/v1/changes?since=2024-01-02T10%3A00%3A00Z"]);
    records.lock().unwrap().push(change(3, "2024-01-03T10:00:00Z", "a"));
    let plan = api.say(&["plan"]).exits(0).out;
    assert!(plan.contains("with updated_at from 2024-01-02T10:00:00Z on"), "{plan}");
    api.run();
    assert_eq!(api.query(ROWS), "1,a\n2,a\n3,a", "the record of the value that was read to is not added again");
}

#[test]
fn late_records_and_changes_take_the_place_of_others_by_their_key() {
    let (api, records) = changes(
        "key: [id], lookback: 1d, cursor: { field: updated_at, param: since, start: 2024-01-01 }",
        vec![change(1, "2024-01-05T10:00:00Z", "a"), change(2, "2024-01-05T11:00:00Z", "a")],
    );
    api.run();
    // One late by an hour, one by three days, one changed.
    records.lock().unwrap().extend([
        change(3, "2024-01-05T10:30:00Z", "late"),
        change(4, "2024-01-02T00:00:00Z", "too late"),
        change(1, "2024-01-06T00:00:00Z", "b"),
    ]);
    api.run();
    assert_eq!(api.query(ROWS), "1,b\n2,a\n3,late");
    let said = api.say(&["run", "--json"]).exits(0).json();
    let asset = &said["assets"][0];
    assert_eq!((&asset["rows_in"], &asset["rows_out"]), (&4.into(), &0.into()), "what comes as it was is not written");
    let asked = api.server.addresses();
    assert_eq!(asked[0], "/v1/changes?since=2024-01-01");
    assert_eq!(asked[1], "/v1/changes?since=2024-01-04T11%3A00%3A00Z");
    assert_eq!(asked[2], "/v1/changes?since=2024-01-05T00%3A00%3A00Z");
    api.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(api.query(ROWS), "1,b\n2,a\n3,late\n4,too late");
}

#[test]
fn a_cursor_is_sent_where_the_api_takes_it() {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let shared = Arc::clone(&seen);
    let api = Api::new(
        "",
        "
  - table: raw.found
    path: /search
    method: post
    mode: incremental
    body: { query: 'updated > {cursor}', from: '{cursor}' }
    cursor: { field: at, start: 2024-01-01, format: epoch }
  - table: raw.numbers
    path: /numbers
    mode: incremental
    params: { q: 'id:>{cursor}', sort: id }
    cursor: { field: id }",
        move |request| match request.path.as_str() {
            "/v1/search" => {
                shared.lock().unwrap().push(request.json());
                Reply::json(&json!([{ "n": 1, "at": "2024-02-01T00:00:00Z" }]))
            }
            _ => {
                let from: i64 = request.param("q").map_or(0, |q| q.strip_prefix("id:>").unwrap().parse().unwrap());
                assert_eq!(request.param("sort"), Some("id"));
                Reply::json(&json!((from + 1..=from + 2).map(|id| json!({ "id": id })).collect::<Vec<_>>()))
            }
        },
    );
    api.run();
    api.run();
    // date -u -d 2024-01-01 +%s and of 2024-02-01.
    let expected =
        [1_704_067_200, 1_706_745_600].map(|at: i64| json!({ "query": format!("updated > {at}"), "from": at }));
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(api.query("select count(*) from raw.found"), "1");
    assert_eq!(api.query("select count(*), sum(id) from raw.numbers"), "4,10");
}

#[test]
fn records_that_nothing_tells_the_age_of_are_set_aside() {
    let (api, _records) = changes(
        "key: [id], cursor: { field: updated_at, param: since }",
        vec![
            change(1, "2024-01-01T10:00:00Z", "a"),
            json!({ "id": 2, "updated_at": null, "state": "b" }),
            json!({ "id": null, "updated_at": "2024-01-01T10:00:00Z", "state": "c" }),
            json!({ "updated_at": "2024-01-01T10:00:00Z", "state": "d" }),
        ],
    );
    api.run();
    assert_eq!(api.query(ROWS), "1,a");
    let rejected = api.query("select _line, _reason from raw.changes__rejected order by _line");
    let reasons: Vec<&str> = rejected.lines().collect();
    assert_eq!(reasons.len(), 3, "{rejected}");
    assert!(reasons[0].contains("'updated_at', the cursor, is null or missing"), "{rejected}");
    assert!(reasons[1..].iter().all(|reason| reason.contains("'id' is null, and is a part of the key")), "{rejected}");
}

#[test]
fn a_cursor_that_cannot_be_is_refused() {
    let (api, _) = changes("cursor: { field: updated, param: since }", vec![change(1, "2024-01-01", "a")]);
    assert_told(&api.say(&["run"]), "HW0335", &["no 'updated'", "did you mean 'updated_at'"]);
    let (api, _) =
        changes("cursor: { field: flag, param: since }", vec![json!({ "updated_at": "2024-01-01", "flag": true })]);
    assert_told(&api.say(&["run"]), "HW0335", &["'flag' is boolean"]);
    let (api, _) = changes("cursor: { field: updated_at, start: 2024-01-01 }", vec![]);
    assert_told(&api.say(&["check"]).exits(2), "HW0122", &["no request takes the value of the cursor"]);
    let (api, _) = changes("cursor: { field: updated_at, param: since, format: noon }", vec![]);
    assert_told(&api.say(&["check"]).exits(2), "HW0122", &["does not say how a time is written"]);
}

#[test]
fn rows_that_only_the_lake_has_are_not_lost_by_a_changed_definition() {
    let (api, records) =
        changes("cursor: { field: updated_at, param: since }", vec![change(1, "2024-01-01T10:00:00Z", "a")]);
    api.run();
    records.lock().unwrap().clear();
    api.source("", "  - { table: raw.changes, path: /changes, mode: incremental, params: { all: 1 }, cursor: { field: updated_at, param: since } }");
    assert_told(&api.say(&["run"]).exits(1), "HW0912", &["--full-refresh"]);
    assert_eq!(api.query(ROWS), "1,a");
}

#[test]
fn texts_of_digits_grow_as_numbers_do() {
    let records: Records = Arc::new(Mutex::new((7..=9).map(|n| json!({ "at": n.to_string() })).collect()));
    let shared = Arc::clone(&records);
    let stream = "  - { table: raw.changes, path: /changes, mode: incremental, cursor: { field: at }, columns: { at: { type: string } } }";
    let api = Api::new("", stream, move |_| Reply::json(&json!(shared.lock().unwrap().clone())));
    api.run();
    records.lock().unwrap().extend((10..=12).map(|n| json!({ "at": n.to_string() })));
    api.run();
    api.run();
    assert_eq!(api.query("select count(*), max(cast(at as int)) from raw.changes"), "6,12");
}
