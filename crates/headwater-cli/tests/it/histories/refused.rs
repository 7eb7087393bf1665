//! What would tear or lose a history is refused, and says what to do; nothing is published, and nothing lost.

use super::{customers, project, versions};
use crate::program::{published_versions, query};
use crate::project::{Project, assert_told};

const ROWS: &str = "1,Ada,Turin,2026-01-01T00:00:00Z\n2,Bob,Oslo,2026-01-02T00:00:00Z\n";

/// A run that is refused: with the code and the words, and everything as it was.
#[track_caller]
fn refused(project: &Project, arguments: &[&str], code: i32, told: &str, words: &[&str]) {
    let before = (versions(project), published_versions(&project.lake(), "marts.customers"));
    let said = project.say(arguments).exits(code);
    assert_told(&said, told, words);
    assert_eq!((versions(project), published_versions(&project.lake(), "marts.customers")), before);
}

#[test]
fn keys_that_tell_no_rows_apart() {
    let project = project("updated_at: updated_at\n", ROWS);
    project.run();
    for (rows, told, words) in [
        (
            "1,Ada,Rome,2026-02-01T00:00:00Z\n1,Ada,Bari,2026-02-02T00:00:00Z\n",
            "HW0630",
            vec!["same key", "id = 1", "newest row of each"],
        ),
        (",Eve,Rome,2026-02-01T00:00:00Z\n", "HW0630", vec!["key is null", "id = null"]),
        ("3,Eve,Rome,\n", "HW0631", vec!["updated_at is null", "id = 3", "coalesce"]),
    ] {
        project.write("data/customers.csv", customers(&format!("{ROWS}{rows}")));
        refused(&project, &["run"], 1, told, &words);
    }
    project.write("data/customers.csv", customers(&ROWS.replace("Turin", "Bari").replace("01-01", "03-01")));
    project.run();
    assert!(versions(&project).contains("1,Ada,Bari,03-01,,true"), "{}", versions(&project));
}

#[test]
fn a_first_run_on_rows_without_a_key_publishes_nothing() {
    let project = project("", "1,Ada,Turin,\n1,Eve,Turin,\n,Bob,Oslo,\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0630", &["marts.customers"]);
    assert!(published_versions(&project.lake(), "marts.customers").is_empty());
    assert_eq!(query(project.path(), "select count(*) from raw.customers"), "3", "the rest is published");
}

#[test]
fn another_key_or_type_of_it() {
    let project = project("", ROWS);
    project.run();
    let model = |header: &str, sql: &str| {
        let text = format!("/*---\nmaterialize: scd2\n{header}\n---*/\nselect {sql} from raw.customers\n");
        project.write("models/marts/customers.sql", text);
    };
    model("key: [name]", "id, name, city, updated_at");
    refused(&project, &["run"], 1, "HW0632", &["by the key (id)", "--discard-history"]);
    for (sql, words) in [
        ("cast(id as bigint) as id, name, city, updated_at", "'id' is int and would be bigint"),
        ("id, name, updated_at", "no column 'city' any more"),
        ("id, name, city as town, updated_at", "'city' would be called 'town'"),
    ] {
        model("key: [id]", sql);
        for command in ["run", "plan"] {
            refused(&project, &[command], 2, "HW0929", &[words, "--discard-history"]);
        }
    }
    model("key: [id]", "id, name, cast(null as string) as city, updated_at");
    project.run();
    assert_eq!(query(project.path(), "select count(*) from marts.customers where is_current and city is null"), "2");
}

#[test]
fn a_full_refresh_and_another_kind_of_model() {
    let project = project("", ROWS);
    project.run();
    project.write("data/customers.csv", customers("1,Ada,Milan,\n"));
    project.run();
    refused(&project, &["run", "--full-refresh"], 2, "HW0929", &["--exclude marts.customers", "--discard-history"]);
    project.say(&["run", "--full-refresh", "--exclude", "marts.customers"]).exits(0);
    let table =
        "select id, name, city, updated_at, 1 as valid_from, 1 as valid_to, true as is_current from raw.customers\n";
    let model = std::fs::read_to_string(project.path().join("models/marts/customers.sql")).unwrap();
    for header in ["", "/*---\nmaterialize: view\n---*/\n"] {
        project.write("models/marts/customers.sql", format!("{header}{table}"));
        refused(&project, &["run"], 2, "HW0929", &["was `materialize: scd2`"]);
    }
    // With the person's word for it.
    project.write("models/marts/customers.sql", model);
    project.say(&["run", "--full-refresh", "--discard-history"]).exits(0);
    assert_eq!(query(project.path(), "select id, city, is_current from marts.customers"), "1,Milan,true");
    project.write("models/marts/customers.sql", table);
    project.say(&["run", "--discard-history"]).exits(0);
    assert_eq!(query(project.path(), "select id, city, valid_from from marts.customers"), "1,Milan,1");
}

#[test]
fn columns_that_do_not_go_with_the_query() {
    for (header, words) in [
        ("track: [ctiy]", vec!["the query has no column 'ctiy'", "track: [ctiy]"]),
        ("updated_at: name", vec!["is of type string and not a date or a timestamp"]),
        ("track: [id]", vec!["'id' is of the key"]),
        ("history_columns: { valid_from: city }", vec!["has a column 'city'"]),
    ] {
        let project = project(&format!("{header}\n"), ROWS);
        let said = project.say(&["check"]).exits(2);
        assert_told(&said, "HW0928", &words);
    }
}
