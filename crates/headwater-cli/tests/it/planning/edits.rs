//! Edits, what is built because of them, and that what is left alone is what a full refresh would make it.

use super::{STAGING, builds, names, published, shop};
use crate::program::{json, ok};
use crate::project::Project;

const TABLES: [&str; 7] =
    ["raw.items", "staging.items", "marts.names", "marts.kinds", "marts.everything", "marts.labels", "marts.checked"];

fn contents(project: &Project, environment: &str) -> Vec<String> {
    let read = |table: &&str| {
        let sql = format!("select * from {table} order by 1, 2");
        format!("{table}\n{}", ok(project.path(), &["query", &sql, "--env", environment, "--format", "csv"]))
    };
    TABLES.iter().map(read).collect()
}

/// Runs, and compares every table with that of a lake in which everything is built anew.
#[track_caller]
fn assert_run(project: &Project, what: &str, expected: &[&str]) {
    let expected = names(expected);
    assert_eq!(builds(project), expected, "planned after: {what}");
    assert_eq!(published(&json(project.path(), &["run"])), expected, "run after: {what}");
    json(project.path(), &["run", "--full-refresh", "--env", "anew"]);
    assert_eq!(contents(project, "dev"), contents(project, "anew"), "{what}");
    assert!(builds(project).is_empty(), "nothing is left to do after: {what}");
}

#[test]
fn an_edit_builds_what_uses_what_it_changes() {
    let project = shop();
    assert_run(
        &project,
        "nothing",
        &["raw.items", "staging.items", "names", "kinds", "everything", "labels", "checked"],
    );
    let edit = |from: &str, to: &str| {
        let path = project.path().join("models/staging/items.sql");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "no {from} in {text}");
        project.write("models/staging/items.sql", text.replace(from, to));
    };
    edit("trim(name) as name", "trim(name)  AS name /* the same */");
    assert_run(&project, "another layout", &[]);
    edit("select id, trim", "with i as (select * from raw.items) select id, trim");
    edit("from raw.items\n", "from i\n");
    assert_run(&project, "a CTE", &["staging.items"]);
    project.write("models/staging/items.sql", STAGING);
    assert_run(&project, "back", &["staging.items"]);
    edit("kind, price", "upper(kind) as kind, price");
    assert_run(&project, "another kind", &["staging.items", "kinds", "everything"]);
    edit("trim(name)", "reverse(trim(name))");
    assert_run(&project, "another name, which no key is made of", &["staging.items", "names", "everything", "labels"]);
    edit("kind, price", "kind, price, price * 2 as twice");
    assert_run(&project, "a new column", &["staging.items", "everything"]);
    edit("price * 2 as twice", "price * 3 as thrice");
    assert_run(&project, "a column for another", &["staging.items", "everything"]);
    edit(", price * 3 as thrice", "");
    assert_run(&project, "a column less", &["staging.items", "everything"]);
    edit("upper(kind) as kind, price", "price, upper(kind) as kind");
    assert_run(&project, "another order", &["staging.items", "everything"]);
    edit("price, upper(kind) as kind", "upper(kind) as kind, price");
    assert_run(&project, "the old order", &["staging.items", "everything"]);
    edit("price from", "cast(price as double) as price from");
    assert_run(&project, "another type", &["staging.items", "kinds", "everything", "checked"]);
    edit("from raw.items", "from raw.items where id <> 2");
    let all = ["staging.items", "names", "kinds", "everything", "labels", "checked"];
    assert_run(&project, "a filter", &all);
    project.write("data/b.csv", "id,name,kind,price\n7,pin,a,5\n");
    assert_run(&project, "a new file", &[&["raw.items"], &all[..]].concat());
    project.write("models/marts/names.sql", "select id, name, lower(name) as loud from staging.items\n");
    assert_run(&project, "a mart's column, which no check reads", &["names", "labels"]);
    project.write("models/marts/names.sql", "select id + 0 as id, name, lower(name) as loud from staging.items\n");
    assert_run(&project, "a mart's key, which a check reads", &["names", "labels", "checked"]);
    project.write("models/marts/labels.sql", "select id, loud || '!' as label from marts.names\n");
    assert_run(&project, "a view becomes a table", &["labels"]);
}

#[test]
fn what_failed_is_caught_up_with() {
    let project = shop();
    project.run();
    let kinds = "/*---\nchecks: [ { range: { column: dearest, max: 100 } } ]\n---*/\n\
                 select kind, count(*) as items, max(price) as dearest from staging.items group by kind\n";
    project.write("models/marts/kinds.sql", kinds);
    project.run();
    project.write("models/staging/items.sql", STAGING.replace("price from", "price * 10 as price from"));
    // The view is published as its own reader, which fails, is a table; the others go on.
    assert_eq!(project.say(&["run"]).code, Some(1));
    assert_eq!(builds(&project), names(&["kinds"]), "the rest is up to date");
    project.write("models/staging/items.sql", STAGING.replace("price from", "price + 1 as price from"));
    assert_eq!(builds(&project), names(&["staging.items", "kinds", "everything", "checked"]));
    project.run();
    json(project.path(), &["run", "--full-refresh", "--env", "anew"]);
    assert_eq!(contents(&project, "dev"), contents(&project, "anew"));
}

#[test]
fn a_rollback_brings_back_what_was_used() {
    let project = shop();
    project.run();
    let edited = STAGING.replace("trim(name)", "reverse(name)");
    project.write("models/staging/items.sql", &edited);
    project.run();
    project.say(&["rollback", "1"]).exits(0);
    assert_eq!(builds(&project), names(&["staging.items", "names", "everything", "labels"]));
    project.write("models/staging/items.sql", STAGING);
    assert_eq!(builds(&project), names(&[]), "what is published is of this definition");
    project.write("models/staging/items.sql", edited);
    project.run();
    json(project.path(), &["run", "--full-refresh", "--env", "anew"]);
    assert_eq!(contents(&project, "dev"), contents(&project, "anew"));
}
