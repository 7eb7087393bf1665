//! Where files are: globs, folders inside and outside the project, object stores.

use std::sync::Arc;

use headwater_sdk::connector::{ReadMode, SourceStream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::json;

use crate::project::{Project, assert_error, block_on, load, plan, rows, stream};

#[test]
fn globs_match_as_they_say() {
    let project = Project::new();
    for (at, path) in ["a.csv", "d/b.csv", "d/e/c.csv", "d/.hidden.csv", "d/_old.csv", "d/b.txt"].iter().enumerate() {
        project.write(&format!("in/{path}"), format!("n\n{at}\n"));
    }
    for (path, expected) in [
        ("in/*.csv", &["0"][..]),
        ("in/*/*.csv", &["3", "4", "1"]),
        ("in/**/*.csv", &["0", "3", "4", "1", "2"]),
        ("in/d/[a-z].csv", &["1"]),
        ("in/{a,d/b}.csv", &["0", "1"]),
        ("in/d/?.csv", &["1"]),
        ("./in/a.csv", &["0"]),
    ] {
        let loaded = project.load(path, json!({})).unwrap();
        let rows: Vec<&str> = loaded.rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(rows, expected, "{path}");
    }
}

#[test]
fn nothing_found_says_where_it_looked() {
    let project = Project::new();
    project.write("data/flights/x.txt", "");
    let error =
        assert_error(project.load("data/flights/2013/*.csv", json!({})), "HW0303", &["data/flights/2013/*.csv"]);
    let help = error.help.unwrap();
    assert!(help.contains("data/flights, which holds x.txt"), "{help}");
}

#[test]
fn files_outside_the_project_need_a_word() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("t.csv"), "a\n1\n").unwrap();
    let mut project = Project::new();
    for location in [outside.path().to_str().unwrap(), "../elsewhere", "data/../../x"] {
        project.source = json!({ "location": location });
        let Err(error) = project.open(stream("*.csv", json!({}))) else { panic!("{location} opened") };
        assert_eq!(error.key, Some("location"));
        assert!(error.help.unwrap().contains("allow_outside"));
    }
    project.source = json!({ "location": outside.path(), "allow_outside": true });
    assert_eq!(project.load("*.csv", json!({})).unwrap().rows, rows(&[["1"]]));

    project.source = json!({});
    std::os::unix::fs::symlink(outside.path(), project.path().join("link")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("t.csv"), project.path().join("t.csv")).unwrap();
    for path in ["link/*.csv", "*.csv", "**/t.csv"] {
        assert_error(project.load(path, json!({})), "HW0302", &["outside the project's folder"]);
    }
    project.source = json!({ "allow_outside": true });
    assert_eq!(project.load("**/*.csv", json!({})).unwrap().rows, rows(&[["1"], ["1"]]));
}

#[test]
fn links_that_go_in_circles_end() {
    let project = Project::new();
    project.write("d/t.csv", "a\n1\n");
    std::os::unix::fs::symlink(project.path(), project.path().join("d/up")).unwrap();
    assert_eq!(project.load("**/*.csv", json!({})).unwrap().rows, rows(&[["1"]]));
}

#[test]
fn an_inner_location_names_files_as_the_project_does() {
    let mut project = Project::new();
    project.source = json!({ "location": "data/in" });
    project.write("data/in/t.csv", "a,b\n1\n2,3\n");
    let loaded = project.load("*.csv", json!({})).unwrap();
    assert_eq!((loaded.rows.len(), loaded.rejected[0].file.as_str()), (1, "data/in/t.csv"));
}

#[test]
fn locations_that_cannot_be_are_refused() {
    let mut project = Project::new();
    for (source, key, words) in [
        (json!({ "location": "ftp://host/x" }), "location", "scheme 'ftp'"),
        (json!({ "location": "s3://" }), "location", "s3://"),
        (json!({ "location": "s3://b/x", "storage": { "colour": 1 } }), "storage", "'colour'"),
        (json!({ "storage": { "region": "eu" } }), "storage", "no meaning for local files"),
    ] {
        project.source = source;
        let Err(error) = project.open(stream("*.csv", json!({}))) else { panic!("{words}") };
        assert_eq!(error.key, Some(key), "{error}");
        assert!(error.message.contains(words), "{error}");
    }
    let storage = json!({ "region": "eu-central-1", "endpoint": "http://127.0.0.1:1", "allow_http": true });
    project.source = json!({ "location": "s3://bucket/prefix", "storage": storage });
    assert!(project.open(stream("*.csv", json!({}))).is_ok());
}

fn on_store(project: &Project, store: &Arc<InMemory>, path: &str) -> Arc<dyn SourceStream> {
    let store = Arc::clone(store) as Arc<dyn ObjectStore>;
    let options = serde_json::from_value(stream(path, json!({}))).unwrap();
    headwater_connectors::files::open_on_store(store, "mem://bucket", &options, project.settings.clone()).unwrap()
}

#[test]
fn objects_are_read_as_files_are() {
    let project = Project::new().with(|s| s.mode = ReadMode::NewFiles);
    let store = Arc::new(InMemory::new());
    block_on(async {
        let long: String = (0..200_000).map(|n| format!("{n}\n")).collect();
        store.put(&Path::from("in/1.csv"), format!("a\n{long}").into()).await.unwrap();
        store.put(&Path::from("in/2.csv"), "a\nx\n7\n".into()).await.unwrap();
        store.put(&Path::from("other/3.csv"), "b\n1\n".into()).await.unwrap();
        let opened = on_store(&project, &store, "in/*.csv");
        let planned = plan(&*opened, None, None).await.unwrap();
        let (schema, position) = (planned.schema.clone(), planned.position.get());
        let loaded = load(planned).await.unwrap();
        assert_eq!(loaded.rows.len(), 200_002, "the sample holds a text, so the column is one of strings");
        assert!(position.to_string().contains("etag"), "{position}");

        store.put(&Path::from("in/4.csv"), "a\n8\n".into()).await.unwrap();
        let planned = plan(&*opened, Some(schema.clone()), Some(position.clone())).await.unwrap();
        assert_eq!((planned.parts.len(), planned.parts[0].name()), (1, "mem://bucket/in/4.csv"));
        store.put(&Path::from("in/4.csv"), "a\n9\n".into()).await.unwrap();
        assert_error(load(planned).await, "HW0311", &["in/4.csv changed"]);

        let one = on_store(&project, &store, "other/3.csv");
        assert_eq!(load(plan(&*one, None, None).await.unwrap()).await.unwrap().rows, rows(&[["1"]]));
        let none = on_store(&project, &store, "none/*.csv");
        assert_error(plan(&*none, None, None).await.map(|_| ()), "HW0303", &["mem://bucket/none/*.csv"]);
    });
}

#[test]
fn a_stream_that_is_dropped_stops_its_work() {
    let project = Project::new();
    let long: String = (0..500_000).map(|n| format!("{n}\n")).collect();
    project.write("t.csv", format!("a\n{long}"));
    block_on(async {
        use futures::StreamExt;
        let opened = project.open(stream("t.csv", json!({}))).unwrap();
        let mut planned = plan(&*opened, None, None).await.unwrap();
        let mut batches = planned.parts.remove(0).read(Arc::default());
        assert!(batches.next().await.unwrap().unwrap().rows.num_rows() > 0);
        drop(batches);
    });
    // The runtime waits for blocking work when it goes: getting here is the point.
}
