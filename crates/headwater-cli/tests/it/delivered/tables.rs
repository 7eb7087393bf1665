//! Tables that are delivered to Delta tables outside of the lake, read again by `deltalake`.

use serde_json::Value;

use crate::program::headwater;
use crate::project::{Project, assert_told};
use crate::tables::python;

const CUSTOMERS: &str = "id,name,city\n1,Ada,Paris\n2,Ben,\n3,Cleo,Rome\n";

fn shop(delivery: &str) -> Project {
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.customers, path: customers.csv }\n";
    let project = Project::empty().with("sources/files.yml", source).with("data/customers.csv", CUSTOMERS);
    deliver(&project, delivery);
    project
}

fn deliver(project: &Project, delivery: &str) {
    let text = format!("connector: delta\nlocation: out\ndeliveries:\n  - {delivery}\n");
    project.write("destinations/partner.yml", text);
}

const UPSERT: &str = "{ table: raw.customers, to: crm/customers, key: id }";

#[track_caller]
fn run(project: &Project) -> Value {
    project.say(&["run", "--json"]).exits(0).json()["deliveries"][0].clone()
}

/// The rows of a delivered table in order, and its version and columns before them.
#[track_caller]
fn there(project: &Project, table: &str) -> String {
    let program = "
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
t = DeltaTable('out/TABLE')
rows = pa.table(QueryBuilder().register('t', t).execute('select * from t').read_all()).to_pylist()
print(t.version(), *[field.name for field in t.schema().fields])
for row in sorted([str(value) for value in row.values()] for row in rows): print(*row, sep='|')";
    python(project.path(), &program.replace("TABLE", table)).replace("None", "")
}

#[test]
fn only_what_changed_is_written() {
    let project = shop(UPSERT);
    let said = run(&project);
    assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &3.into()), "{said}");
    assert_eq!(there(&project, "crm/customers"), "0 id name city\n1|Ada|Paris\n2|Ben|\n3|Cleo|Rome");
    assert_eq!(run(&project)["state"], "up_to_date");
    project.write("data/customers.csv", "id,name,city\n1,Ada,Paris\n2,Ben,Bonn\n4,Dan,Oslo\n");
    let said = run(&project);
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &1.into()), "{said}");
    assert_eq!(there(&project, "crm/customers"), "1 id name city\n1|Ada|Paris\n2|Ben|Bonn\n4|Dan|Oslo");
    let log = project.path().join("out/crm/customers/_delta_log/00000000000000000001.json");
    let log = std::fs::read_to_string(log).unwrap();
    let added: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rows: u64 = added
        .iter()
        .filter(|action| action["add"].is_object() && action["add"]["deletionVector"].is_null())
        .map(|action| serde_json::from_str::<Value>(action["add"]["stats"].as_str().unwrap()).unwrap())
        .map(|stats| stats["numRecords"].as_u64().unwrap())
        .sum();
    assert_eq!(rows, 2, "{log}");
    assert!(!project.path().join("out/crm/customers/_headwater").exists(), "the staging area is gone");
    // A column that comes, and one that goes.
    project.write("data/customers.csv", "id,name,city,vip\n1,Ada,Paris,true\n2,Ben,Bonn,\n4,Dan,Oslo,false\n");
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(there(&project, "crm/customers"), "2 id name city vip\n1|Ada|Paris|True\n2|Ben|Bonn|\n4|Dan|Oslo|False");
    deliver(&project, "{ table: raw.customers, to: crm/customers, key: id, exclude: [city] }");
    project.say(&["deliver"]).exits(0);
    assert_eq!(there(&project, "crm/customers"), "3 id name vip\n1|Ada|True\n2|Ben|\n4|Dan|False");
    let said = project.say(&["verify", "partner", "--json"]).exits(0);
    assert!(said.out.contains("\"equal\""), "{}", said.out);
}

#[test]
fn rows_that_are_gone_stay_where_they_are_to() {
    let project = shop("{ table: raw.customers, to: customers, key: id, on_delete: keep }");
    run(&project);
    project.write("data/customers.csv", "id,name,city\n2,Ben,Bonn\n");
    let said = run(&project);
    assert_eq!((&said["written"], &said["deleted"]), (&1.into(), &0.into()), "{said}");
    assert_eq!(there(&project, "customers"), "1 id name city\n1|Ada|Paris\n2|Ben|Bonn\n3|Cleo|Rome");
}

