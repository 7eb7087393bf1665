//! What is sent, and where.

use std::process::{Command, Stdio};

use super::{CUSTOMERS, EVENTS, Hook, Reply};
use crate::project::assert_told;

const PUT: &str = "  - { table: raw.customers, key: id, method: put, path: \"/contacts/{id}\", delete: { path: \"/contacts/{id}\" } }\n";

#[test]
fn only_what_has_changed_is_sent() {
    let hook = Hook::new(CUSTOMERS, "auth: { bearer: \"${CRM_TOKEN}\" }", PUT, |request| {
        assert_eq!(request.header("authorization"), Some("Bearer secret-of-the-crm"));
        Reply::text(204, "text/plain", "")
    });
    let said = hook.run();
    assert_eq!((&said["state"], &said["written"], &said["snapshot"]), (&"delivered".into(), &3.into(), &1.into()));
    assert_eq!(
        hook.came(),
        [
            r#"PUT /v1/contacts/1 {"id":1,"name":"Ada","city":"Paris"}"#,
            r#"PUT /v1/contacts/2 {"id":2,"name":"Ben","city":null}"#,
            r#"PUT /v1/contacts/3 {"id":3,"name":"Cleo","city":"Rome"}"#,
        ]
    );
    hook.customers("id,name,city\n1,Ada,Paris\n2,Ben,Bonn\n4,Dan,Oslo\n");
    let said = hook.run();
    assert_eq!((&said["written"], &said["deleted"], &said["from"]), (&2.into(), &1.into(), &1.into()), "{said}");
    assert_eq!(
        hook.came(),
        [
            "DELETE /v1/contacts/3 ",
            r#"PUT /v1/contacts/2 {"id":2,"name":"Ben","city":"Bonn"}"#,
            r#"PUT /v1/contacts/4 {"id":4,"name":"Dan","city":"Oslo"}"#,
        ]
    );
    assert_eq!(hook.run()["state"], "up_to_date");
    assert_eq!(hook.came(), [""; 0]);
    // A rollback is delivered, too.
    hook.say(&["rollback", "1"]).exits(0);
    hook.say(&["deliver"]).exits(0);
    assert_eq!(
        hook.came(),
        [
            "DELETE /v1/contacts/4 ",
            r#"PUT /v1/contacts/2 {"id":2,"name":"Ben","city":null}"#,
            r#"PUT /v1/contacts/3 {"id":3,"name":"Cleo","city":"Rome"}"#,
        ]
    );
    let said = hook.say(&["deliver", "--anew", "--json"]).exits(0).json();
    assert_eq!((&said[0]["written"], &said[0]["deleted"]), (&3.into(), &0.into()), "{said}");
}

#[test]
fn events_and_lists_are_sent() {
    let hook = Hook::new(CUSTOMERS, "", EVENTS, |_| Reply::status(200));
    hook.run();
    assert_eq!(
        hook.came()[2],
        r#"POST /v1/events {"type":"upsert","delivery":"crm/raw.customers","snapshot":1,"row":{"id":3,"name":"Cleo","city":"Rome"}}"#
    );
    hook.customers("id,name,city\n1,Ada,Paris\n2,Ben,\n");
    hook.run();
    assert_eq!(
        hook.came(),
        [r#"POST /v1/events {"type":"delete","delivery":"crm/raw.customers","snapshot":2,"key":{"id":3}}"#]
    );
    // Rows that are added, in lists; one that comes twice is sent twice.
    hook.deliver(
        "",
        "  - { table: raw.customers, name: added, mode: append, path: /rows, batch: 2, list_in: records }\n",
    );
    hook.customers("id,name,city\n1,Ada,Paris\n2,Ben,\n2,Ben,\n");
    let said = hook.run();
    assert_eq!(said["written"], 3, "{said}");
    let came = hook.server.asked();
    let rows: Vec<serde_json::Value> =
        came.iter().flat_map(|request| request.json()["records"].as_array().unwrap().clone()).collect();
    assert_eq!((came.len(), rows.len()), (2, 3));
    assert_eq!(rows.iter().filter(|row| row["id"] == 2).count(), 2);
    let keys: std::collections::BTreeSet<_> = came.iter().map(|r| r.header("idempotency-key").unwrap()).collect();
    assert_eq!(keys.len(), 2);
}

/// Signatures are verified by another implementation of HMAC: Python's.
#[test]
fn requests_are_signed() {
    let hook = Hook::new(CUSTOMERS, "signing_secret: \"${SIGNING}\"", EVENTS, |_| Reply::status(200));
    hook.run();
    let came = hook.server.asked();
    assert_eq!(came.len(), 3);
    for request in came {
        let header = |name: &str| request.header(name).unwrap().to_owned();
        assert_eq!(header("webhook-id"), header("idempotency-key"));
        let code = "import sys,hmac,hashlib,base64\n\
            key=base64.b64decode('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')\n\
            signed=(sys.argv[1]+'.'+sys.argv[2]+'.'+sys.argv[3]).encode()\n\
            print('v1,'+base64.b64encode(hmac.new(key,signed,hashlib.sha256).digest()).decode())";
        let python = Command::new("python3")
            .args(["-c", code, &header("webhook-id"), &header("webhook-timestamp"), &request.body])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&python.stdout).trim(), header("webhook-signature"));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(header("webhook-timestamp").parse().unwrap()) < 300);
    }
}

