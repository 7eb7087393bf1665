//! Ways of paging, and their ends.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::server::Reply;
use super::{Api, orders, page};
use crate::project::assert_told;

const ALL: &str = "select count(*), count(distinct id), sum(id) from raw.orders";

/// An API of 25 orders, ten in a page, whose answers come of the page's records, its number from 0, and the request.
fn api(
    stream: &str,
    answer: impl Fn(Vec<Value>, usize, usize) -> Reply + Send + Sync + 'static,
    number: impl Fn(&super::Request) -> usize + Send + Sync + 'static,
) -> Api {
    Api::new("", &format!("  - {{ table: raw.orders, path: /orders, {stream} }}"), move |request| {
        let number = number(request);
        let port = request.header("host").unwrap().split(':').nth(1).unwrap().parse().unwrap();
        answer(page(&orders(1..=25), number, 10), number, port)
    })
}

#[track_caller]
fn assert_all(api: &Api, requests: usize) {
    api.run();
    let addresses = api.server.addresses();
    assert_eq!(addresses.len(), requests, "{addresses:?}");
    assert_eq!(api.query(ALL), "25,25,325");
}

#[test]
fn the_header_link_is_followed() {
    let numbered = |request: &super::Request| request.number("page").unwrap_or(0);
    let api = api(
        "paginate: { link_header: next }, params: { per_page: 10 }",
        |records, number, port| {
            let reply = Reply::json(&json!(records));
            let first = format!("<http://127.0.0.1:{port}/v1/orders?page=0>; rel=\"first\"");
            match number {
                0 | 1 => reply.with("Link", &format!("{first}, </v1/orders?page={}>; rel=\"next\"", number + 1)),
                _ => reply.with("Link", &first),
            }
        },
        numbered,
    );
    assert_all(&api, 3);
}

#[test]
fn links_in_the_body_are_followed() {
    let numbered = |request: &super::Request| request.number("after").unwrap_or(0);
    let api = api(
        "paginate: { link: paging.next }, records: data",
        |records, number, port| {
            let next = (number < 2).then(|| format!("http://127.0.0.1:{port}/v1/orders?after={}", number + 1));
            Reply::json(&json!({ "data": records, "paging": { "next": next } }))
        },
        numbered,
    );
    assert_all(&api, 3);
}

#[test]
fn a_link_to_another_host_is_not_followed() {
    let api = api(
        "paginate: { link: next }, records: data",
        |records, _, _| Reply::json(&json!({ "data": records, "next": "http://localhost:1/v1/orders" })),
        |_| 0,
    );
    assert_told(&api.say(&["run"]), "HW0330", &["leads to localhost", "credentials"]);
}

#[test]
fn pages_are_counted_to_the_first_empty_one() {
    let numbered = |request: &super::Request| request.number("p").unwrap() - 1;
    let api = api("paginate: { page: { param: p } }", |records, _, _| Reply::json(&json!(records)), numbered);
    assert_all(&api, 4);
}

#[test]
fn pages_are_counted_to_what_the_api_says() {
    for (stream, answer) in [
        ("page: { first: 0, total_pages: meta.pages }", json!({ "pages": 3 })),
        ("page: { first: 0, total: meta.total }", json!({ "total": 25 })),
        ("page: { first: 0, total: \"meta.\\\"@total\\\"\" }", json!({ "@total": 25 })),
    ] {
        let api = api(
            &format!("records: data, paginate: {{ {stream} }}"),
            move |records, _, _| Reply::json(&json!({ "data": records, "meta": answer })),
            |request| request.number("page").unwrap(),
        );
        assert_all(&api, 3);
    }
    // Of one that need not say it, pages are counted to the first empty one.
    for key in ["total_pages", "total"] {
        let api = api(
            &format!("records: data, paginate: {{ page: {{ first: 0, {key}: 'pages?' }} }}"),
            move |records, _, _| Reply::json(&json!({ "data": records })),
            |request| request.number("page").unwrap(),
        );
        assert_all(&api, 4);
    }
    let api = api(
        "records: data, paginate: { page: { has_more: 'more?' } }",
        |records, number, _| match number {
            2 => Reply::json(&json!({ "data": records })),
            _ => Reply::json(&json!({ "data": records, "more": true })),
        },
        |request| request.number("page").unwrap() - 1,
    );
    assert_all(&api, 3);
}

#[test]
fn an_empty_page_is_not_the_end_where_the_api_says_that_there_is_more() {
    // The second and the third of five pages have no records.
    for (stream, more) in [("total_pages: pages", json!({ "pages": 5 })), ("has_more: more", json!({ "more": true }))] {
        let api = api(
            &format!("records: data, paginate: {{ page: {{ first: 0, {stream} }} }}"),
            move |records, number, _| {
                let mut answer = more.clone();
                // The last one.
                if number == 2 {
                    answer["more"] = json!(false);
                }
                answer["data"] = json!(records);
                Reply::json(&answer)
            },
            |request| match request.number("page").unwrap() {
                0 => 0,
                page @ (1 | 2) => 100 + page,
                page => page - 2,
            },
        );
        assert_all(&api, 5);
    }
    let api = api(
        "records: data, paginate: { offset: { has_more: more } }",
        |_, _, _| Reply::json(&json!({ "data": [], "more": true })),
        |_| 0,
    );
    assert_told(&api.say(&["run"]), "HW0330", &["says that there is more", "no records"]);
}