#[test]
fn tables_are_replaced_and_appended_to_for_any_reader() {
    let project = shop(
        "{ table: raw.customers, to: new, mode: append, partition_by: city, name: new }\n  - { table: raw.customers, to: all, mode: replace, name: all }",
    );
    run(&project);
    project.write("data/customers.csv", format!("{CUSTOMERS}4,Dan,Oslo\n"));
    let said = project.say(&["run", "--json"]).exits(0).json();
    assert_eq!(
        (&said["deliveries"][0]["written"], &said["deliveries"][1]["written"]),
        (&1.into(), &4.into()),
        "{said}"
    );
    let rows = "1 id name city\n1|Ada|Paris\n2|Ben|\n3|Cleo|Rome\n4|Dan|Oslo";
    assert_eq!(there(&project, "all"), rows);
    assert_eq!(there(&project, "new"), rows);
    let told = "
from deltalake import DeltaTable
for name in ('new', 'all'):
    t = DeltaTable('out/' + name)
    print(t.protocol().min_reader_version, t.protocol().min_writer_version, t.metadata().partition_columns, t.to_pyarrow_table().num_rows)";
    assert_eq!(python(project.path(), told), "1 2 ['city'] 4\n1 2 [] 4");
    project.write("data/customers.csv", "id,name,city\n1,Ada,Paris\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0640", &["3 rows"]);
    assert_eq!(there(&project, "new"), rows);
    assert_eq!(there(&project, "all"), "2 id name city\n1|Ada|Paris");
    // All rows once more, which takes nothing out.
    deliver(&project, UPSERT);
    run(&project);
    project.write("data/customers.csv", "id,name,city\n2,Ben,Bonn\n");
    project.say(&["run", "--no-deliver"]).exits(0);
    std::fs::remove_dir_all(project.lake()).unwrap();
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0982", &["another lake", "--anew"]);
    project.say(&["deliver", "--anew"]).exits(0);
    assert_eq!(there(&project, "crm/customers"), "1 id name city\n1|Ada|Paris\n2|Ben|Bonn");
}

#[test]
fn a_column_that_comes_later_is_added_to_a_table_that_is_appended_to() {
    let project = shop("{ table: raw.customers, to: customers, mode: append }");
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.customers, path: '*.csv', mode: new_files, drift: add }\n";
    for source_file in std::fs::read_dir(project.path().join("sources")).unwrap() {
        std::fs::write(source_file.unwrap().path(), source).unwrap();
    }
    run(&project);
    project.write("data/later.csv", "id,name,city,age\n4,Dan,Oslo,40\n");
    let said = run(&project);
    assert_eq!(said["written"], 1, "{said}");
    let rows = "1 id name city age\n1|Ada|Paris|\n2|Ben||\n3|Cleo|Rome|\n4|Dan|Oslo|40";
    assert_eq!(there(&project, "customers"), rows);
    assert_eq!(run(&project)["state"], "up_to_date");
}

#[test]
fn a_delivery_that_dies_has_happened_once_or_not_at_all() {
    for point in ["engine_after_write", "before_delivery_commit", "after_delivery_commit", "after_delivery"] {
        let project = shop("{ table: raw.customers, to: customers, mode: append }");
        run(&project);
        project.write("data/customers.csv", format!("{CUSTOMERS}4,Dan,Oslo\n"));
        project.say(&["run", "--no-deliver"]).exits(0);
        let died = headwater(project.path()).arg("deliver").env("HEADWATER_CRASH_AT", point).output().unwrap();
        assert!(!died.status.success(), "{point}");
        let rows = "1 id name city\n1|Ada|Paris\n2|Ben|\n3|Cleo|Rome\n4|Dan|Oslo";
        for _ in 0..2 {
            project.say(&["deliver"]).exits(0);
            assert_eq!(there(&project, "customers"), rows, "{point}");
        }
    }
}

#[test]
fn what_others_commit_is_built_upon_and_their_tables_are_left_alone() {
    let project = shop(UPSERT);
    let others = "
import pyarrow as pa
from deltalake import write_deltalake
write_deltalake('out/crm/customers', pa.table({'id': [9]}))";
    python(project.path(), others);
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0641", &["out/crm/customers", "does not say what was delivered"]);
    assert_eq!(there(&project, "crm/customers"), "0 id\n9");
    std::fs::remove_dir_all(project.path().join("out/crm/customers")).unwrap();
    run(&project);
    // Small files are put together: a commit that changes no row.
    project.write("data/customers.csv", format!("{CUSTOMERS}4,Dan,Oslo\n"));
    deliver(&project, UPSERT);
    run(&project);
    let compacted = "
from deltalake import DeltaTable
print(DeltaTable('out/crm/customers').optimize.compact()['numFilesRemoved'])";
    assert_eq!(python(project.path(), compacted), "2");
    assert_eq!(run(&project)["state"], "up_to_date");
    project.write("data/customers.csv", "id,name,city\n2,Ben,Bonn\n3,Cleo,Rome\n4,Dan,Oslo\n");
    let said = run(&project);
    assert_eq!((&said["written"], &said["deleted"]), (&1.into(), &1.into()), "{said}");
    assert_eq!(there(&project, "crm/customers"), "3 id name city\n2|Ben|Bonn\n3|Cleo|Rome\n4|Dan|Oslo");
}

