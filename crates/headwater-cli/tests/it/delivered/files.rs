//! Tables that are delivered to files.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::program::Said;
use crate::project::{Project, assert_told};

const ORDERS: &str = "id,day,amount\n1,2024-01-01,10.5\n2,2024-01-01,\n3,2024-01-02,7\n";

fn shop(delivery: &str) -> Project {
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.orders, path: orders.csv }\n";
    let project = Project::empty().with("sources/files.yml", source).with("data/orders.csv", ORDERS);
    deliver(&project, delivery);
    project
}

fn deliver(project: &Project, delivery: &str) {
    let text = format!("connector: files\nlocation: out\ndeliveries:\n  - {delivery}\n");
    project.write("destinations/partner.yml", text);
}

#[track_caller]
fn run(project: &Project) -> Value {
    project.say(&["run", "--json"]).exits(0).json()["deliveries"][0].clone()
}

/// All files below a folder but the manifest, by their paths without what is made up, e.g. `day=2024-01-01/*.csv`.
fn files(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                left.push(path);
            } else if name != "_headwater.json" {
                let (_, extension) = name.split_once('.').unwrap();
                let place = path.parent().unwrap().strip_prefix(folder).unwrap().display().to_string();
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                found.entry(format!("{place}/*.{extension}")).or_default().push(text);
            }
        }
    }
    found.values_mut().for_each(|texts| texts.sort());
    found
}

fn only(text: &str, place: &str) -> BTreeMap<String, Vec<String>> {
    BTreeMap::from([(place.to_owned(), vec![text.to_owned()])])
}

#[test]
fn files_are_replaced_and_the_folder_says_what_counts() {
    let project = shop("{ table: raw.orders, to: sales/orders, mode: replace, format: csv, where: id < 3 }");
    let out = project.path().join("out/sales/orders");
    let said = run(&project);
    assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &2.into()), "{said}");
    assert_eq!(files(&out), only("id,day,amount\n1,2024-01-01,10.5\n2,2024-01-01,\n", "/*.csv"));
    let manifest =
        || -> Value { serde_json::from_slice(&std::fs::read(out.join("_headwater.json")).unwrap()).unwrap() };
    assert_eq!((&manifest()["mark"]["snapshot"], &manifest()["files"][0]["rows"]), (&1.into(), &2.into()));
    assert_eq!(run(&project)["state"], "up_to_date");
    project.write("data/orders.csv", "id,day,amount\n2,2024-01-05,1\n");
    assert_eq!(run(&project)["written"], 1);
    assert_eq!(files(&out), only("id,day,amount\n2,2024-01-05,1.0\n", "/*.csv"));
    let file = manifest()["files"][0].clone();
    let there = std::fs::metadata(out.join(file["path"].as_str().unwrap())).unwrap().len();
    assert_eq!((&manifest()["mark"]["snapshot"], file["bytes"].as_u64()), (&2.into(), Some(there)));
    // A table without rows is a file without rows.
    project.write("data/orders.csv", "id,day,amount\n7,2024-01-05,1.5\n");
    assert_eq!(run(&project)["written"], 0);
    assert_eq!(files(&out), only("id,day,amount\n", "/*.csv"));
}

/// Rows that did not change are written again where they are to be written in another way.
#[test]
fn another_format_replaces_what_is_there() {
    let project = shop("{ table: raw.orders, to: orders, mode: replace, where: id = 1 }");
    run(&project);
    let out = project.path().join("out/orders");
    for (format, place, text) in [
        ("format: jsonl", "/*.jsonl", "{\"id\":1,\"day\":\"2024-01-01\",\"amount\":10.5}\n"),
        ("format: csv", "/*.csv", "id,day,amount\n1,2024-01-01,10.5\n"),
        ("format: csv, partition_by: day", "day=2024-01-01/*.csv", "id,amount\n1,10.5\n"),
    ] {
        deliver(&project, &format!("{{ table: raw.orders, to: orders, mode: replace, where: id = 1, {format} }}"));
        assert_eq!(run(&project)["written"], 1, "{format}");
        assert_eq!(files(&out), only(text, place), "{format}");
        assert_eq!(run(&project)["state"], "up_to_date", "{format}");
    }
}

