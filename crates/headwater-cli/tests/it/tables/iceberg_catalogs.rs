//! Iceberg tables by a REST catalogue. What is expected is what PyIceberg's own client reads through the same catalogue.

use serde_json::{Value, json};

use super::catalogued::{Catalogued, ROWS, SECRET, TOKEN, stream, texts_below};
use crate::project::assert_told;

const MADE: &str = "
t = catalog().create_table('db.t', schema=batch(0, 1, 'a').schema)
t.append(batch(0, 100, 'a'))";

#[test]
fn all_modes_read_what_the_catalogue_names() {
    let usual = || json!({});
    let catalogued = Catalogued::new(usual(), &stream(""));
    catalogued.make(&format!(
        "{MADE}\nt.manage_snapshots().create_tag(t.current_snapshot().snapshot_id, 'audited').commit()"
    ));
    let now = |of: &str| {
        let (found, expected) = (catalogued.query(ROWS), catalogued.expected("'db.t'", of));
        assert_eq!(found, expected);
        expected.lines().count()
    };
    catalogued.requests();
    catalogued.run();
    let asked = catalogued.requests();
    assert_eq!(asked.lines().filter(|line| line.contains("/v1/config?warehouse=sales ")).count(), 1, "{asked}");
    let load = "GET /api/v1/main/sales/namespaces/db/tables/t?snapshots=refs vended-credentials";
    assert!(asked.contains(load), "{asked}");
    assert_eq!(now(""), 100);
    // What the catalogue does not know is not read, even where it lies in the table's folder with a greater number.
    let first = catalogued.make(
        "import shutil
t = table()
print(t.current_snapshot().snapshot_id)
before = t.metadata_location.removeprefix('file://')
t.append(batch(100, 110, 'b'))
shutil.copy(before, os.path.dirname(before) + '/99999-lost.metadata.json')",
    );
    catalogued.run();
    assert_eq!(now(""), 110);
    for (more, rows) in [("ref: audited".to_owned(), 100), (format!("snapshot: {first}"), 100)] {
        catalogued.source("token: \"${TOKEN}\"", &stream(&format!(", {more}")));
        catalogued.run();
        assert_eq!(now(&format!("snapshot_id={first}")), rows, "{more}");
    }
    catalogued.source("token: \"${TOKEN}\"", &stream(", ref: nowhere"));
    assert_told(&catalogued.say(&["run"]).exits(1), "HW0393", &["no branch or tag 'nowhere'"]);
    // A source that finds the table otherwise is another one: it reads the table anew, and then on.
    let keyed = ", mode: cdc, key: [id]";
    catalogued.project.write(
        "sources/t.yml",
        format!("connector: iceberg\nlocation: data/db\nstreams:\n  - {{ table: raw.c, path: t{keyed} }}\n"),
    );
    catalogued.make("os.remove(glob.glob('data/db/t/metadata/99999-*')[0])");
    catalogued.run();
    catalogued.source("token: \"${TOKEN}\"", &format!("  - {{ table: raw.c, from: db.t{keyed} }}"));
    let anew = catalogued.run();
    assert!(anew.out.contains(" 110 "), "{}", anew.out);
    assert!(catalogued.run().out.contains("nothing"), "nothing to do");
    catalogued.make("table().append(batch(110, 120, 'on'))");
    let on = catalogued.run();
    assert!(on.out.contains(" 10 "), "the new rows alone:\n{}", on.out);
    assert_eq!(catalogued.query("select id, name from raw.c order by id"), catalogued.expected("'db.t'", ""));
    let both =
        format!("  - {{ table: raw.t, from: db.t, mode: new_files }}\n  - {{ table: raw.c, from: db.t{keyed} }}");
    catalogued.source("token: \"${TOKEN}\"", &both);
    let full = catalogued.say(&["run", "--full-refresh"]);
    full.exits(0);
    catalogued.make("t = table()\nt.append(batch(200, 210, 'c'))\nt.append(batch(210, 220, 'd'))");
    let said = catalogued.run();
    assert!(said.out.contains("published"), "{}", said.out);
    assert_eq!(now(""), 140);
    catalogued.make("t = table()\nt.delete('id < 10')\ndelete_positions(t, [(files(t)[-1], [1, 2])])");
    assert_told(&catalogued.say(&["run"]).exits(1), "HW0394", &["raw.t"]);
    assert_eq!(catalogued.query("select id, name from raw.c order by id"), catalogued.expected("'db.t'", ""));
    assert_eq!(catalogued.query("select count(*) from raw.c"), "128");
}

