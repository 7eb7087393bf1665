//! What is kept of rows that change, go, and come again.

use super::{customers, project, versions};
use crate::program::{json, published_versions, query};

const DATED: &str = "updated_at: updated_at\n";
const FIRST: &str =
    "1,Ada,Turin,2026-01-01T00:00:00Z\n2,Bob,Oslo,2026-01-02T00:00:00Z\n3,Cyd,Rome,2026-01-03T00:00:00Z\n";

#[test]
fn a_row_that_changes_gets_a_new_version() {
    let project = project(DATED, FIRST);
    let said = project.run();
    assert!(said.out.contains("3 opened"), "{}", said.out);
    assert_eq!(versions(&project), "1,Ada,Turin,01-01,,true\n2,Bob,Oslo,01-02,,true\n3,Cyd,Rome,01-03,,true");
    // One moves, one is touched without a change, one stays.
    let rows = "1,Ada,Milan,2026-02-01T00:00:00Z\n2,Bob,Oslo,2026-02-02T00:00:00Z\n3,Cyd,Rome,2026-01-03T00:00:00Z\n";
    project.write("data/customers.csv", customers(rows));
    let plan = project.say(&["plan"]).exits(0);
    assert!(plan.out.contains("rows that changed get new versions"), "{}", plan.out);
    let report = json(project.path(), &["run"]);
    let refresh =
        report["assets"].as_array().unwrap().iter().find(|a| a["asset"] == "marts.customers").unwrap()["refresh"]
            .clone();
    assert_eq!((&refresh["how"], &refresh["changed"], &refresh["opened"]), (&"history".into(), &1.into(), &0.into()));
    assert!(project.say(&["run-info"]).exits(0).out.contains("1 changed"));
    assert_eq!(refresh["keys"], 2, "only what is different in the source is looked at: {refresh}");
    let moved =
        "1,Ada,Turin,01-01,02-01,false\n1,Ada,Milan,02-01,,true\n2,Bob,Oslo,01-02,,true\n3,Cyd,Rome,01-03,,true";
    assert_eq!(versions(&project), moved);
    // The log says what was taken out and added, and nothing is written when nothing has changed.
    let before = published_versions(&project.lake(), "marts.customers");
    project.run();
    project.write("data/customers.csv", customers(&rows.replace("02-02", "02-03")));
    let said = project.run();
    assert!(said.out.contains("nothing"), "{}", said.out);
    assert_eq!(published_versions(&project.lake(), "marts.customers"), before);
    assert_eq!(versions(&project), moved);
    // What was, at a time.
    let then = "select name, city from marts.customers where id = 1 and valid_from <= timestamp '2026-01-15' \
                and (valid_to is null or valid_to > timestamp '2026-01-15')";
    assert_eq!(query(project.path(), then), "Ada,Turin");
}

#[test]
fn what_is_gone_ends_and_what_is_there_again_begins() {
    let project = project("", FIRST);
    project.run();
    project.write("data/customers.csv", customers(FIRST.rsplit_once("3,").unwrap().0));
    project.run();
    project.write("data/customers.csv", customers(FIRST));
    project.run();
    let counts = "select id, count(*) as versions, count(valid_to) as ended, sum(cast(is_current as int)) as current \
                  from marts.customers group by id order by id";
    assert_eq!(query(project.path(), counts), "1,1,0,1\n2,1,0,1\n3,2,1,1");
    // Between the two is a gap: nothing held.
    let gaps = "select count(*) from marts.customers a join marts.customers b on a.id = b.id \
                where a.valid_to <= b.valid_from and a.id = 3 and a.valid_to > a.valid_from";
    assert_eq!(query(project.path(), gaps), "1");
    // All tables of a run have one time: that of its beginning.
    let runs = "select count(distinct valid_from) from marts.customers";
    assert_eq!(query(project.path(), runs), "2");
}

#[test]
fn what_is_gone_may_stay() {
    let project = project("deletes: keep\n", FIRST);
    project.run();
    project.write("data/customers.csv", customers("2,Bob,Bergen,\n"));
    project.run();
    let current = "select id, city from marts.customers where is_current order by id";
    assert_eq!(query(project.path(), current), "1,Turin\n2,Bergen\n3,Rome");
}

