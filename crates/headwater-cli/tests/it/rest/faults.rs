//! What goes wrong on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::server::{Reply, Request};
use super::{Api, orders, page};
use crate::project::assert_told;

const STREAM: &str = "  - { table: raw.orders, path: /orders, paginate: { page: {} } }";

/// Ten orders, five in a page, where something may come in place of a page.
fn faulty(source: &str, fault: impl Fn(&Request, Reply) -> Reply + Send + Sync + 'static) -> Api {
    Api::new(source, STREAM, move |request| {
        let records = page(&orders(1..=10), request.number("page").unwrap() - 1, 5);
        fault(request, Reply::json(&json!(records)))
    })
}

#[track_caller]
fn assert_whole(api: &Api) {
    api.run();
    assert_eq!(api.query("select count(*), count(distinct id), sum(id) from raw.orders"), "10,10,55");
}

/// The second request finds a fault, once.
fn once(fault: impl Fn(Reply) -> Reply + Send + Sync + 'static) -> Api {
    faulty("timeout: 1", move |request, good| if request.before == 1 { fault(good) } else { good })
}

#[test]
fn what_may_pass_is_waited_for() {
    assert_whole(&once(|_| Reply::status(500)));
    assert_whole(&once(|_| Reply::status(502)));
    assert_whole(&once(|_| Reply::status(408)));
    assert_whole(&once(Reply::silent));
    assert_whole(&once(Reply::half));
    assert_whole(&once(|good| good.late(Duration::from_secs(3))));
    // A body that is whole by its length, and ends within its JSON.
    assert_whole(&once(|_| Reply::text(200, "application/json", "[{\"id\": 6, \"amount\": 3.0}, {\"id\": 7")));
    assert_whole(&once(|_| Reply::text(200, "application/json", "")));
    // Nothing at all is an end, too.
    assert_whole(&faulty(
        "",
        |request, good| if request.number("page") == Some(3) { Reply::text(204, "", "") } else { good },
    ));
    assert_whole(&faulty("", |_, good| good.gzip()));
}

