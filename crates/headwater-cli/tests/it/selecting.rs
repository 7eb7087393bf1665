//! `--select` and `--exclude` of `run`, `plan` and `list`.

use crate::program::{json, ok};
use crate::project::{Project, assert_told};

/// `raw.orders` → `staging.orders` (a view) → `marts.sums` → `marts.top`; `raw.events` and `marts.events` beside them.
fn shop() -> Project {
    Project::empty()
        .with(
            "sources/shop.yml",
            "connector: files\nlocation: data\ntags: [nightly]\nstreams:\n  - { table: raw.orders, path: 'orders/*.csv', mode: new_files, tags: [money] }\n  - { table: raw.events, path: events.csv }\n",
        )
        .with("data/orders/1.csv", "n,amount\n1,10\n2,20\n")
        .with("data/events.csv", "n,what\n1,seen\n")
        .with(
            "models/staging/orders.sql",
            "/*---\nmaterialize: view\nchecks: [ { not_null: amount } ]\n---*/\nselect n, amount from raw.orders\n",
        )
        .with(
            "models/marts/sums.sql",
            "/*---\ntags: [money, nightly]\nowner: Data Team\n---*/\nselect sum(amount) as total, count(*) as rows from staging.orders\n",
        )
        .with("models/marts/top.sql", "select total from marts.sums\n")
        .with("models/marts/events.sql", "select n, what from raw.events\n")
}

/// The names that a command lists.
#[track_caller]
fn names(project: &Project, arguments: &[&str]) -> String {
    ok(project.path(), arguments).lines().collect::<Vec<_>>().join(" ")
}