#[test]
fn a_backdated_row_takes_its_place() {
    let project = project(DATED, FIRST);
    project.run();
    project.write("data/customers.csv", customers("1,Ada,Milan,2026-03-01T00:00:00Z\n"));
    project.run();
    // A row that was updated in February comes late: Ada was in Genoa, until March.
    project.write("data/customers.csv", customers("1,Ada,Genoa,2026-02-01T00:00:00Z\n"));
    let said = project.run();
    assert!(said.out.contains("1 corrected"), "{}", said.out);
    let ada = |text: String| text.lines().filter(|line| line.starts_with("1,")).collect::<Vec<_>>().join("\n");
    let all = "1,Ada,Turin,01-01,02-01,false\n1,Ada,Genoa,02-01,03-01,false\n1,Ada,Milan,03-01,,true";
    assert_eq!(ada(versions(&project)), all);
    project.run();
    assert_eq!(ada(versions(&project)), all);
    // It was Genoa from the beginning.
    project.write("data/customers.csv", customers("1,Ada,Genoa,2026-01-01T00:00:00Z\n"));
    project.run();
    assert_eq!(ada(versions(&project)), "1,Ada,Genoa,01-01,03-01,false\n1,Ada,Milan,03-01,,true");
}

#[test]
fn columns_that_are_not_tracked_are_overwritten() {
    let project = project("track: [city]\n", FIRST);
    project.run();
    project.write("data/customers.csv", customers(&FIRST.replace("Ada", "Ada L.")));
    let said = project.run();
    assert!(said.out.contains("1 overwritten"), "{}", said.out);
    let one = "select name, count(*) as versions from marts.customers where id = 1 group by name";
    assert_eq!(query(project.path(), one), "Ada L.,1");
}

#[test]
fn readers_see_the_added_columns_and_where_they_come_from() {
    let project = project(
        "updated_at: updated_at\nhistory_columns: { valid_from: since, valid_to: until }\nchecks:\n  - unique: { columns: id, where: is_current }\n  - not_null: [since, row_hash]\n",
        FIRST,
    )
    .with(
        "models/marts/now.sql",
        "select id, city, since from marts.customers where is_current\n",
    );
    project.run();
    assert_eq!(query(project.path(), "select count(*) from marts.now"), "3");
    let lineage = project.say(&["lineage", "marts.customers.since"]).exits(0).out;
    assert!(lineage.contains("raw.customers.updated_at"), "{lineage}");
    let hash = project.say(&["lineage", "marts.customers.row_hash"]).exits(0).out;
    assert!(hash.contains("raw.customers.city") && !hash.contains("raw.customers.id"), "{hash}");
    project.write("data/customers.csv", customers("1,Ada,Milan,2026-03-01T00:00:00Z\n"));
    project.run();
    assert_eq!(query(project.path(), "select id, city, since from marts.now"), "1,Milan,2026-03-01T00:00:00Z");
    let listed = project.say(&["list", "--select", "type:scd2"]).exits(0).out;
    assert!(listed.contains("marts.customers") && !listed.contains("marts.now"), "{listed}");
}

#[test]
fn a_new_column_is_null_in_the_versions_that_there_are() {
    let project = project(DATED, FIRST);
    project.run();
    project.write(
        "models/marts/customers.sql",
        "/*---\nmaterialize: scd2\nkey: [id]\ntrack: [name, city]\nupdated_at: updated_at\n---*/\n\
         select upper(city) as shout, id, name, city, updated_at from raw.customers where id < 3\n",
    );
    project
        .write("data/customers.csv", customers("1,Ada,Milan,2026-02-01T00:00:00Z\n2,Bob,Oslo,2026-01-02T00:00:00Z\n"));
    let said = project.run();
    assert!(said.out.contains("1 changed, 1 deleted, 1 overwritten"), "{}", said.out);
    let all = "select id, city, shout, is_current from marts.customers order by id, valid_from";
    let wanted = "1,Turin,,false\n1,Milan,MILAN,true\n2,Oslo,OSLO,true\n3,Rome,,false";
    assert_eq!(query(project.path(), all), wanted);
}

#[test]
fn unit_tests_try_the_query() {
    let project = project(DATED, FIRST).with(
        "tests/customers.yml",
        "- name: all_of_them\n  model: marts.customers\n  given:\n    raw.customers:\n      - { id: 1, name: Ada, city: Turin, updated_at: 2026-01-01T00:00:00Z }\n  expect:\n    - { id: 1, city: Turin }\n",
    );
    let said = project.say(&["test"]);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
}
