//! Secrets, and where they are not.

use std::path::Path;

use serde_json::json;

use super::server::Reply;
use super::{Api, orders};

pub(super) const TOKEN: &str = "hunter2 +/&=under";
/// What would be seen of it, also in base64.
const TRACES: [&str; 2] = ["hunter2", "aHVudGVy"];

#[track_caller]
fn assert_unseen(text: &[u8], place: &str) {
    for trace in TRACES {
        assert!(
            !text.windows(trace.len()).any(|window| window == trace.as_bytes()),
            "{trace} in {place}:\n{}",
            String::from_utf8_lossy(&text[..text.len().min(4000)])
        );
    }
}

fn assert_unseen_below(folder: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += assert_unseen_below(&path);
        } else {
            assert_unseen(&std::fs::read(&path).unwrap(), &path.display().to_string());
            files += 1;
        }
    }
    files
}

/// Every command that says something of the source, and all that the lake keeps.
#[track_caller]
fn assert_kept_secret(api: &Api) {
    for arguments in [
        &["check"][..],
        &["check", "--json"],
        &["plan"],
        &["plan", "--json"],
        &["run"],
        &["run", "--json"],
        &["runs"],
        &["run-info"],
        &["list", "--json"],
        &["source", "check"],
        &["source", "check", "--json"],
        &["source", "preview", "raw.orders"],
        &["query", "select * from raw.orders__rejected"],
    ] {
        let said = api.say(arguments);
        assert_unseen(said.out.as_bytes(), &format!("{arguments:?}"));
        assert_unseen(said.err.as_bytes(), &format!("{arguments:?}"));
    }
    assert!(assert_unseen_below(&api.project.lake()) > 0);
}

#[test]
fn secrets_are_nowhere_to_be_seen() {
    // In every place where one may stand, also in the path and in links; one record is bad.
    let places = [
        "auth: { bearer: \"${SHOP_TOKEN}\" }",
        "auth: { basic: { user: \"${SHOP_TOKEN}\", password: \"${SHOP_TOKEN}\" } }",
        "auth: { api_key: { value: \"${SHOP_TOKEN}\", param: key } }",
        "headers: { x-odd: \"${SHOP_HEADER}\" }",
        "params: { key: \"${SHOP_TOKEN}\" }",
    ];
    for (at, source) in places.into_iter().enumerate() {
        let stream = "  - { table: raw.orders, path: '/orders/${SHOP_PATH}', columns: { id: { type: bigint } }, paginate: { link_header: next } }";
        let api = Api::new(source, stream, move |request| {
            // The server says aloud what it was sent.
            let aloud = format!("{:?} {:?} {}", request.headers, request.params, request.query);
            match (at, request.before) {
                (_, 0) if request.param("page").is_none() => {
                    let mut all = orders(1..=3);
                    all.push(json!({ "id": "no number" }));
                    Reply::json(&json!(all)).with("Link", &format!("<?{}&page=2>; rel=next", request.query))
                }
                _ => Reply::text(400, "text/plain", &aloud),
            }
        });
        let mut program = api.command(&["run"]);
        let said: crate::program::Said =
            program.env("SHOP_PATH", "hunter2").env("SHOP_HEADER", "hunter2-header").output().unwrap().into();
        assert!(said.out.contains("HW0329") || said.err.contains("HW0329"), "{}\n{}", said.out, said.err);
        assert_unseen(format!("{}{}", said.out, said.err).as_bytes(), source);
    }
}

#[test]
fn secrets_are_not_kept_in_the_lake() {
    let stream = "  - { table: raw.orders, path: '/orders', params: { key: \"${SHOP_TOKEN}\" }, columns: { id: { type: bigint } } }";
    for source in ["auth: { bearer: \"${SHOP_TOKEN}\" }", "params: { token: \"${SHOP_TOKEN}\" }"] {
        let api = Api::new(source, stream, |_| {
            let mut all = orders(1..=3);
            all.push(json!({ "id": "no number" }));
            Reply::json(&json!(all))
        });
        api.run();
        assert_eq!(api.query("select count(*) from raw.orders"), "3");
        let file = api.query("select _file from raw.orders__rejected");
        assert!(file.contains("/v1/orders?") && file.contains("key=***"), "{file}");
        assert_kept_secret(&api);
        // The definition is the one that is written, whatever the value is.
        let mut other = api.command(&["plan"]);
        let said: crate::program::Said = other.env("SHOP_TOKEN", "another value").output().unwrap().into();
        assert!(said.out.contains("up to date") || said.out.contains("skip"), "{}", said.out);
    }
}

#[test]
fn a_token_that_was_granted_is_a_secret_too() {
    let api = Api::new("", "", |request| match request.path.as_str() {
        "/token" => Reply::json(&json!({ "access_token": "hunter2-granted", "expires_in": 3600 })),
        _ if request.before == 0 => Reply::json(&json!(orders(1..=3))),
        _ => Reply::text(403, "text/plain", request.header("authorization").unwrap()),
    });
    let token_url = format!("http://127.0.0.1:{}/token", api.server.port);
    api.source(
        &format!(
            "auth: {{ oauth2: {{ token_url: '{token_url}', client_id: shop, client_secret: \"${{SHOP_TOKEN}}\" }} }}"
        ),
        "  - { table: raw.orders, path: /orders }",
    );
    api.run();
    let said = api.say(&["run", "--full-refresh"]);
    assert!(said.out.contains("answers 403") && said.out.contains("Bearer ***"), "{}{}", said.out, said.err);
    assert_kept_secret(&api);
}

#[test]
fn a_source_is_examined() {
    let api = Api::new("auth: { bearer: \"${SHOP_TOKEN}\" }", "  - { table: raw.orders, path: /orders }", |request| {
        match request.path.as_str() {
            // Most APIs have nothing at their base.
            "/v1/" => Reply::status(404).with("X-RateLimit-Limit", "60").with("X-RateLimit-Remaining", "59"),
            "/v1/orders" => Reply::json(&json!(orders(1..=3))),
            _ => Reply::json(&json!({ "data": "none" })),
        }
    });
    let said = api.say(&["source", "check"]).exits(0);
    for word in [
        "answers (404 Not Found), with x-ratelimit-limit: 60, x-ratelimit-remaining: 59",
        "raw.orders: can be read: 3 records, 2 columns",
    ] {
        assert!(said.out.contains(word), "{}", said.out);
    }
    let preview = api.say(&["source", "preview", "raw.orders"]).exits(0).out;
    assert!(preview.contains("id bigint") && preview.contains("1.5"), "{preview}");
    api.source("", "  - { table: raw.orders, path: /nowhere, records: data }");
    let said = api.say(&["source", "check"]).exits(3);
    assert!(said.out.contains("the answer has \"none\" where records are expected"), "{}", said.out);
    let said = api.say(&["source", "add", "rest", "url=http://127.0.0.1:1/"]);
    assert!(
        said.code != Some(0) && format!("{}{}", said.out, said.err).contains("cannot tell what there is"),
        "{}{}",
        said.out,
        said.err
    );
}
