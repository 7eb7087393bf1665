//! Deliveries that die.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Hook, Reply};

const LISTS: &str = "  - { table: raw.customers, key: id, path: /list, body: event, batch: 10 }\n";

/// What a receiver has, by what it was sent: each row's name, and how often each request came.
#[derive(Default)]
struct Receiver {
    rows: BTreeMap<i64, String>,
    came: BTreeMap<String, usize>,
}

impl Receiver {
    fn take(&mut self, request: &super::Request) {
        *self.came.entry(request.header("idempotency-key").unwrap().to_owned()).or_default() += 1;
        for event in request.json().as_array().unwrap() {
            match event["type"].as_str() {
                Some("upsert") => {
                    let row = &event["row"];
                    self.rows.insert(row["id"].as_i64().unwrap(), row["name"].as_str().unwrap().to_owned());
                }
                _ => drop(self.rows.remove(&event["key"]["id"].as_i64().unwrap())),
            }
        }
    }
}

fn rows(range: std::ops::RangeInclusive<i64>, name: &str) -> BTreeMap<i64, String> {
    range.map(|id| (id, name.to_owned())).collect()
}

fn csv(rows: &BTreeMap<i64, String>) -> String {
    let lines: Vec<String> = rows.iter().map(|(id, name)| format!("{id},{name}\n")).collect();
    format!("id,name\n{}", lines.concat())
}

#[test]
fn one_that_is_killed_goes_on_where_it_was_and_sends_one_request_twice_at_most() {
    let receiver: Arc<Mutex<Receiver>> = Arc::default();
    let (reached, dead) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (known, told, killed) = (Arc::clone(&receiver), Arc::clone(&reached), Arc::clone(&dead));
    let hook = Hook::new(&csv(&rows(1..=200, "a")), "rate_limit: { together: 1 }", LISTS, move |request| {
        // What came is taken, whether or not somebody hears of it.
        known.lock().unwrap().take(request);
        if told.fetch_add(1, Ordering::SeqCst) == 11 {
            while !killed.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Reply::status(200)
    });
    let mut run = hook.program(&["run"]);
    let mut run = run.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    while reached.load(Ordering::SeqCst) < 12 {
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    dead.store(true, Ordering::SeqCst);
    let said = hook.run();
    assert_eq!(said["state"], "delivered", "{said}");
    assert_eq!(said["written"], 90, "110 of 200 rows were acknowledged: {said}");
    let receiver = receiver.lock().unwrap();
    assert_eq!(receiver.rows, rows(1..=200, "a"));
    assert_eq!(reached.load(Ordering::SeqCst), 21, "20 requests, and one twice");
}

/// The points at which a delivery can die, and what the receiver knows afterwards. Then `main` moves on before the next one.
#[test]
fn what_was_begun_is_ended_before_anything_newer_is_sent() {
    for point in ["before_acknowledge:3", "after_acknowledge:3", "before_delivery", "after_delivery"] {
        let receiver: Arc<Mutex<Receiver>> = Arc::default();
        let known = Arc::clone(&receiver);
        let hook = Hook::new(&csv(&rows(1..=50, "a")), "rate_limit: { together: 1 }", LISTS, move |request| {
            known.lock().unwrap().take(request);
            Reply::status(200)
        });
        hook.run();
        let mut next = rows(41..=60, "b");
        next.append(&mut rows(1..=20, "a"));
        hook.customers(&csv(&next));
        let died = hook.program(&["run"]).env("HEADWATER_CRASH_AT", point).output().unwrap();
        assert!(!died.status.success(), "{point}");
        // Rows that came with what was begun are gone, others have changed again.
        let mut last = rows(45..=55, "c");
        last.append(&mut rows(1..=15, "a"));
        hook.customers(&csv(&last));
        let said = hook.run();
        assert_eq!(said["state"], "delivered", "{point}: {said}");
        assert_eq!(receiver.lock().unwrap().rows, last, "{point}");
        assert_eq!(hook.run()["state"], "up_to_date", "{point}");
        let more: usize = receiver.lock().unwrap().came.values().map(|times| times - 1).sum();
        assert!(more <= 1, "{point}: {more} requests came twice");
    }
}

#[test]
fn requests_that_are_under_way_together_are_all_acknowledged() {
    let receiver: Arc<Mutex<Receiver>> = Arc::default();
    let known = Arc::clone(&receiver);
    let hook = Hook::new(&csv(&rows(1..=300, "a")), "rate_limit: { together: 8 }", LISTS, move |request| {
        known.lock().unwrap().take(request);
        Reply::status(200)
    });
    for passing in [5, 9, 3, 7] {
        let point = format!("after_acknowledge:{passing}");
        let died = hook.program(&["run"]).env("HEADWATER_CRASH_AT", point).output().unwrap();
        assert!(!died.status.success());
    }
    hook.run();
    let receiver = receiver.lock().unwrap();
    assert_eq!(receiver.rows, rows(1..=300, "a"));
    let sent: usize = receiver.came.values().sum();
    assert!(sent <= 30 + 4 * 8, "{sent} requests");
}

/// Who asks for all rows gets them, also those that were acknowledged before a delivery died.
#[test]
fn all_rows_come_anew_after_a_delivery_that_died() {
    let receiver: Arc<Mutex<Receiver>> = Arc::default();
    let known = Arc::clone(&receiver);
    let hook = Hook::new(&csv(&rows(1..=50, "a")), "rate_limit: { together: 1 }", LISTS, move |request| {
        known.lock().unwrap().take(request);
        Reply::status(200)
    });
    let died = hook.program(&["run"]).env("HEADWATER_CRASH_AT", "after_acknowledge:3").output().unwrap();
    assert!(!died.status.success());
    // The receiver has lost what it had.
    receiver.lock().unwrap().rows.clear();
    let anew = hook.program(&["deliver", "--anew"]).output().unwrap();
    assert!(anew.status.success(), "{}", String::from_utf8_lossy(&anew.stdout));
    assert_eq!(receiver.lock().unwrap().rows, rows(1..=50, "a"));
}
