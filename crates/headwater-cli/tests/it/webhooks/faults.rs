//! What goes wrong on the way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{CUSTOMERS, EVENTS, Hook, Reply};
use crate::project::assert_told;

#[test]
fn what_may_pass_is_waited_for_and_sent_again_under_the_same_key() {
    type Fault = (&'static str, fn() -> Reply);
    let faults: [Fault; 6] = [
        ("500", || Reply::status(500)),
        ("503", || Reply::status(503).with("Retry-After", "1")),
        ("429", || Reply::status(429).with("Retry-After", "1")),
        ("408", || Reply::status(408)),
        ("half-closed", || Reply::status(200).silent()),
        ("slow", || Reply::status(200).late(Duration::from_secs(3))),
    ];
    for (name, fault) in faults {
        // By keys, so that it is told whether a row comes under another one.
        let seen: Arc<Mutex<BTreeMap<String, Vec<String>>>> = Arc::default();
        let known = Arc::clone(&seen);
        let hook = Hook::new(CUSTOMERS, "timeout: 1", EVENTS, move |request| {
            let mut known = known.lock().unwrap();
            let bodies = known.entry(request.header("idempotency-key").unwrap().to_owned()).or_default();
            bodies.push(request.body.clone());
            if request.body.contains("Ben") && bodies.len() == 1 { fault() } else { Reply::status(200) }
        });
        let said = hook.run();
        assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &3.into()), "{name}: {said}");
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 3, "{name}");
        let counts: Vec<usize> = seen.values().map(Vec::len).collect();
        assert_eq!(counts.iter().sum::<usize>(), 4, "{name}: {counts:?}");
        assert!(seen.values().all(|bodies| bodies.iter().all(|body| *body == bodies[0])), "{name}");
    }
}

#[test]
fn what_does_not_pass_fails_the_delivery_and_the_next_run_goes_on() {
    let is_down = Arc::new(Mutex::new(true));
    let down = Arc::clone(&is_down);
    let hook = Hook::new(CUSTOMERS, "retries: 0\nrate_limit: { together: 1 }", EVENTS, move |request| {
        if *down.lock().unwrap() && request.body.contains("Cleo") { Reply::status(503) } else { Reply::status(200) }
    });
    let said = hook.say(&["run"]).exits(1);
    assert_told(&said, "HW0327", &["crm/raw.customers", "503"]);
    assert!(said.out.contains("published snapshot 1"), "{}", said.out);
    let sent: Vec<String> = hook.came().into_iter().filter(|came| !came.contains("Cleo")).collect();
    *is_down.lock().unwrap() = false;
    let said = hook.run();
    assert_eq!(said["state"], "delivered", "{said}");
    let later = hook.came();
    assert!(later.iter().any(|came| came.contains("Cleo")), "{later:?}");
    assert!(sent.iter().all(|came| !later.contains(came)), "what was taken is not sent again: {sent:?} {later:?}");
    assert_eq!(said["written"].as_u64().unwrap() as usize, 3 - sent.len(), "{said}");
    assert_eq!(hook.run()["state"], "up_to_date");
}

#[test]
fn answers_that_are_not_about_rows_fail_at_once() {
    for (status, code, words) in [
        (401, "HW0328", &["auth"] as &[&str]),
        (403, "HW0328", &["auth"]),
        (404, "HW0385", &["url"]),
        (405, "HW0385", &["method"]),
        (302, "HW0385", &["url"]),
        (501, "HW0327", &["501"]),
    ] {
        let hook = Hook::new(CUSTOMERS, "rate_limit: { together: 1 }", EVENTS, move |_| Reply::status(status));
        assert_told(&hook.say(&["run"]).exits(1), code, words);
        assert_eq!(hook.came().len(), 1, "{status}");
    }
}

#[test]
fn a_pace_is_kept() {
    let lines: Vec<String> = (1..=12).map(|id| format!("{id},x\n")).collect();
    let hook = Hook::new(&format!("id,name\n{}", lines.concat()), "rate_limit: { per_second: 10 }", EVENTS, |_| {
        Reply::status(200)
    });
    hook.say(&["run", "--no-deliver"]).exits(0);
    let began = std::time::Instant::now();
    hook.say(&["deliver"]).exits(0);
    assert!(began.elapsed() >= Duration::from_millis(1100), "{:?}", began.elapsed());
    assert_eq!(hook.came().len(), 12);
}

#[test]
fn tokens_are_asked_for_and_replaced() {
    let hook = Hook::new(CUSTOMERS, "", EVENTS, |request| match request.path.as_str() {
        "/v1/token" => {
            Reply::json(&serde_json::json!({ "access_token": format!("token-{}", request.before), "expires_in": 3600 }))
        }
        // The first token is refused once it is used.
        _ if request.header("authorization") == Some("Bearer token-1") => Reply::status(200),
        _ => Reply::status(401),
    });
    let token = format!("http://127.0.0.1:{}/v1/token", hook.server.port);
    let auth = format!(
        "auth: {{ oauth2: {{ token_url: \"{token}\", client_id: me, client_secret: \"${{CRM_TOKEN}}\" }} }}\nrate_limit: {{ together: 1 }}"
    );
    hook.deliver(&auth, EVENTS);
    let said = hook.run();
    assert_eq!(said["written"], 3, "{said}");
}
