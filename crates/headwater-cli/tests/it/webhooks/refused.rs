//! Rows that the receiver refuses.

use std::sync::{Arc, Mutex};

use super::{CUSTOMERS, EVENTS, Hook, Reply};
use crate::project::assert_told;

#[test]
fn refused_rows_are_kept_told_and_tried_again() {
    let refuses = Arc::new(Mutex::new("Rome".to_owned()));
    let word = Arc::clone(&refuses);
    let hook = Hook::new(CUSTOMERS, "", EVENTS, move |request| {
        if request.body.contains(word.lock().unwrap().as_str()) {
            return Reply::text(422, "application/json", "{\"error\": \"no such town\"}");
        }
        Reply::status(200)
    });
    let said = hook.say(&["run"]).exits(0);
    assert!(said.out.contains("1 row refused, kept in the catalogue"), "{}", said.out);
    assert!(said.out.contains("no such town"), "{}", said.out);
    let kept = || hook.say(&["deliver", "--undelivered", "--json"]).exits(0).json();
    let first = kept();
    assert_eq!(first.as_array().unwrap().len(), 1, "{first}");
    assert_eq!(first[0]["row"]["row"], r#"{"id":3,"name":"Cleo","city":"Rome"}"#);
    assert!(hook.say(&["deliver", "--undelivered"]).exits(0).out.contains("no such town"));
    hook.came();
    // It is tried again with the next change, refused again, and kept once, since when it was.
    hook.customers(&format!("{CUSTOMERS}4,Dan,Oslo\n"));
    let said = hook.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    assert_eq!(hook.came().len(), 2);
    let again = kept();
    assert_eq!((again.as_array().unwrap().len(), &again[0]["since_ms"]), (1, &first[0]["since_ms"]));
    // What has changed takes the place of what was refused.
    hook.customers("id,name,city\n1,Ada,Paris\n2,Ben,\n3,Cleo,Bari\n4,Dan,Oslo\n");
    let said = hook.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &0.into()), "{said}");
    assert_eq!(kept(), serde_json::json!([]));
    hook.came();
    // And what the receiver takes after all is there with the next delivery.
    *refuses.lock().unwrap() = "Nice".to_owned();
    hook.customers("id,name,city\n1,Ada,Nice\n2,Ben,\n3,Cleo,Bari\n4,Dan,Oslo\n");
    assert_eq!(hook.run()["undelivered"], 1);
    *refuses.lock().unwrap() = "nothing at all".to_owned();
    hook.came();
    hook.customers("id,name,city\n1,Ada,Nice\n2,Ben,\n3,Cleo,Bari\n");
    let said = hook.run();
    assert_eq!((&said["written"], &said["deleted"], &said["undelivered"]), (&1.into(), &1.into(), &0.into()), "{said}");
    assert_eq!(kept(), serde_json::json!([]));
    assert!(hook.came().iter().any(|came| came.contains("Nice")));
}

#[test]
fn refused_rows_that_are_gone_are_not_sent_again() {
    let keeps = EVENTS.replace(" }", ", on_delete: keep }");
    // By a deletion that is not sent, and among all rows that are sent anew.
    for (deliveries, anew) in [(keeps.as_str(), false), (EVENTS, true)] {
        let hook = Hook::new(CUSTOMERS, "", deliveries, |request| match request.body.contains("Rome") {
            true => Reply::status(422),
            false => Reply::status(200),
        });
        assert_eq!(hook.run()["undelivered"], 1);
        hook.came();
        hook.customers("id,name,city\n1,Ada,Paris\n2,Ben,\n");
        let said = if anew {
            hook.say(&["run", "--no-deliver"]).exits(0);
            hook.say(&["deliver", "--anew", "--json"]).exits(0).json()[0].clone()
        } else {
            hook.run()
        };
        assert_eq!(said["undelivered"], 0, "{said}");
        let came = hook.came();
        assert!(came.iter().all(|came| !came.contains("Rome")), "{came:?}");
        assert_eq!(came.len(), if anew { 2 } else { 0 }, "{came:?}");
        assert_eq!(hook.say(&["deliver", "--undelivered", "--json"]).exits(0).json(), serde_json::json!([]));
    }
}