#[test]
fn offsets_count_what_came_and_not_what_was_asked_for() {
    // Asked for a hundred, the API gives ten.
    let api = Api::new(
        "",
        "  - { table: raw.orders, path: /orders, params: { limit: 100 }, paginate: { offset: {} } }",
        |request| {
            assert_eq!(request.number("limit"), Some(100));
            let offset = request.number("offset").unwrap();
            Reply::json(&json!(orders(1..=25).into_iter().skip(offset).take(10).collect::<Vec<_>>()))
        },
    );
    api.run();
    assert_eq!(api.query(ALL), "25,25,325");
    let offsets: Vec<String> =
        api.server.addresses().iter().map(|a| a.split("offset=").nth(1).unwrap().to_owned()).collect();
    assert_eq!(offsets, ["0", "10", "20", "25"]);
}

#[test]
fn cursors_come_in_the_body_or_a_header_and_go_into_a_parameter_or_the_body() {
    let token = |number: usize| format!("t+/={number}");
    let number = |text: Option<&str>| text.map_or(0, |text| text.strip_prefix("t+/=").unwrap().parse().unwrap());
    let by_param = api(
        "records: data, paginate: { cursor: { path: meta.next, param: after } }",
        move |records, at, _| {
            let next = if at < 2 { json!(token(at + 1)) } else { Value::Null };
            Reply::json(&json!({ "data": records, "meta": { "next": next } }))
        },
        move |request| number(request.param("after")),
    );
    assert_all(&by_param, 3);
    let by_header = api(
        "paginate: { cursor: { header: X-Next } }",
        move |records, at, _| {
            let reply = Reply::json(&json!(records));
            if at < 2 { reply.with("X-Next", &token(at + 1)) } else { reply.with("X-Next", "") }
        },
        move |request| number(request.param("cursor")),
    );
    assert_all(&by_header, 3);
    let by_body = api(
        "method: post, body: { query: { status: open } }, records: data, paginate: { cursor: { path: next, body: page.after, has_more: more } }",
        move |records, at, _| Reply::json(&json!({ "data": records, "next": at + 1, "more": at < 2 })),
        |request| {
            let body = request.json();
            assert_eq!((request.method.as_str(), &body["query"]), ("POST", &json!({ "status": "open" })));
            assert_eq!(request.header("content-type"), Some("application/json"));
            body["page"]["after"].as_u64().unwrap_or(0) as usize
        },
    );
    assert_all(&by_body, 3);
}

#[test]
fn one_answer_is_all_unless_something_else_is_said() {
    let api = api("records: data", |records, _, _| Reply::json(&json!({ "data": records })), |_| 0);
    api.run();
    assert_eq!(api.query(ALL), "10,10,55");
    api.source(
        "paginate: { page: {} }",
        "  - { table: raw.orders, path: /orders, records: data, paginate: { none: true } }",
    );
    assert_eq!(api.server.addresses().len(), 1);
    api.run();
    assert_eq!(api.server.addresses().len(), 1, "the stream says it itself");
}

#[test]
fn pages_that_go_round_in_circles_are_an_error() {
    let ignored = api("paginate: { page: {} }", |records, _, _| Reply::json(&json!(records)), |_| 0);
    assert_told(&ignored.say(&["run"]), "HW0332", &["(page 2)", "takes no notice of the parameter 'page'"]);
    assert_eq!(ignored.server.asked().len(), 2);
    let circle = api(
        "records: data, paginate: { cursor: { path: next } }",
        |records, number, _| Reply::json(&json!({ "data": records, "next": if number == 1 { "0" } else { "1" } })),
        |request| request.number("cursor").unwrap_or(0),
    );
    assert_told(&circle.say(&["run"]), "HW0332", &["has been sent before"]);
    let link = api(
        "records: data, paginate: { link: next }",
        |records, number, _| {
            Reply::json(&json!({ "data": records, "next": format!("/v1/orders?n={}", 1 - number % 2) }))
        },
        |request| request.number("n").unwrap_or(0),
    );
    assert_told(&link.say(&["run"]), "HW0332", &["has been asked for before"]);
    for api in [&ignored, &circle, &link] {
        assert!(api.say(&["query", "select 1 from raw.orders"]).code != Some(0), "nothing is published");
    }
}

