//! Choices that make no sense, and rows that cannot be taken up: told, and nothing published.

use super::{events, model};
use crate::program::query;
use crate::project::assert_told;

const MAY: &str = "id,day,v\n1,2024-05-01,10\n2,2024-05-02,20\n3,2024-05-03,30\n";

#[test]
fn choices_that_make_no_sense_are_refused() {
    let wrong = [
        ("materialize: incremental", "HW0112", "does not say what becomes of the rows"),
        ("materialize: incremental\nstrategy: merge", "HW0112", "the strategy merge needs 'key'"),
        ("materialize: incremental\nstrategy: window", "HW0112", "the strategy window needs 'time_column'"),
        ("materialize: incremental\nstrategy: replace_partitions", "HW0112", "needs 'partition_by'"),
        ("materialize: incremental\nstrategy: append\nkey: [id]", "HW0135", "the strategy append looks at no key"),
        (
            "materialize: incremental\nstrategy: append\nlookback: 2",
            "HW0135",
            "'lookback' says nothing without a time_column",
        ),
        ("materialize: incremental\nstrategy: append\nrefresh: full", "HW0135", "does not compute all rows"),
        ("materialize: incremental\nstrategy: upsert", "HW0113", "strategy"),
        ("materialize: table\ntime_column: day", "HW0135", "'time_column' says how new rows are taken up"),
        ("materialize: incremental\nstrategy: window\ntime_column: dya", "HW0922", "did you mean 'day'?"),
        (
            "materialize: incremental\nstrategy: window\ntime_column: v",
            "HW0923",
            "is bigint, and has to be a date or a timestamp",
        ),
        ("materialize: incremental\nstrategy: merge\nkey: [share]", "HW0923", "has to be exact"),
    ];
    for (header, code, words) in wrong {
        let sql = format!("/*---\n{header}\n---*/\nselect id, day, v, cast(v as double) as share from raw.events\n");
        let project = events(MAY).with("models/marts/m.sql", sql);
        let said = project.say(&["check"]).exits(2);
        assert_told(&said, code, &[words, "models/marts/m.sql"]);
    }
}

#[test]
fn keys_that_come_twice_or_are_missing_stop_a_merge() {
    for (header, wrong, code, words) in [
        ("strategy: merge\nkey: [id]", "2,2024-05-05,1\n", "HW0626", "id = 2 (2 rows)"),
        ("strategy: merge\nkey: [id]", ",2024-05-05,1\n", "HW0626", "id = NULL"),
        ("strategy: window\ntime_column: day", "4,,1\n", "HW0910", "not_null(day)"),
        ("strategy: append\ntime_column: day", "4,,1\n", "HW0910", "not_null(day)"),
    ] {
        let project = events(MAY).with("models/marts/m.sql", model(header));
        project.run();
        project.write("data/events.csv", format!("{MAY}{wrong}"));
        let said = project.say(&["run"]).exits(1);
        assert_told(&said, code, &[words]);
        assert_eq!(query(project.path(), "select count(*), sum(v) from marts.m"), "3,60", "{header}");
        project.write("data/events.csv", format!("{MAY}4,2024-05-05,1\n"));
        project.run();
        assert_eq!(query(project.path(), "select count(*), sum(v) from marts.m"), "4,61", "{header}");
    }
}

#[test]
fn the_first_merge_needs_keys_as_well() {
    let project =
        events(&format!("{MAY}2,2024-05-05,1\n")).with("models/marts/m.sql", model("strategy: merge\nkey: [id]"));
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["unique(id)", "2 of 4 rows"]);
}

#[test]
fn a_key_of_another_type_is_refused_and_nothing_is_lost() {
    let project = events(MAY).with("models/marts/m.sql", model("strategy: merge\nkey: [id]"));
    project.run();
    let yml = std::fs::read_to_string(project.path().join("sources/events.yml")).unwrap();
    project.write("sources/events.yml", yml.replace("id: { type: bigint }", "id: { type: text }"));
    project.write("data/events.csv", "id,day,v\na,2024-05-01,10\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0623", &["id was bigint and is string", "--full-refresh"]);
    assert_eq!(query(project.path(), "select count(*), sum(v) from marts.m"), "3,60");
}

#[test]
fn what_cannot_be_told_apart_is_said() {
    let sql = "/*---\nmaterialize: incremental\nstrategy: append\n---*/\nselect count(*) as n from raw.events\n";
    let project = events(MAY).with("models/marts/m.sql", sql);
    project.run();
    project.write("data/events.csv", format!("{MAY}4,2024-05-05,1\n"));
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0622", &["it aggregates", "time_column"]);
    assert_eq!(query(project.path(), "select n from marts.m"), "3");
}