#[test]
fn values_of_every_type_are_json() {
    let hook =
        Hook::new("id\n1\n", "", "  - { table: marts.types, key: id, path: /t, body: row, on_delete: keep }\n", |_| {
            Reply::status(200)
        });
    hook.project.write(
        "models/marts/types.sql",
        r#"select 9007199254740993 as id, true as b, cast('-12345.678' as decimal(20,5)) as d, 0.1e0 as f, cast('NaN' as double) as nan,
            'it''s "x"' as t, arrow_cast('ab', 'Binary') as bin, date '1815-12-10' as day,
            arrow_cast('2024-02-29T12:00:00.123456Z', 'Timestamp(Microsecond, Some("UTC"))') as at,
            arrow_cast('0099-01-01T00:00:00', 'Timestamp(Microsecond, None)') as ntz, [1, null] as list, named_struct('a', 1) as s, cast(null as int) as none"#,
    );
    hook.say(&["run"]).exits(0);
    let body = hook.server.asked()[0].body.clone();
    let read: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(body.starts_with("{\"id\":9007199254740993,"), "{body}");
    assert!(body.contains("-12345.67800"), "{body}");
    for (name, value) in [
        ("b", serde_json::json!(true)),
        ("f", 0.1.into()),
        ("nan", serde_json::Value::Null),
        ("t", "it's \"x\"".into()),
        ("bin", "6162".into()),
        ("day", "1815-12-10".into()),
        ("at", "2024-02-29T12:00:00.123456Z".into()),
        ("ntz", "0099-01-01T00:00:00".into()),
        ("list", serde_json::json!([1, null])),
        ("s", serde_json::json!({ "a": 1 })),
        ("none", serde_json::Value::Null),
    ] {
        assert_eq!(read[name], value, "{name}: {body}");
    }
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let hook = Hook::new(CUSTOMERS, "", EVENTS, |_| Reply::status(200));
    hook.say(&["run", "--no-deliver"]).exits(0);
    for (delivery, words) in [
        ("{ table: raw.customers, key: id, path: /c }", &["rows that are gone", "delete:"] as &[&str]),
        ("{ table: raw.customers, mode: replace, path: /c }", &["replace"]),
        ("{ table: raw.customers, key: id, path: \"/c/{id}\", batch: 3, body: event }", &["leave `batch` out"]),
        ("{ table: raw.customers, key: id, path: /c, list_in: x, body: event }", &["write `batch`"]),
        ("{ table: raw.customers, key: id, path: \"https://elsewhere/c\", body: event }", &["leaves"]),
        ("{ table: raw.customers, key: id, path: /c, method: delete, body: event }", &["post, put or patch"]),
    ] {
        hook.deliver("", &format!("  - {delivery}\n"));
        let said = hook.say(&["check"]).exits(2);
        let text = format!("{}{}", said.out, said.err);
        assert!(words.iter().all(|word| text.contains(word)), "{delivery}: {text}");
        assert!(said.err.contains("destinations/crm.yml:5"), "{delivery}: {}", said.err);
    }
    hook.deliver("signing_secret: abc", EVENTS);
    assert!(hook.say(&["check"]).exits(2).err.contains("whsec_"));
    hook.deliver("", "  - { table: raw.customers, key: id, path: \"/c/{nme}\", body: event }\n");
    assert_told(&hook.say(&["deliver", "--dry-run"]).exits(1), "HW0381", &["{nme}"]);
    assert_told(&hook.say(&["deliver"]).exits(1), "HW0381", &["{nme}"]);
    hook.deliver("", EVENTS);
    hook.server.asked();
    let said = hook.say(&["deliver", "--dry-run"]).exits(0);
    assert!(said.out.contains("to be delivered"), "{}", said.out);
    assert!(hook.came().iter().all(|came| came.starts_with("GET /v1/ ")), "a dry run only looks");
}
