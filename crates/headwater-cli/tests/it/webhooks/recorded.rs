//! What is recorded of deliveries, and how it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{CUSTOMERS, EVENTS, Hook, Reply};

#[test]
fn each_delivery_of_each_run_is_recorded() {
    let works = Arc::new(AtomicBool::new(true));
    let does = Arc::clone(&works);
    let hook =
        Hook::new(CUSTOMERS, "", EVENTS, move |_| Reply::status(if does.load(Ordering::SeqCst) { 200 } else { 401 }));
    let status = || hook.say(&["deliver", "--status", "--json"]).exits(0).json()[0].clone();
    assert_eq!(status()["standing"], "not_published");
    hook.say(&["run", "--no-deliver"]).exits(0);
    assert_eq!((&status()["standing"], &status()["holds"]), (&"never".into(), &serde_json::Value::Null));
    hook.say(&["run"]).exits(0);
    let told = status();
    assert_eq!((&told["standing"], &told["holds"], &told["newest"]), (&"up_to_date".into(), &1.into(), &1.into()));
    let info = hook.say(&["run-info", "--json"]).exits(0).json();
    let record = &info["deliveries"][0];
    assert_eq!(
        (&record["delivery"], &record["connector"], &record["outcome"], &record["to"], &record["written"]),
        (&"crm/raw.customers".into(), &"webhook".into(), &"delivered".into(), &1.into(), &3.into()),
        "{record}"
    );
    assert_eq!(record["attempts"], 1);
    let sent: usize = hook.server.asked().iter().map(|request| request.body.len()).sum();
    assert_eq!(record["bytes"], sent as u64, "{record}");
    // One that fails is recorded with why, and what is behind is told.
    works.store(false, Ordering::SeqCst);
    for city in ["Nice", "Lyon"] {
        hook.customers(&format!("id,name,city\n1,Ada,{city}\n"));
        hook.say(&["run"]).exits(1);
    }
    let told = status();
    assert_eq!(
        (&told["standing"], &told["holds"], &told["newest"], &told["snapshots_behind"]),
        (&"behind".into(), &1.into(), &3.into(), &2.into()),
        "{told}"
    );
    assert_eq!((&told["last"]["outcome"], &told["last"]["code"]), (&"failed".into(), &"HW0328".into()), "{told}");
    let said = hook.say(&["deliver", "--status"]).exits(0);
    assert!(
        said.out.contains("behind") && said.out.contains("2 snapshots") && said.out.contains("[HW0328]"),
        "{}",
        said.out
    );
    let said = hook.say(&["run-info"]).exits(0);
    assert!(said.out.contains("crm/raw.customers") && said.out.contains("[HW0328]"), "{}", said.out);
    let runs = hook.say(&["runs", "--json"]).exits(0).json();
    assert_eq!(runs[0]["deliveries"][0]["outcome"], "failed", "{runs}");
    assert!(runs[0]["id"].is_string() && runs[0]["state"].is_string());
    assert!(hook.say(&["runs"]).exits(0).out.contains("0, 1 failed"));
    // `headwater deliver` is no run, and is recorded all the same.
    works.store(true, Ordering::SeqCst);
    hook.say(&["deliver"]).exits(0);
    let told = status();
    assert_eq!((&told["standing"], &told["holds"]), (&"up_to_date".into(), &3.into()), "{told}");
    assert_eq!(hook.say(&["runs", "--json"]).exits(0).json().as_array().unwrap().len(), 4);
}