#[test]
fn new_rows_are_added_in_files_of_their_own() {
    let project = shop("{ table: raw.orders, to: orders, mode: append, format: jsonl, partition_by: day }");
    let out = project.path().join("out/orders");
    run(&project);
    let first = BTreeMap::from([
        (
            "day=2024-01-01/*.jsonl".to_owned(),
            vec!["{\"id\":1,\"amount\":10.5}\n{\"id\":2,\"amount\":null}\n".to_owned()],
        ),
        ("day=2024-01-02/*.jsonl".to_owned(), vec!["{\"id\":3,\"amount\":7.0}\n".to_owned()]),
    ]);
    assert_eq!(files(&out), first);
    project.write("data/orders.csv", format!("{ORDERS}4,2024-01-02,8\n5,,9\n"));
    assert_eq!(run(&project)["written"], 2);
    let mut both = first;
    both.get_mut("day=2024-01-02/*.jsonl").unwrap().push("{\"id\":4,\"amount\":8.0}\n".to_owned());
    both.insert("day=__HIVE_DEFAULT_PARTITION__/*.jsonl".to_owned(), vec!["{\"id\":5,\"amount\":9.0}\n".to_owned()]);
    assert_eq!(files(&out), both);
    project.write("data/orders.csv", "id,day,amount\n");
    assert_told(&project.say(&["run"]).exits(1), "HW0640", &["5 rows", "mode: replace"]);
    assert_eq!(files(&out), both);
}

/// Columns that a table gains are delivered from then on; what was added before has no value in them.
#[test]
fn columns_that_come_later_are_added_to() {
    let project = shop("{ table: raw.orders, to: orders, mode: append, format: jsonl }");
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.orders, path: '*.csv', mode: new_files, drift: add }\n";
    project.write("sources/files.yml", source);
    run(&project);
    project.write("data/later.csv", "id,day,amount,city\n4,2024-01-02,8,Oslo\n1,2024-01-01,10.5,\n");
    assert_eq!(run(&project)["written"], 2);
    let first = "{\"id\":1,\"day\":\"2024-01-01\",\"amount\":10.5}\n{\"id\":2,\"day\":\"2024-01-01\",\"amount\":null}\n{\"id\":3,\"day\":\"2024-01-02\",\"amount\":7.0}\n";
    let out = files(&project.path().join("out/orders"));
    let (new, old): (Vec<&String>, Vec<&String>) = out["/*.jsonl"].iter().partition(|text| text.contains("city"));
    let ([new], [old]) = (new.as_slice(), old.as_slice()) else { panic!("{out:?}") };
    assert_eq!(*old, first);
    // A row that is like one of before is one more of it.
    let mut new: Vec<&str> = new.lines().collect();
    new.sort_unstable();
    let later = [
        "{\"id\":1,\"day\":\"2024-01-01\",\"amount\":10.5,\"city\":null}",
        "{\"id\":4,\"day\":\"2024-01-02\",\"amount\":8.0,\"city\":\"Oslo\"}",
    ];
    assert_eq!(new, later);
    assert_eq!(run(&project)["state"], "up_to_date");
    // Where rows of before have values in it, they are others now.
    project.write("sources/files.yml", source.replace("'*.csv', mode: new_files", "orders.csv"));
    project.write("data/orders.csv", "id,day,amount,city\n1,2024-01-01,10.5,Rome\n");
    assert_told(&project.say(&["run"]).exits(1), "HW0640", &["rows", "mode: replace"]);
}

#[test]
fn others_read_what_is_written() {
    let project = shop("{ table: marts.all, to: all, mode: replace, partition_by: [kind] }");
    let sql = "select value as id, concat('k/', cast(value % 3 as string)) as kind, cast(value as decimal(20,2)) / 4 as price,
        date '2024-01-01' as day, cast('2024-02-29T12:00:00.5Z' as timestamp) as at, [value, null] as list
        from unnest(range(0, 100000)) as numbers(value)";
    project.write("models/marts/all.sql", sql);
    run(&project);
    let python = std::env::var("HEADWATER_PYTHON").expect("HEADWATER_PYTHON is not set: run the tests with ./test");
    let script = "import pyarrow.dataset as d, pyarrow.compute as c, sys
t = d.dataset(sys.argv[1], partitioning='hive').to_table()
print(t.num_rows, sorted(c.unique(t['kind']).to_pylist()), c.sum(t['id']).as_py(), t.schema.field('at').type, t.schema.field('day').type, t['list'][0].as_py()[1])";
    let said: Said = std::process::Command::new(python)
        .args(["-c", script])
        .arg(project.path().join("out/all"))
        .output()
        .unwrap()
        .into();
    let said = said.exits(0);
    assert_eq!(said.out.trim(), "100000 ['k/0', 'k/1', 'k/2'] 4999950000 timestamp[us] date32[day] None");
}

