//! What `headwater plan` tells.

use super::{STAGING, shop};
use crate::program::json;
use crate::project::Project;

/// The text of a plan without what the last builds took.
fn told(project: &Project, arguments: &[&str]) -> String {
    let out = project.say(&[&["plan"], arguments].concat()).exits(0).out;
    let mask = |line: &str| match (line.rsplit_once("  ("), line.split_once("as last time, ")) {
        (Some((before, figures)), _) if figures.contains(" row") => format!("{before}  (<figures>)"),
        (_, Some((before, figures))) => {
            let rest = figures.split_once(';').map(|(_, rest)| format!(";{rest}")).unwrap_or_default();
            format!("{before}as last time, <figures>{rest}")
        }
        _ => line.to_owned(),
    };
    out.lines().map(|line| mask(line) + "\n").collect()
}

#[test]
fn a_plan_is_grouped_and_says_why() {
    let project = shop();
    let mut text = format!("# before the first run\n{}", told(&project, &[]));
    project.run();
    text.push_str(&format!("\n# nothing to do\n{}", told(&project, &[])));
    project.write(
        "models/staging/items.sql",
        STAGING
            .replace("kind, price", "kind as sort, cast(price as double) as price")
            .replace("trim(name)", "upper(name)"),
    );
    project
        .write("models/marts/kinds.sql", "select sort as kind, count(*) as items from staging.items group by sort\n");
    project.write("models/marts/new.sql", "select 1 as one\n");
    std::fs::remove_file(project.path().join("models/marts/labels.sql")).unwrap();
    text.push_str(&format!("\n# an edit\n{}", told(&project, &[])));
    project.write("models/staging/items.sql", STAGING.replace("trim(name)", "reverse(trim(name))"));
    project.write(
        "models/marts/kinds.sql",
        "select kind, count(*) as items, max(price) as dearest from staging.items group by kind\n",
    );
    text.push_str(&format!("\n# a column, with --all\n{}", told(&project, &["--all"])));
    text.push_str(&format!("\n# everything\n{}", told(&project, &["--full-refresh"])));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("plan", text);
    });
}

#[test]
fn the_exit_code_tells_what_is_to_be_done_when_it_is_asked_to() {
    let project = shop();
    let code = || project.say(&["plan", "--detailed-exitcode"]).code;
    assert_eq!(code(), Some(10));
    project.say(&["plan"]).exits(0);
    project.run();
    assert_eq!(code(), Some(0));
    project.write("models/staging/items.sql", STAGING.replace("trim(name)", "upper(name)"));
    assert_eq!(code(), Some(10));
    project.write("models/staging/items.sql", STAGING.replace("kind, price", "kind, price, 1 as one"));
    assert_eq!(code(), Some(10), "a column more breaks nobody");
    project.write("models/marts/everything.sql", "select id, name, kind from staging.items\n");
    assert_eq!(code(), Some(11));
    let said = project.say(&["plan", "--detailed-exitcode", "--json"]);
    assert_eq!((said.code, &said.json()["exit_code"]), (Some(11), &11.into()));
    project.write("models/marts/everything.sql", "select no_such_column from staging.items\n");
    assert_eq!(code(), Some(2), "a project that is wrong is what it always is");
}

#[test]
fn json_has_it_all() {
    let project = shop();
    project.run();
    project.write("models/staging/items.sql", STAGING.replace("kind, price", "kind, cast(price as double) as price"));
    let plan = json(project.path(), &["plan"]);
    let task =
        |name: &str| plan["tasks"].as_array().unwrap().iter().find(|task| task["asset"] == name).unwrap().clone();
    let staging = task("staging.items");
    assert_eq!((&staging["cause"], &staging["action"]), (&"definition".into(), &"build".into()));
    assert_eq!(staging["changed_parts"], serde_json::json!(["SQL"]));
    let retyped = serde_json::json!([{ "name": "price", "from": "bigint", "to": "double" }]);
    assert_eq!(staging["difference"]["retyped"], retyped);
    assert_eq!(staging["changes"], serde_json::json!({ "rows": false, "columns": ["price"] }));
    assert_eq!(task("marts.names")["cause"], "untouched");
    assert_eq!(task("marts.labels")["cause"], "nothing");
    let breaking = plan["breaking"].as_array().unwrap();
    let of_staging = breaking.iter().find(|change| change["table"] == "staging.items").unwrap();
    assert_eq!((&of_staging["column"], &of_staging["kind"]), (&"price".into(), &"column_retyped".into()));
    let affected: Vec<String> =
        of_staging["affects"].as_array().unwrap().iter().map(|a| format!("{}.{}", a["table"], a["column"])).collect();
    assert!(affected.contains(&"\"marts.kinds\".\"dearest\"".to_owned()), "{affected:?}");
    assert_eq!(plan["expected"]["marts.everything"]["rows"], 4);
    let rows: u64 = plan["expected"].as_object().unwrap().values().map(|one| one["rows"].as_u64().unwrap()).sum();
    assert_eq!(plan["expected_total"]["rows"], rows);
}
