//! Records of records: one request for each, and lists within answers.

use serde_json::{Value, json};

use super::server::Reply;
use super::{Api, page};
use crate::project::assert_told;

/// Seven users, three in a page; of user n there are n orders, two in a page. User 4 has gone.
fn shop(stream: &str) -> Api {
    Api::new("paginate: { page: {} }", stream, |request| {
        let number = request.number("page").unwrap() - 1;
        if request.path == "/v1/users" {
            let users: Vec<Value> =
                (1..=7).map(|n| json!({ "id": format!("u/{n}"), "profile": { "name": format!("n{n}") } })).collect();
            return Reply::json(&json!({ "users": page(&users, number, 3) }));
        }
        let user: usize =
            request.path.strip_prefix("/v1/users/u%2F").unwrap().strip_suffix("/orders").unwrap().parse().unwrap();
        if user == 4 {
            return Reply::status(404);
        }
        let orders: Vec<Value> = (1..=user).map(|n| json!({ "order": user * 10 + n, "cents": n })).collect();
        Reply::json(&json!(page(&orders, number, 2)))
    })
}

const ORDERS: &str = "
  - table: raw.orders
    path: /users/{user}/orders
    parent: { path: /users, records: users, fields: { user: id, name: profile.name }, missing: skip }";

#[test]
fn a_request_is_sent_for_each_record_of_a_parent() {
    let api = shop(ORDERS);
    let said = api.run();
    assert!(said.out.contains("nothing for 1 parent (404), which was skipped"), "{}", said.out);
    assert_eq!(api.query("select count(*), sum(\"order\"), sum(cents) from raw.orders"), "24,1314,74");
    let of_three =
        api.query("select name, \"user\", \"order\", cents from raw.orders where \"user\" = 'u/3' order by \"order\"");
    assert_eq!(of_three, "n3,u/3,31,1\nn3,u/3,32,2\nn3,u/3,33,3");
    let once: Vec<String> = api.server.addresses();
    let mut distinct = once.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(once.len(), distinct.len(), "what was looked at for the columns is not asked for again: {once:?}");
}

#[test]
fn what_is_gone_ends_the_load_unless_it_is_skipped() {
    let api = shop(&ORDERS.replace(", missing: skip", ""));
    assert_told(&api.say(&["run"]), "HW0337", &["/users/u%2F4/orders", "404"]);
}

#[test]
fn fields_of_a_parent_and_of_its_records_may_not_have_one_name() {
    let api = shop(&ORDERS.replace("user: id, name: profile.name", "user: id, cents: profile.name"));
    assert_told(&api.say(&["run"]), "HW0336", &["the records have 'cents' themselves", "another name"]);
    let api = shop(&ORDERS.replace("user: id", "customer: id"));
    assert_told(&api.say(&["check"]).exits(2), "HW0122", &["nothing stands for {user}", "fields"]);
    let api = shop(&ORDERS.replace("user: id", "user: number"));
    assert_told(&api.say(&["run"]), "HW0330", &["a parent has no 'user'"]);
}

#[test]
fn several_requests_are_on_their_way_and_no_more_than_allowed() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&most);
    let api = Api::new(
        "rate_limit: { together: 3 }",
        "  - { table: raw.orders, path: '/users/{user}/orders', parent: { path: /users, fields: { user: id } } }",
        move |request| {
            if request.path == "/v1/users" {
                return Reply::json(&json!((1..=40).map(|n| json!({ "id": n })).collect::<Vec<_>>()));
            }
            counted.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(20));
            now.fetch_sub(1, Ordering::SeqCst);
            Reply::json(&json!([{ "n": 1 }]))
        },
    );
    api.run();
    assert_eq!(api.query("select count(*), count(distinct \"user\"), sum(\"user\") from raw.orders"), "40,40,820");
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[test]
fn lists_within_records_are_tables_of_their_own() {
    let api = Api::new(
        "",
        "
  - { table: raw.orders, path: /orders, records: 'orders' }
  - table: raw.lines
    path: /orders
    records: orders[].lines[]
    include: { order_id: 'orders[].id', as_of: meta.as_of }
    paginate: { offset: { total: meta.total } }",
        |request| {
            let all: Vec<Value> = vec![
                json!({ "id": 1, "lines": [{ "sku": "a", "n": 1 }, { "sku": "b", "n": 2 }] }),
                json!({ "id": 2, "lines": [] }),
                json!({ "id": 3 }),
                json!({ "id": 4, "lines": [{ "sku": "c", "n": 3 }] }),
            ];
            let offset = request.number("offset").unwrap_or(0);
            let some: Vec<Value> =
                all.into_iter().skip(offset).take(if request.query.is_empty() { 9 } else { 2 }).collect();
            Reply::json(&json!({ "meta": { "as_of": "2024-05-01", "total": 4 }, "orders": some }))
        },
    );
    api.run();
    let lines = api.query("select order_id, as_of, sku, n from raw.lines order by sku");
    assert_eq!(lines, "1,2024-05-01,a,1\n1,2024-05-01,b,2\n4,2024-05-01,c,3");
    assert_eq!(api.query("select count(*), sum(cardinality(lines)) from raw.orders"), "4,3");
}
