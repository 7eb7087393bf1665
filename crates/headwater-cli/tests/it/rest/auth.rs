//! Credentials.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::secrets::TOKEN;
use super::server::{Reply, Request};
use super::{Api, orders};
use crate::project::assert_told;

const STREAM: &str = "  - { table: raw.orders, path: /orders }";

/// An API whose requests have to be allowed.
fn guarded(source: &str, allows: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Api {
    Api::new(source, STREAM, move |request| match allows(request) {
        true => Reply::json(&json!(orders(1..=3))),
        false => Reply::status(401),
    })
}

#[track_caller]
fn assert_allowed(source: &str, allows: impl Fn(&Request) -> bool + Send + Sync + 'static) {
    let api = guarded(source, allows);
    api.run();
    assert_eq!(api.query("select count(*), sum(id), sum(amount) from raw.orders"), "3,6,3.0");
}

#[test]
fn a_bearer_token_is_sent() {
    assert_allowed("auth: { bearer: \"${SHOP_TOKEN}\" }", |request| {
        request.header("authorization") == Some(&format!("Bearer {TOKEN}"))
    });
}

#[test]
fn a_user_and_a_password_are_sent() {
    // printf 'ada:s3cret-of-ada' | base64
    assert_allowed("auth: { basic: { user: ada, password: s3cret-of-ada } }", |request| {
        request.header("authorization") == Some("Basic YWRhOnMzY3JldC1vZi1hZGE=")
    });
}

#[test]
fn an_api_key_is_sent_in_a_header_or_a_parameter() {
    assert_allowed("auth: { api_key: { value: \"${SHOP_TOKEN}\", header: X-Api-Key } }", |request| {
        request.header("x-api-key") == Some(TOKEN)
    });
    assert_allowed("auth: { api_key: { value: \"${SHOP_TOKEN}\", param: key } }\nparams: { lang: en }", |request| {
        request.param("key") == Some(TOKEN) && request.param("lang") == Some("en")
    });
}

#[test]
fn headers_are_sent_with_every_request() {
    assert_allowed("headers: { x-tenant: \"7\", Accept: application/vnd.shop+json }", |request| {
        request.header("x-tenant") == Some("7") && request.header("accept") == Some("application/vnd.shop+json")
    });
}

/// A server that gives tokens, each good for `uses` requests. `port` is its own.
fn with_tokens(credentials: &str, expires_in: u64, uses: usize) -> Api {
    let (given, used) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let api = Api::new("", STREAM, move |request| {
        if request.path == "/token" {
            let by_body = request.body.contains("client_id=shop&client_secret=");
            // printf 'shop:a+secret%%2Fwith+marks' | base64
            let by_header = request.header("authorization") == Some("Basic c2hvcDphK3NlY3JldCUyRndpdGgrbWFya3M=");
            let asked = request.body.starts_with("grant_type=client_credentials")
                && request.body.contains("scope=read+write")
                && request.body.contains("audience=shop");
            if !asked || !(by_body || by_header) {
                return Reply::text(400, "application/json", "{\"error\": \"invalid_client\"}");
            }
            used.store(0, Ordering::SeqCst);
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            return Reply::json(
                &json!({ "access_token": format!("granted-{number}"), "token_type": "bearer", "expires_in": expires_in }),
            );
        }
        let good = format!("Bearer granted-{}", given.load(Ordering::SeqCst));
        if request.header("authorization") != Some(&good) || used.fetch_add(1, Ordering::SeqCst) >= uses {
            return Reply::status(401);
        }
        let number = request.number("page").unwrap_or(1);
        Reply::json(&json!(super::page(&orders(1..=10), number - 1, 2)))
    });
    let port = api.server.port;
    let auth = format!(
        "auth: {{ oauth2: {{ token_url: 'http://127.0.0.1:{port}/token', client_id: shop, client_secret: a secret/with marks, scopes: [read, write], audience: shop{credentials} }} }}"
    );
    api.source(&auth, "  - { table: raw.orders, path: /orders, paginate: { page: {} } }");
    api
}

#[test]
fn a_token_is_asked_for_once_and_kept() {
    for credentials in ["", ", credentials: header"] {
        let api = with_tokens(credentials, 3600, 1000);
        api.run();
        assert_eq!(api.query("select count(*) from raw.orders"), "10");
        let tokens = api.server.addresses().iter().filter(|address| *address == "/token").count();
        assert_eq!(tokens, 1, "one run, one token");
    }
}

#[test]
fn a_token_that_is_refused_is_replaced() {
    // Two requests for each token, six pages.
    let api = with_tokens("", 3600, 2);
    api.run();
    assert_eq!(api.query("select count(*), sum(id) from raw.orders"), "10,55");
    assert!(api.server.addresses().iter().filter(|address| *address == "/token").count() >= 3);
}

#[test]
fn a_token_that_is_never_good_ends_the_load() {
    let api = with_tokens("", 3600, 0);
    assert_told(&api.say(&["run"]), "HW0328", &["401", "a token of `token_url`"]);
    assert_eq!(api.server.addresses().iter().filter(|address| *address == "/token").count(), 2, "replaced once");
}

#[test]
fn a_token_that_has_expired_is_not_sent() {
    let api = with_tokens("", 1, 1000);
    api.source(
        &std::fs::read_to_string(api.project.path().join("sources/shop.yml"))
            .unwrap()
            .lines()
            .filter(|line| line.starts_with("auth"))
            .chain(["rate_limit: { per_second: 2 }"])
            .collect::<Vec<_>>()
            .join("\n"),
        "  - { table: raw.orders, path: /orders, paginate: { page: {} } }",
    );
    api.run();
    assert_eq!(api.query("select count(*) from raw.orders"), "10");
    let asked = api.server.asked();
    assert!(asked.iter().filter(|request| request.path == "/token").count() >= 2, "it lives for a second");
    let sent = asked.iter().filter(|request| request.path != "/token").count();
    assert_eq!(sent, 6, "none was refused and sent again");
}

#[test]
fn refused_credentials_say_what_was_sent() {
    let api = guarded("auth: { bearer: \"${SHOP_TOKEN}\" }", |_| false);
    let said = api.say(&["run"]);
    assert_told(&said, "HW0328", &["/v1/orders answers 401", "a bearer token", "`auth`"]);
    assert_eq!(api.server.asked().len(), 1, "it is not tried again");
    let api = guarded("", |_| false);
    assert_told(&api.say(&["run"]), "HW0328", &["there is no `auth`"]);
}

#[test]
fn a_refused_client_is_told() {
    let api = with_tokens("", 3600, 1000);
    let path = api.project.path().join("sources/shop.yml");
    let text = std::fs::read_to_string(&path).unwrap().replace("client_id: shop", "client_id: shap");
    std::fs::write(&path, text).unwrap();
    assert_told(&api.say(&["run"]), "HW0333", &["/token gives no token", "invalid_client", "client_id"]);
}
