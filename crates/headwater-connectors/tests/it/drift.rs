//! Columns that change, under every policy.

use headwater_sdk::connector::{Drift, ReadMode};
use serde_json::{Value, json};

use crate::project::{Loaded, Project, assert_error, block_on, load, named, plan, rows, stream, table};

/// A table's columns after a load, the rows and the notes.
type Outcome = (Vec<(String, String)>, Loaded, Vec<String>);

/// Loads onto a table.
fn onto(project: &Project, columns: &[(&str, &str)], format: &Value) -> headwater_sdk::Result<Outcome> {
    block_on(async {
        let opened = project.open(stream("*", format.clone())).unwrap();
        let plan = plan(&*opened, Some(table(columns)), None).await?;
        let (schema, notes) = (named(&plan.schema), plan.drift.clone());
        Ok((schema, load(plan).await?, notes))
    })
}

fn owned(columns: &[(&str, &str)]) -> Vec<(String, String)> {
    columns.iter().map(|(name, data_type)| ((*name).to_owned(), (*data_type).to_owned())).collect()
}

fn csv() -> Value {
    json!({ "type": "csv" })
}

const BEFORE: &[(&str, &str)] = &[("id", "bigint"), ("old", "string"), ("n", "bigint")];

#[test]
fn fail_names_everything_that_differs_at_once() {
    let project = Project::new();
    project.write("a.csv", "id,gate,n\n1,B7,2.5\n2,C1,3\n");
    let words = [
        "raw.t",
        "column 'gate' is new in a.csv",
        "column 'old' is missing in a.csv",
        "column 'n' is double and not bigint in a.csv",
    ];
    assert_error(onto(&project, BEFORE, &csv()), "HW0308", &words);
}

#[test]
fn add_takes_over_what_loses_nothing() {
    let project = Project::new().with(|s| s.drift = Drift::Add);
    project.write("a.csv", "id,gate,n\n1,B7,2.5\n2,C1,3\n");
    let (columns, loaded, notes) = onto(&project, BEFORE, &csv()).unwrap();
    assert_eq!(columns, owned(&[("id", "bigint"), ("old", "string"), ("n", "double"), ("gate", "string")]));
    assert_eq!(loaded.rows, rows(&[["1", "-", "2.5", "B7"], ["2", "-", "3.0", "C1"]]));
    assert_eq!(notes.len(), 3, "{notes:?}");
    project.write("a.csv", "id,old,n\nx,1,2\ny,2,3\n");
    let (columns, loaded, _) = onto(&project, BEFORE, &csv()).unwrap();
    assert_eq!(columns[0], ("id".to_owned(), "string".to_owned()), "anything widens to a string");
    assert_eq!(loaded.rows[0][0], "x");
    project.write("a.csv", "id,old,n\ntrue,1,2\nfalse,2,3\n");
    assert_error(
        onto(&project, BEFORE, &csv()),
        "HW0308",
        &["column 'id' is boolean and not bigint", "no type takes both"],
    );
}

#[test]
fn ignore_keeps_the_table_as_it_is() {
    let project = Project::new().with(|s| s.drift = Drift::Ignore);
    project.write("a.csv", "id,gate,n\n1,B7,2.5\n2,C1,3\n");
    let (columns, loaded, notes) = onto(&project, BEFORE, &csv()).unwrap();
    assert_eq!(columns, owned(BEFORE));
    assert_eq!(loaded.rows, rows(&[["2", "-", "3"]]));
    let hint = "the type was inferred from a sample: declare the column's type if such values are right";
    assert_eq!(loaded.reasons(), [("a.csv".to_owned(), 2, format!("column 'n': '2.5' is not a bigint; {hint}"))]);
    assert_eq!(notes.len(), 3, "{notes:?}");
}