#[test]
fn every_tenth_version_has_a_checkpoint_and_old_files_go() {
    let project = shop("{ table: raw.customers, to: all, mode: replace, keep_for: 1 hour }");
    let table = project.path().join("out/all");
    let files = || {
        let names = std::fs::read_dir(&table).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".parquet")).count()
    };
    for round in 0..=10 {
        project.write("data/customers.csv", format!("{CUSTOMERS}{},Zoe,\n", 10 + round));
        run(&project);
        if round == 8 {
            // All versions so far are two hours old, and what a delivery has left that died.
            std::fs::write(table.join("part-left.parquet"), "PAR1").unwrap();
            let aged = "
import os, time
for folder, _, names in os.walk('out/all'):
    for name in names: os.utime(os.path.join(folder, name), (time.time() - 7200,) * 2)";
            python(project.path(), aged);
            assert_eq!(files(), 10);
        }
    }
    assert!(table.join("_delta_log/00000000000000000010.checkpoint.parquet").exists());
    // Version 8 was the newest when the hour began.
    assert_eq!(files(), 3);
    assert_eq!(there(&project, "all"), "10 id name city\n1|Ada|Paris\n2|Ben|\n20|Zoe|\n3|Cleo|Rome");
}

#[test]
fn every_type_arrives_and_can_be_verified() {
    let project = shop("{ table: marts.types, to: types, key: id }");
    let sql = "select value as id, cast(value as decimal(20,2)) / 4 as price, date '2024-01-01' as day, value % 2 = 0 as even,
        cast('2024-02-29T12:00:00.5Z' as timestamp) as wall, to_timestamp_micros(value * 1000001) as at, [value, null] as list,
        named_struct('a', value, 'b', cast(null as string)) as pair, cast(value as float) / 8 as x, arrow_cast('ab', 'Binary') as bytes
        from unnest(range(0, 1000)) as numbers(value)";
    project.write("models/marts/types.sql", sql);
    run(&project);
    let said = python(
        project.path(),
        "
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
t = DeltaTable('out/types')
rows = pa.table(QueryBuilder().register('t', t).execute('select * from t order by id').read_all()).to_pylist()
row = rows[6]
print(len(rows), row['price'], row['day'], row['even'], row['wall'], row['at'], row['list'], row['pair'], row['x'], row['bytes'], sep='; ')",
    );
    assert!(said.starts_with("1000; 1.5"), "{said}");
    assert!(said.ends_with("[6, None]; {'a': 6, 'b': None}; 0.75; b'ab'"), "{said}");
    assert!(
        said.contains("; 2024-01-01; True; 2024-02-29 12:00:00.500000") && said.contains("1970-01-01 00:00:06.000006"),
        "{said}"
    );
    let said = project.say(&["verify"]).exits(0);
    assert!(said.out.contains("equal"), "{}", said.out);
}

#[test]
fn mistakes_are_told() {
    for (delivery, words) in [
        ("{ table: raw.customers, to: /all, mode: replace }", "below the location"),
        ("{ table: raw.customers, to: ../all, mode: replace }", "below the location"),
        ("{ table: raw.customers, to: _delta_log, mode: replace }", "below the location"),
        ("{ table: raw.customers, to: all, mode: replace, keep_for: a while }", "7 days"),
        ("{ table: raw.customers, to: all, mode: replace, keep_for: 5 min }", "an hour"),
    ] {
        let project = shop(delivery);
        let said = project.say(&["check"]).exits(2);
        assert!(said.err.contains(words) && said.err.contains("destinations/partner.yml:4"), "{}", said.err);
    }
    let project = shop("{ table: raw.customers, to: all, mode: replace, partition_by: [town] }");
    assert_told(&project.say(&["run"]).exits(1), "HW0643", &["'town'", "partition_by"]);
    for (destination, words) in [
        ("location: ../out", "allow_outside"),
        ("location: s3://partners/x\nstorage: { regoin: x }", "regoin"),
        ("location: out\nstorage: { region: x }", "no meaning"),
    ] {
        project.write(
            "destinations/partner.yml",
            format!(
                "connector: delta\n{destination}\ndeliveries:\n  - {{ table: raw.customers, to: all, mode: replace }}\n"
            ),
        );
        let said = project.say(&["check"]).exits(2);
        assert!(said.err.contains(words), "{}", said.err);
    }
}
