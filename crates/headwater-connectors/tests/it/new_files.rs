//! Files that are loaded once.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use headwater_sdk::connector::ReadMode;
use serde_json::json;

use crate::project::{Project, assert_error, block_on, load, plan, rows, stream, table};

#[test]
fn each_file_is_loaded_once() {
    let project = Project::new().with(|s| s.mode = ReadMode::NewFiles);
    project.write("in/1.csv", "a\n1\n").write("in/2.csv", "a\n2\n");
    block_on(async {
        let opened = project.open(stream("in/*.csv", json!({}))).unwrap();
        let first = plan(&*opened, None, None).await.unwrap();
        assert_eq!((first.parts.len(), first.description.as_str()), (2, "2 files, 8 B"));
        let (schema, position, fingerprint) = (first.schema.clone(), first.position.get(), first.fingerprint.clone());
        assert_eq!(load(first).await.unwrap().rows, rows(&[["1"], ["2"]]));

        let second = plan(&*opened, Some(schema.clone()), Some(position.clone())).await.unwrap();
        assert!(second.parts.is_empty());
        assert_eq!((&second.position.get(), &second.fingerprint, &second.schema), (&position, &fingerprint, &schema));
        assert_eq!(second.description, "no new files");

        project.write("in/3.csv", "a\n3\n");
        project.write("in/1.csv", "a\n1\n11\n");
        std::fs::remove_file(project.path().join("in/2.csv")).unwrap();
        let third = plan(&*opened, Some(schema.clone()), Some(position)).await.unwrap();
        assert_ne!(third.fingerprint, fingerprint);
        let position = third.position.get();
        assert_eq!((third.changed.clone(), third.drift.clone()), (vec!["in/1.csv".to_owned()], Vec::new()));
        assert_eq!(load(third).await.unwrap().rows, rows(&[["3"]]));

        // A file that was loaded and is gone does not come back as a new one.
        project.write("in/2.csv", "a\n2\n");
        let fourth = plan(&*opened, Some(schema), Some(position)).await.unwrap();
        assert!(fourth.parts.is_empty());
        assert_eq!(fourth.changed, ["in/1.csv", "in/2.csv"], "also when there is nothing new");
    });
}

#[test]
fn nothing_to_load_is_an_error_the_first_time_only() {
    let project = Project::new().with(|s| s.mode = ReadMode::NewFiles);
    project.write("in/1.csv", "a\n1\n");
    block_on(async {
        let missing = project.open(stream("out/*.csv", json!({}))).unwrap();
        assert_error(plan(&*missing, None, None).await.map(|_| ()), "HW0303", &["out/*.csv"]);
        let opened = project.open(stream("in/*.csv", json!({}))).unwrap();
        let first = plan(&*opened, None, None).await.unwrap();
        std::fs::remove_file(project.path().join("in/1.csv")).unwrap();
        let later = plan(&*opened, Some(first.schema), Some(first.position.get())).await.unwrap();
        assert!(later.parts.is_empty());
    });
}

#[test]
fn a_position_of_something_else_is_refused() {
    let project = Project::new().with(|s| s.mode = ReadMode::NewFiles);
    project.write("1.csv", "a\n1\n");
    block_on(async {
        let opened = project.open(stream("*.csv", json!({}))).unwrap();
        let result = plan(&*opened, Some(table(&[("a", "bigint")])), Some(json!({ "lsn": 7 }))).await;
        assert_error(result.map(|_| ()), "HW0313", &["list of loaded files"]);
    });
}

#[test]
fn a_file_that_changes_between_planning_and_reading_fails_the_load() {
    let project = Project::new();
    project.write("1.csv", "a\n1\n");
    block_on(async {
        let opened = project.open(stream("*.csv", json!({}))).unwrap();
        let planned = plan(&*opened, None, None).await.unwrap();
        project.write("1.csv", "a\n1\n2\n");
        let error = assert_error(load(planned).await, "HW0311", &["1.csv changed"]);
        assert!(error.transient);
        let planned = plan(&*opened, None, None).await.unwrap();
        std::fs::remove_file(project.path().join("1.csv")).unwrap();
        assert_error(load(planned).await, "HW0304", &["1.csv"]);
    });
}

#[test]
fn a_file_that_grows_while_it_is_read_fails_the_load() {
    use std::io::Write;

    let project = Project::new();
    let rows = (0..3_000_000).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
    project.write("1.csv", format!("a\n{rows}\n"));
    block_on(async {
        let opened = project.open(stream("*.csv", json!({}))).unwrap();
        let part = plan(&*opened, None, None).await.unwrap().parts.remove(0);
        let mut batches = part.read(Arc::default());
        batches.next().await.unwrap().unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(project.path().join("1.csv")).unwrap();
        file.write_all(b"7\n").unwrap();
        let outcome = batches.try_fold(0, |rows, batch| async move { Ok(rows + batch.rows.num_rows()) }).await;
        assert_error(outcome, "HW0311", &["1.csv changed"]);
    });
}