#[test]
fn an_api_says_how_long_to_wait() {
    for header in
        [("Retry-After", "1".to_owned()), ("Retry-After", "date".to_owned()), ("X-RateLimit-Reset", "1".to_owned())]
    {
        let api = once(move |_| match header.1.as_str() {
            "date" => Reply::status(503)
                .with("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
                .with(header.0, "Sun, 06 Nov 1994 08:49:38 GMT"),
            seconds => Reply::status(429).with(header.0, seconds),
        });
        let began = Instant::now();
        assert_whole(&api);
        assert!(began.elapsed() >= Duration::from_secs(1));
    }
    // An hour to the next beginning of a limit that is not reached is no reason to wait.
    assert_whole(&once(|_| Reply::status(500).with("X-RateLimit-Remaining", "7").with("X-RateLimit-Reset", "3600")));
    // As GitHub does it.
    assert_whole(&once(|_| Reply::status(403).with("X-RateLimit-Remaining", "0").with("X-RateLimit-Reset", "1")));
    let api = faulty("max_wait: 2", |_, _| Reply::status(429).with("Retry-After", "3600"));
    let began = Instant::now();
    assert_told(&api.say(&["check"]), "HW0334", &["429", "asks to wait 3600 s", "max_wait"]);
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_does_not_pass_fails_and_publishes_nothing() {
    let api =
        faulty("retries: 1", |request, good| if request.number("page") == Some(2) { Reply::status(500) } else { good });
    assert_told(&api.say(&["run"]), "HW0327", &["/v1/orders?page=2 (page 2) answers 500", "as the test wants it"]);
    assert_eq!(
        api.server.asked().iter().filter(|request| request.number("page") == Some(2)).count() % 2,
        0,
        "sent twice each"
    );
    assert!(api.say(&["query", "select 1 from raw.orders"]).code != Some(0), "nothing is published half");
    let server_is_gone = {
        let api = faulty("retries: 0", |_, good| good);
        let (port, project) = (api.server.port, api.project);
        drop(api.server);
        (port, project)
    };
    let said = server_is_gone.1.say(&["check"]);
    assert_told(&said, "HW0327", &[&format!("http://127.0.0.1:{}/v1/orders", server_is_gone.0)]);
}

#[test]
fn a_page_that_fails_late_leaves_the_table_as_it_was() {
    // More pages than are looked at for the columns.
    let broken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let breaks = std::sync::Arc::clone(&broken);
    let api = Api::new("retries: 0", STREAM, move |request| {
        let number = request.number("page").unwrap();
        if number == 9 && breaks.load(std::sync::atomic::Ordering::SeqCst) {
            return Reply::status(500);
        }
        Reply::json(&json!(page(&orders(1..=1000), number - 1, 100)))
    });
    api.run();
    broken.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_told(&api.say(&["run"]).exits(1), "HW0327", &["(page 9)"]);
    assert_eq!(api.query("select count(*), sum(id) from raw.orders"), "1000,500500");
    broken.store(false, std::sync::atomic::Ordering::SeqCst);
    api.run();
    assert_eq!(api.query("select count(*), sum(id) from raw.orders"), "1000,500500");
}

#[test]
fn mistakes_are_told_at_once() {
    let answers = |reply: fn() -> Reply| faulty("", move |_, _| reply());
    for (api, code, words) in [
        (answers(|| Reply::status(404)), "HW0337", &["/v1/orders?page=1 answers 404", "`path`"][..]),
        (answers(|| Reply::status(400)), "HW0329", &["answers 400", "as the test wants it", "`params`"]),
        (
            answers(|| Reply::text(200, "text/html; charset=utf-8", "<!doctype html>\n<title>Log in</title>")),
            "HW0330",
            &["a page for people", "<title>Log in</title>", "`auth`"],
        ),
        (answers(|| Reply::text(200, "application/json", "{\"a\": 1,}")), "HW0330", &["no JSON", "{\"a\": 1,}"]),
        (
            answers(|| {
                let text = format!("[{}{{\"id\": 7,, \"b\": 1}}]", "{\"id\": 1},\n".repeat(1000));
                Reply::text(200, "application/json", &text)
            }),
            "HW0330",
            &["no JSON", "line 1001 column 10", "{\"id\": 7,, \"b\": 1}"],
        ),
        (answers(|| Reply::text(200, "text/csv", "id,amount\n1,2\n")), "HW0330", &["no JSON", "the connector files"]),
        (
            answers(|| Reply::text(200, "application/json", "{\"orders\": [], \"n\": 1}")),
            "HW0330",
            &["lists under: orders"],
        ),
        (answers(|| Reply::json(&json!([])).with("content-encoding", "br")), "HW0330", &["compressed by br"]),
        (
            answers(|| Reply::text(302, "text/html", "").with("location", "https://elsewhere.example/login?token=x")),
            "HW0329",
            &["answers 302", "it leads to https://elsewhere.example/login:"],
        ),
    ] {
        let said = api.say(&["run"]);
        assert_told(&said, code, words);
        assert_eq!(api.server.asked().len(), 1, "{code} is not tried again: {}", said.err);
    }
}

/// An answer that is cut off within its JSON is asked for again; when it comes so each time, the answer is told and not the network.
#[test]
fn a_body_that_is_never_whole_is_told_as_that() {
    let half = faulty("retries: 1", |_, _| Reply::text(200, "application/json", "[{\"id\": 6}, {\"id\": 7"));
    let said = half.say(&["run"]);
    assert_told(&said, "HW0330", &["JSON that ends too early, after 20 bytes", "{\"id\": 7", "Smaller pages"]);
    let nothing = faulty("retries: 1", |_, _| Reply::text(200, "application/json", ""));
    let empty = nothing.say(&["run"]);
    assert_told(&empty, "HW0330", &["answers with nothing where JSON should be", "no body"]);
    for said in [said, empty] {
        assert!(!said.err.contains("network") && !said.out.contains("network"), "{}", said.err);
    }
    assert_eq!(half.server.asked().len(), 2, "tried once more");
}

#[test]
fn a_redirection_on_the_same_host_is_followed() {
    let api = Api::new("", "  - { table: raw.orders, path: /orders }", |request| match request.path.as_str() {
        "/v1/orders" => Reply::text(301, "text/html", "").with("location", "/v2/orders"),
        _ => Reply::json(&json!(orders(1..=3))),
    });
    api.run();
    assert_eq!(api.query("select sum(id) from raw.orders"), "6");
}

#[test]
fn an_answer_larger_than_allowed_is_refused() {
    let api = faulty("max_response: 100", |_, good| good);
    assert_told(&api.say(&["run"]), "HW0331", &["more than 100 bytes", "max_response"]);
    let api = faulty("max_response: 100", |_, good| good.gzip());
    assert_told(&api.say(&["run"]), "HW0331", &["more than 100 bytes"]);
}

#[test]
fn requests_keep_the_pace_that_is_asked_for() {
    let api = faulty("rate_limit: { per_second: 4 }", |_, good| good);
    let began = Instant::now();
    assert_whole(&api);
    // Three pages: two pauses at least.
    assert!(began.elapsed() >= Duration::from_millis(500), "{:?}", began.elapsed());
}

#[test]
fn an_answer_of_errors_is_not_one_without_records() {
    let day = Arc::new(AtomicUsize::new(1));
    let shared = Arc::clone(&day);
    let stream = "  - { table: raw.all, path: /graphql, method: post, body: { query: all }, records: data?.items }
  - { table: raw.paged, path: /paged, records: data, paginate: { page: {} } }";
    let api = Api::new("", stream, move |request| {
        let failed = json!({ "data": null, "errors": [{ "message": "the field 'n' is not there" }] });
        let page = request.number("page").unwrap_or(1);
        Reply::json(&match (request.path.as_str(), shared.load(Ordering::SeqCst), page) {
            ("/v1/graphql", 1, _) => json!({ "data": { "items": [{ "n": 1 }, { "n": 2 }] }, "errors": [] }),
            ("/v1/paged", 2, 2) | ("/v1/graphql", ..) => failed,
            (_, _, 1..=2) => json!({ "data": [{ "n": page }] }),
            _ => json!({ "data": null }),
        })
    });
    api.run();
    assert_eq!(api.query("select count(*) from raw.paged"), "2", "null alone is the end");
    day.store(2, Ordering::SeqCst);
    let said = api.say(&["run"]).exits(1);
    assert_told(
        &said,
        "HW0330",
        &["/graphql", "/paged?page=2", "no records at 'data'", "is not there", "correct the request"],
    );
    assert_eq!(api.query("select count(*) from raw.all union all select count(*) from raw.paged"), "2\n2");
}
