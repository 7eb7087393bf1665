//! Runs that die in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use super::server::Reply;
use super::{Api, orders, page};

const ALL: &str = "select count(*), count(distinct id), sum(id) from raw.orders";

#[test]
fn a_run_that_is_killed_among_its_pages_leaves_nothing_and_is_done_again() {
    // The twelfth page waits until the run is dead.
    let (reached, killed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (told, dead) = (Arc::clone(&reached), Arc::clone(&killed));
    let api = Api::new(
        "",
        "  - { table: raw.orders, path: /orders, mode: incremental, cursor: { field: id }, paginate: { page: {} } }",
        move |request| {
            let number = request.number("page").unwrap();
            told.fetch_max(number, Ordering::SeqCst);
            while number == 12 && !dead.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            Reply::json(&json!(page(&orders(1..=2000), number - 1, 100)))
        },
    );
    let mut run =
        api.command(&["run"]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    while reached.load(Ordering::SeqCst) < 12 {
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    killed.store(true, Ordering::SeqCst);
    assert!(api.say(&["query", ALL]).code != Some(0), "nothing is published");
    api.run();
    assert_eq!(api.query(ALL), "2000,2000,2001000");
    api.run();
    assert_eq!(api.query(ALL), "2000,2000,2001000");
}

#[test]
fn a_load_that_dies_is_neither_lost_nor_doubled() {
    let count = Arc::new(AtomicUsize::new(10));
    let now = Arc::clone(&count);
    for key in ["", ", key: [id]"] {
        let now = Arc::clone(&now);
        let stream = format!(
            "  - {{ table: raw.orders, path: /orders, mode: incremental{key}, cursor: {{ field: id, param: from }} }}"
        );
        let api = Api::new("", &stream, move |request| {
            let from = request.number("from").unwrap_or(1);
            Reply::json(&json!(orders(from..=now.load(Ordering::SeqCst))))
        });
        count.store(10, Ordering::SeqCst);
        api.run();
        for round in 1..=3 {
            count.store(10 + round * 10, Ordering::SeqCst);
            for point in ["engine_after_write", "after_stage", "after_intent", "after_flip"] {
                let _dies = api.command(&["run"]).env("HEADWATER_CRASH_AT", point).output().unwrap();
            }
            api.run();
            let rows = 10 + round * 10;
            assert_eq!(api.query(ALL), format!("{rows},{rows},{}", rows * (rows + 1) / 2));
        }
    }
}
