//! What people are told of what was taken up, and what a run finds to do.

use super::{events, model};
use crate::program::{json, query};

const MAY: &str = "id,day,v\n1,2024-05-01,10\n2,2024-05-02,20\n3,2024-05-03,30\n";

#[test]
fn a_run_says_what_it_took_up() {
    let project = events(MAY)
        .with("models/marts/w.sql", model("strategy: window\ntime_column: day\nlookback: 1"))
        .with("models/marts/strict.sql", model("strategy: window\ntime_column: day\nlate: ignore"))
        .with("models/marts/log.sql", model("strategy: append\ntime_column: id"));
    project.run();
    assert!(project.run().out.contains("up to date"));
    project.write("data/events.csv", format!("{MAY}4,2024-05-04,40\n5,2024-05-01,50\n"));
    project.run();
    let info = project.say(&["run-info"]).exits(0).out;
    for expected in [
        "window since 2024-05-02 and 1 older day",
        "window since 2024-05-03, changes of 1 older day left out",
        "append after 3",
    ] {
        assert!(info.contains(expected), "{expected}: {info}");
    }
    let count = |table: &str| query(project.path(), &format!("select count(*), sum(v) from marts.{table}"));
    assert_eq!((count("w"), count("strict"), count("log")), ("5,150".into(), "4,100".into(), "5,150".into()));
}

#[test]
fn only_what_depends_on_rows_taken_up_is_computed() {
    let project = events(MAY)
        .with("models/marts/w.sql", model("strategy: window\ntime_column: day"))
        .with("models/marts/days.sql", "select day, sum(v) as v from marts.w group by day\n");
    project.run();
    project.write("data/events.csv", format!("{MAY}4,2024-05-04,40\n"));
    let report = json(project.path(), &["run"]);
    let of = |name: &str| {
        let assets = report["assets"].as_array().unwrap();
        assets.iter().find(|asset| asset["asset"] == name).unwrap()["refresh"].clone()
    };
    assert_eq!((&of("marts.w")["how"], &of("marts.w")["deleted"]), (&"chosen".into(), &1.into()), "{report:#}");
    // The row of May 3 was only written again.
    assert_eq!((&of("marts.days")["how"], &of("marts.days")["keys"]), (&"keys".into(), &1.into()), "{report:#}");
    assert_eq!(query(project.path(), "select count(*), sum(v) from marts.days"), "4,100");
}

#[test]
fn rows_that_inputs_have_lost_stay_until_they_are_given_up() {
    let header = "strategy: merge\nkey: [id]";
    let project = events(MAY).with("models/marts/kept.sql", model(header));
    project.run();
    project.write("data/events.csv", "id,day,v\n3,2024-05-03,33\n4,2024-05-04,40\n");
    project.run();
    let kept = || query(project.path(), "select string_agg(v, ' ' order by id) from marts.kept");
    assert_eq!(kept(), "10 20 33 40");
    // Another query would make it anew, of the two rows that are left.
    project.write("models/marts/kept.sql", model(header).replace("v from", "v + 1 as v from"));
    let said = project.say(&["run"]).exits(1);
    crate::project::assert_told(&said, "HW0627", &["would have 2 rows, and it has 4", "--full-refresh"]);
    assert_eq!(kept(), "10 20 33 40");
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(kept(), "34 41");
}
