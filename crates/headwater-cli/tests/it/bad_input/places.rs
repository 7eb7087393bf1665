//! Things that are not where, or not what, they should be: lakes, catalogues, sources outside the project.

use std::os::unix::fs::symlink;

use crate::program::query;
use crate::project::{NUMBERS, Project, assert_told};

#[test]
fn a_lake_that_is_a_file() {
    let project = Project::numbers().with("lake", "I am a file\n");
    let said = project.say(&["run"]).exits(3);
    assert_told(&said, "HW0601", &["lake", "headwater.yml"]);
    assert!(said.err.contains("error["), "on standard error: {}", said.err);
    assert_eq!(std::fs::read_to_string(project.lake()).unwrap(), "I am a file\n");
    assert_told(&project.say(&["query", "select 1 as a"]).exits(3), "HW0601", &[]);
}

#[test]
fn a_lake_that_is_nowhere() {
    let lake = |lake: &str| {
        Project::numbers()
            .with("headwater.yml", format!("name: small\nenvironments: {{ dev: {{ lake: '{lake}' }} }}\n"))
    };
    let ftp = lake("ftp://host/lake', catalog: 'catalog.db");
    assert_told(&ftp.say(&["run"]).exits(2), "HW0604", &["ftp://host/lake"]);
    assert_told(&lake("s3://bucket/lake").say(&["run"]).exits(2), "HW0801", &["catalog"]);
    assert_told(&lake("/proc/headwater/lake").say(&["run"]).exits(3), "HW0601", &["/proc/headwater/lake"]);
}

#[test]
fn a_catalogue_that_is_no_catalogue() {
    let project = Project::numbers();
    project.run();
    let catalogue = project.lake().join("_headwater/catalog.db");
    let kept = std::fs::read(&catalogue).unwrap();
    std::fs::write(&catalogue, "no database at all, but long enough to be looked at as one".repeat(100)).unwrap();
    for command in [&["run"][..], &["query", "select 1 as a"], &["history"], &["rollback", "1"]] {
        assert_told(&project.say(command).exits(3), "HW0706", &["catalog.db"]);
    }
    std::fs::write(&catalogue, kept).unwrap();
    assert_eq!(project.published(), (1, "6,3".to_owned()));
    let folder =
        Project::numbers().with("headwater.yml", "name: small\nenvironments: { dev: { lake: lake, catalog: data } }\n");
    assert_told(&folder.say(&["run"]).exits(3), "HW0708", &["data"]);
    let postgres = Project::numbers()
        .with("headwater.yml", "name: small\nenvironments: { dev: { lake: lake, catalog: 'postgres://h/d' } }\n");
    assert_told(&postgres.say(&["run"]).exits(2), "HW0803", &["postgres"]);
}

#[test]
fn a_file_of_the_lake_that_is_gone() {
    let project = Project::numbers();
    project.run();
    let table = project.lake().join("marts/sums");
    for entry in std::fs::read_dir(&table).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::remove_file(path).unwrap();
        }
    }
    let said = project.say(&["query", "select total from marts.sums"]).exits(3);
    assert!(said.err.contains("error[HW0"), "{}", said.err);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "3");
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(query(project.path(), "select total from marts.sums"), "6");
}

#[test]
fn a_source_outside_the_project() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("a.csv"), "n,name\n9,nine\n").unwrap();
    let place = outside.path().to_str().unwrap();
    for location in [place, "../..", "data/../../x"] {
        let project = Project::numbers()
            .with("sources/numbers.yml", NUMBERS.replace("location: data", &format!("location: {location}")));
        let said = project.say(&["run"]).exits(2);
        assert_told(&said, "HW0122", &["outside the project", "allow_outside: true", "sources/numbers.yml"]);
        assert!(!project.lake().join("raw").exists());
    }
    let project = Project::numbers();
    project.run();
    symlink(outside.path().join("a.csv"), project.path().join("data/b.csv")).unwrap();
    let said = project.say(&["run"]);
    assert!(matches!(said.code, Some(1 | 2)), "{said:?}");
    assert_told(&said, "HW0302", &["data/b.csv", "outside the project's folder"]);
    assert_eq!(project.published(), (1, "6,3".to_owned()));
    let allowed = NUMBERS.replace("location: data\n", &format!("location: {place}\nallow_outside: true\n"));
    project.write("sources/numbers.yml", allowed);
    project.run();
    assert_eq!(query(project.path(), "select total from marts.sums"), "9");
}

#[test]
fn a_model_that_is_a_link_out_of_the_project() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("m.sql"), "select 1 as one\n").unwrap();
    let project = Project::numbers();
    symlink(outside.path().join("m.sql"), project.path().join("models/marts/m.sql")).unwrap();
    assert_told(&project.say(&["run"]).exits(2), "HW0105", &["models/marts/m.sql"]);
}

#[test]
fn a_read_cannot_reach_other_files() {
    let project = Project::numbers().with("data/secret.csv", "password\nhunter2\n");
    std::fs::rename(project.path().join("data/secret.csv"), project.path().join("secret.csv")).unwrap();
    project.run();
    let path = project.path().join("secret.csv");
    for sql in [
        format!("select * from '{}'", path.display()),
        format!("select * from \"{}\"", path.display()),
        "select * from 'secret.csv'".to_owned(),
    ] {
        let said = project.say(&["query", &sql]).exits(2);
        assert!(!format!("{}{}", said.out, said.err).contains("hunter2"), "{said:?}");
    }
    project.write("models/marts/leak.sql", format!("select * from '{}'\n", path.display()));
    project.say(&["run"]).exits(2);
}