#[test]
fn a_few_wrong_values_are_bad_rows_and_no_drift() {
    let project = Project::new();
    project.write("a.csv", "id,old,n\n1,x,2\noops,y,3\n3,z,4\n");
    let (columns, loaded, notes) = onto(&project, BEFORE, &csv()).unwrap();
    assert_eq!((columns, notes), (owned(BEFORE), vec![]));
    assert_eq!((loaded.rows.len(), loaded.rejected.len()), (2, 1));
}

#[test]
fn files_of_a_first_load_are_compared_with_each_other() {
    let project = Project::new();
    project.write("1.csv", "a,b\n1,2\n").write("2.csv", "a,c\n1,2\n");
    let words = ["column 'c' is new in 2.csv", "column 'b' is missing in 2.csv", "do not agree"];
    assert_error(project.load("*.csv", json!({})), "HW0308", &words);
    let project = project.with(|s| s.drift = Drift::Add);
    assert_eq!(project.load("*.csv", json!({})).unwrap().rows, rows(&[["1", "2", "-"], ["1", "-", "2"]]));
    let project = project.with(|s| s.drift = Drift::Ignore);
    assert_eq!(project.load("*.csv", json!({})).unwrap().rows, rows(&[["1", "2"], ["1", "-"]]));
}

#[test]
fn a_declared_column_that_is_nowhere_is_an_error_with_a_suggestion() {
    let project = Project::new().declare("carier", "string");
    project.write("1.csv", "carrier\nUA\n");
    assert_error(project.load("*.csv", json!({})), "HW0308", &["'carier' is declared", "did you mean 'carrier'"]);
    let project = project.with(|s| s.drift = Drift::Add);
    assert_eq!(project.load("*.csv", json!({})).unwrap().rows, rows(&[["UA", "-"]]));
}

#[test]
fn a_declared_type_that_changes_counts_in_a_full_load_and_is_drift_in_an_appending_one() {
    let project = Project::new().declare("id", "string");
    project.write("a.csv", "id,old,n\n1,x,2\n");
    let (columns, loaded, notes) = onto(&project, BEFORE, &csv()).unwrap();
    assert_eq!((columns[0].1.as_str(), loaded.rows.len(), notes.len()), ("string", 1, 1));
    let project = project.with(|s| s.mode = ReadMode::NewFiles);
    assert_error(onto(&project, BEFORE, &csv()), "HW0308", &["'id' is declared as string and is bigint in the table"]);
    let project = project.with(|s| s.drift = Drift::Add);
    assert_eq!(onto(&project, BEFORE, &csv()).unwrap().0[0].1, "string");
}

#[test]
fn a_key_of_a_json_object_that_the_sample_did_not_have() {
    let mut text = String::new();
    for n in 0..12_000 {
        text += &format!("{{\"id\": {n}}}\n");
    }
    text += "{\"id\": 12000, \"late\": 1}\n";
    let project = Project::new();
    project.write("a.json", text);
    let format = json!({ "type": "json" });
    let stream = project.open(stream("a.json", json!({}))).unwrap();
    let load = || block_on(async { load(plan(&*stream, None, None).await?).await }).unwrap();
    let loaded = load();
    assert_eq!((loaded.rows.len(), loaded.rejected.len(), loaded.rejected[0].line), (12_000, 1, 12_001));
    assert!(loaded.rejected[0].reason.contains("'late'"));
    // A plan that is made now has it.
    assert!(stream.has_more_columns());
    let loaded = load();
    assert_eq!((loaded.rejected.len(), loaded.rows.len()), (0, 12_001));
    assert_eq!(
        (loaded.rows[0].as_slice(), loaded.rows[12_000].as_slice()),
        (["0".into(), "-".into()].as_slice(), ["12000".into(), "1".into()].as_slice())
    );
    assert!(!stream.has_more_columns());
    assert_error(onto(&project, &[("id", "bigint")], &format), "HW0308", &["a.json, line 12001", "'late'"]);
    let project = project.with(|s| s.drift = Drift::Ignore);
    assert_eq!(onto(&project, &[("id", "bigint")], &format).unwrap().1.rows.len(), 12_001);
}
