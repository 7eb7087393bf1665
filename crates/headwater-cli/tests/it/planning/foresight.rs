//! What a plan says of how tables will be brought up to date is what the run then does.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::json;
use crate::project::Project;

fn project() -> Project {
    let window = "/*---\nmaterialize: incremental\nstrategy: window\ntime_column: day\nlookback: 1\n---*/\n";
    Project::empty()
        .with(
            "sources/s.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.sales, path: 'sales/*.csv', mode: new_files }\n  - { table: raw.shops, path: shops.csv }\n",
        )
        .with("data/sales/1.csv", sales(1))
        .with("data/shops.csv", "shop,town\na,Ulm\nb,Bonn\nc,Kiel\n")
        .with("models/staging/sales.sql", "/*---\nmaterialize: view\n---*/\nselect day, shop, amount from raw.sales where amount > 0\n")
        .with("models/marts/joined.sql", "select day, town, shop, amount from staging.sales join raw.shops using (shop)\n")
        .with("models/marts/days.sql", "select day, sum(amount) as amount from marts.joined group by day\n")
        .with("models/marts/steps.sql", "select day, amount, lag(amount) over (order by day) as before from marts.days\n")
        .with("models/marts/first.sql", "select day, amount from marts.joined order by amount, day, shop limit 3\n")
        .with("models/marts/stamped.sql", "select day, now() as at from marts.joined\n")
        .with("models/marts/towns.sql", "select shop, town from raw.shops\n")
        .with("models/marts/recent.sql", format!("{window}select day, amount from marts.joined\n"))
}

/// Sales of a day: three shops.
fn sales(day: u32) -> String {
    ["a", "b", "c"].iter().zip(1..).fold("day,shop,amount\n".to_owned(), |text, (shop, amount)| {
        text + &format!("2024-05-{day:02},{shop},{}\n", day * 10 + amount)
    })
}

/// What a plan says, and what the run then does, of every table.
fn foreseen_and_done(project: &Project) -> BTreeMap<String, (String, String)> {
    let plan = json(project.path(), &["plan"]);
    let report = json(project.path(), &["run"]);
    assert_eq!(report["exit_code"], 0, "{report:#}");
    let how = |refresh: &Value| refresh["how"].as_str().unwrap_or("-").to_owned();
    let assets = report["assets"].as_array().unwrap().iter();
    let done = assets
        .filter(|asset| !asset["refresh"].is_null() || !plan["refresh"][asset["asset"].as_str().unwrap()].is_null());
    done.map(|asset| {
        let name = asset["asset"].as_str().unwrap();
        (name.to_owned(), (how(&plan["refresh"][name]), how(&asset["refresh"])))
    })
    .collect()
}

fn expect(told: &BTreeMap<String, (String, String)>, expected: &[(&str, &str)]) {
    let same: BTreeMap<String, (String, String)> =
        expected.iter().map(|(name, how)| ((*name).to_owned(), ((*how).to_owned(), (*how).to_owned()))).collect();
    assert_eq!(*told, same);
}

#[test]
fn what_a_plan_foresees_comes_true() {
    let project = project();
    let all = ["days", "first", "joined", "recent", "stamped", "steps", "towns"]
        .map(|name| (format!("marts.{name}"), "full"));
    let all: Vec<(&str, &str)> = all.iter().map(|(name, how)| (name.as_str(), *how)).collect();
    expect(&foreseen_and_done(&project), &all);
    for day in 2..=6 {
        project.write(&format!("data/sales/{day}.csv"), sales(day));
    }
    project.run();

    // New files of a stream: the join gains rows, groups change, and what has no key is computed whole.
    project.write("data/sales/7.csv", sales(7));
    let text = project.say(&["plan"]).exits(0).out;
    for expected in [
        "→ new rows only",
        "→ rows of the day that change",
        "→ all rows, because it has a LIMIT",
        "→ all rows, because it uses now()",
        "→ all rows, because none of its columns is what its windows are partitioned by",
        "→ replaces a window, from the newest day of day and the day before",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let new_files = [
        ("marts.days", "keys"),
        ("marts.first", "full"),
        ("marts.joined", "append"),
        ("marts.recent", "chosen"),
        ("marts.stamped", "full"),
        ("marts.steps", "full"),
    ];
    expect(&foreseen_and_done(&project), &new_files);

    // A row of the other side is another: keys.
    project.write("data/shops.csv", "shop,town\na,Ulm\nb,Bonn\nc,Kiel\nd,Jena\n");
    let told = foreseen_and_done(&project);
    assert_eq!(told["marts.joined"].0, "keys");
    // No sale is of the new shop.
    assert_eq!(told["marts.joined"].1, "nothing");
    // The file is read whole: that it lost nothing is seen when it is there.
    assert_eq!(told["marts.towns"], ("keys".to_owned(), "append".to_owned()), "{told:?}");

    // Another query of a view.
    let edited = "/*---\nmaterialize: view\n---*/\nselect day, shop, amount from raw.sales where amount > 15\n";
    project.write("models/staging/sales.sql", edited);
    let plan = json(project.path(), &["plan"]);
    assert_eq!(plan["refresh"]["marts.joined"]["because"], "the query of the view staging.sales has changed");
    let told = foreseen_and_done(&project);
    assert_eq!(told["marts.joined"], ("full".to_owned(), "full".to_owned()), "{told:?}");
}