#[test]
fn a_delivery_that_dies_does_not_count_and_leaves_nothing() {
    let project = shop("{ table: raw.orders, to: orders, mode: append, format: csv, compression: none }");
    let out = project.path().join("out/orders");
    run(&project);
    let before = files(&out);
    project.write("data/orders.csv", format!("{ORDERS}4,2024-01-02,8\n"));
    let mut dying = crate::program::headwater(project.path());
    let died = dying.arg("run").env("HEADWATER_CRASH_AT", "before_delivery_commit").output().unwrap();
    assert!(!died.status.success());
    assert_eq!(files(&out)["/*.csv"].len(), 2, "a file that does not count");
    assert_eq!(run(&project)["written"], 1);
    let now = files(&out);
    assert_eq!(now["/*.csv"], [before["/*.csv"][0].clone(), "id,day,amount\n4,2024-01-02,8.0\n".to_owned()]);
}

#[test]
fn mistakes_are_told() {
    let project = shop("{ table: raw.orders, to: orders, key: id }");
    assert_told(&project.say(&["check"]).exits(2), "HW0121", &["'files'", "append, replace"]);
    for (delivery, words) in [
        ("{ table: raw.orders, to: /orders, mode: replace }", "below the location"),
        ("{ table: raw.orders, to: ../orders, mode: replace }", "below the location"),
        ("{ table: raw.orders, to: o, mode: replace, compression: gzip }", "zstd or snappy"),
        ("{ table: raw.orders, to: o, mode: replace, format: csv, compression: snappy }", "gzip or zstd"),
    ] {
        deliver(&project, delivery);
        let said = project.say(&["check"]).exits(2);
        assert!(said.err.contains("HW0122") && said.err.contains(words), "{delivery}: {}", said.err);
    }
    project.write(
        "destinations/partner.yml",
        "connector: files\nlocation: ../out\ndeliveries:\n  - { table: raw.orders, to: o, mode: replace }\n",
    );
    assert_told(&project.say(&["check"]).exits(2), "HW0122", &["outside"]);
    project.write("models/marts/lists.sql", "select [1, 2] as list");
    deliver(&project, "{ table: marts.lists, to: o, mode: replace, format: csv }");
    assert_told(&project.say(&["run"]).exits(1), "HW0381", &["'list'", "jsonl"]);
    deliver(&project, "{ table: raw.orders, to: o, mode: replace, partition_by: dya }");
    assert_told(&project.say(&["run"]).exits(1), "HW0381", &["'dya'"]);
    // What is no list of deliveries, or of streams, is told.
    project.write("destinations/partner.yml", "connector: files\nlocation: out\ndeliveries: raw.orders\n");
    let said = project.say(&["check"]).exits(2);
    assert!(
        said.err.contains("[HW0111]: a delivery takes a mapping, not a text\n --> destinations/partner.yml:3:13"),
        "{}",
        said.err
    );
    deliver(&project, "{ table: raw.orders, to: alone, mode: replace }");
    assert_eq!(run(&project)["written"], 3);
    let source = std::fs::read_to_string(project.path().join("sources/files.yml")).unwrap();
    project.write("sources/files.yml", "connector: files\nlocation: data\nstreams: raw.orders\n");
    let said = project.say(&["check"]).exits(2);
    assert!(
        said.err.contains("[HW0111]: a stream takes a mapping, not a text\n --> sources/files.yml:3:10"),
        "{}",
        said.err
    );
    project.write("sources/files.yml", source);
    // A manifest that somebody has spoilt, and a place that is a file: each is named as the project names it.
    project.write("out/alone/_headwater.json", "x");
    assert_told(&project.say(&["deliver"]).exits(1), "HW0381", &["out/alone/_headwater.json", "remove the file"]);
    std::fs::remove_file(project.path().join("out/alone/_headwater.json")).unwrap();
    assert!(project.say(&["deliver"]).exits(0).out.contains("delivered"));
    project.write("a-file", "");
    project.write(
        "destinations/partner.yml",
        "connector: files\nlocation: a-file\ndeliveries:\n  - { table: raw.orders, to: o, mode: replace }\n",
    );
    let said = project.say(&["deliver"]).exits(1);
    assert_told(&said, "HW0384", &["a-file/o cannot be written"]);
    assert!(!said.err.contains("tried again"), "{}", said.err);
    // Two deliveries do not share a folder.
    deliver(
        &project,
        "{ table: raw.orders, to: shared, mode: replace, name: one }\n  - { table: raw.orders, to: shared, mode: replace, name: two }",
    );
    assert_told(&project.say(&["run"]).exits(1), "HW0381", &["partner/one"]);
}

