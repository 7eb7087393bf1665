//! A branch from its beginning to its end.

use super::{DUMP, Main, arrives, built_anew, dies_at, dump, edit, files, orders};
use crate::program::{json, ok, published_versions, say};

#[test]
fn a_branch_is_made_worked_on_published_and_deleted() {
    let project = orders();
    project.run();
    let main = Main::look(&project);
    let before = dump(&project, &[]);

    let made = project.say(&["branch", "create", "next"]).exits(0);
    assert!(made.out.contains("shows snapshot 1 of main"), "{made:?}");
    assert_eq!(files(&project), main.files, "nothing is copied");
    assert_eq!(dump(&project, &["--branch", "next"]), before);
    assert!(project.say(&["plan", "--branch", "next"]).exits(0).out.contains("5 assets are up to date"));

    edit(&project);
    arrives(&project, 2);
    let plan = json(project.path(), &["plan", "--branch", "next"]);
    assert_eq!(plan["branch"], "next");
    let ran = project.say(&["run", "--branch", "next"]).exits(0);
    assert!(ran.out.contains("the branch next is at snapshot 2"), "{ran:?}");
    main.assert_untouched(&project);
    assert_eq!(dump(&project, &["--branch", "next"]), built_anew(&project));
    assert_eq!(dump(&project, &["--as-of", "2"]), dump(&project, &["--branch", "next"]));

    // What comes next is computed from what has changed, on top of what the branch has.
    arrives(&project, 3);
    let ran = json(project.path(), &["run", "--branch", "next"]);
    let facts = ran["assets"].as_array().unwrap().iter().find(|a| a["asset"] == "marts.facts").unwrap();
    assert_eq!(facts["refresh"]["how"], "append", "{ran}");
    let idle = json(project.path(), &["run", "--branch", "next"]);
    assert!(idle["snapshot"].is_null(), "{idle}");
    main.assert_untouched(&project);
    let wanted = built_anew(&project);
    assert_eq!(dump(&project, &["--branch", "next"]), wanted);

    let listed = &json(project.path(), &["branch", "list"])[0];
    assert_eq!((&listed["name"], &listed["base"], &listed["head"]), (&"next".into(), &1.into(), &3.into()));
    assert_eq!(listed["moved_on_main"], serde_json::json!([]));
    let ids: Vec<u64> = json(project.path(), &["history", "--branch", "next"])
        .as_array()
        .unwrap()
        .iter()
        .map(|snapshot| snapshot["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [3, 2, 1]);
    let shown = json(project.path(), &["show", "marts.totals", "--branch", "next"]);
    assert_eq!((&shown["snapshot"], &shown["rows"]), (&3.into(), &3.into()));
    assert!(ok(project.path(), &["lineage", "marts.names", "--branch", "next"]).contains("raw.regions"));
    assert_eq!(say(project.path(), &["lineage", "marts.names"]).code, Some(2), "main has no such table");

    let would = json(project.path(), &["branch", "publish", "next", "--dry-run"]);
    main.assert_untouched(&project);
    let published = json(project.path(), &["branch", "publish", "next"]);
    assert_eq!(would, published["publish"]);
    let verbs = would["assets"].as_array().unwrap();
    assert!(verbs.len() == 6 - 1 && verbs.iter().all(|asset| asset["verb"] == "as_it_is"), "{would}");
    assert_eq!(published["run"]["snapshot"], 4);
    assert_eq!(dump(&project, &[]), wanted);
    let versions = ["raw.orders", "raw.regions", "marts.facts", "marts.totals", "marts.names"];
    let versions = versions.map(|table| published_versions(&project.lake(), table).len());
    assert_eq!(versions, [3, 1, 3, 3, 1], "the branch's commits, as they are");
    let idle = project.run();
    assert!(idle.out.contains("nothing to publish"), "nothing is loaded or built again: {idle:?}");

    // The branch begins anew on what it was published as.
    let listed = &json(project.path(), &["branch", "list"])[0];
    assert_eq!((&listed["base"], &listed["head"], &listed["changed"]), (&4.into(), &4.into(), &serde_json::json!([])));
    arrives(&project, 4);
    project.run();
    let wanted = built_anew(&project);
    assert_eq!(dump(&project, &[]), wanted, "runs on main go on from the branch's commits");

    project.say(&["branch", "delete", "next"]).exits(0);
    assert_eq!(project.say(&["query", DUMP, "--branch", "next"]).code, Some(2));
    let kept = ["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0"];
    project.say(&kept).exits(0);
    assert_eq!(dump(&project, &[]), wanted);
    assert!(!project.lake().join("_headwater/branches").exists(), "its staging areas are gone");
}

#[test]
fn maintenance_keeps_what_a_branch_needs_and_frees_it_afterwards() {
    let project = orders();
    project.run();
    project.say(&["branch", "create", "old"]).exits(0);
    edit(&project);
    arrives(&project, 2);
    project.say(&["run", "--branch", "old"]).exits(0);
    project.say(&["run", "--branch", "old", "--full-refresh"]).exits(0);
    // Main leaves behind everything that the branch stands on.
    project.say(&["run", "--full-refresh"]).exits(0);
    project.say(&["run", "--full-refresh"]).exits(0);
    let on_branch = dump(&project, &["--branch", "old"]);
    let vacuum = ["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0", "--json"];
    project.say(&vacuum).exits(0);
    assert_eq!(dump(&project, &["--branch", "old"]), on_branch);
    arrives(&project, 3);
    project.say(&["run", "--branch", "old"]).exits(0);
    assert_eq!(dump(&project, &["--branch", "old"]), built_anew(&project));
    project.say(&vacuum).exits(0);

    let all = files(&project).len();
    project.say(&["branch", "delete", "old"]).exits(0);
    assert_eq!(files(&project).len(), all, "deleting removes nothing by itself");
    let removed = project.say(&vacuum).exits(0).json();
    assert!(removed["removed"]["files"].as_u64().unwrap() > 5 && files(&project).len() < all, "{removed}");
    project.run();
    assert_eq!(dump(&project, &[]), built_anew(&project));
}

#[test]
fn interrupted_runs_on_main_and_on_a_branch_do_not_disturb_each_other() {
    let project = orders();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    arrives(&project, 2);
    assert!(dies_at(&project, &["run"], "after_audit_record:3"));
    let main = dump(&project, &[]);
    assert!(dies_at(&project, &["run", "--branch", "next"], "after_audit_record:3"));
    let vacuum = ["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0"];
    project.say(&vacuum).exits(0);
    let on_branch = project.say(&["run", "--branch", "next"]).exits(0);
    assert!(on_branch.err.contains("going on with the unfinished run"), "{on_branch:?}");
    assert_eq!(dump(&project, &[]), main);
    let on_main = project.say(&["run"]).exits(0);
    assert!(on_main.err.contains("going on with the unfinished run"), "{on_main:?}");
    let wanted = built_anew(&project);
    assert_eq!((dump(&project, &[]), dump(&project, &["--branch", "next"])), (wanted.clone(), wanted));
}

#[test]
fn a_table_that_goes_and_comes_back_on_a_branch_is_whole() {
    let project = orders();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    arrives(&project, 2);
    project.say(&["run", "--branch", "next"]).exits(0);
    std::fs::remove_file(project.path().join("models/marts/totals.sql")).unwrap();
    project.say(&["run", "--branch", "next"]).exits(0);
    let gone = project.say(&["query", "select * from marts.totals", "--branch", "next"]);
    assert!(gone.code == Some(2) && gone.err.contains("HW0557"), "{gone:?}");
    project.write("models/marts/totals.sql", super::NEW_TOTALS);
    arrives(&project, 3);
    project.say(&["run", "--branch", "next"]).exits(0);
    let wanted = built_anew(&project);
    assert_eq!(dump(&project, &["--branch", "next"]), wanted);
    project.say(&["branch", "publish", "next"]).exits(0);
    assert_eq!(dump(&project, &[]), wanted);
    project.say(&["branch", "create", "drop"]).exits(0);
    std::fs::remove_file(project.path().join("models/marts/totals.sql")).unwrap();
    project.say(&["run", "--branch", "drop"]).exits(0);
    let said = project.say(&["branch", "publish", "drop"]).exits(0);
    assert!(said.out.contains("removed"), "{said:?}");
    assert!(project.say(&["query", "select * from marts.totals"]).code == Some(2));
}