#[test]
fn who_is_let_in_and_how() {
    let client = json!({ "client": ["ada", SECRET, "catalog"], "uses": 3, "life": 3600 });
    let catalogued = Catalogued::new(client.clone(), &stream(""));
    catalogued.make(MADE);
    let with = "credential: \"${CLIENT_ID}:${CLIENT_SECRET}\"";
    // Three streams ask for more than a token of three uses allows: another one is fetched, by either status.
    let three = "  - { table: raw.t, from: db.t }\n  - { table: raw.u, from: db.t }\n  - { table: raw.v, from: db.t }";
    for status in [401, 419] {
        let mut settings = client.clone();
        settings["expired"] = json!(status);
        catalogued.behave(settings);
        catalogued.source(with, three);
        catalogued.requests();
        catalogued.say(&["run", "--full-refresh"]).exits(0);
        let asked = catalogued.requests();
        let tokens = asked.lines().filter(|line| line.contains("POST /api/v1/oauth/tokens")).count();
        assert!(tokens >= 2, "{asked}");
        assert_eq!(catalogued.query("select count(*) from raw.v"), "100");
    }
    // What the token shall allow, and who gives it, may be said.
    let mut settings = client;
    settings["client"][2] = json!("read");
    catalogued.behave(settings);
    let uri = catalogued.uri();
    catalogued.source(&format!("{with}\n  scope: read\n  oauth2_uri: {uri}/v1/oauth/tokens"), &stream(""));
    catalogued.run();
    catalogued.source(with, &stream(""));
    let refused = catalogued.say(&["run", "--full-refresh"]).exits(1);
    assert_told(&refused, "HW0379", &["gives no token", "`credential`, `oauth2_uri` and `scope`"]);
    catalogued.behave(json!({ "token": "another" }));
    for (keys, sent) in [("token: \"${TOKEN}\"", "`token`"), ("headers: { x-more: yes please }", "no `token`")] {
        catalogued.source(keys, &stream(""));
        assert_told(&catalogued.say(&["run"]).exits(1), "HW0379", &["401", "not let in", sent]);
    }
    assert!(catalogued.requests().contains("yes please"), "the header is sent");
    catalogued.behave(json!({ "forbidden": ["t"] }));
    catalogued.source("token: \"${TOKEN}\"", &stream(""));
    assert_told(&catalogued.say(&["run"]).exits(1), "HW0379", &["403", "not for you"]);
    let said = catalogued.say(&["source", "check"]).exits(3);
    assert!(said.out.contains("answers as a catalogue of Iceberg tables, of the prefix main/sales"), "{}", said.out);
    assert_eq!(texts_below(&catalogued.project.lake()), "", "secrets in the lake");
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let catalogued = Catalogued::new(json!({ "page": 2 }), &stream(""));
    catalogued.make(
        "c = catalog()
c.create_namespace('db.deep')
c.create_namespace('empty')
for name in ['db.orders', 'db.t', 'db.deep.lines']: c.create_table(name, schema=batch(0, 1, 'a').schema)",
    );
    for (from, words) in [
        ("db.ordes", vec!["has no table db.ordes", "did you mean `from: db.orders`?"]),
        ("db.xyzxyz", vec!["the namespace db has", "orders, t"]),
        ("bd.orders", vec!["did you mean `from: db.orders`?"]),
        ("db.deeep.lines", vec!["did you mean `from: db.deep.lines`?"]),
        ("empty.x", vec!["the namespace empty is empty"]),
        ("nowhere.x", vec!["there is no namespace nowhere"]),
    ] {
        catalogued.source("token: \"${TOKEN}\"", &format!("  - {{ table: raw.t, from: {from} }}"));
        assert_told(&catalogued.say(&["run"]).exits(2), "HW0390", &words);
    }
    catalogued.source("token: \"${TOKEN}\"", "  - { table: raw.t, from: db.deep.lines }");
    catalogued.run();
    assert_eq!(catalogued.query("select count(*) from raw.t"), "0");
    let wrong = |catalog: &str, code: &str, words: &[&str]| {
        catalogued.source_of(catalog, &stream(""));
        assert_told(&catalogued.say(&["run"]).exits(1), code, words);
    };
    let (uri, token) = (catalogued.uri(), "  token: \"${TOKEN}\"\n");
    wrong(&format!("  uri: {uri}\n  warehouse: other\n{token}"), "HW0380", &["no such warehouse", "`warehouse`"]);
    wrong(&format!("  uri: {uri}/v1\n  warehouse: sales\n{token}"), "HW0380", &["404", "before /v1/config"]);
}

