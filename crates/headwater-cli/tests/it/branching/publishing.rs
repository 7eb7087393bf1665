//! Publishing where `main` has moved on.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Main, NEW_TOTALS, arrives, built_anew, dump, edit, orders, undo_edit};
use crate::program::{json, published_versions, query};
use crate::project::{Project, assert_told};

/// What publishing does, or would do, about each asset.
fn verbs(planned: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    planned["assets"].as_array().unwrap().iter().map(|a| (text(&a["asset"]), text(&a["verb"]))).collect()
}

fn expected(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(asset, verb)| ((*asset).to_owned(), (*verb).to_owned())).collect()
}

/// A branch with an edit and a file of orders, and `main` with two files of orders and without the edit.
fn both_moved() -> Project {
    let project = orders();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    edit(&project);
    arrives(&project, 2);
    project.say(&["run", "--branch", "next"]).exits(0);
    undo_edit(&project);
    arrives(&project, 3);
    project.run();
    edit(&project);
    project
}

#[test]
fn what_main_has_moved_on_under_is_rebuilt_and_the_rest_is_published_as_it_is() {
    let project = both_moved();
    let main = Main::look(&project);
    let would = json(project.path(), &["branch", "publish", "next", "--dry-run"]);
    main.assert_untouched(&project);
    let wanted = expected(&[
        ("raw.orders", "nothing"),
        ("staging.orders", "nothing"),
        ("marts.facts", "nothing"),
        ("marts.names", "as_it_is"),
        ("marts.totals", "rebuild"),
    ]);
    assert_eq!(verbs(&would), wanted, "{would}");
    let because = would["assets"].as_array().unwrap().iter().find(|a| a["asset"] == "marts.totals").unwrap();
    assert!(because["because"].as_str().unwrap().contains("published there in snapshot 3"), "{because}");

    let done = json(project.path(), &["branch", "publish", "next"]);
    assert_eq!(verbs(&done["publish"]), wanted);
    assert_eq!(done["run"]["published_branch"], "next");
    assert_eq!(dump(&project, &[]), built_anew(&project), "every order once, main's newest among them");
    assert_eq!(query(project.path(), "select max(newest) from marts.totals"), "308");
    assert_eq!(published_versions(&project.lake(), "marts.names"), [0]);
    assert!(project.run().out.contains("nothing to publish"));
    let history = json(project.path(), &["history"]);
    assert_eq!(history.as_array().unwrap().len(), 3, "all in one snapshot");
}

#[test]
fn an_input_that_moved_on_main_makes_what_was_built_from_it_on_the_branch_stale() {
    let project = orders();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    project.write("models/marts/totals.sql", NEW_TOTALS);
    project.say(&["run", "--branch", "next"]).exits(0);
    // The table itself is as it was on main, and what it is made from is not.
    project.say(&["run", "--select", "raw.regions"]).exits(0);
    project.write("data/regions.csv", "region,name\nn,The North\ns,South\ne,East\n");
    project.say(&["run", "--select", "raw.regions", "marts.facts"]).exits(0);
    let done = json(project.path(), &["branch", "publish", "next"]);
    assert_eq!(verbs(&done["publish"]), expected(&[("marts.totals", "rebuild")]), "{done}");
    assert_eq!(dump(&project, &[]), built_anew(&project));
}

#[test]
fn what_stands_on_a_published_table_is_rebuilt_on_main_in_the_same_snapshot() {
    let project = orders();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    // On the branch, one table alone; on main, another one that reads it.
    project.write("models/marts/facts.sql", super::FACTS.replace("o.cents from", "o.cents + 1 as cents from"));
    project.say(&["run", "--branch", "next", "--select", "marts.facts"]).exits(0);
    let done = json(project.path(), &["branch", "publish", "next"]);
    assert_eq!(
        verbs(&done["publish"]),
        expected(&[("marts.facts", "as_it_is"), ("marts.totals", "rebuild")]),
        "{done}"
    );
    assert_eq!(done["run"]["snapshot"], 3);
    assert_eq!(dump(&project, &[]), built_anew(&project));
}

#[test]
fn what_fails_with_mains_rows_keeps_all_of_the_branch_from_being_published() {
    let project = orders();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    project.write("models/marts/names.sql", super::NAMES);
    project.write(
        "models/marts/few.sql",
        "/*---\nchecks: [ { row_count: { max: 9 } } ]\n---*/\nselect id from marts.facts\n",
    );
    project.say(&["run", "--branch", "next"]).exits(0);
    let on_branch = dump(&project, &["--branch", "next"]);
    arrives(&project, 2);
    project.say(&["run", "--select", "raw.orders+", "--exclude", "marts.few"]).exits(0);
    let main = Main::look(&project);
    let said = project.say(&["branch", "publish", "next"]).exits(1);
    assert_told(&said, "HW0933", &["marts.few", "row_count", "the branch next stays as it is"]);
    main.assert_untouched(&project);
    assert_eq!(dump(&project, &["--branch", "next"]), on_branch);
    // Put right, all of it is published.
    project.write("models/marts/few.sql", "select id from marts.facts\n");
    project.say(&["branch", "publish", "next"]).exits(0);
    assert_eq!(dump(&project, &[]), built_anew(&project));
    assert_eq!(query(project.path(), "select count(*) from marts.names"), "3");
}

#[test]
fn two_branches_are_published_one_after_the_other() {
    let project = orders();
    project.run();
    for name in ["one", "two"] {
        project.say(&["branch", "create", name]).exits(0);
    }
    arrives(&project, 2);
    project.say(&["run", "--branch", "one"]).exits(0);
    edit(&project);
    arrives(&project, 3);
    project.say(&["run", "--branch", "two"]).exits(0);
    undo_edit(&project);
    project.say(&["branch", "publish", "one"]).exits(0);
    edit(&project);
    let done = json(project.path(), &["branch", "publish", "two"]);
    let verbs = verbs(&done["publish"]);
    assert_eq!((verbs["marts.names"].as_str(), verbs["raw.orders"].as_str()), ("as_it_is", "rebuild"), "{done}");
    assert_eq!(dump(&project, &[]), built_anew(&project), "the files that both had loaded count once");
}
