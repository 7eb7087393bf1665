//! Airbyte's `source-faker`: people who never were, and what they buy.

use std::process::Command;

use super::Source;
use crate::singer::installed;

/// What the connector prints when it is asked without Headwater: of the users how many, the sums of two columns, and the texts of a
/// nested one together.
const TOLD: &str = r#"
import json, subprocess, sys
faker, streams = sys.argv[1], json.load(open("catalog.json"))
out = subprocess.run([faker, "read", "--config", "config.json", "--catalog", "catalog.json"], capture_output=True, check=True, text=True).stdout
rows = [m["record"]["data"] for m in map(json.loads, out.splitlines()) if m["type"] == "RECORD"]
users = sorted((r for r in rows if "age" in r), key=lambda r: r["id"])
print(len(users), sum(u["id"] for u in users), sum(u["age"] for u in users), "/".join(u["address"]["city"] for u in users[:5]), users[0]["email"], sep="|")
"#;

#[test]
fn users_and_products_come_as_the_connector_has_them() {
    let faker = installed("airbyte", "source-faker");
    let source = Source::new(&format!(
        "command: [{}]\nconfig: {{ count: 40, seed: 7, parallelism: 1, always_updated: false }}\nstreams:\n  - {{ table: raw.users, stream: users, mode: incremental }}\n  - {{ table: raw.products, stream: products }}\n",
        faker.display()
    ));
    let said = source.say(&["source", "check"]).exits(0);
    for words in ["the connector can read (check)", "answers: it has 3 streams", "raw.users: can be read"] {
        assert!(said.out.contains(words), "no {words} in {}", said.out);
    }
    source.run();

    let folder = source.project.path();
    source.project.write("config.json", "{\"count\": 40, \"seed\": 7, \"parallelism\": 1, \"always_updated\": false}");
    let discovered =
        Command::new(&faker).args(["discover", "--config", "config.json"]).current_dir(folder).output().unwrap();
    let messages = String::from_utf8(discovered.stdout).unwrap();
    let mut messages = messages.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let catalogue = messages.find(|message| message["type"] == "CATALOG").unwrap();
    let users =
        catalogue["catalog"]["streams"].as_array().unwrap().iter().find(|stream| stream["name"] == "users").unwrap();
    let streams = serde_json::json!({ "streams": [{ "stream": users, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite" }] });
    source.project.write("catalog.json", streams.to_string());
    let told = Command::new("python3").args(["-c", TOLD]).arg(&faker).current_dir(folder).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let ours = source.query(
        "select count(*), sum(id), sum(age), (select string_agg(address['city'], '/' order by id) from raw.users where id <= 5), min(case when id = 1 then email end) from raw.users",
    );
    assert_eq!(
        ours.replace(',', "|").replace('"', ""),
        String::from_utf8(told.stdout).unwrap().trim().replace(',', "|")
    );
    assert_eq!(source.query("select count(*), count(distinct id), min(price) > 0 from raw.products"), "40,40,true");

    // Nobody is updated: the connector's state says so.
    let said = source.say(&["run", "--json"]).exits(0).json();
    let users = said["assets"].as_array().unwrap().iter().find(|asset| asset["asset"] == "raw.users").unwrap();
    assert_eq!(
        (&users["rows_in"], source.query("select count(*) from raw.users").as_str()),
        (&0.into(), "40"),
        "{said}"
    );
}

#[test]
fn a_source_is_written_from_what_a_connector_has() {
    let faker = installed("airbyte", "source-faker");
    let source = Source::new("");
    std::fs::remove_file(source.project.path().join("sources/connector.yml")).unwrap();
    let command = format!("command=[\"{}\"]", faker.display());
    source.say(&["source", "add", "airbyte", &command, "config={\"count\": 3}", "--only", "products"]).exits(0);
    let shown = source.say(&["source", "preview", "raw.products", "-n", "2", "--json"]).exits(0).json();
    assert_eq!(shown["rows"].as_array().unwrap().len(), 2, "{shown}");
}