#[test]
fn faults_are_waited_for_or_told() {
    let catalogued = Catalogued::new(json!({}), &stream(""));
    catalogued.make(MADE);
    let behave = |at: &str, fault: Value| {
        let mut fault = fault;
        fault["at"] = json!(at);
        catalogued.behave(json!({ "faults": [fault] }));
    };
    behave("/tables/t", json!({ "status": 503 }));
    catalogued.run();
    behave("/v1/config", json!({ "status": 429 }));
    catalogued.run();
    assert_eq!(catalogued.query(ROWS), catalogued.expected("'db.t'", ""));
    for (at, body, words) in [
        ("/v1/config", json!("<html>log in</html>"), "no JSON"),
        ("/v1/config", json!({ "hello": 1 }), "does not answer as a catalogue"),
        (
            "/v1/config",
            json!({ "defaults": {}, "overrides": { "uri": "https://elsewhere.test/" } }),
            "wants to be asked at https://elsewhere.test/",
        ),
        ("/tables/t", json!([1, 2]), "does not answer as a catalogue"),
        (
            "/tables/t",
            json!({ "metadata-location": null, "metadata": { "location": "s3://b/t" } }),
            "names no metadata file",
        ),
        ("/tables/t", json!({ "metadata-location": "x", "metadata": {} }), "names no folder"),
        (
            "/tables/t",
            json!({ "metadata": "hunter2", "config": { "s3.secret-access-key": 5 } }),
            "does not answer as a catalogue",
        ),
    ] {
        behave(at, json!({ "body": body, "times": 99 }));
        assert_told(&catalogued.say(&["run", "--full-refresh"]).exits(1), "HW0380", &[words]);
    }
    for (place, code, words) in [
        ("oss://bucket/t", "HW0395", vec!["oss://bucket/t", "is not read"]),
        ("file:///nowhere/at/all", "HW0395", vec!["/nowhere/at/all", "there is nothing"]),
        ("/etc", "HW0302", vec!["outside the project's folder", "allow_outside: true"]),
    ] {
        let body = json!({ "metadata-location": format!("{place}/metadata/1.metadata.json"), "metadata": { "location": place } });
        behave("/tables/t", json!({ "body": body, "times": 99 }));
        assert_told(&catalogued.say(&["run", "--full-refresh"]).exits(1), code, &words);
    }
    // A file of the table outside of its folder, and one that is gone.
    let inside = catalogued.project.path().join("data/db/t").display().to_string();
    for (file, code) in
        [("/etc/passwd".to_owned(), "HW0302"), (format!("file:{inside}/metadata/9.metadata.json"), "HW0395")]
    {
        let body = json!({ "metadata-location": file, "metadata": { "location": inside } });
        behave("/tables/t", json!({ "body": body, "times": 99 }));
        assert_told(&catalogued.say(&["run", "--full-refresh"]).exits(1), code, &[]);
    }
    catalogued.source_of("  uri: http://127.0.0.1:9/api\n", &stream(""));
    let said = catalogued.say(&["source", "check"]).exits(3);
    assert!(
        said.out.contains("does not answer as it should") && said.out.contains("help: check `uri`"),
        "{}",
        said.out
    );
}