/// What a run has published, by its JSON.
#[track_caller]
fn published(project: &Project, arguments: &[&str]) -> String {
    let summary = json(project.path(), arguments);
    let assets = summary["assets"].as_array().unwrap().iter().filter(|asset| asset["state"] == "published");
    assets.map(|asset| asset["asset"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn list_names_assets_in_dependency_order() {
    let project = shop();
    let all = "raw.events marts.events raw.orders staging.orders marts.sums marts.top";
    assert_eq!(names(&project, &["list"]), all);
    assert_eq!(names(&project, &["ls"]), all);
    assert_eq!(names(&project, &["ls", "--select", "+marts.sums", "events"]), all.replace(" marts.top", ""));
    assert_eq!(
        names(&project, &["ls", "-s", "+marts.sums", "-s", "events", "--exclude", "raw.*"]),
        "marts.events staging.orders marts.sums"
    );
    assert_eq!(names(&project, &["ls", "-s", "tag:money,tag:nightly"]), "raw.orders marts.sums");
    assert_eq!(names(&project, &["ls", "-s", "owner:'Data Team'+1"]), "marts.sums marts.top");
    assert_eq!(names(&project, &["ls", "--exclude", "@raw.orders"]), "raw.events marts.events");
    assert_eq!(names(&project, &["ls", "-s", "source:shop", "models/staging"]), "raw.events raw.orders staging.orders");
    assert_eq!(
        names(&project, &["ls", "-s", "state:new,type:model"]),
        "marts.events staging.orders marts.sums marts.top"
    );
    assert!(!project.lake().exists(), "looking at a lake makes none");

    let listed = json(project.path(), &["ls", "-s", "marts.sums"]);
    let expected = serde_json::json!([{
        "name": "marts.sums", "kind": "table", "tags": ["money", "nightly"], "owner": "Data Team",
        "path": "models/marts/sums.sql", "description": null, "depends_on": ["staging.orders"],
    }]);
    assert_eq!(listed, expected);
    let nothing = project.say(&["ls", "-s", "tag:money", "--exclude", "tag:nightly"]).exits(0);
    assert_eq!((nothing.out.as_str(), nothing.err.as_str()), ("", "nothing is selected\n"));
    project.write("headwater.yml", "name: small\nenvironments: { dev: { lake: 's3://nowhere/lake' } }\n");
    assert_eq!(names(&project, &["ls", "-s", "marts.top"]), "marts.top", "no lake is needed");
}

#[test]
fn a_run_builds_what_is_selected_and_says_what_it_passed_over() {
    let project = shop();
    let said = project.say(&["run", "--select", "marts.sums"]).exits(2);
    assert_told(
        &said,
        "HW0144",
        &[
            "marts.sums reads staging.orders, which was never built and is not selected",
            "models/marts/sums.sql",
            "+marts.sums",
        ],
    );
    assert_eq!(published(&project, &["run", "--select", "+marts.sums"]), "raw.orders staging.orders marts.sums");
    assert_eq!(names(&project, &["ls", "-s", "state:new"]), "raw.events marts.events marts.top");
    assert_eq!(published(&project, &["run"]), "raw.events marts.events marts.top");

    project.write("data/orders/2.csv", "n,amount\n3,30\n");
    project.write("models/marts/top.sql", "select total as most from marts.sums\n");
    assert_eq!(names(&project, &["ls", "-s", "state:modified+"]), "marts.top");
    let plan = ok(project.path(), &["plan", "-s", "state:modified+"]);
    for expected in [
        "marts.top",
        "its SQL changed",
        "5 assets are not selected",
        "note: raw.orders has changes that were not selected: 1 file",
    ] {
        assert!(plan.contains(expected), "{expected}: {plan}");
    }
    let document = json(project.path(), &["plan", "-s", "state:modified+"]);
    let orders = document["tasks"].as_array().unwrap().iter().find(|task| task["asset"] == "raw.orders").unwrap();
    assert_eq!((&orders["action"], &orders["reason"]), (&"not_selected".into(), &"not selected".into()));
    assert!(orders["pending"].as_str().unwrap().starts_with("1 file"), "{orders}");
    assert_eq!(document["notes"].as_array().unwrap().len(), 1);

    let said = project.say(&["run", "-s", "state:modified+"]).exits(0);
    for expected in [
        "marts.top",
        "5 assets are not selected",
        "note: raw.orders has changes that were not selected",
        "published snapshot 3",
    ] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    assert!(said.err.contains("1 of 1 selected assets to build"), "{}", said.err);
    assert_eq!(ok(project.path(), &["query", "select most from marts.top"]), "most\n30\n");
    assert_eq!(published(&project, &["run"]), "raw.orders staging.orders marts.sums marts.top");
    assert_eq!(ok(project.path(), &["query", "select most from marts.top"]), "most\n60\n");
    let all = published(&project, &["run", "--full-refresh", "-s", "marts", "--exclude", "marts.events"]);
    assert_eq!(all, "marts.sums marts.top");
    let runs = ok(project.path(), &["runs"]);
    assert!(runs.contains("headwater run -s state:modified+"), "{runs}");
}

#[test]
fn an_unchanged_view_is_checked_with_what_it_shows_and_nothing_is_removed() {
    let project = shop();
    project.run();
    std::fs::remove_file(project.path().join("models/marts/top.sql")).unwrap();
    project.write("data/orders/2.csv", "n,amount\n3,\n");
    let said = project.say(&["run", "--select", "raw.orders"]).exits(1);
    for expected in ["staging.orders: failed[HW0910]", "raw.orders: held back", "the view staging.orders reads it"] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    assert_eq!(ok(project.path(), &["query", "select count(*) as n from raw.orders"]), "n\n2\n");
    project.write("data/orders/2.csv", "n,amount\n3,30\n");
    assert_eq!(published(&project, &["run", "--select", "raw.orders"]), "raw.orders staging.orders");
    assert_eq!(ok(project.path(), &["query", "select total from marts.top"]), "total\n30\n", "it stays");

    project.write("data/orders/3.csv", "n,amount\n4,40\n");
    project.write(
        "models/staging/orders.sql",
        "/*---\nmaterialize: view\n---*/\nselect n, amount, 1 as one from raw.orders\n",
    );
    let said = project.say(&["run", "--select", "raw.orders"]).exits(2);
    assert_told(
        &said,
        "HW0145",
        &["the view staging.orders shows raw.orders", "models/staging/orders.sql", "select staging.orders too"],
    );
    project.write("models/marts/sums.sql", "select sum(one) as total from staging.orders\n");
    let said = project.say(&["run", "--select", "marts.sums"]).exits(2);
    assert_told(
        &said,
        "HW0504",
        &["marts.sums", "one", "read as main has it, for its changes are not selected: staging.orders"],
    );
    assert_eq!(published(&project, &["run"]), "raw.orders staging.orders marts.sums");
    assert!(project.say(&["query", "select * from marts.top"]).code == Some(2), "a run of everything removes it");
}

#[test]
fn mistakes_are_shown_under_the_words_that_are_wrong() {
    let project = shop();
    let text = "\
error[HW0143]: no table is named 'marts.sum'
 --> --select:1:2
  |
1 | +marts.sum tags:money
  |  ^^^^^^^^^
  |
  = help: did you mean 'marts.sums'?

error[HW0142]: there is no method 'tags' to select by
 --> --select:1:12
  |
1 | +marts.sum tags:money
  |            ^^^^
  |
  = help: did you mean 'tag:'?

error[HW0143]: nothing has the tag 'nightli'
 --> --exclude:1:5
  |
1 | tag:nightli
  |     ^^^^^^^
  |
  = help: did you mean 'tag:nightly'?

3 errors
";
    for command in ["run", "plan", "list"] {
        let said = project.say(&[command, "--select", "+marts.sum", "tags:money", "--exclude", "tag:nightli"]).exits(2);
        assert_eq!((said.err.as_str(), said.out.as_str()), (text, ""), "{command}");
    }
    let empty = project.say(&["run", "--select", ""]).exits(2);
    assert_told(&empty, "HW0141", &["--select names nothing"]);
    let help = ok(project.path(), &["run", "--help"]);
    assert!(help.contains("headwater run --select +marts.fct_flights"), "{help}");
}

#[test]
fn a_selection_of_nothing_is_no_error() {
    let project = shop();
    project.run();
    let nothing = ["--select", "state:modified"];
    let said = project.say(&[&["run"], &nothing[..]].concat()).exits(0);
    assert!(said.out.contains("nothing to do: nothing is selected"), "{}", said.out);
    assert_eq!(ok(project.path(), &[&["plan"], &nothing[..]].concat()), "nothing is selected\n");
    let said = project.say(&["run", "-s", "marts.*"]).exits(0);
    assert!(said.out.contains("3 assets are up to date, 3 are not selected"), "{}", said.out);
    assert!(said.out.contains("everything selected is up to date"), "{}", said.out);
}