/// A cursor that is another each time, of pages that are not.
#[test]
fn pages_that_have_no_end_are_an_error() {
    let stream = |more: &str| {
        format!(
            "  - {{ table: raw.orders, path: /orders, records: data, paginate: {{ cursor: {{ path: next }}{more} }} }}"
        )
    };
    let number = |request: &super::server::Request| request.number("cursor").unwrap_or(0);
    // Three pages, again and again.
    let same = super::Api::new("", &stream(""), move |request| {
        let number = number(request);
        Reply::json(&json!({ "data": page(&orders(1..=30), number % 3, 10), "next": (number + 1).to_string() }))
    });
    assert_told(&same.say(&["run"]), "HW0332", &["100 pages in a row have no records that were not in a page before"]);
    assert_eq!(same.server.asked().len(), 103);
    // Records that are new in each: only who knows the API can say that it is too many.
    let grows = super::Api::new("", &stream(", max_pages: 25"), move |request| {
        let number = number(request);
        let next = (number < 200).then(|| (number + 1).to_string());
        Reply::json(&json!({ "data": [{ "id": number }], "next": next }))
    });
    let said = grows.say(&["run"]);
    assert_told(
        &said,
        "HW0349",
        &["(page 25)", "`max_pages` is 25", "nothing of this load is published", "raise `max_pages`"],
    );
    assert_eq!(grows.server.asked().len(), 25);
    assert!(grows.say(&["query", "select 1 from raw.orders"]).code != Some(0), "nothing is published");
    // As many as there are, and no guard at all, are no obstacle; and neither are pages with the same records now and then.
    for more in [", max_pages: 201", ""] {
        grows.source("", &stream(more));
        grows.run();
        assert_eq!(grows.query("select count(*), sum(id) from raw.orders"), "201,20100");
    }
    let repeats = super::Api::new("", &stream(""), move |request| {
        let number = number(request);
        let next = (number < 300).then(|| (number + 1).to_string());
        Reply::json(&json!({ "data": [{ "n": number / 90 }], "next": next }))
    });
    repeats.run();
    assert_eq!(repeats.query("select count(*) from raw.orders"), "301");
    grows.source("", &stream(", max_pages: 0"));
    assert_told(&grows.say(&["check"]), "HW0122", &["`max_pages` is 0"]);
}

#[test]
fn a_page_that_does_not_say_what_it_should_is_an_error() {
    let api = api(
        "records: data, paginate: { page: { total: meta.totl } }",
        |records, _, _| Reply::json(&json!({ "data": records, "meta": { "total": 25 } })),
        |request| request.number("page").unwrap() - 1,
    );
    assert_told(&api.say(&["run"]), "HW0330", &["no number at 'meta.totl'"]);
    let none = super::Api::new(
        "",
        "  - { table: raw.orders, path: /orders, records: data, paginate: { cursor: { path: meta.nxt } } }",
        |_| Reply::json(&json!({ "data": orders(1..=3), "meta": { "next": "x", "end": null } })),
    );
    let said = none.run();
    assert!(said.out.contains("no answer had 'meta.nxt'"), "{}", said.out);
    for stream in ["cursor: { path: 'meta.nxt?' }", "cursor: { path: meta.end }", "link_header: next"] {
        none.source(
            "",
            &format!("  - {{ table: raw.orders, path: /orders, records: data, paginate: {{ {stream} }} }}"),
        );
        let said = none.run();
        assert!(!said.out.contains("no answer had"), "{}", said.out);
    }
    none.source(
        "",
        "
  - table: raw.orders
    path: /orders
    records: data
    parent: { path: /orders, records: data, fields: { of: id }, paginate: { link: nxt } }",
    );
    assert!(none.run().out.contains("no answer had 'nxt'"), "what is said of a parent, too");
}

#[test]
fn records_that_move_while_pages_are_read_come_once() {
    // Between the first page and the second one, an order comes in front: the last of the first page comes again, changed.
    let came = Mutex::new(false);
    let api = Api::new(
        "",
        "  - { table: raw.orders, path: /orders, mode: incremental, key: [id], cursor: { field: at }, paginate: { page: {} } }",
        move |request| {
            let number = request.number("page").unwrap() - 1;
            let mut came = came.lock().unwrap();
            let mut all: Vec<Value> =
                (1..=6).rev().map(|id| json!({ "id": id, "at": format!("2024-01-0{id}"), "state": if *came { "new" } else { "old" } })).collect();
            if *came {
                all.insert(0, json!({ "id": 7, "at": "2024-01-07", "state": "new" }));
            }
            *came = true;
            Reply::json(&json!(page(&all, number, 3)))
        },
    );
    api.run();
    let rows = api.query("select id, state from raw.orders order by id");
    assert_eq!(rows, "1,new\n2,new\n3,new\n4,new\n5,old\n6,old", "the later one counts, and 7 comes with the next run");
    api.run();
    assert_eq!(api.query("select count(*), max(id) from raw.orders"), "7,7");
}
