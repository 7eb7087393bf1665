//! Records of records: one request for each, and lists within answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

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
fn a_parent_for_which_there_is_no_content_has_no_records() {
    let api =
        Api::new("paginate: { page: {} }", &ORDERS.replace(", name: profile.name }, missing: skip", " }"), |request| {
            match (request.path.as_str(), request.number("page").unwrap()) {
                ("/v1/users", 1) => Reply::json(&json!({ "users": [{ "id": "a" }, { "id": "b" }] })),
                ("/v1/users", _) => Reply::json(&json!({ "users": [] })),
                ("/v1/users/a/orders", _) => Reply::text(204, "", ""),
                (_, 1) => Reply::json(&json!([{ "order": 7, "cents": 1 }])),
                _ => Reply::json(&json!([])),
            }
        });
    api.run();
    assert_eq!(api.query("select \"user\", \"order\" from raw.orders"), "b,7");
}

#[test]
fn what_is_gone_ends_the_load_unless_it_is_skipped() {
    let api = shop(&ORDERS.replace(", missing: skip", ""));
    assert_told(&api.say(&["run"]), "HW0337", &["/users/u%2F4/orders", "404", "missing: skip"]);
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

/// The changes of accounts, as tests set them: the account, the number and the day of each.
type Changes = Arc<Mutex<Vec<(u32, u32, u32)>>>;

/// An API of accounts, each with its changes from the parameter `since` on.
fn accounts(stream: &str) -> (Api, Changes) {
    let changes = Changes::default();
    let shared = Arc::clone(&changes);
    let api = Api::new("", stream, move |request| {
        let all: Vec<(u32, u32, u32)> = shared.lock().unwrap().clone();
        let day = |day: u32| format!("2024-01-{day:02}");
        let since = request.param("since").unwrap_or_default().to_owned();
        if request.path == "/v1/accounts" {
            let mut last: BTreeMap<u32, u32> = BTreeMap::new();
            for (account, _, at) in all {
                last.entry(account).and_modify(|last| *last = at.max(*last)).or_insert(at);
            }
            let seen = last.into_iter().filter(|(_, last)| day(*last) >= since);
            let accounts = seen.map(|(id, last)| json!({ "id": id, "name": format!("{id} at {last}") }));
            return Reply::json(&json!(accounts.collect::<Vec<_>>()));
        }
        let account: u32 = request.path.strip_prefix("/v1/accounts/").unwrap().parse().unwrap();
        let new = all.iter().filter(|(of, _, at)| *of == account && day(*at) >= since);
        Reply::json(&json!(new.map(|(_, n, at)| json!({ "n": n, "at": day(*at) })).collect::<Vec<_>>()))
    });
    (api, changes)
}

const CHANGES: &str = "  - table: raw.changes
    path: /accounts/{account}
    mode: incremental
    cursor: { field: at, param: since }
    parent: { path: /accounts, fields: { account: id, name: name } }";

#[test]
fn how_far_each_parent_was_read_is_kept() {
    let (api, changes) = accounts(CHANGES);
    let rows = "select account, n from raw.changes order by account, n";
    let add = |more: &[(u32, u32, u32)]| changes.lock().unwrap().extend_from_slice(more);
    add(&[(1, 1, 1), (1, 2, 10), (2, 1, 2)]);
    api.run();
    assert_eq!(api.query(rows), "1,1\n1,2\n2,1");
    // One of an account that is not as far as another, and two of a new one from before what was read.
    add(&[(2, 2, 4), (3, 1, 3), (3, 2, 5)]);
    let plan = api.say(&["plan"]).exits(0).out;
    assert!(plan.contains("with at from what each parent was read to on"), "{plan}");
    api.server.addresses();
    api.run();
    assert_eq!(api.query(rows), "1,1\n1,2\n2,1\n2,2\n3,1\n3,2");
    let mut asked = api.server.addresses();
    asked.sort();
    assert_eq!(
        asked,
        ["/v1/accounts", "/v1/accounts/1?since=2024-01-10", "/v1/accounts/2?since=2024-01-02", "/v1/accounts/3"]
    );
    let said = api.run();
    assert!(said.out.contains("up to date") || said.out.contains("nothing"), "nothing is doubled: {}", said.out);
    // An account that was not there for a while is read on from where it was.
    changes.lock().unwrap().retain(|(account, ..)| *account != 2);
    add(&[(1, 3, 11)]);
    api.run();
    add(&[(2, 1, 2), (2, 2, 4), (2, 3, 4), (2, 4, 6)]);
    api.run();
    assert_eq!(api.query(rows), "1,1\n1,2\n1,3\n2,1\n2,2\n2,4\n3,1\n3,2", "others of the same value are known");
    // With a key, they are not.
    let (api, changes) = accounts(&CHANGES.replace("mode: incremental", "mode: incremental\n    key: [account, n]"));
    changes.lock().unwrap().extend([(1, 1, 9), (2, 1, 2)]);
    api.run();
    changes.lock().unwrap().extend([(2, 2, 2), (2, 3, 3)]);
    api.run();
    assert_eq!(api.query(rows), "1,1\n2,1\n2,2\n2,3");
}

#[test]
fn a_parent_that_takes_the_cursor_has_one_for_all() {
    let of = "parent: { path: /accounts, params: { since: \"{cursor}\" }, fields: { account: id } }";
    let stream = CHANGES.replace("parent: { path: /accounts, fields: { account: id, name: name } }", of);
    let (api, changes) = accounts(&stream.replace("field: at", "field: at, start: 2024-01-01"));
    changes.lock().unwrap().extend([(1, 1, 1), (2, 1, 5)]);
    api.run();
    changes.lock().unwrap().push((1, 2, 7));
    api.server.addresses();
    api.run();
    let mut asked = api.server.addresses();
    asked.sort();
    let since = "?since=2024-01-05";
    let expected = ["/1", "/2", ""].map(|account| format!("/v1/accounts{account}{since}"));
    assert_eq!(asked, expected);
    assert_eq!(api.query("select count(*) from raw.changes"), "3");
}