#[test]
fn rows_of_a_list_that_is_refused_are_found_by_halves() {
    let lines: Vec<String> = (1..=100).map(|id| format!("{id},n{id}\n")).collect();
    let csv = format!("id,name\n{}", lines.concat());
    let taken: Arc<Mutex<Vec<i64>>> = Arc::default();
    let known = Arc::clone(&taken);
    let delivery = "  - { table: raw.customers, key: id, path: /list, body: event, batch: 40, most_undelivered: 2 }\n";
    let hook = Hook::new(&csv, "", delivery, move |request| {
        let rows = request.json();
        let ids: Vec<i64> = rows.as_array().unwrap().iter().map(|e| e["row"]["id"].as_i64().unwrap()).collect();
        if ids.iter().any(|id| id % 45 == 0) {
            return Reply::status(400);
        }
        known.lock().unwrap().extend(ids);
        Reply::status(200)
    });
    let said = hook.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&98.into(), &2.into()), "{said}");
    let mut ids = std::mem::take(&mut *taken.lock().unwrap());
    ids.sort_unstable();
    assert_eq!(ids, (1..=100).filter(|id| id % 45 != 0).collect::<Vec<_>>(), "each once");
    // One more is too much; what was taken stays taken.
    hook.customers(&format!("{csv}135,x\n136,y\n"));
    assert_told(&hook.say(&["run"]).exits(1), "HW0383", &["more than 2 rows", "most_undelivered"]);
    hook.deliver("", &delivery.replace("most_undelivered: 2", "most_undelivered: 3"));
    let said = hook.say(&["deliver", "--json"]).exits(0).json()[0].clone();
    assert_eq!((&said["state"], &said["undelivered"]), (&"delivered".into(), &3.into()), "{said}");
    assert_eq!(*taken.lock().unwrap(), [136]);
}

#[test]
fn who_is_deleted_and_was_not_there_is_deleted() {
    let delivery =
        "  - { table: raw.customers, key: id, method: patch, path: \"/c/{id}\", delete: { path: \"/c/{id}\" } }\n";
    let hook = Hook::new(CUSTOMERS, "", delivery, |request| match (request.method.as_str(), request.path.as_str()) {
        (_, "/v1/c/3") => Reply::status(404),
        _ => Reply::status(200),
    });
    let said = hook.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&2.into(), &1.into()), "{said}");
    hook.customers("id,name,city\n1,Ada,Paris\n2,Ben,\n");
    let said = hook.run();
    assert_eq!((&said["deleted"], &said["undelivered"]), (&1.into(), &0.into()), "{said}");
    // A key that can stand in no address is a refused row, and asks for nothing.
    hook.customers("id,name,city\n1,Ada,Paris\n2,Ben,\n");
    hook.project
        .write("models/marts/m.sql", "select case id when 1 then '..' else 'a/b?c' end as id from raw.customers");
    hook.deliver("", &delivery.replace("raw.customers", "marts.m"));
    hook.server.asked();
    let said = hook.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    assert_eq!(hook.came(), ["PATCH /v1/c/a%2Fb%3Fc {\"id\":\"a/b?c\"}"]);
}

/// Not one by one.
#[test]
fn refused_rows_are_sent_again_in_lists() {
    let lines: Vec<String> = (1..=400).map(|id| format!("{id},n{id}\n")).collect();
    let asked: Arc<Mutex<usize>> = Arc::default();
    let refuses: Arc<Mutex<Vec<i64>>> = Arc::new(Mutex::new((1..=64).collect()));
    let (count, bad) = (Arc::clone(&asked), Arc::clone(&refuses));
    let delivery = "  - { table: raw.customers, key: id, path: /list, body: event, batch: 100 }\n";
    let hook = Hook::new(&format!("id,name\n{}", lines.concat()), "", delivery, move |request| {
        if request.method != "POST" {
            return Reply::status(200);
        }
        *count.lock().unwrap() += 1;
        let rows = request.json();
        let mut ids = rows.as_array().unwrap().iter().map(|event| event["row"]["id"].as_i64().unwrap());
        Reply::status(if ids.any(|id| bad.lock().unwrap().contains(&id)) { 422 } else { 200 })
    });
    assert_eq!(hook.run()["undelivered"], 64);
    // Now only two of them are bad: seven steps of halving for each, at most, two requests in each.
    *refuses.lock().unwrap() = vec![7, 50];
    *asked.lock().unwrap() = 0;
    let said = hook.run();
    assert_eq!((&said["state"], &said["written"], &said["undelivered"]), (&"delivered".into(), &62.into(), &2.into()));
    let requests = *asked.lock().unwrap();
    assert!(requests <= 28, "{requests} requests");
    refuses.lock().unwrap().clear();
    *asked.lock().unwrap() = 0;
    assert_eq!(hook.run()["undelivered"], 0);
    assert_eq!(*asked.lock().unwrap(), 1);
}