#[test]
fn what_was_delivered_to_files_is_compared_with_what_they_hold() {
    for format in ["parquet", "csv", "csv, compression: gzip", "jsonl", "jsonl, compression: zstd"] {
        let project = shop(&format!("{{ table: raw.orders, to: all, mode: append, format: {format} }}"));
        project.write("data/orders.csv", format!("{ORDERS}4,2024-02-29,\"\"\n"));
        run(&project);
        let said = project.say(&["verify", "--json"]).exits(0).json();
        let one = &said["comparisons"][0];
        assert_eq!(
            (&one["state"], &one["rows"], &one["rows_there"]),
            (&"equal".into(), &4.into(), &4.into()),
            "{format}: {one}"
        );
    }
    let project = shop("{ table: raw.orders, to: all, mode: replace, format: csv }");
    run(&project);
    let folder = project.path().join("out/all");
    let part = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let part = part.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "csv")).unwrap();
    let text = std::fs::read_to_string(&part).unwrap();
    std::fs::write(&part, text.replace("10.5", "11").replace("3,2024-01-02,7.0\n", "")).unwrap();
    let said = project.say(&["verify", "--json"]).exits(1).json();
    let one = &said["comparisons"][0];
    // Without a key, a row that is another is one that is missing and one that is too much.
    assert_eq!((&one["missing"], &one["extra"], &one["different"]), (&2.into(), &1.into(), &0.into()), "{one}");
}

/// They are read back as they were.
#[test]
fn null_and_the_empty_text_are_told_apart_in_csv() {
    let project = shop("{ table: marts.texts, to: all, mode: replace, format: csv }");
    let sql = "select 1 as id, '' as t union all select 2, null union all select 3, 'a,\"b\"' union all select 4, ' c ' order by id";
    project.write("models/marts/texts.sql", sql);
    run(&project);
    let there = files(&project.path().join("out/all"));
    assert_eq!(there, only("id,t\n1,\"\"\n2,\n3,\"a,\"\"b\"\"\"\n4, c \n", "/*.csv"));
    let one = project.say(&["verify", "--json"]).exits(0).json()["comparisons"][0].clone();
    assert_eq!((&one["state"], &one["rows_there"]), (&"equal".into(), &4.into()), "{one}");
}

#[test]
fn a_dry_run_makes_no_folder() {
    let project = shop("{ table: raw.orders, to: all, mode: replace, format: csv }");
    std::fs::rename(project.path().join("destinations"), project.path().join("later")).unwrap();
    project.say(&["run"]).exits(0);
    std::fs::rename(project.path().join("later"), project.path().join("destinations")).unwrap();
    let said = project.say(&["deliver", "--dry-run"]).exits(0);
    assert!(said.out.contains("to be delivered"), "{}", said.out);
    assert!(!project.path().join("out").exists());
    project.say(&["deliver"]).exits(0);
    assert!(project.path().join("out/all/_headwater.json").exists());
}

#[test]
fn a_run_delivers_the_tables_that_are_selected() {
    let project =
        shop("{ table: raw.orders, to: orders, mode: replace }\n  - { table: marts.days, to: days, mode: replace }");
    project.write("models/marts/days.sql", "select distinct day from raw.orders");
    let said = project.say(&["run", "--select", "raw.orders", "--json"]).exits(0).json();
    let names: Vec<&str> =
        said["deliveries"].as_array().unwrap().iter().map(|d| d["table"].as_str().unwrap()).collect();
    assert_eq!(names, ["raw.orders"]);
    assert!(!project.path().join("out/days").exists());
    let said = project.say(&["run"]).exits(0);
    assert!(said.out.contains(", delivered in "), "{}", said.out);
    assert!(project.path().join("out/days").exists());
}

/// Only what reaches a destination needs its secrets.
#[test]
fn a_secret_of_a_destination_is_needed_only_where_something_is_delivered() {
    let project = shop("{ table: raw.orders, to: all, mode: replace }");
    let text = "connector: postgres\nconnection: \"${NO_SUCH_DSN}\"\ndeliveries:\n  - { table: raw.orders, key: id, to: orders }\n";
    project.write("destinations/crm.yml", text);
    project.say(&["run", "--no-deliver"]).exits(0);
    for arguments in [
        &["query", "select count(*) from raw.orders"] as &[&str],
        &["list"],
        &["history"],
        &["plan"],
        &["deliver", "--status"],
    ] {
        let said = project.say(arguments).exits(0);
        assert!(!said.err.contains("NO_SUCH_DSN"), "{arguments:?}: {}", said.err);
    }
    for command in ["run", "deliver", "check"] {
        let said = project.say(&[command]).exits(2);
        assert_told(&said, "HW0117", &["NO_SUCH_DSN"]);
        assert!(!said.err.contains("HW0122"), "{}", said.err);
    }
    // Nor does a destination of another environment.
    project.write("destinations/crm.yml", format!("environments: [prod]\n{text}"));
    project.say(&["run"]).exits(0);
}