#[test]
fn keys_that_do_not_go_together_are_told() {
    let catalogued = Catalogued::new(json!({}), &stream(""));
    let check = |source: &str, words: &[&str]| {
        catalogued.project.write("sources/t.yml", source);
        assert_told(&catalogued.say(&["check"]).exits(2), "HW0122", words);
    };
    let with = |source: &str, stream: &str| {
        format!("connector: iceberg\n{source}\nstreams:\n  - {{ table: raw.t, {stream} }}\n")
    };
    let catalog = "catalog: { uri: https://c.test }";
    check(&with(&format!("location: data\n{catalog}"), "from: a.b"), &["`location` and `catalog`"]);
    check(&with(catalog, "path: a/b"), &["`path` names a folder", "from: namespace.table"]);
    check(&with(catalog, "mode: full"), &["does not say which table of the catalogue"]);
    check(&with("location: data", "from: a.b"), &["`from` names a table of a catalogue"]);
    check(&with(catalog, "from: orders"), &["'orders' is no name of a table in a catalogue"]);
    for (keys, words) in [
        ("uri: \"ftp://c.test\"", "`uri` is no address"),
        ("uri: \"https://ada:x@c.test\"", "credentials in `uri`"),
        ("uri: https://c.test, token: a, credential: \"b:c\"", "`token` and `credential`"),
        ("uri: https://c.test, credential: b", "a colon between them"),
        ("uri: https://c.test, credential: \"b:c\", oauth2_uri: nowhere", "`oauth2_uri` is no address"),
        ("uri: https://c.test, scope: x", "`scope` goes with `credential`"),
    ] {
        check(&with(&format!("catalog: {{ {keys} }}"), "from: a.b"), &[words]);
    }
}

#[test]
fn what_there_is_becomes_a_source() {
    let catalogued = Catalogued::new(json!({ "page": 2, "forbidden": ["closed"] }), &stream(""));
    catalogued.make(
        "from pyiceberg.schema import Schema
from pyiceberg.types import *
F = NestedField
c = catalog()
c.create_namespace('db.deep')
c.create_namespace('web')
keyed = Schema(F(1, 'id', LongType(), required=True, doc='Number of the order'), F(2, 'price', DecimalType(12, 2)),
  F(3, 'lines', ListType(4, StringType())), identifier_field_ids=[1])
t = c.create_table('db.orders', schema=keyed, properties={'comment': 'What was bought.'})
arrow = t.schema().as_arrow()
t.append(pa.Table.from_pylist([{'id': n, 'price': decimal.Decimal(n), 'lines': []} for n in range(3)], arrow))
for name in ['db.closed', 'db.a', 'db.b', 'db.deep.lines', 'web.clicks']: c.create_table(name, schema=batch(0, 1, 'a').schema)
os.remove('sources/t.yml')",
    );
    let catalog =
        format!("catalog={{\"uri\": \"{}\", \"warehouse\": \"sales\", \"token\": \"${{TOKEN}}\"}}", catalogued.uri());
    let said = catalogued.say(&["source", "add", "iceberg", &catalog, "--dry-run", "--json"]).exits(0);
    let found: Value = said.json();
    let names: Vec<&str> =
        found["streams"].as_array().unwrap().iter().map(|stream| stream["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["db.a", "db.b", "db.deep.lines", "db.orders", "web.clicks"]);
    assert!(
        found["left_out"][0].as_str().unwrap().contains("db.closed")
            && found["left_out"].as_array().unwrap().len() == 1
    );
    let orders = &found["streams"][3];
    let text = orders.to_string();
    assert_eq!(
        (&orders["key"], &orders["rows"], &orders["description"]),
        (&json!(["id"]), &json!(3), &json!("What was bought.")),
        "{text}"
    );
    assert_eq!(orders["columns"][0]["description"], "Number of the order", "{text}");
    assert_eq!(
        (&orders["columns"][0]["nullable"], &orders["columns"][1]["source_type"]),
        (&json!(false), &json!("decimal(12, 2)")),
        "{text}"
    );
    catalogued.say(&["source", "add", "iceberg", &catalog, "--mode", "cdc"]).exits(0);
    let written = std::fs::read_to_string(catalogued.project.path().join("sources/iceberg.yml")).unwrap();
    for line in ["\"${TOKEN}\"", "from: db.deep.lines", "mode: cdc", "key: [id]", "description: What was bought."] {
        assert!(written.contains(line), "{line} in\n{written}");
    }
    assert!(!written.contains(TOKEN), "{written}");
    let said = catalogued.say(&["source", "check"]).exits(0);
    assert!(said.out.contains("raw.orders: can be read: snapshot"), "{}", said.out);
    catalogued.run();
    assert_eq!(catalogued.query("select count(*), sum(price) from raw.orders"), "3,3.00");
    catalogued.behave(json!({ "page": 1, "same_page": true }));
    let again = catalogued.say(&["source", "add", "iceberg", &catalog, "--name", "other"]).exits(3);
    assert_told(&again, "HW0380", &["the same page again and again"]);
}
